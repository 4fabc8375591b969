//! How often a course may be taken: by its [repeat policy](crate::catalog::RepeatPolicy).
//!
//! An attempt is a term in which the course was completed for credit, whatever the grade and however many of its components
//! there were; or credit for it from elsewhere. Auditing is none.

use super::{Case, Code, Violation, fact_of};
use crate::catalog::RepeatPolicy;
use crate::registration::{GradingBasis, Status, StudentCourse};
use crate::text::Grade;
use serde_json::json;
use std::collections::BTreeSet;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let course = &case.section.course;
    let completed: Vec<&StudentCourse> = completed_for_credit(case).collect();
    let attempts = number_of_attempts(&completed);
    let in_the_way = match course.repeat_policy {
        RepeatPolicy::Freely => None,
        RepeatPolicy::UntilPassed => completed.iter().find(|held| case.is_passed(held, None)),
        RepeatPolicy::Never => completed.last(),
        RepeatPolicy::AtMost(most) => completed.last().filter(|_| attempts >= most.get()),
    }?;
    let grades: Vec<Option<&Grade>> = completed.iter().map(|held| held.grade.as_ref()).collect();
    Some(Violation::new(
        Code::AlreadyPassed,
        message(case, in_the_way, attempts),
        "Choose another course.",
        json!({
            "held": fact_of(in_the_way), "grade": in_the_way.grade, "repeat_policy": course.repeat_policy,
            "attempts": attempts, "allowed": course.repeat_policy.most_attempts(), "grades": grades,
        }),
    ))
}

fn completed_for_credit<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a StudentCourse> {
    let course = case.section.course.course.id;
    let completed = case.held_as(Status::Completed).map(|held| &held.student_course);
    completed.filter(move |held| held.course.id == course && held.grading_basis != GradingBasis::Audit)
}

fn number_of_attempts(completed: &[&StudentCourse]) -> usize {
    let terms: BTreeSet<_> = completed.iter().filter_map(|held| held.term.as_ref()).map(|term| term.id).collect();
    let without_term = completed.iter().filter(|held| held.term.is_none()).count();
    terms.len() + without_term
}

fn message(case: &Case<'_>, held: &StudentCourse, attempts: usize) -> String {
    let code = &case.section.course.course.code;
    let grade = held.grade.as_ref().map(|grade| format!(" with {grade}")).unwrap_or_default();
    match case.section.course.repeat_policy.most_attempts() {
        None => format!("You have passed {code}{grade}, and it cannot be repeated for credit."),
        Some(1) => format!("You have completed {code}{grade}, and it cannot be taken again."),
        Some(most) => format!("You have completed {code} {attempts} times, and it can be taken {most} times in all."),
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::catalog::{Component, RepeatPolicy};
    use crate::registration::{Facts, GradingBasis, HeldCourse, TermRef, sample};
    use serde_json::json;

    fn policy(written: serde_json::Value) -> RepeatPolicy {
        serde_json::from_value(written).unwrap()
    }

    /// CS101, completed in so many different terms.
    fn completed(grades: &[Option<&str>]) -> Vec<HeldCourse> {
        (1..)
            .zip(grades)
            .map(|(term, grade)| {
                let mut held = sample::passed(101, *grade);
                held.student_course.term =
                    Some(TermRef { id: sample::id(term), code: format!("T{term}").try_into().unwrap() });
                held
            })
            .collect()
    }

    fn facts(repeat_policy: RepeatPolicy, held: Vec<HeldCourse>) -> Facts {
        let mut facts = sample::facts();
        facts.sections[0].course.repeat_policy = repeat_policy;
        facts.held = held;
        facts
    }

    #[test]
    fn the_policy_says_how_often() {
        let [never, until_passed, freely] = ["never", "until_passed", "freely"].map(|word| policy(json!(word)));
        let [twice, thrice] = [2, 3].map(|times| policy(json!({ "at_most": times })));
        let table: [(RepeatPolicy, &[Option<&str>], bool); 17] = [
            (never, &[], true),
            (never, &[Some("C")], false),
            (never, &[Some("F")], false),
            (never, &[None], false),
            (until_passed, &[], true),
            (until_passed, &[Some("C")], false),
            (until_passed, &[None], false),
            (until_passed, &[Some("F")], true),
            (until_passed, &[Some("F"), Some("F"), Some("F")], true),
            (until_passed, &[Some("C"), Some("F")], false),
            (twice, &[Some("A")], true),
            (twice, &[Some("A"), Some("F")], false),
            (twice, &[None, Some("A")], false),
            (thrice, &[Some("A"), Some("F")], true),
            (thrice, &[Some("F"), Some("F"), Some("F")], false),
            (freely, &[Some("A"); 4], true),
            (freely, &[None], true),
        ];
        for (policy, grades, admitted) in table {
            let facts = facts(policy, completed(grades));
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "{policy:?} {grades:?}");
        }
    }

    #[test]
    fn other_courses_audits_and_further_components_are_no_attempts() {
        let twice = policy(json!({"at_most": 2}));
        let mut audited = sample::passed(101, None);
        audited.student_course.grading_basis = GradingBasis::Audit;
        let lecture = sample::passed(101, Some("B"));
        let mut lab = lecture.clone();
        lab.student_course.section.as_mut().unwrap().component = Component::Lab;
        let mut elsewhere = sample::passed(101, None);
        (elsewhere.student_course.section, elsewhere.student_course.term) = (None, None);
        let table = [
            (RepeatPolicy::Never, vec![sample::passed(102, Some("A"))], true),
            (RepeatPolicy::Never, vec![audited.clone()], true),
            (RepeatPolicy::UntilPassed, vec![audited.clone()], true),
            (twice, vec![lecture.clone(), lab, audited], true),
            (twice, vec![lecture, elsewhere.clone()], false),
            (twice, vec![elsewhere.clone(), elsewhere], false),
        ];
        for (number, (policy, held, admitted)) in table.into_iter().enumerate() {
            let facts = facts(policy, held);
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "row {number}");
        }
    }

    #[test]
    fn the_violation_tells_the_attempts_and_their_grades() {
        let facts = facts(policy(json!({"at_most": 2})), completed(&[Some("F"), Some("C")]));
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(violation.message, "You have completed CS101 2 times, and it can be taken 2 times in all.");
        let mut told = violation.facts;
        assert_eq!(told["held"].take()["status"], "completed");
        let expected = json!({"held": null, "grade": "C", "repeat_policy": {"at_most": 2}, "attempts": 2, "allowed": 2, "grades": ["F", "C"]});
        assert_eq!(told, expected);
    }
}
