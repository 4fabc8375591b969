//! The one place where what the database refused becomes an error of the domain.
//!
//! Only the name of a violated constraint is looked at: it is the contract between the migrations and this file. To add a
//! constraint that callers can violate: a line in [`refusal`]. Constraints that only a defect can violate (a text that is
//! too long passed the core's types, say) are not listed, and are internal errors that the log names.

use crate::StoreError;
use enrollment_core::catalog::Entry;
use enrollment_core::fields::FieldErrors;
use enrollment_core::{Error, Subject};

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let told = match &error {
            StoreError::Shared(shared) => shared.as_ref(),
            own => own,
        };
        match told {
            StoreError::Database(_) => {
                let refused = told.constraint().and_then(refusal);
                refused.unwrap_or_else(|| internal(error))
            }
            StoreError::Corrupt(_) | StoreError::Panicked | StoreError::Shared(_) => internal(error),
            // A lock that others hold for so long, or a row that so many want at once, is a queue like any other.
            StoreError::Busy | StoreError::Conflict(_) | StoreError::Timeout(..) => Self::Busy,
            StoreError::Lost(_) | StoreError::Unavailable(_) | StoreError::Unreachable(_) => {
                Self::Unavailable(Box::new(error))
            }
            StoreError::OutcomeUnknown(_) => Self::OutcomeUnknown(Box::new(error)),
        }
    }
}

fn internal(error: StoreError) -> Error {
    Error::Internal(Box::new(error))
}

/// What the violation of a constraint means to whoever wrote an entry of the catalogue.
fn refusal(constraint: &str) -> Option<Error> {
    let duplicate = |subject, field| Error::Duplicate { subject, field };
    let fixed = |field| Error::Fixed { subject: Subject::Section, field };
    Some(match constraint {
        "students_number_key" => duplicate(Subject::Student, "number"),
        "courses_code_key" => duplicate(Subject::Course, "code"),
        "terms_code_key" => duplicate(Subject::Term, "code"),
        "sections_number_key" => duplicate(Subject::Section, "number"),
        "sections_course_id_fkey" | "permits_course_id_fkey" => missing("/course_id"),
        "permits_section_id_fkey" => missing("/section_id"),
        "sections_term_id_fkey" => missing("/term_id"),
        "reservations_section_id_fkey" | "section_instructors_section_id_fkey" => Error::NotFound(Subject::Section),
        // The path names the student, not the body.
        "holds_student_id_fkey" | "permits_student_id_fkey" => Error::NotFound(Subject::Student),
        "windows_term_id_fkey" => Error::NotFound(Subject::Term),
        "window_students_student_id_fkey" => missing("/students"),
        // Which of the three fields it was, the update of a section looks up itself.
        SECTION_IDENTITY => fixed("course_id"),
        // A section in which seats are held or reserved.
        "sections_seat_pool_in_use" => fixed("shares_seats_with"),
        _ => return None,
    })
}

fn missing(pointer: &str) -> Error {
    Error::Invalid(FieldErrors::of_missing(pointer))
}

/// What a section's course, term and component cannot leave while students have registered.
pub(crate) const SECTION_IDENTITY: &str = "student_courses_section_id_fkey";

/// Whether an attempt to register, whose decision the database refused, should be decided again: somebody who holds none
/// of our locks (a registrar's script, say) was there first, and on what is there now the answer is a proper refusal; or
/// the same idempotency key was used at the same time for another student.
pub(crate) fn asks_to_decide_again(error: &StoreError) -> bool {
    const OVERTAKEN: [&str; 8] = [
        "seat_pools_taken_check",
        "reservations_taken_check",
        "student_courses_reservation_id_fkey",
        "student_courses_section_key",
        "student_courses_course_key",
        // The grade was taken off the scale.
        "student_courses_grade_fkey",
        SECTION_IDENTITY,
        "idempotency_keys_pkey",
    ];
    error.constraint().is_some_and(|constraint| OVERTAKEN.contains(&constraint))
}

/// What a statement that touched no row of an entry means: it is not there, or not in the version that was expected.
pub(crate) fn not_touched<E: Entry>(exists: bool) -> Error {
    if exists { Error::Stale(E::SUBJECT) } else { Error::NotFound(E::SUBJECT) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
    use std::sync::Arc;

    struct Violated(&'static str);

    impl DatabaseErrorInformation for Violated {
        fn message(&self) -> &'static str {
            "violated"
        }
        fn details(&self) -> Option<&str> {
            None
        }
        fn hint(&self) -> Option<&str> {
            None
        }
        fn table_name(&self) -> Option<&str> {
            None
        }
        fn column_name(&self) -> Option<&str> {
            None
        }
        fn constraint_name(&self) -> Option<&str> {
            Some(self.0)
        }
        fn statement_position(&self) -> Option<i32> {
            None
        }
    }

    fn violated(constraint: &'static str) -> StoreError {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, Box::new(Violated(constraint))).into()
    }

    #[test]
    fn a_natural_key_that_is_taken_is_a_duplicate_and_an_unknown_constraint_a_defect() {
        let taken = Error::from(violated("courses_code_key"));
        assert!(matches!(taken, Error::Duplicate { subject: Subject::Course, field: "code" }), "{taken:?}");
        assert!(matches!(Error::from(violated("courses_title_check")), Error::Internal(_)));
    }

    #[test]
    fn a_reference_to_nothing_is_a_wrong_field() {
        let Error::Invalid(errors) = Error::from(violated("sections_term_id_fkey")) else {
            panic!("not a wrong field")
        };
        assert_eq!(errors.iter().next().unwrap().pointer, "/term_id");
    }

    #[test]
    fn only_what_was_overtaken_is_decided_again() {
        assert!(asks_to_decide_again(&violated("seat_pools_taken_check")));
        assert!(!asks_to_decide_again(&violated("student_courses_credits_check")));
    }

    #[test]
    fn an_outcome_that_is_unknown_stays_so() {
        let unknown = StoreError::OutcomeUnknown(DieselError::BrokenTransactionManager);
        assert!(matches!(Error::from(unknown), Error::OutcomeUnknown(_)));
        assert!(matches!(Error::from(StoreError::Lost(DieselError::BrokenTransactionManager)), Error::Unavailable(_)));
        assert!(matches!(Error::from(StoreError::Busy), Error::Busy));
    }

    #[test]
    fn what_befell_a_batch_means_the_same_to_each_request_of_it() {
        let shared = |error| Error::from(StoreError::Shared(Arc::new(error)));
        assert!(matches!(shared(StoreError::Lost(DieselError::BrokenTransactionManager)), Error::Unavailable(_)));
        assert!(matches!(shared(StoreError::Busy), Error::Busy));
        let taken = shared(violated("courses_code_key"));
        assert!(matches!(taken, Error::Duplicate { subject: Subject::Course, field: "code" }), "{taken:?}");
    }
}
