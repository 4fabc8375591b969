//! Some courses and sections are for students of certain programs and levels. Where both the course and the section are, a
//! student must be one of those of either.

use super::{Case, Code, Violation};
use crate::catalog::Restriction;
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let student = &case.facts.student;
    let refuses = |restriction: &&Restriction| !restriction.admits(student.program.as_ref(), student.level.as_ref());
    let by_course = case.section.course.restriction.as_ref().filter(refuses);
    let by_section = case.section.restriction.as_ref().filter(refuses);
    let (name, restriction) = match (by_course, by_section) {
        (None, None) => return None,
        (Some(restriction), _) => (case.section.course.course.code.to_string(), restriction),
        (None, Some(restriction)) => (format!("Section {}", case.section_name()), restriction),
    };
    let remedy = if by_course.is_some() { "Choose another course." } else { "Choose another section." };
    Some(Violation::new(
        Code::Restricted,
        format!("{name} is only for students of {restriction}."),
        remedy,
        json!({ "program": student.program, "level": student.level, "course": by_course, "section": by_section }),
    ))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::catalog::Restriction;
    use crate::registration::sample;
    use serde_json::json;

    fn only(programs: Option<&str>) -> Option<Restriction> {
        programs.map(|program| serde_json::from_value(json!({ "programs": [program] })).unwrap())
    }

    #[test]
    fn the_course_and_the_section_must_both_admit() {
        let table = [
            (None, None, true),
            (Some("Logic"), None, true),
            (Some("Logic"), Some("Logic"), true),
            (Some("Art"), None, false),
            (None, Some("Art"), false),
            (Some("Art"), Some("Logic"), false),
            (Some("Logic"), Some("Art"), false),
        ];
        for (course, section, admitted) in table {
            let mut facts = sample::facts();
            facts.student.program = Some("Logic".try_into().unwrap());
            facts.sections[0].course.restriction = only(course);
            facts.sections[0].restriction = only(section);
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), admitted, "{course:?} {section:?}");
        }
    }

    #[test]
    fn the_violation_says_whom_it_is_for_and_who_asks() {
        let mut facts = sample::facts();
        facts.student.level = Some("graduate".try_into().unwrap());
        facts.sections[0].restriction = only(Some("Art"));
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(violation.message, "Section CS101-1 is only for students of the program Art.");
        assert_eq!(
            violation.facts,
            json!({"program": null, "level": "graduate", "course": null, "section": {"programs": ["Art"]}})
        );
    }
}
