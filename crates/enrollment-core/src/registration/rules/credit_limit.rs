//! The most credits in a term: the lowest of the limits of the term, of the student's programme in it, and of the student.
//! What is not set does not limit.
//!
//! A course counts once, however many of its components (lecture, lab) the student is in. Graded and pass/fail courses
//! count alike; audited ones only where the term says so.

use super::{Case, Code, Violation};
use crate::catalog::Credits;
use crate::ids::CourseId;
use crate::registration::GradingBasis;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let (term, student) = (&case.section.term, &case.facts.student);
    let limits = [("term", term.max_credits), ("program", term.program_max_credits), ("student", student.max_credits)];
    let set = limits.into_iter().filter_map(|(whose, limit)| Some((whose, limit?)));
    let (whose, limit) = set.min_by_key(|(_, limit)| *limit)?;
    let mut load = load(case);
    let enrolled: Credits = load.values().copied().sum();
    if counts(case, case.asked.grading_basis) {
        add(&mut load, case.section.course.course.id, case.credits());
    }
    let total: Credits = load.values().copied().sum();
    (total > limit && total > enrolled).then(|| {
        let (code, asked) = (&term.term.code, case.credits());
        let of = match whose {
            "student" => "your own limit".to_owned(),
            _ => format!("the {whose}'s limit"),
        };
        Violation::new(
            Code::CreditLimit,
            format!("You have {enrolled} credits in {code}; {asked} more would exceed {of} of {limit}."),
            "Drop another course, or ask the registrar's office for a higher limit.",
            json!({
                "enrolled": enrolled, "asked": asked, "limit": limit, "limited_by": whose,
                "term_limit": term.max_credits, "program_limit": term.program_max_credits,
                "student_limit": student.max_credits,
            }),
        )
    })
}

/// What the student's courses in the term are worth, as far as they count.
fn load(case: &Case<'_>) -> BTreeMap<CourseId, Credits> {
    let mut load = BTreeMap::new();
    let enrolled = case.enrolled_in_term().map(|held| &held.student_course);
    for held in enrolled.filter(|held| counts(case, held.grading_basis)) {
        add(&mut load, held.course.id, held.credits);
    }
    load
}

fn add(load: &mut BTreeMap<CourseId, Credits>, course: CourseId, credits: Credits) {
    let counted = load.entry(course).or_default();
    *counted = credits.max(*counted);
}

fn counts(case: &Case<'_>, basis: GradingBasis) -> bool {
    match basis {
        GradingBasis::Graded | GradingBasis::PassFail => true,
        GradingBasis::Audit => case.section.term.audit_counts,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::catalog::Component;
    use crate::registration::{EnrollRequest, Facts, GradingBasis, Status, sample};
    use serde_json::json;

    /// Enrolled in one course of 3 credits, asking for another of 3.
    fn facts() -> Facts {
        let mut facts = sample::facts();
        facts.held.push(sample::held(1, &sample::section(102, 1), Status::Enrolled));
        facts
    }

    #[test]
    fn the_lowest_limit_holds_and_may_be_reached() {
        let table = [
            (None, None, None, None),
            (Some(6), None, None, None),
            (Some(5), None, None, Some("term")),
            (None, Some(5), None, Some("program")),
            (None, Some(6), None, None),
            (None, None, Some(5), Some("student")),
            (Some(5), Some(9), Some(9), Some("term")),
            (Some(9), Some(5), Some(9), Some("program")),
            (Some(9), Some(9), Some(5), Some("student")),
            (Some(9), Some(5), Some(4), Some("student")),
            (Some(9), Some(7), Some(6), None),
        ];
        for (term, program, own, limited_by) in table {
            let mut facts = facts();
            facts.sections[0].term.max_credits = term.map(sample::credits);
            facts.sections[0].term.program_max_credits = program.map(sample::credits);
            facts.student.max_credits = own.map(sample::credits);
            let violation = sample::check(check, sample::now(), &facts);
            let told = violation.as_ref().and_then(|violation| violation.facts["limited_by"].as_str());
            assert_eq!(told, limited_by, "{term:?} {program:?} {own:?}");
        }
    }

    #[test]
    fn every_number_is_told() {
        let mut facts = facts();
        facts.sections[0].term.program_max_credits = Some(sample::credits(5));
        facts.student.max_credits = Some(sample::credits(9));
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(violation.message, "You have 3 credits in F26; 3 more would exceed the program's limit of 5.");
        let expected = json!({"enrolled": 3, "asked": 3, "limit": 5, "limited_by": "program",
            "term_limit": null, "program_limit": 5, "student_limit": 9});
        assert_eq!(violation.facts, expected);
    }

    #[test]
    fn what_is_not_enrolled_this_term_does_not_count() {
        let mut facts = sample::facts();
        facts.sections[0].term.max_credits = Some(sample::credits(3));
        facts.held.push(sample::held(1, &sample::section(102, 1), Status::Waitlisted));
        facts.held.push(sample::passed(103, Some("A")));
        assert_eq!(sample::check(check, sample::now(), &facts), None);
    }

    #[test]
    fn a_course_counts_once_for_all_its_components_and_as_the_larger() {
        let mut facts = sample::facts();
        facts.sections[0].term.max_credits = Some(sample::credits(3));
        let mut lab = sample::section(101, 2);
        lab.section.component = Component::Lab;
        facts.held.push(sample::held(1, &lab, Status::Enrolled));
        assert_eq!(sample::check(check, sample::now(), &facts), None);
        let more = EnrollRequest { credits: Some(sample::credits(4)), ..sample::request() };
        assert!(sample::check_asked(check, &more, &facts).is_some());
    }

    #[test]
    fn the_credits_that_are_asked_for_count() {
        let mut facts = facts();
        facts.sections[0].term.max_credits = Some(sample::credits(7));
        for (asked, admitted) in [(4, true), (5, false)] {
            let asked = EnrollRequest { credits: Some(sample::credits(asked)), ..sample::request() };
            assert_eq!(sample::check_asked(check, &asked, &facts).is_none(), admitted, "{asked:?}");
        }
    }

    #[test]
    fn what_is_audited_counts_only_where_the_term_says_so() {
        let (graded, pass_fail, audit) = (GradingBasis::Graded, GradingBasis::PassFail, GradingBasis::Audit);
        let table = [
            (graded, graded, false, false),
            (graded, pass_fail, false, false),
            (pass_fail, graded, false, false),
            (graded, audit, false, true),
            (audit, graded, false, true),
            (audit, audit, false, true),
            (graded, audit, true, false),
            (audit, graded, true, false),
        ];
        for (held, asked, audit_counts, admitted) in table {
            let mut facts = facts();
            facts.sections[0].term.max_credits = Some(sample::credits(5));
            facts.sections[0].term.audit_counts = audit_counts;
            facts.held[0].student_course.grading_basis = held;
            let request = EnrollRequest { grading_basis: asked, ..sample::request() };
            let admits = sample::check_asked(check, &request, &facts).is_none();
            assert_eq!(admits, admitted, "{held} {asked} counts: {audit_counts}");
        }
    }

    #[test]
    fn what_adds_nothing_is_admitted_beyond_the_limit() {
        let mut facts = facts();
        facts.student.max_credits = Some(sample::credits(1));
        facts.sections[0].course.credits = sample::credits(0);
        assert_eq!(sample::check(check, sample::now(), &facts), None);
    }
}
