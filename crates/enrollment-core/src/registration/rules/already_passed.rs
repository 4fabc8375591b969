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
