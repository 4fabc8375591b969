//! What must be taken together with a course, if it is not passed before: a place in it in the same term counts.

use super::{Case, Code, Violation};
use crate::catalog::RequiredCourse;
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let is_met = |required: &RequiredCourse| case.meets(required) || is_beside(case, required);
    let missing = case.section.course.corequisite.as_ref()?.unmet(&is_met)?;
    let code = &case.section.course.course.code;
    let term = &case.section.term.term.code;
    Some(Violation::new(
        Code::CorequisiteMissing,
        format!(
            "{code} must be taken together with {missing}, which you have neither passed nor enrolled in for {term}."
        ),
        format!("Enroll in {missing} first, or in both at once with a plan."),
        json!({ "course": code, "term": term, "missing": missing }),
    ))
}

/// Whether the student is enrolled in it in the term of the section, or would be by the same request; of a grade there is
/// nothing to tell yet.
fn is_beside(case: &Case<'_>, required: &RequiredCourse) -> bool {
    case.is_taken_beside(&required.course)
        || case.enrolled_in_term().any(|held| held.student_course.course.code == required.course)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::ids::TermId;
    use crate::registration::{Status, TermRef, sample};
    use serde_json::json;

    #[test]
    fn what_is_passed_or_taken_in_the_same_term_counts() {
        let beside = sample::section(100, 1);
        let mut earlier = beside.clone();
        earlier.term.term = TermRef { id: sample::id::<TermId>(10), code: "S26".try_into().unwrap() };
        let plain = json!({"course": "CS100"});
        let table = [
            (&plain, sample::held(1, &beside, Status::Enrolled), true),
            (&plain, sample::held(1, &beside, Status::Waitlisted), false),
            (&plain, sample::held(1, &beside, Status::Dropped), false),
            (&plain, sample::held(1, &earlier, Status::Enrolled), false),
            (&plain, sample::passed(100, Some("C")), true),
            (&plain, sample::passed(100, Some("F")), false),
            (&plain, sample::passed(99, Some("A")), false),
            (&json!({"course": "CS100", "in_progress": true}), sample::held(1, &earlier, Status::Enrolled), true),
            (&json!({"course": "CS100", "min_grade": "B"}), sample::passed(100, Some("C")), false),
            (&json!({"course": "CS100", "min_grade": "B"}), sample::held(1, &beside, Status::Enrolled), true),
            (&json!({"any": [{"course": "CS98"}, plain]}), sample::held(1, &beside, Status::Enrolled), true),
        ];
        for (corequisite, held, admitted) in table {
            let mut facts = sample::facts();
            facts.sections[0].course.corequisite = Some(serde_json::from_value(corequisite.clone()).unwrap());
            let case = format!("{corequisite} {} {:?}", held.student_course.status, held.student_course.grade);
            facts.held.push(held);
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "{case}");
        }
    }

    #[test]
    fn the_violation_names_only_what_is_missing() {
        let mut facts = sample::facts();
        let corequisite = json!({"all": [{"course": "CS100"}, {"course": "CS99"}]});
        facts.sections[0].course.corequisite = Some(serde_json::from_value(corequisite).unwrap());
        facts.held.push(sample::held(1, &sample::section(100, 1), Status::Enrolled));
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(violation.facts, json!({"course": "CS101", "term": "F26", "missing": {"course": "CS99"}}));
        assert!(violation.message.starts_with("CS101 must be taken together with CS99,"), "{}", violation.message);
    }
}
