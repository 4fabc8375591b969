//! Nobody is in two places at once. Meetings are compared within a term, whose weeks and clock they share.

use super::{Case, Code, Violation, fact_of};
use crate::catalog::Meeting;
use crate::registration::HeldCourse;
use serde_json::{Value, json};

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    // The section itself does not stand in its own way: that is already_enrolled.
    let clashes: Vec<(&HeldCourse, &Meeting, &Meeting)> = case
        .enrolled_in_term()
        .filter(|held| !held.student_course.is_in_section(case.section.section.id))
        .flat_map(|held| clashes_with(case, held))
        .collect();
    let (first, its, _) = clashes.first()?;
    let other = name(first);
    let facts: Vec<Value> = clashes.iter().map(|(held, its, own)| clash(held, its, own)).collect();
    Some(Violation::new(
        Code::TimeConflict,
        format!("Section {} meets at the same time as {other} ({its}).", case.section_name()),
        format!("Choose another section, or drop {other}."),
        json!({ "clashes": facts }),
    ))
}

fn clashes_with<'a>(
    case: &Case<'a>,
    held: &'a HeldCourse,
) -> impl Iterator<Item = (&'a HeldCourse, &'a Meeting, &'a Meeting)> {
    let own = &case.section.meetings;
    held.meetings.iter().filter_map(move |its| own.iter().find(|own| own.clashes(its)).map(|own| (held, its, own)))
}

fn clash(held: &HeldCourse, its: &Meeting, own: &Meeting) -> Value {
    json!({ "held": fact_of(&held.student_course), "held_meeting": its, "meeting": own })
}

fn name(held: &HeldCourse) -> String {
    let course = &held.student_course;
    let number = course.section.as_ref().map(|section| section.number.as_str()).unwrap_or_default();
    format!("{}-{number}", course.course.code)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::registration::{Status, sample};
    use serde_json::json;

    #[test]
    fn only_what_the_student_is_enrolled_in_this_term_stands_in_the_way() {
        let at_ten = sample::section(102, 1);
        let mut at_noon = sample::section(102, 2);
        at_noon.meetings = vec![sample::monday(12, 14)];
        let mut last_term = sample::section(102, 3);
        last_term.term.term.id = sample::id(10);
        let mut without_meetings = sample::section(102, 4);
        without_meetings.meetings.clear();
        let table = [
            (&at_ten, Status::Enrolled, false),
            (&at_ten, Status::Waitlisted, true),
            (&at_ten, Status::Dropped, true),
            (&at_noon, Status::Enrolled, true),
            (&last_term, Status::Enrolled, true),
            (&without_meetings, Status::Enrolled, true),
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

    #[test]
    fn every_clash_is_told() {
        let mut facts = sample::facts();
        facts.held.push(sample::held(1, &sample::section(102, 1), Status::Enrolled));
        facts.held.push(sample::held(2, &sample::section(103, 1), Status::Enrolled));
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        let courses: Vec<_> =
            violation.facts["clashes"].as_array().unwrap().iter().map(|clash| &clash["held"]["course"]).collect();
        assert_eq!(courses, [&json!("CS102"), &json!("CS103")]);
        assert_eq!(violation.message, "Section CS101-1 meets at the same time as CS102-1 (Mon 10:00–12:00).");
    }
}
