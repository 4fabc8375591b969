//! Student courses as they were at a moment, from the events: each read is one statement.
//!
//! An event tells the student course as it was after it, so the state at a moment is what the last event until then tells.
//! The last is that with the greatest sequence, which conflicting changes take under their locks: the time of an event is
//! that of its request, and of two requests the earlier may have had to wait for the later.
//!
//! A place in a waitlist changes when others leave it, without an event. So it is counted among those who waited then: by
//! priority, and then in the order of coming: that of the numbers drawn on joining, or of the first events of those who were
//! imported waiting.

use super::read::{Line, RosterRow, roster_page};
use crate::StoreError;
use crate::page::rows_for;
use crate::rows::{Place, json};
use crate::statement::Statement;
use crate::store::Answer;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::access::Seen;
use enrollment_core::ids::{SectionId, StudentCourseId, StudentId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::registration::{RosterEntry, RosterKey, StudentCourse, StudentCourseFilter};
use enrollment_core::{Error, Subject};
use serde_json::Value;
use uuid::Uuid;

/// What the last event until a moment tells of each student course whose events meet a condition. What was not written down
/// cannot be told.
macro_rules! states {
    ($condition:literal, $moment:literal) => {
        concat!(
            "(SELECT last.*, last.detail ->> 'status' AS status, last.detail ->> 'status' = 'waitlisted' AS waitlisted,
                CASE WHEN last.detail ->> 'status' = 'waitlisted'
                    THEN coalesce((last.detail #>> '{waitlist,priority}')::int8, 0) * 1099511627776
                        + coalesce((last.detail #>> '{waitlist,sequence}')::int8, last.first_sequence)
                    ELSE 0
                END AS waitlist_order
              FROM (
                SELECT DISTINCT ON (e.student_course_id) e.student_course_id AS id, e.student_id, e.section_id, e.detail,
                    min(e.sequence) OVER (PARTITION BY e.student_course_id) AS first_sequence
                FROM registration_events e
                WHERE ",
            $condition,
            " AND e.at <= ",
            $moment,
            " ORDER BY e.student_course_id, e.sequence DESC
              ) last
              WHERE last.detail -> 'status' IS NOT NULL)"
        )
    };
}

/// $1 the student, $2 how many, $3 after which, $4 the term, $5 the state, $6 the moment.
const COURSES: &str = concat!(
    "SELECT held.* FROM students LEFT JOIN LATERAL (
        SELECT state.id, state.detail, CASE WHEN state.waitlisted THEN (
            SELECT count(*) FROM ",
    states!("e.section_id = state.section_id", "$6"),
    "       ahead WHERE ahead.waitlisted AND ahead.waitlist_order <= state.waitlist_order
        ) END AS waitlist_position
        FROM ",
    states!("e.student_id = students.id", "$6"),
    "   state
        WHERE state.id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            AND ($4 IS NULL OR (state.detail #>> '{term,id}')::uuid = $4)
            AND ($5 IS NULL OR state.status = $5)
        ORDER BY state.id DESC LIMIT $2
    ) held ON true
    WHERE students.id = $1 ORDER BY held.id DESC"
);

/// $1 the section, $2 how many, $3 to $5 after which, $6 the moment, $7 whether with those who are confidential.
const ROSTER: &str = concat!(
    "SELECT line.* FROM sections roster LEFT JOIN LATERAL (
        SELECT every.*, st.number AS student_number, st.given_name, st.family_name
        FROM (
            SELECT state.id, state.student_id, state.detail, state.waitlisted, state.waitlist_order,
                CASE WHEN state.waitlisted
                    THEN row_number() OVER (PARTITION BY state.waitlisted ORDER BY state.waitlist_order)
                END AS waitlist_position
            FROM ",
    states!("e.section_id = roster.id", "$6"),
    "       state
            WHERE state.status IN ('enrolled', 'completed', 'waitlisted')
        ) every JOIN students st ON st.id = every.student_id
        WHERE ($7 OR NOT st.confidential)
            AND ($3 IS NULL OR (every.waitlisted, every.waitlist_order, every.id) > ($3, $4, $5))
        ORDER BY every.waitlisted, every.waitlist_order, every.id LIMIT $2
    ) line ON true
    WHERE roster.id = $1 ORDER BY line.waitlisted, line.waitlist_order, line.id"
);

pub(super) fn courses(
    conn: &mut PgConnection,
    student: StudentId,
    at: DateTime<Utc>,
    filter: &StudentCourseFilter,
    page: &PageRequest<StudentCourseId>,
) -> Answer<Page<StudentCourse, StudentCourseId>> {
    let lines: Vec<Line<StateRow>> = Statement::new(COURSES)
        .bind::<SqlUuid, _>(student.uuid())
        .bind::<BigInt, _>(rows_for(page))
        .bind::<Nullable<SqlUuid>, _>(page.after.map(Uuid::from))
        .bind::<Nullable<SqlUuid>, _>(filter.term_id.map(Uuid::from))
        .bind::<Nullable<Text>, _>(filter.status.map(|status| status.to_string()))
        .bind::<Timestamptz, _>(at)
        .load(conn)?;
    if lines.is_empty() {
        return Ok(Err(Error::NotFound(Subject::Student)));
    }
    let rows = lines.into_iter().filter_map(|line| line.0);
    let items = rows.map(StudentCourse::try_from).collect::<Result<_, _>>()?;
    Ok(Ok(Page::cut(items, page.limit, |student_course| student_course.id)))
}

pub(super) fn roster(
    conn: &mut PgConnection,
    section: SectionId,
    at: DateTime<Utc>,
    seen: Seen,
    page: &PageRequest<RosterKey>,
) -> Answer<Page<RosterEntry, RosterKey>> {
    let lines: Vec<Line<RosterRow<StateRow>>> = Statement::new(ROSTER)
        .bind::<SqlUuid, _>(section.uuid())
        .bind::<BigInt, _>(rows_for(page))
        .bind::<Nullable<Bool>, _>(page.after.map(|after| after.waitlisted))
        .bind::<Nullable<BigInt>, _>(page.after.map(|after| after.waitlist_order))
        .bind::<Nullable<SqlUuid>, _>(page.after.map(|after| after.id.uuid()))
        .bind::<Timestamptz, _>(at)
        .bind::<Bool, _>(seen == Seen::Everybody)
        .load(conn)?;
    roster_page(lines, page)
}

/// A student course as an event tells it.
#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Json)]
    detail: Value,
    #[diesel(sql_type = Nullable<BigInt>)]
    waitlist_position: Option<i64>,
}

impl TryFrom<StateRow> for StudentCourse {
    type Error = StoreError;

    fn try_from(row: StateRow) -> Result<Self, StoreError> {
        let place = Place::new("registration_events of student course", row.id);
        let waitlist_position = place.read_maybe("waitlist_position", row.waitlist_position)?;
        let mut student_course: Self = json::read(row.detail)?;
        student_course.waitlist_position = waitlist_position;
        if let Some(waiting) = &mut student_course.waitlist {
            // That at the event may not be that at the moment, and is not counted again.
            waiting.eligible_position = None;
        }
        Ok(student_course)
    }
}
