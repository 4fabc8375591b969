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

#[cfg(test)]
mod tests {
    use super::check;
    use crate::catalog::SectionStatus;
    use crate::registration::sample;

    #[test]
    fn only_an_open_section_takes_students() {
        let table = [
            (SectionStatus::Planned, false),
            (SectionStatus::Open, true),
            (SectionStatus::Closed, false),
            (SectionStatus::Cancelled, false),
        ];
        for (status, admitted) in table {
            let mut facts = sample::facts();
            facts.sections[0].status = status;
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "{status}");
        }
    }
}
