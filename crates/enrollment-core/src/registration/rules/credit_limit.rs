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
