//! The most credits in a term: the lower of the term's limit and the student's own. What is not set does not limit.
//!
//! A course counts once, however many of its components (lecture, lab) the student is in.

use super::{Case, Code, Violation};
use crate::catalog::Credits;
use crate::ids::CourseId;
use serde_json::json;
use std::collections::BTreeMap;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let term = &case.section.term;
    let limits = [term.max_credits, case.facts.student.max_credits];
    let limit = limits.into_iter().flatten().min()?;
    let course = &case.section.course;
    let mut counted: BTreeMap<CourseId, Credits> = BTreeMap::new();
    for held in case.enrolled_in_term().map(|held| &held.student_course) {
        let credits = counted.entry(held.course.id).or_default();
        *credits = held.credits.max(*credits);
    }
    let enrolled: Credits = counted.values().copied().sum();
    if counted.contains_key(&course.course.id) {
        return None;
    }
    let total: Credits = [enrolled, course.credits].into_iter().sum();
    (total > limit).then(|| {
        let (code, asked) = (&term.term.code, course.credits);
        Violation::new(
            Code::CreditLimit,
            format!("You have {enrolled} credits in {code}; {asked} more would exceed your limit of {limit}."),
            "Drop another course, or ask the registrar's office for a higher limit.",
            json!({ "enrolled": enrolled, "asked": asked, "limit": limit, "term_limit": term.max_credits, "student_limit": case.facts.student.max_credits }),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::catalog::Component;
    use crate::registration::{Status, sample};

    #[test]
    fn the_lower_limit_holds_and_may_be_reached() {
        // Enrolled in one course of 3 credits, asking for another of 3.
        let table = [
            (None, None, true),
            (Some(6), None, true),
            (Some(5), None, false),
            (None, Some(5), false),
            (Some(5), Some(9), false),
            (Some(9), Some(5), false),
            (Some(9), Some(6), true),
        ];
        for (term, own, admitted) in table {
            let mut facts = sample::facts();
            facts.sections[0].term.max_credits = term.map(sample::credits);
            facts.student.max_credits = own.map(sample::credits);
            facts.held.push(sample::held(1, &sample::section(102, 1), Status::Enrolled));
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "{term:?} {own:?}");
        }
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
    fn a_course_counts_once_for_all_its_components() {
        let mut facts = sample::facts();
        facts.sections[0].term.max_credits = Some(sample::credits(3));
        let mut lab = sample::section(101, 2);
        lab.section.component = Component::Lab;
        facts.held.push(sample::held(1, &lab, Status::Enrolled));
        assert_eq!(sample::check(check, sample::now(), &facts), None);
    }
}
