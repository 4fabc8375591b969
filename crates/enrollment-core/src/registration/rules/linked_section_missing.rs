//! A course may ask for one section of each of some components: they are taken together, in one request.

use super::{Case, Code, Violation};
use crate::catalog::Component;
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let own = case.section;
    let is_missing = |component: &&Component| **component != own.section.component && !has(case, **component);
    let missing: Vec<Component> = own.course.linked_components.iter().filter(is_missing).copied().collect();
    if missing.is_empty() {
        return None;
    }
    let code = &own.course.course.code;
    let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let names = names.join(" and a ");
    Some(Violation::new(
        Code::LinkedSectionMissing,
        format!("A {} of {code} is taken together with a {names}.", own.section.component),
        format!(
            "Name a section of the {names} in the same request, or name only the course for sections to be picked."
        ),
        json!({ "course": code, "component": own.section.component, "missing": missing }),
    ))
}

/// Whether the student has a section of this component of the course in the term, or takes one in the same request.
fn has(case: &Case<'_>, component: Component) -> bool {
    let (course, term) = (case.section.course.course.id, case.section.term.term.id);
    let beside = case.beside.iter().any(|other| {
        other.course.course.id == course && other.term.term.id == term && other.section.component == component
    });
    beside
        || case.enrolled_in_term().map(|held| &held.student_course).any(|held| {
            held.course.id == course && held.section.as_ref().is_some_and(|section| section.component == component)
        })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::catalog::Component;
    use crate::registration::{Status, sample};
    use serde_json::json;

    #[test]
    fn what_is_held_in_the_term_is_not_missing() {
        let mut facts = sample::facts();
        facts.sections[0].course.linked_components = [Component::Lecture, Component::Lab, Component::Tutorial].into();
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(violation.message, "A lecture of CS101 is taken together with a lab and a tutorial.");
        assert_eq!(violation.facts, json!({"course": "CS101", "component": "lecture", "missing": ["lab", "tutorial"]}));
        for (number, component) in [(2, Component::Lab), (3, Component::Tutorial)] {
            let mut section = sample::section(101, number);
            section.section.component = component;
            facts.held.push(sample::held(number, &section, Status::Enrolled));
        }
        assert_eq!(sample::check(check, sample::now(), &facts), None);
        facts.held[1].student_course.status = Status::Dropped;
        assert!(sample::check(check, sample::now(), &facts).is_some());
    }
}
