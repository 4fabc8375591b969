//! What happened: the port [`HistoryRepository`]. Each read is one statement; but
//! what a receipt shares with others is read after it, which does no harm, as it is there before and never changes.

use super::read::Line;
use super::{as_of, feed};
use crate::StoreError;
use crate::page::rows_for;
use crate::rows::Place;
use crate::rows::receipt::{self, KnownDocuments, ReceiptRow};
use crate::schema::receipts;
use crate::statement::Statement;
use crate::store::{Answer, PgStore};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::access::Seen;
use enrollment_core::actor::Actor;
use enrollment_core::ids::{AttemptId, SectionId, StudentCourseId, StudentId};
use enrollment_core::page::{Limit, Page, PageRequest};
use enrollment_core::registration::{
    Event, HistoryRepository, Record, RosterEntry, RosterKey, StudentCourse, StudentCourseFilter,
};
use enrollment_core::{Error, Subject};
use serde_json::Value;
use uuid::Uuid;

#[async_trait]
impl HistoryRepository for PgStore {
    async fn record(&self, attempt: AttemptId) -> Result<Record, Error> {
        self.read(move |conn| record(conn, attempt)).await
    }

    async fn of_student(&self, student: StudentId, page: PageRequest<i64>) -> Result<Page<Event, i64>, Error> {
        self.read(move |conn| events(conn, OF_STUDENT, student.uuid(), Subject::Student, &page)).await
    }

    async fn of_section(&self, section: SectionId, page: PageRequest<i64>) -> Result<Page<Event, i64>, Error> {
        self.read(move |conn| events(conn, OF_SECTION, section.uuid(), Subject::Section, &page)).await
    }

    async fn courses_as_of(
        &self,
        student: StudentId,
        at: DateTime<Utc>,
        filter: StudentCourseFilter,
        page: PageRequest<StudentCourseId>,
    ) -> Result<Page<StudentCourse, StudentCourseId>, Error> {
        self.read(move |conn| as_of::courses(conn, student, at, &filter, &page)).await
    }

    async fn roster_as_of(
        &self,
        section: SectionId,
        at: DateTime<Utc>,
        seen: Seen,
        page: PageRequest<RosterKey>,
    ) -> Result<Page<RosterEntry, RosterKey>, Error> {
        self.read(move |conn| as_of::roster(conn, section, at, seen, &page)).await
    }

    async fn feed(&self, after: i64, limit: Limit) -> Result<Page<Event, i64>, Error> {
        let (page, is_behind) = self.read(move |conn| feed::read(conn, after, limit)).await?;
        if !is_behind {
            return Ok(page);
        }
        self.write(feed::place).await?;
        let (page, _) = self.read(move |conn| feed::read(conn, after, limit)).await?;
        Ok(page)
    }
}

/// The columns of an [`EventRow`]: `e` is the event, and `r` the receipt of its attempt, which a change of the catalogue has none of.
macro_rules! event_columns {
    () => {
        "e.id, e.sequence, e.at, e.actor, e.kind, e.attempt_id, e.student_id, e.section_id, e.student_course_id, e.detail,
            coalesce(r.command ->> 'reason', CASE WHEN e.student_id IS NULL THEN e.detail ->> 'because' END) AS reason"
    };
}
pub(super) use event_columns;

/// The events of one thing. $1 the thing, $2 how many, $3 before which. It joins from the thing, so that an empty history
/// is one row of nulls, and the history of what does not exist is no row at all.
macro_rules! events_of {
    ($table:literal, $column:literal) => {
        concat!(
            "SELECT event.* FROM ",
            $table,
            " one LEFT JOIN LATERAL (
                SELECT ",
            event_columns!(),
            " FROM registration_events e LEFT JOIN receipts r ON r.attempt_id = e.attempt_id
                WHERE e.",
            $column,
            " = one.id AND e.sequence < coalesce($3, 9223372036854775807)
                ORDER BY e.sequence DESC LIMIT $2
            ) event ON true
            WHERE one.id = $1 ORDER BY event.sequence DESC"
        )
    };
}

const OF_STUDENT: &str = events_of!("students", "student_id");
const OF_SECTION: &str = events_of!("sections", "section_id");

fn record(conn: &mut PgConnection, attempt: AttemptId) -> Answer<Record> {
    let rows = receipts::table.find(attempt.uuid()).select(ReceiptRow::as_select()).load(conn)?;
    match receipt::records(conn, rows, &mut KnownDocuments::default())?.pop() {
        Some(record) => Ok(Ok(record?)),
        None => Ok(Err(Error::NotFound(Subject::Receipt))),
    }
}

fn events(
    conn: &mut PgConnection,
    statement: &'static str,
    of: Uuid,
    subject: Subject,
    page: &PageRequest<i64>,
) -> Answer<Page<Event, i64>> {
    let lines: Vec<Line<EventRow>> = Statement::new(statement)
        .bind::<SqlUuid, _>(of)
        .bind::<BigInt, _>(rows_for(page))
        .bind::<Nullable<BigInt>, _>(page.after)
        .load(conn)?;
    if lines.is_empty() {
        return Ok(Err(Error::NotFound(subject)));
    }
    let events = lines.into_iter().filter_map(|line| line.0.map(EventRow::event)).collect::<Result<_, _>>()?;
    Ok(Ok(Page::cut(events, page.limit, |event| event.sequence)))
}

#[derive(QueryableByName)]
pub(super) struct EventRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlUuid)]
    attempt_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    student_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    section_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    student_course_id: Option<Uuid>,
    #[diesel(sql_type = Json)]
    detail: Value,
}

impl EventRow {
    pub(super) fn event(self) -> Result<Event, StoreError> {
        let place = Place::new("registration_events", self.id);
        let actor: Actor = place.word("actor", &self.actor)?;
        let student_id: Option<StudentId> = self.student_id.map(Into::into);
        Ok(Event {
            id: self.id.into(),
            sequence: self.sequence,
            at: self.at,
            on_behalf_of: student_id.and_then(|student| actor.on_behalf_of(student)),
            actor,
            reason: place.read_maybe("reason", self.reason)?,
            kind: self.kind,
            attempt_id: self.attempt_id.into(),
            student_id,
            section_id: self.section_id.map(Into::into),
            student_course_id: self.student_course_id.map(Into::into),
            detail: self.detail,
        })
    }
}
