//! A course can be left until the term's withdraw deadline: dropped before the drop deadline, withdrawn after it. A
//! deadline is the first instant at which it is too late. A waitlist can be left at any time.

use super::{Code, Leave, Violation};
use crate::registration::Status;
use serde_json::json;

pub(super) fn check(leave: &Leave<'_>) -> Option<Violation> {
    let held = leave.held;
    let deadline = held.withdraw_deadline.filter(|deadline| leave.at >= *deadline)?;
    (held.student_course.status == Status::Enrolled).then(|| {
        Violation::new(
            Code::DeadlinePassed,
            format!("{} could be left until {}.", held.student_course.course.code, deadline.to_rfc3339()),
            "Ask the registrar's office about a late withdrawal.",
            json!({ "drop_deadline": held.drop_deadline, "withdraw_deadline": deadline, "now": leave.at }),
        )
    })
}
