//! What can go wrong, as what the caller can do about it.
//!
//! A refused enrollment is not here: it is an answer ([`Receipt`](crate::registration::Receipt)), not an error. An
//! adapter turns its own failures into one of these in one place.

use crate::access::Operation;
use crate::fields::FieldErrors;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A student.
    Student,
    /// A course.
    Course,
    /// A term.
    Term,
    /// A section.
    Section,
    /// A student course.
    StudentCourse,
    /// A hold on a student.
    Hold,
    /// A reservation of seats.
    Reservation,
    /// A registration window of a term.
    Window,
    /// A permit of a student.
    Permit,
    /// The record that a permit was used.
    PermitUse,
    /// The receipt of an attempt.
    Receipt,
    /// A grade of the grade scale.
    Grade,
    /// An API key.
    Key,
    /// Somebody who teaches a section.
    Instructor,
}

impl Subject {
    /// Its name in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Course => "course",
            Self::Term => "term",
            Self::Section => "section",
            Self::StudentCourse => "student_course",
            Self::Hold => "hold",
            Self::Reservation => "reservation",
            Self::Window => "window",
            Self::Permit => "permit",
            Self::PermitUse => "permit_use",
            Self::Receipt => "receipt",
            Self::Grade => "grade",
            Self::Key => "key",
            Self::Instructor => "instructor",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Student => "student",
            Self::Course => "course",
            Self::Term => "term",
            Self::Section => "section",
            Self::StudentCourse => "student course",
            Self::Hold => "hold",
            Self::Reservation => "reservation",
            Self::Window => "window",
            Self::Permit => "permit",
            Self::PermitUse => "record of its use",
            Self::Receipt => "receipt",
            Self::Grade => "grade",
            Self::Key => "key",
            Self::Instructor => "instructor of this number",
        })
    }
}

/// The error of every service and port.
#[derive(Debug, Error)]
pub enum Error {
    /// Fields are missing, malformed or contradict each other: correct all of them and ask again.
    #[error("some fields are invalid: {0}")]
    Invalid(FieldErrors),
    /// There is no such thing: look the id up again.
    #[error("there is no {0} with this id")]
    NotFound(Subject),
    /// The request names something that does not exist: look that id up again. Services tell which field it is.
    #[error("there is no {subject} {id}")]
    Unknown {
        /// What was named.
        subject: Subject,
        /// By which id.
        id: uuid::Uuid,
    },
    /// Another entry has the same natural key: choose another value for `field`, or change that entry instead.
    #[error("another {subject} already has this {field}")]
    Duplicate {
        /// What was to be written.
        subject: Subject,
        /// The field that must be unique.
        field: &'static str,
    },
    /// The entry changed since the caller read it: read it again and repeat the change on that.
    #[error("the {0} was changed by somebody else in the meantime")]
    Stale(Subject),
    /// The entry cannot be deleted while others refer to it: delete those first.
    #[error("the {subject} is in use by {}", list(.by))]
    InUse {
        /// What was to be deleted.
        subject: Subject,
        /// What refers to it.
        by: Vec<Subject>,
    },
    /// The seats of a section or of a reservation cannot be fewer than are taken: choose at least `taken`, or drop students
    /// first.
    #[error("{taken} seats are taken, so there cannot be {seats}")]
    SeatsTaken {
        /// The seats that there would be.
        seats: u32,
        /// Seats taken now.
        taken: u32,
        /// The field that says how many there would be.
        field: &'static str,
    },
    /// Not more seats can be reserved than there are: reserve fewer, or make more.
    #[error("{reserved} of {seats} seats would be reserved")]
    SeatsReserved {
        /// The seats that there would be.
        seats: u32,
        /// Those that would be reserved.
        reserved: u32,
        /// The field that says how many there would be of the one or the other.
        field: &'static str,
    },
    /// A field that is fixed once students have registered was to be changed.
    #[error("the {field} of a {subject} cannot change once students have registered")]
    Fixed {
        /// What was to be changed.
        subject: Subject,
        /// The field.
        field: &'static str,
    },
    /// The idempotency key was used before for another request: use a new key.
    #[error("this idempotency key was used for a different request")]
    IdempotencyKeyReused,
    /// Nobody in the caller's roles may do this: ask somebody who may.
    #[error("the roles of the caller do not let them {0}")]
    Forbidden(Operation),
    /// Too many requests are waiting: try again after a moment.
    #[error("too many requests are waiting")]
    Busy,
    /// The store cannot be reached now: try again later. Nothing was changed.
    #[error("the store cannot be reached")]
    Unavailable(#[source] Cause),
    /// The connection was lost while committing: the change may or may not have been made. Repeat the request with the
    /// same idempotency key, or read first.
    #[error("the connection was lost while committing")]
    OutcomeUnknown(#[source] Cause),
    /// A defect or a failure that the caller can do nothing about.
    #[error("internal error")]
    Internal(#[source] Cause),
}

/// What lies beneath an error; for the log, never for the caller.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

fn list(subjects: &[Subject]) -> String {
    let names: Vec<String> = subjects.iter().map(|subject| format!("a {subject}")).collect();
    names.join(" and ")
}
