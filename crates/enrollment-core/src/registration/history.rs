//! What happened: the events of a student and of a section, what they had come to at a moment, and the records of attempts.

use super::{Record, RosterEntry, RosterKey, StudentCourse, StudentCourseFilter};
use crate::access::{Gate, Operation, Principal, Resource, Seen};
use crate::actor::Actor;
use crate::ids::{AttemptId, EventId, SectionId, StudentCourseId, StudentId};
use crate::page::{Limit, Page, PageRequest};
use crate::text::Reason;
use crate::{Error, Subject};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Something that happened to a registration. Events are written with the change that they tell of, and stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Its identifier.
    pub id: EventId,
    /// Its place in the order in which events were written; numbers may be missing. Unrelated events may be committed in
    /// another order, so only [the feed](HistoryRepository::feed) can be followed.
    pub sequence: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who caused it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub actor: Actor,
    /// The student on whose behalf, where who caused it was another; as in the receipt.
    pub on_behalf_of: Option<StudentId>,
    /// Why, where who caused it for another said so.
    pub reason: Option<Reason>,
    /// What happened: the state that the student course reached, or `graded` where only its grade changed; or
    /// `capacity_changed`, `overload_changed` and `pool_changed` of a section. Further kinds may be added.
    pub kind: String,
    /// The attempt that caused it. It has a receipt, unless the seats of a section changed, or a part of the system acted by itself (an actor such as
    /// `system:import`).
    pub attempt_id: AttemptId,
    /// The student; null where the seats of a section changed.
    pub student_id: Option<StudentId>,
    /// The section; null for credit earned elsewhere.
    pub section_id: Option<SectionId>,
    /// The student course.
    pub student_course_id: Option<StudentCourseId>,
    /// The student course as it was then, empty where that was not written down; of a change of seats, how many there were
    /// `before` and `after` it, the `reason` of the overload, and as `because` why the section was changed; of another pool, the ids of both.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub detail: Value,
}

/// Tells what happened.
///
/// The store that registers keeps it, as [`RegistrationRepository::register`](super::RegistrationRepository::register)
/// says.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait HistoryRepository: Send + Sync {
    /// The record of an attempt. It MUST answer [`Error::NotFound`] when there is none.
    async fn record(&self, attempt: AttemptId) -> Result<Record, Error>;

    /// A page of a student's events, the newest first, keyed by their sequence. It MUST answer [`Error::NotFound`] when
    /// there is no such student.
    async fn of_student(&self, student: StudentId, page: PageRequest<i64>) -> Result<Page<Event, i64>, Error>;

    /// A page of a section's events, the newest first, keyed by their sequence. It MUST answer [`Error::NotFound`] when
    /// there is no such section.
    async fn of_section(&self, section: SectionId, page: PageRequest<i64>) -> Result<Page<Event, i64>, Error>;

    /// A page of a student's courses as they were at a moment, the newest first: of each student course what the last event
    /// until then tells, and no student course that has none. A place in a waitlist is the one that it had then. It MUST
    /// answer [`Error::NotFound`] when there is no such student.
    async fn courses_as_of(
        &self,
        student: StudentId,
        at: DateTime<Utc>,
        filter: StudentCourseFilter,
        page: PageRequest<StudentCourseId>,
    ) -> Result<Page<StudentCourse, StudentCourseId>, Error>;

    /// A page of a section's roster as it was at a moment, by the same rule and in the order of
    /// [`RegistrationRepository::roster`](super::RegistrationRepository::roster). The students are named as they are today.
    /// It MUST answer [`Error::NotFound`] when there is no such section.
    async fn roster_as_of(
        &self,
        section: SectionId,
        at: DateTime<Utc>,
        seen: Seen,
        page: PageRequest<RosterKey>,
    ) -> Result<Page<RosterEntry, RosterKey>, Error>;

    /// The events after a place in the feed of all events, 0 being its beginning, with the place of the last of them (or,
    /// where there is none, the place that was given), for the next call.
    ///
    /// * Who goes on from place to place MUST get every committed event exactly once, whatever else is being written.
    /// * Of two events of one student, or in sections that share seats, that which happened first MUST come first.
    /// * An event MUST be there once its change was answered.
    async fn feed(&self, after: i64, limit: Limit) -> Result<Page<Event, i64>, Error>;
}

/// The service that tells what happened. Every call may also be [`Error::Forbidden`], or not find what the principal may
/// not know of.
pub struct History {
    repository: Arc<dyn HistoryRepository>,
    gate: Gate,
}

impl History {
    /// A service on this port, behind this gate.
    pub fn new(repository: Arc<dyn HistoryRepository>, gate: Gate) -> Self {
        Self { repository, gate }
    }

    /// The record of an attempt.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none: no such attempt, a dry run, a refusal whose record was not kept, or that of
    /// another student.
    pub async fn record(&self, by: &Principal, attempt: AttemptId) -> Result<Record, Error> {
        // Whose it is is known only when it is there, so who may read nobody's is told so before.
        self.gate.view(by, Operation::ReadRegistrations)?;
        let record = self.repository.record(attempt).await?;
        match self.of(by, record.student_id).await {
            Err(Error::NotFound(_)) => Err(Error::NotFound(Subject::Receipt)),
            admitted => admitted.map(|()| record),
        }
    }

    /// A page of a student's events, the newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such student.
    pub async fn of_student(
        &self,
        by: &Principal,
        student: StudentId,
        page: PageRequest<i64>,
    ) -> Result<Page<Event, i64>, Error> {
        self.of(by, student).await?;
        self.repository.of_student(student, page).await
    }

    /// A page of a section's events, the newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such section.
    pub async fn of_section(
        &self,
        by: &Principal,
        section: SectionId,
        page: PageRequest<i64>,
    ) -> Result<Page<Event, i64>, Error> {
        self.gate.admit(by, Operation::ReadEvents, Resource::Section(section)).await?;
        self.repository.of_section(section, page).await
    }

    /// A page of a student's courses as they were at a moment, the newest first. At a moment that is still to come they are
    /// as they are now.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such student.
    pub async fn courses_as_of(
        &self,
        by: &Principal,
        student: StudentId,
        at: DateTime<Utc>,
        filter: StudentCourseFilter,
        page: PageRequest<StudentCourseId>,
    ) -> Result<Page<StudentCourse, StudentCourseId>, Error> {
        self.of(by, student).await?;
        self.repository.courses_as_of(student, at, filter, page).await
    }

    /// A page of a section's roster as it was at a moment: who was enrolled, then who waited.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such section.
    pub async fn roster_as_of(
        &self,
        by: &Principal,
        section: SectionId,
        at: DateTime<Utc>,
        page: PageRequest<RosterKey>,
    ) -> Result<Page<RosterEntry, RosterKey>, Error> {
        let seen = self.gate.admit_to_many(by, Operation::ReadRosters, Resource::Section(section)).await?;
        self.repository.roster_as_of(section, at, seen, page).await
    }

    /// The events after a place in the feed of all events, for other systems to follow: each exactly once, and those that
    /// depend on each other in the order in which they happened. `next` is always given.
    ///
    /// # Errors
    /// What the port answers.
    pub async fn feed(&self, by: &Principal, after: Option<i64>, limit: Limit) -> Result<Page<Event, i64>, Error> {
        self.gate.admit(by, Operation::ReadEvents, Resource::Institution).await?;
        self.repository.feed(after.unwrap_or_default(), limit).await
    }

    async fn of(&self, by: &Principal, student: StudentId) -> Result<(), Error> {
        self.gate.admit(by, Operation::ReadRegistrations, Resource::Student(student)).await
    }
}
