//! Only active students register.

use super::{Case, Code, Violation};
use crate::catalog::StudentStatus;
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let status = case.facts.student.status;
    (status != StudentStatus::Active).then(|| {
        Violation::new(
            Code::StudentNotActive,
            format!("Your status is {status}; only active students can enroll."),
            "Ask the registrar's office to reactivate you.",
            json!({ "status": status }),
        )
    })
}
