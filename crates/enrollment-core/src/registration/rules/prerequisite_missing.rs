//! What must be passed before a course. Courses are named by code; credit earned elsewhere counts.

use super::{Case, Code, Violation};
use crate::registration::Status;
use crate::text::{CourseCode, Grade};
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let passed = |code: &CourseCode, min_grade: Option<&Grade>| has_passed(case, code, min_grade);
    let missing = case.section.course.requisite.as_ref()?.unmet(&passed)?;
    let code = &case.section.course.course.code;
    Some(Violation::new(
        Code::PrerequisiteMissing,
        format!("{code} requires {missing}, which you have not passed."),
        format!("Pass {missing} first, or have credit from elsewhere recorded."),
        json!({ "course": code, "missing": missing }),
    ))
}

fn has_passed(case: &Case<'_>, code: &CourseCode, min_grade: Option<&Grade>) -> bool {
    let scale = &case.facts.scale;
    case.held_as(Status::Completed).map(|held| &held.student_course).filter(|held| held.course.code == *code).any(
        |held| {
            let grade = held.grade.as_ref();
            min_grade.map_or_else(|| scale.passes(grade), |least| scale.reaches(grade, least))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::registration::{Status, sample};
    use serde_json::json;

    #[test]
    fn what_is_required_must_be_completed_with_the_grade() {
        let needs_c = json!({"course": "CS100", "min_grade": "C"});
        let table = [
            (json!({"course": "CS100"}), sample::passed(100, Some("C")), true),
            (json!({"course": "CS100"}), sample::passed(100, Some("F")), false),
            (json!({"course": "CS100"}), sample::passed(100, None), true),
            (json!({"course": "CS100"}), sample::passed(99, Some("A")), false),
            (json!({"course": "CS100"}), sample::held(1, &sample::section(100, 1), Status::Enrolled), false),
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
