//! Reading a student course, and a section's roster: each read is one statement. (A student's courses: `courses_of`.)
//!
//! A list joins from the student or section whose list it is, so that an empty list is one row of nulls ([`Line`]) and the
//! list of what does not exist is no row at all.

use crate::StoreError;
use crate::page::rows_for;
use crate::rows::Place;
use crate::rows::student_course::{StudentCourseRow, student_course_columns, student_course_tables};
use crate::statement::Statement;
use crate::store::Answer;
use diesel::deserialize::{self, QueryableByName};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::row::NamedRow;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use enrollment_core::access::Seen;
use enrollment_core::ids::{SectionId, StudentCourseId, StudentId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::registration::{RosterEntry, RosterKey, StudentCourse, StudentRef};
use enrollment_core::{Error, Subject};
use uuid::Uuid;

const FIND: &str = concat!(
    "SELECT ",
    student_course_columns!(),
    " FROM ",
    student_course_tables!(),
    " WHERE sc.id = $1 AND sc.student_id = $2"
);

/// $1 the section, $2 how many, $3 to $5 after which, $6 whether with those who are confidential.
///
/// The place in the waitlist's order is one number made of two: a priority of 16 bits before a sequence of 40, far more than
/// there will ever be.
const ROSTER: &str = concat!(
    "SELECT line.* FROM sections roster LEFT JOIN LATERAL (
        SELECT * FROM (
            SELECT ",
    student_course_columns!(),
    ",          sc.status = 'waitlisted' AS waitlisted,
                CASE WHEN sc.status = 'waitlisted'
                    THEN sc.waitlist_priority::int8 * 1099511627776 + sc.waitlist_sequence ELSE 0
                END AS waitlist_order,
                st.number AS student_number, st.given_name, st.family_name
            FROM ",
    student_course_tables!(),
    "       JOIN students st ON st.id = sc.student_id
            WHERE sc.section_id = roster.id AND sc.status IN ('enrolled', 'completed', 'waitlisted')
                AND ($6 OR NOT st.confidential)
        ) every
        WHERE $3 IS NULL OR (every.waitlisted, every.waitlist_order, every.id) > ($3, $4, $5)
        ORDER BY every.waitlisted, every.waitlist_order, every.id LIMIT $2
    ) line ON true
    WHERE roster.id = $1 ORDER BY line.waitlisted, line.waitlist_order, line.id"
);

pub(super) fn find(conn: &mut PgConnection, student: StudentId, id: StudentCourseId) -> Answer<StudentCourse> {
    let find = Statement::new(FIND).bind::<SqlUuid, _>(id.uuid()).bind::<SqlUuid, _>(student.uuid());
    match find.get_result::<StudentCourseRow>(conn).optional()? {
        Some(row) => Ok(Ok(row.try_into()?)),
        None => Ok(Err(Error::NotFound(Subject::StudentCourse))),
    }
}

pub(super) fn roster(
    conn: &mut PgConnection,
    section: SectionId,
    seen: Seen,
    page: &PageRequest<RosterKey>,
) -> Answer<Page<RosterEntry, RosterKey>> {
    let lines: Vec<Line<RosterRow<StudentCourseRow>>> = Statement::new(ROSTER)
        .bind::<SqlUuid, _>(section.uuid())
        .bind::<BigInt, _>(rows_for(page))
        .bind::<Nullable<Bool>, _>(page.after.map(|after| after.waitlisted))
        .bind::<Nullable<BigInt>, _>(page.after.map(|after| after.waitlist_order))
        .bind::<Nullable<SqlUuid>, _>(page.after.map(|after| after.id.uuid()))
        .bind::<Bool, _>(seen == Seen::Everybody)
        .load(conn)?;
    roster_page(lines, page)
}

/// A page of a roster, whatever its student courses were read from.
pub(super) fn roster_page<R>(
    lines: Vec<Line<RosterRow<R>>>,
    page: &PageRequest<RosterKey>,
) -> Answer<Page<RosterEntry, RosterKey>>
where
    StudentCourse: TryFrom<R>,
    StoreError: From<<StudentCourse as TryFrom<R>>::Error>,
{
    if lines.is_empty() {
        return Ok(Err(Error::NotFound(Subject::Section)));
    }
    let rows = lines.into_iter().filter_map(|line| line.0);
    let keyed = rows.map(RosterRow::entry).collect::<Result<_, _>>()?;
    let page = Page::cut(keyed, page.limit, |(key, _)| *key);
    Ok(Ok(Page { items: page.items.into_iter().map(|(_, entry)| entry).collect(), next: page.next }))
}

/// A row of a list, or the row of nulls that an empty list consists of.
pub(super) struct Line<R>(pub(super) Option<R>);

impl<R: QueryableByName<Pg>> QueryableByName<Pg> for Line<R> {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        let id: Option<Uuid> = NamedRow::get::<Nullable<SqlUuid>, _>(row, "id")?;
        id.map(|_| R::build(row)).transpose().map(Self)
    }
}

/// A student course, its place in a roster, and the student.
#[derive(QueryableByName)]
pub(super) struct RosterRow<R> {
    #[diesel(embed)]
    student_course: R,
    #[diesel(sql_type = Bool)]
    waitlisted: bool,
    #[diesel(sql_type = BigInt)]
    waitlist_order: i64,
    #[diesel(sql_type = Text)]
    student_number: String,
    #[diesel(sql_type = Text)]
    given_name: String,
    #[diesel(sql_type = Text)]
    family_name: String,
}

impl<R> RosterRow<R>
where
    StudentCourse: TryFrom<R>,
    StoreError: From<<StudentCourse as TryFrom<R>>::Error>,
{
    fn entry(self) -> Result<(RosterKey, RosterEntry), StoreError> {
        let student_course = StudentCourse::try_from(self.student_course)?;
        let place = Place::new("students", student_course.student_id.uuid());
        let student = StudentRef {
            id: student_course.student_id,
            number: place.read("number", self.student_number)?,
            given_name: place.read("given_name", self.given_name)?,
            family_name: place.read("family_name", self.family_name)?,
        };
        let key = RosterKey { waitlisted: self.waitlisted, waitlist_order: self.waitlist_order, id: student_course.id };
        Ok((key, RosterEntry { student_course, student }))
    }
}
