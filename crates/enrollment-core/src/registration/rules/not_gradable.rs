//! Only what one is enrolled in, or has completed, gets a grade.

use super::{Code, Grading, Violation, fact_of};
use crate::registration::Status;
use serde_json::json;

pub(super) fn check(grading: &Grading<'_>) -> Option<Violation> {
    let held = grading.own;
    (!matches!(held.status, Status::Enrolled | Status::Completed)).then(|| {
        Violation::new(
            Code::NotGradable,
            format!("{} is {}, so it gets no grade.", held.course.code, held.status),
            "Read the section's students again.",
            json!({ "held": fact_of(held) }),
        )
    })
}
