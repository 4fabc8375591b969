//! Only open sections take students.

use super::{Case, Code, Violation};
use crate::catalog::SectionStatus;
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let status = case.section.status;
    let remedy = match status {
        SectionStatus::Open => return None,
        SectionStatus::Planned => "Wait until the section opens, or choose another section.",
        SectionStatus::Closed | SectionStatus::Cancelled => "Choose another section.",
    };
    let name = case.section_name();
    Some(Violation::new(
        Code::SectionNotOpen,
        format!("Section {name} is {status} and takes no students."),
        remedy,
        json!({ "section": name, "status": status }),
    ))
}
