//! Some courses and sections are for students of certain programs and levels, or only for those to whom the instructor has
//! consented. Where both the course and the section are, a student must be one of those of either.
//!
//! Consent is given by a permit that waives this rule, so without one the rule refuses everybody.

use super::{Case, Code, Violation};
use crate::catalog::Restriction;
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let student = &case.facts.student;
    let excludes = |restriction: &Restriction| !restriction.admits(student.program.as_ref(), student.level.as_ref());
    let refuses = |restriction: &&Restriction| excludes(restriction) || restriction.needs_consent();
    let by_course = case.section.course.restriction.as_ref().filter(refuses);
    let by_section = case.section.restriction.as_ref().filter(refuses);
    let told = told_first(by_course, by_section, excludes)?;
    let name = match told {
        Told::Course(_) => case.section.course.course.code.to_string(),
        Told::Section(_) => format!("Section {}", case.section_name()),
    };
    let (message, remedy) = match told {
        Told::Course(own) if excludes(own) => {
            (format!("{name} is only for students of {own}."), "Choose another course.")
        }
        Told::Section(own) if excludes(own) => {
            (format!("{name} is only for students of {own}."), "Choose another section.")
        }
        Told::Course(_) | Told::Section(_) => (
            format!("{name} asks for the consent of the instructor."),
            "Ask the instructor for a permit that waives `restricted`.",
        ),
    };
    let facts =
        json!({ "program": student.program, "level": student.level, "course": by_course, "section": by_section });
    Some(Violation::new(Code::Restricted, message, remedy, facts))
}

/// The restriction that the message is about.
#[derive(Clone, Copy)]
enum Told<'a> {
    Course(&'a Restriction),
    Section(&'a Restriction),
}

/// Of the restrictions that refuse: one for whom it is comes before one that only asks for consent, which could be got.
fn told_first<'a>(
    by_course: Option<&'a Restriction>,
    by_section: Option<&'a Restriction>,
    excludes: impl Fn(&Restriction) -> bool,
) -> Option<Told<'a>> {
    let refusing = || by_course.map(Told::Course).into_iter().chain(by_section.map(Told::Section));
    let is_for_others = |told: &Told<'_>| match told {
        Told::Course(restriction) | Told::Section(restriction) => excludes(restriction),
    };
    refusing().find(is_for_others).or_else(|| refusing().next())
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

    #[test]
    fn without_consent_nobody_is_let_in() {
        let consent = || serde_json::from_value::<Option<Restriction>>(json!({"consent": true})).unwrap();
        let both =
            || serde_json::from_value::<Option<Restriction>>(json!({"programs": ["Art"], "consent": true})).unwrap();
        let table = [
            (consent(), None, "CS101 asks for the consent of the instructor.", true),
            (None, consent(), "Section CS101-1 asks for the consent of the instructor.", true),
            (only(Some("Logic")), consent(), "Section CS101-1 asks for the consent of the instructor.", true),
            (consent(), only(Some("Art")), "Section CS101-1 is only for students of the program Art.", false),
            (both(), None, "CS101 is only for students of the program Art.", false),
        ];
        for (course, section, message, by_permit) in table {
            let mut facts = sample::facts();
            facts.student.program = Some("Logic".try_into().unwrap());
            facts.sections[0].course.restriction = course;
            facts.sections[0].restriction = section;
            let violation = sample::check(check, sample::now(), &facts).unwrap();
            assert_eq!(violation.message, message);
            let remedy = "Ask the instructor for a permit that waives `restricted`.";
            assert_eq!(violation.remedy == remedy, by_permit, "{message}");
        }
    }
}
