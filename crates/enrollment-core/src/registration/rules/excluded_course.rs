//! Courses that exclude another, as two that teach the same: who has one does not take the other.

use super::{Case, Code, Violation, fact_of};
use crate::registration::{Status, StudentCourse};
use serde_json::{Value, json};

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let course = &case.section.course;
    let in_the_way: Vec<&StudentCourse> = case
        .facts
        .held
        .iter()
        .map(|held| &held.student_course)
        .filter(|held| course.excludes.contains(&held.course.code) && stands(case, held))
        .collect();
    if in_the_way.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = in_the_way.iter().map(|held| held.course.code.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let (code, names) = (&course.course.code, names.join(" or "));
    let held: Vec<Value> = in_the_way.iter().map(|held| fact_of(held)).collect();
    Some(Violation::new(
        Code::ExcludedCourse,
        format!("{code} cannot be taken beside or after {names}, which you have."),
        "Choose another course.",
        json!({ "course": code, "held": held }),
    ))
}

/// Whether what is held is passed, or may still be.
fn stands(case: &Case<'_>, held: &StudentCourse) -> bool {
    match held.status {
        Status::Enrolled | Status::Waitlisted => true,
        Status::Completed => case.is_passed(held, None),
        Status::Dropped | Status::Withdrawn | Status::Cancelled => false,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::registration::{GradingBasis, Status, sample};
    use serde_json::json;

    #[test]
    fn what_is_passed_or_may_still_be_stands_in_the_way() {
        let other = sample::section(102, 1);
        let mut audited = sample::passed(102, None);
        audited.student_course.grading_basis = GradingBasis::Audit;
        let table = [
            (audited, true),
            (sample::held(1, &other, Status::Enrolled), false),
            (sample::held(1, &other, Status::Waitlisted), false),
            (sample::held(1, &other, Status::Dropped), true),
            (sample::held(1, &other, Status::Withdrawn), true),
            (sample::held(1, &other, Status::Cancelled), true),
            (sample::passed(102, Some("C")), false),
            (sample::passed(102, None), false),
            (sample::passed(102, Some("F")), true),
            (sample::passed(103, Some("A")), true),
        ];
        for (held, admitted) in table {
            let mut facts = sample::facts();
            facts.sections[0].course.excludes = ["CS102".try_into().unwrap()].into();
            let case = format!("{} {:?}", held.student_course.status, held.student_course.grade);
            facts.held.push(held);
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "{case}");
        }
    }

    #[test]
    fn all_that_stand_in_the_way_are_named() {
        let mut facts = sample::facts();
        facts.sections[0].course.excludes = ["CS103", "CS102", "CS104"].map(|code| code.try_into().unwrap()).into();
        facts.held.push(sample::passed(103, Some("A")));
        facts.held.push(sample::held(2, &sample::section(102, 1), Status::Enrolled));
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(violation.message, "CS101 cannot be taken beside or after CS102 or CS103, which you have.");
        let courses: Vec<_> = violation.facts["held"].as_array().unwrap().iter().map(|held| &held["course"]).collect();
        assert_eq!(courses, [&json!("CS103"), &json!("CS102")]);
    }
}
