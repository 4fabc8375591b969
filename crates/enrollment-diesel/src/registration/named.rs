//! Finding the student courses of a section that a roster names by themselves, by the student, or by the student's number.

use crate::statement::Statement;
use crate::store::Answer;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use enrollment_core::ids::{SectionId, StudentCourseId, StudentId};
use enrollment_core::registration::RosterName;
use enrollment_core::{Error, Subject};
use uuid::Uuid;

/// $1 the section, $2 student courses, $3 students, $4 numbers: of each name one of the three. A section that does not exist
/// has no row at all.
const NAMED: &str = "
    SELECT found.id, found.student_id
    FROM sections one
    CROSS JOIN unnest($2, $3, $4) WITH ORDINALITY AS named (student_course_id, student_id, number, place)
    LEFT JOIN students st ON st.number = named.number
    LEFT JOIN LATERAL (
        SELECT sc.id, sc.student_id
        FROM student_courses sc
        WHERE sc.id = named.student_course_id AND sc.section_id = one.id
        UNION ALL
        (
            SELECT sc.id, sc.student_id
            FROM student_courses sc
            WHERE sc.student_id = coalesce(named.student_id, st.id) AND sc.section_id = one.id
            ORDER BY array_position(ARRAY['enrolled', 'completed', 'waitlisted'], sc.status) NULLS LAST, sc.id DESC
            LIMIT 1
        )
    ) found ON true
    WHERE one.id = $1 ORDER BY named.place";

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    student_id: Option<Uuid>,
}

pub(super) fn named_in(
    conn: &mut PgConnection,
    section: SectionId,
    names: &[RosterName],
) -> Answer<Vec<Option<(StudentId, StudentCourseId)>>> {
    let by = |name: fn(&RosterName) -> Option<Uuid>| names.iter().map(name).collect::<Vec<_>>();
    let numbers: Vec<Option<&str>> = names.iter().map(number).collect();
    let rows: Vec<Named> = Statement::new(NAMED)
        .bind::<SqlUuid, _>(section.uuid())
        .bind::<Array<Nullable<SqlUuid>>, _>(by(student_course))
        .bind::<Array<Nullable<SqlUuid>>, _>(by(student))
        .bind::<Array<Nullable<Text>>, _>(numbers)
        .load(conn)?;
    if rows.is_empty() && !names.is_empty() {
        return Ok(Err(Error::NotFound(Subject::Section)));
    }
    let found = |row: Named| row.student_id.zip(row.id).map(|(student, id)| (student.into(), id.into()));
    Ok(Ok(rows.into_iter().map(found).collect()))
}

fn student_course(name: &RosterName) -> Option<Uuid> {
    match name {
        RosterName::StudentCourse(id) => Some(id.uuid()),
        RosterName::Student(_) | RosterName::Number(_) => None,
    }
}

fn student(name: &RosterName) -> Option<Uuid> {
    match name {
        RosterName::Student(id) => Some(id.uuid()),
        RosterName::StudentCourse(_) | RosterName::Number(_) => None,
    }
}

fn number(name: &RosterName) -> Option<&str> {
    match name {
        RosterName::Number(number) => Some(number.as_str()),
        RosterName::StudentCourse(_) | RosterName::Student(_) => None,
    }
}
