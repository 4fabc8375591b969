//! Finding whom a bulk names by the id or by the number, and the student courses of a section that a roster names by themselves, by
//! the student, or by the student's number; each by one statement, in which those do not exist who are not to be seen.

use crate::rows::Place;
use crate::schema::students;
use crate::statement::Statement;
use crate::store::Answer;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text, Uuid as SqlUuid};
use enrollment_core::access::Seen;
use enrollment_core::ids::{SectionId, StudentCourseId, StudentId};
use enrollment_core::registration::{RosterName, StudentKey};
use enrollment_core::text::StudentNumber;
use enrollment_core::{Error, Subject};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// $1 the section, $2 student courses, $3 students, $4 numbers: of each name one of the three; $5 whether with those who are
/// confidential. A section that does not exist has no row at all.
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
    ) found ON $5 OR EXISTS (SELECT FROM students own WHERE own.id = found.student_id AND NOT own.confidential)
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
    seen: Seen,
) -> Answer<Vec<Option<(StudentId, StudentCourseId)>>> {
    let by = |name: fn(&RosterName) -> Option<Uuid>| names.iter().map(name).collect::<Vec<_>>();
    let numbers: Vec<Option<&str>> = names.iter().map(number).collect();
    let rows: Vec<Named> = Statement::new(NAMED)
        .bind::<SqlUuid, _>(section.uuid())
        .bind::<Array<Nullable<SqlUuid>>, _>(by(student_course))
        .bind::<Array<Nullable<SqlUuid>>, _>(by(student))
        .bind::<Array<Nullable<Text>>, _>(numbers)
        .bind::<Bool, _>(seen == Seen::Everybody)
        .load(conn)?;
    if rows.is_empty() && !names.is_empty() {
        return Ok(Err(Error::NotFound(Subject::Section)));
    }
    let found = |row: Named| row.student_id.zip(row.id).map(|(student, id)| (student.into(), id.into()));
    Ok(Ok(rows.into_iter().map(found).collect()))
}

/// The students whom these name.
pub(super) fn students_named(
    conn: &mut PgConnection,
    names: Vec<StudentKey>,
    seen: Seen,
) -> Answer<BTreeMap<StudentKey, StudentId>> {
    let (mut ids, mut numbers) = (Vec::new(), Vec::new());
    for name in &names {
        match name {
            StudentKey::Id(id) => ids.push(id.uuid()),
            StudentKey::Number(number) => numbers.push(number.as_str()),
        }
    }
    let shown: &[bool] = match seen {
        Seen::Everybody => &[false, true],
        Seen::NotConfidential => &[false],
    };
    let known = students::table
        .filter(students::id.eq_any(ids).or(students::number.eq_any(numbers)))
        .filter(students::confidential.eq_any(shown))
        .select((students::id, students::number))
        .load::<(Uuid, String)>(conn)?;
    let asked: BTreeSet<StudentKey> = names.into_iter().collect();
    let mut found = BTreeMap::new();
    for (id, number) in known {
        let number: StudentNumber = Place::new("students", id).read("number", number)?;
        let both = [StudentKey::Id(id.into()), StudentKey::Number(number)];
        found.extend(both.into_iter().filter(|name| asked.contains(name)).map(|name| (name, id.into())));
    }
    Ok(Ok(found))
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
