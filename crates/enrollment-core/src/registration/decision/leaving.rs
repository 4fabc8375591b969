//! Leaving: dropped, withdrawn or cancelled.

use super::{Change, Outcome, Taking};
use crate::ids::StudentCourseId;
use crate::registration::facts::{Facts, HeldCourse};
use crate::registration::rules::{self, Leave};
use crate::registration::{Attempt, Cancel, Judgement, Status, StepJudgement, StudentCourse};
use std::borrow::Cow;

/// One thing to leave.
pub(super) struct Leaving {
    /// Which part of the request asks for it.
    pub(super) pointer: String,
    pub(super) id: StudentCourseId,
}

impl Leaving {
    pub(super) fn new(pointer: impl Into<String>, id: StudentCourseId) -> Self {
        Self { pointer: pointer.into(), id }
    }
}

/// Judges leaving all of these, and with each what belongs to it.
pub(super) fn judge<'a>(
    attempt: &Attempt,
    facts: &'a Facts,
    mut leavings: Vec<Leaving>,
    takings: &[Taking],
) -> Outcome<'a> {
    let siblings: Vec<Leaving> =
        leavings.iter().flat_map(|leaving| siblings(attempt, facts, leaving, takings)).collect();
    for sibling in siblings {
        if leavings.iter().all(|leaving| leaving.id != sibling.id) {
            leavings.push(sibling);
        }
    }
    let mut left = Outcome { facts: Cow::Borrowed(facts), steps: Vec::new(), changes: Vec::new() };
    for leaving in &leavings {
        let (step, change) = judge_one(attempt, facts, &leaving.pointer, leaving.id);
        left.steps.push(step);
        left.changes.extend(change);
    }
    if !takings.is_empty() && !left.changes.is_empty() {
        left.facts.to_mut().apply(&left.changes);
    }
    left
}

/// Judges leaving one, and tells what that would change; nothing where there is nothing to leave.
fn judge_one(attempt: &Attempt, facts: &Facts, pointer: &str, id: StudentCourseId) -> (StepJudgement, Option<Change>) {
    let pointer = pointer.to_owned();
    let Some(held) = facts.held(id) else {
        let unknown = rules::not_enrolled::unknown(id);
        return (StepJudgement { pointer, section: None, rules: vec![unknown.into()] }, None);
    };
    let rules = rules::leave_findings(&Leave { at: attempt.at, facts, held });
    let section = held.student_course.section.clone();
    let change = super::live(facts, id).map(|held| Change::End(left(attempt, held)));
    (StepJudgement { pointer, section, rules }, change)
}

/// What is left together with it: the other components of a course whose components are linked, unless the same component
/// is taken again in the same request.
fn siblings(attempt: &Attempt, facts: &Facts, leaving: &Leaving, takings: &[Taking]) -> Vec<Leaving> {
    let Some(held) = super::live(facts, leaving.id) else { return Vec::new() };
    let own = &held.student_course;
    let is_linked = |other: &StudentCourse| {
        let component = other.section.as_ref().map(|section| section.component);
        component.is_some_and(|component| held.linked_components.contains(&component))
    };
    if !is_linked(own) || takings.iter().any(|taking| taking.replaces(attempt.at, facts, own)) {
        return Vec::new();
    }
    let others = facts.held.iter().map(|held| &held.student_course);
    let siblings = others.filter(|other| {
        other.id != own.id
            && other.status == Status::Enrolled
            && other.course.id == own.course.id
            && other.term == own.term
            && is_linked(other)
    });
    siblings.map(|sibling| Leaving::new(leaving.pointer.clone(), sibling.id)).collect()
}

/// What is held, after leaving it: the date decides how.
fn left(attempt: &Attempt, held: &HeldCourse) -> StudentCourse {
    let is_late = held.drop_deadline.is_some_and(|deadline| attempt.at >= deadline);
    let status = match held.student_course.status {
        Status::Waitlisted => Status::Cancelled,
        _ if is_late => Status::Withdrawn,
        _ => Status::Dropped,
    };
    held.student_course.clone().ended(status, attempt.at)
}

/// Ends what the student has because the institution says so: only that there is something to end is asked.
pub(super) fn cancel(attempt: &Attempt, facts: &Facts, cancel: &Cancel) -> Judgement {
    let Some(held) = facts.held(cancel.student_course_id) else {
        let unknown = rules::not_enrolled::unknown(cancel.student_course_id);
        let step = StepJudgement { pointer: String::new(), section: None, rules: vec![unknown.into()] };
        return Judgement::of(vec![step], Vec::new());
    };
    let finding = rules::cancel_finding(&Leave { at: attempt.at, facts, held });
    let section = held.student_course.section.clone();
    let mut cancelled = held.student_course.clone().ended(Status::Cancelled, attempt.at);
    cancelled.end_reason = Some(cancel.reason.clone());
    let step = StepJudgement { pointer: String::new(), section, rules: vec![finding] };
    Judgement::of(vec![step], vec![Change::End(cancelled)])
}
