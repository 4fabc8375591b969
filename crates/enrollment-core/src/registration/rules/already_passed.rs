//! A course that was passed is not taken again, unless it may be repeated for credit.

use super::{Case, Code, Violation, fact_of};
use crate::registration::Status;
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let course = &case.section.course;
    if course.repeatable {
        return None;
    }
    let passed = case
        .held_as(Status::Completed)
        .map(|held| &held.student_course)
        .find(|held| held.course.id == course.course.id && case.facts.scale.passes(held.grade.as_ref()))?;
    let code = &course.course.code;
    let grade = passed.grade.as_ref().map(|grade| format!(" with {grade}")).unwrap_or_default();
    Some(Violation::new(
        Code::AlreadyPassed,
        format!("You have passed {code}{grade}, and it cannot be repeated for credit."),
        "Choose another course.",
        json!({ "held": fact_of(passed), "grade": passed.grade }),
    ))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::registration::sample;

    #[test]
    fn a_passed_course_is_not_taken_again_unless_it_may_be_repeated() {
        let table = [
            (sample::passed(101, Some("C")), false, false),
            (sample::passed(101, Some("C")), true, true),
            (sample::passed(101, Some("F")), false, true),
            (sample::passed(101, None), false, false),
            (sample::passed(102, Some("A")), false, true),
        ];
        for (held, repeatable, admitted) in table {
            let mut facts = sample::facts();
            facts.sections[0].course.repeatable = repeatable;
            let case = format!("{:?} repeatable: {repeatable}", held.student_course.grade);
            facts.held.push(held);
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "{case}");
        }
    }
}
