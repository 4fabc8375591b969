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
