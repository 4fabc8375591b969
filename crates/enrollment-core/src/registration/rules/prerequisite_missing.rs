//! What must be passed before a course, or be in progress where that suffices. Courses are named by code; credit earned
//! elsewhere counts.

use super::{Case, Code, Violation};
use crate::catalog::RequiredCourse;
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let is_met = |required: &RequiredCourse| case.meets(required);
    let missing = case.section.course.requisite.as_ref()?.unmet(&is_met)?;
    let code = &case.section.course.course.code;
    Some(Violation::new(
        Code::PrerequisiteMissing,
        format!("{code} requires {missing}, which you have not passed."),
        format!("Pass {missing} first, or have credit from elsewhere recorded."),
        json!({ "course": code, "missing": missing }),
    ))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::registration::{GradingBasis, Status, sample};
    use serde_json::json;

    #[test]
    fn what_is_required_must_be_completed_with_the_grade() {
        let needs_c = json!({"course": "CS100", "min_grade": "C"});
        let in_progress = json!({"course": "CS100", "in_progress": true});
        let audited = |grade| {
            let mut held = sample::passed(100, grade);
            held.student_course.grading_basis = GradingBasis::Audit;
            held
        };
        let table = [
            (json!({"course": "CS100"}), sample::passed(100, Some("C")), true),
            (json!({"course": "CS100"}), sample::passed(100, Some("F")), false),
            (json!({"course": "CS100"}), sample::passed(100, None), true),
            (json!({"course": "CS100"}), sample::passed(99, Some("A")), false),
            (json!({"course": "CS100"}), sample::held(1, &sample::section(100, 1), Status::Enrolled), false),
            (in_progress.clone(), sample::held(1, &sample::section(100, 1), Status::Enrolled), true),
            (in_progress.clone(), sample::held(1, &sample::section(100, 1), Status::Waitlisted), false),
            (in_progress.clone(), sample::held(1, &sample::section(100, 1), Status::Withdrawn), false),
            (in_progress, sample::passed(100, Some("F")), false),
            (json!({"course": "CS100"}), audited(None), false),
            (json!({"course": "CS100"}), audited(Some("A")), false),
            (needs_c.clone(), audited(Some("A")), false),
            (needs_c.clone(), sample::passed(100, Some("B")), true),
            (needs_c.clone(), sample::passed(100, Some("F")), false),
            (needs_c, sample::passed(100, None), false),
            (json!({"course": "CS100", "min_grade": "Z"}), sample::passed(100, Some("A")), false),
            (
                json!({"any": [{"course": "CS98"}, {"all": [{"course": "CS100"}]}]}),
                sample::passed(100, Some("A")),
                true,
            ),
        ];
        for (requisite, held, admitted) in table {
            let mut facts = sample::facts();
            facts.sections[0].course.requisite = Some(serde_json::from_value(requisite.clone()).unwrap());
            facts.held.push(held);
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "{requisite}");
        }
    }

    #[test]
    fn the_violation_names_only_what_is_missing() {
        let mut facts = sample::facts();
        let requisite = json!({"all": [{"course": "CS100"}, {"course": "CS99"}]});
        facts.sections[0].course.requisite = Some(serde_json::from_value(requisite).unwrap());
        facts.held.push(sample::passed(100, Some("A")));
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(violation.facts, json!({"course": "CS101", "missing": {"course": "CS99"}}));
        assert_eq!(violation.message, "CS101 requires CS99, which you have not passed.");
    }
}
