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
