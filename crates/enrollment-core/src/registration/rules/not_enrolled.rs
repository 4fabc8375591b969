//! Only what one has can be left.

use super::{Code, Leave, Violation, fact_of};
use crate::ids::StudentCourseId;
use crate::registration::Status;
use serde_json::{Value, json};

pub(super) fn check(leave: &Leave<'_>) -> Option<Violation> {
    let held = &leave.held.student_course;
    let status = held.status;
    let message = format!("{} is {status} already, so it cannot be dropped.", held.course.code);
    (!matches!(status, Status::Enrolled | Status::Waitlisted)).then(|| violation(message, &fact_of(held)))
}

/// The violation for a student course that the student does not have.
pub(in crate::registration) fn unknown(id: StudentCourseId) -> Violation {
    violation("You do not have this student course.".to_owned(), &json!({ "student_course_id": id }))
}

fn violation(message: String, held: &Value) -> Violation {
    Violation::new(Code::NotEnrolled, message, "Nothing is needed: read your courses again.", json!({ "held": held }))
}

#[cfg(test)]
mod tests {
    use super::{Leave, check};
    use crate::registration::{Status, sample};

    #[test]
    fn only_what_is_held_can_be_left() {
        let facts = sample::facts();
        for status in Status::ALL {
            let held = sample::held(1, &sample::section(101, 1), status);
            let admitted = matches!(status, Status::Enrolled | Status::Waitlisted);
            assert_eq!(check(&Leave { at: sample::now(), facts: &facts, held: &held }).is_none(), admitted, "{status}");
        }
    }
}
