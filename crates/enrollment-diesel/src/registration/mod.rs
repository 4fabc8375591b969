//! Registrations: the port [`RegistrationRepository`], which changes student courses only as attempts decide.
//!
//! A transaction is five round trips: `BEGIN`, [`lock`], [`facts`], [`mod@write`], `COMMIT`, and carries as many attempts as have
//! come while the one before was at it ([`combining`], which lets [`together`] put the five in order; [`register`] is for those that others follow
//! from). A receipt is written by the statement of its change; that of a refusal is written behind the answer, in bulk.
//! The locks and the facts are two statements because a statement sees the database as it was when it began: facts that
//! were read by the statement that waited for the locks would be those from before the wait.
//!
//! To give rules a further fact: a field of the core's `Facts`; a column or subquery in the statement of `facts`, which loads it for many
//! students; its place in `known`, which hands each attempt its own; and, for receipts, a line in `rows/receipt.rs`.

mod as_of;
mod bulk;
mod cancelled;
mod catalogue;
pub(crate) mod combining;
mod courses_of;
mod facts;
mod feed;
mod follow_ups;
mod history;
mod known;
mod lock;
mod named;
mod names;
mod outlook;
mod permits;
mod read;
mod register;
pub(crate) mod reoffer;
mod seat_counts;
pub(crate) mod section_change;
mod settle;
mod timetable;
mod together;
mod waitlists;
mod write;

pub(crate) use cancelled::CancelledSections;
pub(crate) use courses_of::{CoursesReader, courses_reader};
pub(crate) use reoffer::Concerned;

use crate::pool::{Pool, Purpose};
use crate::store::PgStore;
use crate::workers::Lender;
use crate::write_behind::WriteBehind;
use crate::{StoreConfig, StoreError};
use async_trait::async_trait;
use courses_of::CoursesOf;
use enrollment_core::Error;
use enrollment_core::access::Seen;
use enrollment_core::catalog::Cause;
use enrollment_core::ids::{SectionId, StudentCourseId, StudentId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::registration::{
    Attempt, Receipt, Record, RegistrationRepository, RosterEntry, RosterKey, RosterName, StudentCourse,
    StudentCourseFilter, StudentKey, TimetableEntry, TimetableTerms,
};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tracing::warn;

/// What writes the receipts of refusals behind the answers, on a connection of its own.
pub(crate) fn refusals(config: &StoreConfig) -> io::Result<WriteBehind<Record>> {
    let pool = Pool::new(config, Purpose::WriteBehind);
    WriteBehind::start("store-refusals", config.refusals, move |records| {
        let write = || pool.lend(|conn| write::refusals(conn?, records));
        match write() {
            // The connection had died meanwhile: the next one may live.
            Err(StoreError::Lost(_)) => write(),
            answer => answer,
        }
    })
}

/// How often the outcome of an attempt is asked after, when the connection was lost while it was committing.
const MOST_INQUIRIES: u32 = 3;

#[async_trait]
impl RegistrationRepository for PgStore {
    async fn register(&self, attempt: Attempt) -> Result<Receipt, Error> {
        self.attempts.register(attempt).await
    }

    async fn register_all(&self, attempts: Vec<Attempt>) -> Result<Vec<Result<Receipt, Error>>, Error> {
        let (first, refusals) = (attempts.clone(), Arc::clone(&self.refusals));
        let mut answer = self.writers.run(move |conn| bulk::register_all(conn, &first, &refusals)).await;
        for _ in 0..MOST_INQUIRIES {
            let Err(StoreError::OutcomeUnknown(unknown)) = answer else { break };
            let (lost, refusals) = (attempts.clone(), Arc::clone(&self.refusals));
            let settled = self.writers.run(move |conn| bulk::settle_all(conn, &lost, &refusals)).await;
            answer = settled.map_err(|_| StoreError::OutcomeUnknown(unknown));
        }
        answer?
    }

    async fn offer_again(&self, students: Vec<StudentId>, cause: Cause) {
        let concerned = Concerned::Students(students);
        let offered = self.writers.run(move |conn| Ok(reoffer::offer(conn, &cause, &concerned))).await;
        if let Err(error) = offered {
            warn!(%error, "could not offer the seats that grades may have opened to those who wait");
        }
    }

    async fn students_named(
        &self,
        names: Vec<StudentKey>,
        seen: Seen,
    ) -> Result<BTreeMap<StudentKey, StudentId>, Error> {
        self.read(move |conn| named::students_named(conn, names, seen)).await
    }

    async fn named_in(
        &self,
        section: SectionId,
        names: Vec<RosterName>,
        seen: Seen,
    ) -> Result<Vec<Option<(StudentId, StudentCourseId)>>, Error> {
        self.read(move |conn| named::named_in(conn, section, &names, seen)).await
    }

    async fn find(&self, student: StudentId, id: StudentCourseId) -> Result<StudentCourse, Error> {
        self.read(move |conn| read::find(conn, student, id)).await
    }

    async fn courses_of(
        &self,
        student: StudentId,
        filter: StudentCourseFilter,
        page: PageRequest<StudentCourseId>,
    ) -> Result<Page<StudentCourse, StudentCourseId>, Error> {
        self.courses.ask(CoursesOf { student, filter, page }).await?
    }

    async fn timetable(&self, student: StudentId, terms: TimetableTerms) -> Result<Vec<TimetableEntry>, Error> {
        self.read(move |conn| timetable::timetable(conn, student, terms)).await
    }

    async fn roster(
        &self,
        section: SectionId,
        seen: Seen,
        page: PageRequest<RosterKey>,
    ) -> Result<Page<RosterEntry, RosterKey>, Error> {
        self.read(move |conn| read::roster(conn, section, seen, &page)).await
    }
}
