//! One seat in a section, and one seat in each component of a course in a term.

use super::{Case, Code, Violation, fact_of};
use crate::registration::{Status, StudentCourse};
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let held = case.facts.held.iter().map(|held| &held.student_course).find(|held| stands_for(case, held))?;
    let state = if held.status == Status::Waitlisted { "on the waitlist of" } else { "enrolled in" };
    let number = held.section.as_ref().map(|section| section.number.as_str()).unwrap_or_default();
    let (code, term) = (&held.course.code, &case.section.term.term.code);
    Some(Violation::new(
        Code::AlreadyEnrolled,
        format!("You are {state} {code}-{number} in {term} already."),
        format!("Nothing is needed to stay in {code}-{number}; to change sections, drop it first."),
        json!({ "held": fact_of(held) }),
    ))
}

/// Whether what is held is the seat that is asked for, or excludes it.
fn stands_for(case: &Case<'_>, held: &StudentCourse) -> bool {
    let asked = case.section;
    let same_part = held.course.id == asked.course.course.id
        && held.is_in_term(asked.term.term.id)
        && held.section.as_ref().is_some_and(|section| section.component == asked.section.component);
    match held.status {
        Status::Enrolled => same_part,
        Status::Waitlisted => held.is_in_section(asked.section.id),
        Status::Dropped | Status::Withdrawn | Status::Completed | Status::Cancelled => false,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::catalog::Component;
    use crate::registration::{Status, sample};

    #[test]
    fn one_seat_in_a_section_and_in_each_component_of_a_course() {
        let asked = sample::section(101, 1);
        let other = sample::section(101, 2);
        let mut lab = sample::section(101, 3);
        lab.section.component = Component::Lab;
        let another_course = sample::section(102, 1);
        let mut last_year = sample::section(101, 4);
        last_year.term.term.id = sample::id(10);
        let table = [
            (&asked, Status::Enrolled, false),
            (&asked, Status::Waitlisted, false),
            (&asked, Status::Dropped, true),
            (&asked, Status::Withdrawn, true),
            (&asked, Status::Cancelled, true),
            (&other, Status::Enrolled, false),
            (&other, Status::Waitlisted, true),
            (&lab, Status::Enrolled, true),
            (&another_course, Status::Enrolled, true),
            (&last_year, Status::Enrolled, true),
        ];
        for (section, status, admitted) in table {
            let mut facts = sample::facts();
            facts.held.push(sample::held(1, section, status));
            assert_eq!(
                sample::check(check, sample::now(), &facts).is_none(),
                admitted,
                "{} {status}",
                section.section.number
            );
        }
    }
}
