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

#[cfg(test)]
mod tests {
    use super::check;
    use crate::catalog::StudentStatus;
    use crate::registration::sample;

    #[test]
    fn only_an_active_student_may_enroll() {
        let table = [
            (StudentStatus::Active, true),
            (StudentStatus::Inactive, false),
            (StudentStatus::Suspended, false),
            (StudentStatus::Graduated, false),
        ];
        for (status, admitted) in table {
            let mut facts = sample::facts();
            facts.student.status = status;
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "{status}");
        }
    }
}
