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
