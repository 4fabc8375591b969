//! `enrollment demo`: a made-up university, to try things with.
//!
//! It is the same each time for the same number of students, but for its dates: registration for the next term is open now,
//! and last term is over. Nothing in it is random by the run, and every registration was decided by core's own rules.
//!
//! * `university` puts it together; `names` has its people, `catalogue` its courses, `calendar` its terms,
//!   `timetable` its sections and `registrar` who is in them.
//! * `features` adds one of each thing that a registrar sets up, by the services that everybody uses.
//! * `ids` mints ids that repeat, by which a database is known to hold this demo already.

mod calendar;
mod catalogue;
mod features;
mod ids;
mod names;
mod registrar;
mod timetable;
mod university;

pub use features::show_features;

use crate::import::{Count, Summary};
use chrono::{DateTime, Utc};
use enrollment_core::catalog::{Draft, Entry, Stamp};
use enrollment_core::clock::Clock;
use enrollment_core::fields::FieldErrors;
use enrollment_core::ids::{IdSource, SectionId, StudentId};
use enrollment_diesel::StoreError;
use enrollment_diesel::import::{Batch, Keys, PgConnection, WriteError, has_students, known, write};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use thiserror::Error;

/// A demo that is in the database.
#[derive(Clone, Debug)]
pub struct Demo {
    /// What was written for it, or was there.
    pub summary: Summary,
    /// A student to try things with.
    pub student: StudentId,
    /// A section that this student could enter when the demo was made.
    pub section: SectionId,
}

/// Why there is no demo. Nothing was written.
#[derive(Debug, Error)]
pub enum DemoError {
    /// The database is somebody's.
    #[error("the database has students, terms or courses that are not this demo's: a demo wants an empty database")]
    Occupied,
    /// A defect: the made-up university is not legal.
    #[error("the demo makes up what is not legal: {0}")]
    Illegal(FieldErrors),
    /// A defect: there is nothing to try.
    #[error("nobody can enroll in anything of the demo")]
    NobodyCanEnroll,
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What shows a feature could not be made; the university is there.
    #[error("a feature of the demo could not be shown: {0}")]
    Feature(#[source] enrollment_core::Error),
    /// The store could not be started.
    #[error("the store could not be started: {0}")]
    Threads(#[from] std::io::Error),
    /// The database could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl From<FieldErrors> for DemoError {
    fn from(errors: FieldErrors) -> Self {
        Self::Illegal(errors)
    }
}

/// Fills an empty database with a university of so many students. A database that has this demo already is left as it is.
pub fn load(connection: &mut PgConnection, students: u32, clock: &dyn Clock) -> Result<Demo, DemoError> {
    let scale = known(connection, &Keys::default())?.scale;
    let university::University { batch, invitation: (student, section) } =
        university::generate(students, clock.now(), &scale)?;
    let summary = match presence(connection, &batch)? {
        Presence::Here => summary(&batch, Count::of_unchanged),
        Presence::Nothing => {
            write(connection, &batch, &mut ())?;
            summary(&batch, Count::of_added)
        }
        Presence::Others => return Err(DemoError::Occupied),
    };
    Ok(Demo { summary, student, section })
}

/// The same, if the database has no students; none if it has.
pub fn load_if_empty(
    connection: &mut PgConnection,
    students: u32,
    clock: &dyn Clock,
) -> Result<Option<Demo>, DemoError> {
    if has_students(connection)? { Ok(None) } else { load(connection, students, clock).map(Some) }
}

impl Demo {
    /// The first two things to do with a server at this address, to be pasted into a terminal.
    pub fn first_requests(&self, address: impl fmt::Display) -> String {
        /// The key of the first start, which is printed as a variable of the shell.
        const KEY: &str = "-H \"Authorization: Bearer $ENROLLMENT_KEY\"";

        let Self { student, section, .. } = self;
        let url = format!("http://{address}/api/v1/students/{student}/courses");
        format!(
            "Enroll a student:\n\n  curl -X POST {url} {KEY} -H 'Content-Type: application/json' -d '{{\"section_id\":\"{section}\"}}'\n\n\
             Read the student's courses:\n\n  curl {url} {KEY}\n"
        )
    }
}

/// Whose the database is.
enum Presence {
    /// Nobody's.
    Nothing,
    /// This demo's, whatever was done with it since.
    Here,
    /// Somebody else's.
    Others,
}

fn presence(connection: &mut PgConnection, batch: &Batch) -> Result<Presence, StoreError> {
    let keys = Keys {
        terms: batch.terms.iter().map(|term| term.code.clone()).collect(),
        courses: batch.courses.iter().map(|course| course.code.clone()).collect(),
        students: batch.students.iter().map(|student| student.number.clone()).collect(),
        ..Keys::default()
    };
    let known = known(connection, &keys)?;
    let is_ours = |student: &enrollment_core::catalog::Student| {
        known.students.get(&student.number).is_some_and(|stored| stored.id == student.id)
    };
    if batch.students.iter().any(is_ours) {
        return Ok(Presence::Here);
    }
    let is_empty = known.terms.is_empty() && known.courses.is_empty() && !has_students(connection)?;
    Ok(if is_empty { Presence::Nothing } else { Presence::Others })
}

fn summary(batch: &Batch, count: fn(usize) -> Count) -> Summary {
    Summary {
        terms: count(batch.terms.len()),
        courses: count(batch.courses.len()),
        students: count(batch.students.len()),
        sections: count(batch.sections.len()),
        meetings: count(batch.sections.iter().map(|section| section.meetings.len()).sum()),
        student_courses: count(batch.student_courses.len()),
    }
}

/// A new entry, by core's own draft.
fn entry<E: Entry<Draft: DeserializeOwned>>(
    draft: Value,
    ids: &dyn IdSource,
    now: DateTime<Utc>,
) -> Result<E, FieldErrors> {
    let draft: E::Draft = serde_json::from_value(draft).map_err(|error| FieldErrors::one("", error.to_string()))?;
    draft.parse(Stamp::new(ids.next().into(), now))
}
