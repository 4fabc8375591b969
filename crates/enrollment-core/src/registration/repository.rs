//! The port behind which registrations are kept.

use super::{
    Attempt, Receipt, RosterName, Status, StudentCourse, StudentKey, StudentRef, TimetableEntry, TimetableTerms,
};
use crate::Error;
use crate::access::Seen;
use crate::catalog::Cause;
use crate::ids::{SectionId, StudentCourseId, StudentId, TermId};
use crate::page::{Page, PageRequest};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Keeps student courses, and changes them only as attempts decide.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait RegistrationRepository: Send + Sync {
    /// Carries out an attempt: loads the facts of its [scope](Attempt::scope), lets it
    /// [decide](Attempt::decide), writes the change and answers the receipt.
    ///
    /// * The answer MUST come only after everything that it says is durable.
    /// * Facts MUST be loaded under locks that hold until the change is written: first the students in the order of their
    ///   ids, then the seat pools in the order of theirs. Several attempts may share one transaction, if each decides
    ///   on what the ones before it left.
    /// * A refusal and a dry run MUST change nothing, but the idempotency key of a refusal is kept.
    /// * The [`Record`](super::Record) of what was accepted, and of a refusal with an idempotency key, MUST be written
    ///   together with the changes or the key. That of another refusal may be written later, or be lost when there are
    ///   more than can be written: the answer MUST not wait for it. A dry run has none.
    /// * A key that the same actor used before MUST be answered as [`Idempotency`](super::Idempotency) says, also when
    ///   both come at the same time.
    /// * After the changes, and in the same transaction, a seat that they made free MUST be offered to those who wait for it, in
    ///   the order of priority and sequence, each by an attempt of its own ([`Origin::promotion`](super::Origin::promotion)) with a record of its own,
    ///   until none is free or all were offered it. Before an attempt takes a seat for which somebody waits, those who wait
    ///   MUST be offered it, and the attempt decided on what that leaves. So nobody walks past who waits and could be seated.
    /// * It MUST answer [`Error::NotFound`] when the student does not exist, [`Error::Unknown`] for a section, course, term or
    ///   student course of the scope that does not exist, or is another student's, what the facts
    ///   [contradict](Attempt::contradiction), [`Error::Busy`] at once when it can take no more, and [`Error::OutcomeUnknown`] when it cannot tell
    ///   whether the change was made.
    async fn register(&self, attempt: Attempt) -> Result<Receipt, Error>;

    /// Carries out attempts that are all kept or none, and answers each in their order: a receipt, or why there is none.
    ///
    /// * All MUST be in one transaction, each decided on what the ones before it left, also when one of those was refused or
    ///   could not be decided, and as [`register`](Self::register) says; so must dry runs.
    /// * Nothing MUST be kept if one of them is refused, could not be decided, or is a dry run; but the records of those that were
    ///   refused may be written after the answer, as those of any refusal.
    /// * It MUST take its locks in the order of all others: all students first, and then all seat pools.
    /// * The attempts have no idempotency key.
    async fn register_all(&self, attempts: Vec<Attempt>) -> Result<Vec<Result<Receipt, Error>>, Error>;

    /// Offers the free seats of the sections for which any of these students waits, in the order of the waitlists, since what
    /// they have earned may let them in now. Each offer MUST be an attempt of its own, numbered from the cause, as after a change of the catalogue
    /// ([`Repository`](crate::catalog::Repository)). That it could not be done is not told, for what it follows from has been
    /// done, and the seats are offered with the next request for one.
    async fn offer_again(&self, students: Vec<StudentId>, cause: Cause);

    /// The ids of the students whom these name; those whom there are not, and those who are not to be seen, are left out.
    async fn students_named(
        &self,
        names: Vec<StudentKey>,
        seen: Seen,
    ) -> Result<BTreeMap<StudentKey, StudentId>, Error>;

    /// Of each of these names, in their order, the student course of the section that it names, and whose that is; none where
    /// there is no such one, or the student is not to be seen. Of several of one student: what the student is enrolled in, else what is completed, else what
    /// waits, else the last. It MUST answer [`Error::NotFound`] when there is no such section.
    async fn named_in(
        &self,
        section: SectionId,
        names: Vec<RosterName>,
        seen: Seen,
    ) -> Result<Vec<Option<(StudentId, StudentCourseId)>>, Error>;

    /// One student course of a student. It MUST answer [`Error::NotFound`] when it does not exist or is another
    /// student's.
    async fn find(&self, student: StudentId, id: StudentCourseId) -> Result<StudentCourse, Error>;

    /// A page of a student's courses, the newest first. It MUST answer [`Error::NotFound`] when there is no such student.
    async fn courses_of(
        &self,
        student: StudentId,
        filter: StudentCourseFilter,
        page: PageRequest<StudentCourseId>,
    ) -> Result<Page<StudentCourse, StudentCourseId>, Error>;

    /// What a student is enrolled in in these terms, in any order: student courses in the state
    /// [`Enrolled`](Status::Enrolled) and no others, each with the meetings of its section in their order. It MUST answer
    /// [`Error::NotFound`] when there is no such student; a term that does not exist has nothing in it.
    async fn timetable(&self, student: StudentId, terms: TimetableTerms) -> Result<Vec<TimetableEntry>, Error>;

    /// A page of a section's roster: who is enrolled or has completed it, in the order of enrolling, and then who waits,
    /// in the order of the waitlist; those who are not to be seen are left out. It MUST answer [`Error::NotFound`] when there is no such
    /// section.
    async fn roster(
        &self,
        section: SectionId,
        seen: Seen,
        page: PageRequest<RosterKey>,
    ) -> Result<Page<RosterEntry, RosterKey>, Error>;
}

/// What a list of a student's courses can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudentCourseFilter {
    /// Only those in this term.
    pub term_id: Option<TermId>,
    /// Only those in this state.
    pub status: Option<Status>,
}

/// One line of a roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RosterEntry {
    /// The student course.
    #[serde(flatten)]
    pub student_course: StudentCourse,
    /// The student.
    pub student: StudentRef,
}

/// The place of a line in a roster: those who hold a seat come before those who wait; within each, a number orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RosterKey {
    /// Whether the line waits.
    pub waitlisted: bool,
    /// The place in the waitlist's order; 0 for who has a seat.
    pub waitlist_order: i64,
    /// The student course.
    pub id: StudentCourseId,
}

impl fmt::Display for RosterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", u8::from(self.waitlisted), self.waitlist_order, self.id)
    }
}

impl FromStr for RosterKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || "is not a cursor of this list".to_owned();
        let mut parts = text.splitn(3, '.');
        let mut part = || parts.next().ok_or_else(malformed);
        let waitlisted = match part()? {
            "0" => false,
            "1" => true,
            _ => return Err(malformed()),
        };
        let waitlist_order = part()?.parse().map_err(|_| malformed())?;
        let id = part()?.parse().map_err(|_| malformed())?;
        Ok(Self { waitlisted, waitlist_order, id })
    }
}
