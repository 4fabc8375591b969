//! A row of `sections`, with what belongs to a section in other tables.

use super::json::{FromJson, document};
use super::meeting::{MeetingRow, meetings};
use super::{Corrupt, Place};
use crate::StoreError;
use crate::schema::sections;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Json, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::catalog::{Pooling, Section};
use serde_json::Value;
use uuid::Uuid;

/// The columns of a section `s` with the pool `p` of its seats.
///
/// The pool has counted who is enrolled, unless it is shared with other sections; a list of large sections would count for
/// a long time.
macro_rules! section_columns {
    () => {
        concat!(
            "s.id, s.course_id, s.term_id, s.number, s.component, p.capacity, p.overload, p.overload_reason,
             p.taken, s.waitlist_capacity, s.status, s.cancel_reason, s.instructor, s.restriction,
             s.created_at, s.updated_at, s.version, ",
            $crate::rows::meeting::meetings_of!("s.id"),
            " AS meetings,
             ARRAY(SELECT other.id FROM sections other WHERE other.seat_pool_id = p.id AND other.id <> s.id ORDER BY other.id)
                 AS cross_listed_with,
             CASE WHEN EXISTS (SELECT FROM sections other WHERE other.seat_pool_id = p.id AND other.id <> s.id)
                 THEN (SELECT count(*) FROM student_courses sc
                       WHERE sc.section_id = s.id AND sc.status IN ('enrolled', 'completed'))
                 ELSE p.taken
             END AS enrolled,
             (SELECT count(*) FROM student_courses sc
              WHERE sc.section_id = s.id AND sc.status = 'waitlisted') AS waitlisted"
        )
    };
}
pub(crate) use section_columns;

/// As [`section_columns!`] selects it.
#[derive(QueryableByName)]
pub(crate) struct SectionRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    course_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    term_id: Uuid,
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Text)]
    component: String,
    #[diesel(sql_type = Integer)]
    capacity: i32,
    #[diesel(sql_type = Integer)]
    overload: i32,
    #[diesel(sql_type = Nullable<Text>)]
    overload_reason: Option<String>,
    #[diesel(sql_type = Integer)]
    taken: i32,
    #[diesel(sql_type = Array<SqlUuid>)]
    cross_listed_with: Vec<Uuid>,
    #[diesel(sql_type = Integer)]
    waitlist_capacity: i32,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Text>)]
    cancel_reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    instructor: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    restriction: Option<Value>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Json)]
    meetings: FromJson<Vec<MeetingRow>>,
    #[diesel(sql_type = BigInt)]
    enrolled: i64,
    #[diesel(sql_type = BigInt)]
    waitlisted: i64,
}

/// As it is written, but for its pool and its meetings.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = sections, treat_none_as_null = true)]
pub(crate) struct NewSection {
    id: Uuid,
    course_id: Uuid,
    term_id: Uuid,
    number: String,
    component: String,
    waitlist_capacity: i32,
    status: String,
    cancel_reason: Option<String>,
    instructor: Option<String>,
    restriction: Option<Value>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl NewSection {
    /// The same with another number of places on its waitlist.
    pub(crate) fn with_waitlist_capacity(self, waitlist_capacity: i32) -> Self {
        Self { waitlist_capacity, ..self }
    }
}

impl TryFrom<&Section> for NewSection {
    type Error = StoreError;

    fn try_from(section: &Section) -> Result<Self, StoreError> {
        Ok(Self {
            id: section.id.uuid(),
            course_id: section.course_id.uuid(),
            term_id: section.term_id.uuid(),
            number: section.number.to_string(),
            component: section.component.to_string(),
            waitlist_capacity: section.waitlist_capacity.get().cast_signed(),
            status: section.status.to_string(),
            cancel_reason: section.cancel_reason.as_ref().map(ToString::to_string),
            instructor: section.instructor.as_ref().map(ToString::to_string),
            restriction: section.restriction.as_ref().map(document).transpose()?,
            created_at: section.created_at,
            updated_at: section.updated_at,
            version: section.version.into(),
        })
    }
}

impl TryFrom<SectionRow> for Section {
    type Error = Corrupt;

    fn try_from(row: SectionRow) -> Result<Self, Corrupt> {
        let place = Place::new("sections", row.id);
        let seats = |column, stored: i32| {
            let count: u32 = place.read(column, stored)?;
            place.read(column, count)
        };
        Ok(Self {
            id: row.id.into(),
            course_id: row.course_id.into(),
            term_id: row.term_id.into(),
            number: place.read("number", row.number)?,
            component: place.word("component", &row.component)?,
            capacity: seats("capacity", row.capacity)?,
            overload: seats("overload", row.overload)?,
            overload_reason: place.read_maybe("overload_reason", row.overload_reason)?,
            cross_listed_with: row.cross_listed_with.into_iter().map(Into::into).collect(),
            pooling: Pooling::Keep,
            waitlist_capacity: seats("waitlist_capacity", row.waitlist_capacity)?,
            status: place.word("status", &row.status)?,
            cancel_reason: place.read_maybe("cancel_reason", row.cancel_reason)?,
            instructor: place.read_maybe("instructor", row.instructor)?,
            restriction: row.restriction.map(|stored| place.document("restriction", stored)).transpose()?,
            meetings: meetings(row.id, row.meetings.0)?,
            seats_taken: place.read("taken", row.taken)?,
            enrolled: place.read("enrolled", row.enrolled)?,
            waitlisted: place.read("waitlisted", row.waitlisted)?,
            version: row.version.into(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
