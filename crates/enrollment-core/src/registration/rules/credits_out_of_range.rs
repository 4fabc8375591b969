//! A course is worth what the catalogue says. Where that is a range, the student chooses when enrolling.

use super::{Case, Code, Violation};
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let course = &case.section.course;
    let asked = case.asked.credits?;
    let (least, most) = (course.credits, course.max_credits.unwrap_or(course.credits));
    (asked < least || asked > most).then(|| {
        let code = &course.course.code;
        let worth = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Violation::new(
            Code::CreditsOutOfRange,
            format!("{code} can be taken for {worth} credits, not for {asked}."),
            format!("Ask for {worth} credits, or for none in particular."),
            json!({ "course": code, "asked": asked, "least": least, "most": most }),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::registration::{EnrollRequest, sample};
    use serde_json::json;

    #[test]
    fn only_what_is_in_the_range_can_be_asked_for() {
        // A course of 3 credits, or of 3 to 6.
        let table = [
            (None, None, true),
            (None, Some(6), true),
            (Some(3), None, true),
            (Some(2), None, false),
            (Some(4), None, false),
            (Some(2), Some(6), false),
            (Some(3), Some(6), true),
            (Some(6), Some(6), true),
            (Some(7), Some(6), false),
        ];
        for (asked, most, admitted) in table {
            let mut facts = sample::facts();
            facts.sections[0].course.max_credits = most.map(sample::credits);
            let asked = EnrollRequest { credits: asked.map(sample::credits), ..sample::request() };
            let violation = sample::check_asked(check, &asked, &facts);
            assert_eq!(violation.is_none(), admitted, "{:?} of 3 to {most:?}", asked.credits);
        }
    }

    #[test]
    fn the_violation_says_what_can_be_asked_for() {
        let mut facts = sample::facts();
        let asked = EnrollRequest { credits: Some(sample::credits(4)), ..sample::request() };
        let violation = sample::check_asked(check, &asked, &facts).unwrap();
        assert_eq!(violation.message, "CS101 can be taken for 3 credits, not for 4.");
        facts.sections[0].course.max_credits = Some(crate::catalog::Credits::from_hundredths(350));
        let violation = sample::check_asked(check, &asked, &facts).unwrap();
        assert_eq!(violation.facts, json!({"course": "CS101", "asked": 4, "least": 3, "most": 3.5}));
    }
}
