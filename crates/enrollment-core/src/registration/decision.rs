//! The decision: facts in, changes or violations out. Pure, so the same facts always give the same decision.

use super::facts::{Facts, SectionFacts};
use super::rules::{self, Case, Code, Leave, Violation};
use super::{Attempt, Command, Drop, Enroll, Status, StudentCourse};
use crate::catalog::Version;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::cmp::Reverse;

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Every rule admits it: make these changes, of which the first is what the attempt asked for.
    Accept(Vec<Change>),
    /// These rules refuse it, in their fixed order; at least one.
    Refuse(Vec<Violation>),
}

/// A change to a student's registrations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// This student course begins.
    Start(StudentCourse),
    /// This student course reaches the final state, time and version that it has here.
    End(StudentCourse),
}

impl Change {
    /// The student course after the change.
    pub fn student_course(&self) -> &StudentCourse {
        match self {
            Self::Start(student_course) | Self::End(student_course) => student_course,
        }
    }
}

impl Decision {
    /// The changes to write; none for a refusal.
    pub fn changes(&self) -> &[Change] {
        match self {
            Self::Accept(changes) => changes,
            Self::Refuse(_) => &[],
        }
    }
}

impl Attempt {
    /// Decides this attempt on the facts.
    pub fn decide(&self, facts: &Facts) -> Decision {
        match &self.command {
            Command::Enroll(enroll) => decide_enroll(self, enroll, facts),
            Command::Drop(drop) => decide_drop(self, drop, facts),
        }
    }
}

fn decide_enroll(attempt: &Attempt, enroll: &Enroll, facts: &Facts) -> Decision {
    let candidates = candidates(attempt.at, facts);
    let judged = candidates.into_iter().map(|case| (rules::violations(&case), case));
    let best = judged.min_by_key(|(violations, case)| {
        let preference = (case.section.term.starts_on, violations.len(), Reverse(case.pool.free()));
        let name = (case.section.section.number.clone(), case.section.section.id);
        (!violations.is_empty(), preference, name)
    });
    match best {
        None => Decision::Refuse(vec![not_offered()]),
        Some((violations, case)) if violations.is_empty() => {
            Decision::Accept(vec![Change::Start(started(attempt, enroll, &case))])
        }
        Some((violations, _)) => Decision::Refuse(violations),
    }
}

/// The sections to choose from. Where a course was named without a term, sections of terms that are over count only if
/// there are no others, and then only those of the latest term.
fn candidates(at: DateTime<Utc>, facts: &Facts) -> Vec<Case<'_>> {
    let is_over = |section: &SectionFacts| section.term.ends_on < section.term.time_zone.day_of(at);
    let some_current = facts.sections.iter().any(|section| !is_over(section));
    let latest = facts.sections.iter().map(|section| section.term.starts_on).max();
    let in_question = |section: &&SectionFacts| {
        if some_current { !is_over(section) } else { Some(section.term.starts_on) == latest }
    };
    let case = |section| Some(Case { at, facts, section, pool: facts.pool_of(section)? });
    facts.sections.iter().filter(in_question).filter_map(case).collect()
}

fn started(attempt: &Attempt, enroll: &Enroll, case: &Case<'_>) -> StudentCourse {
    let section = case.section;
    StudentCourse {
        id: enroll.student_course_id,
        student_id: attempt.student_id,
        status: Status::Enrolled,
        course: section.course.course.clone(),
        section: Some(section.section.clone()),
        term: Some(section.term.term.clone()),
        credits: section.course.credits,
        grading_basis: enroll.request.grading_basis,
        grade: None,
        waitlist_position: None,
        enrolled_at: Some(attempt.at),
        ended_at: None,
        version: Version::FIRST,
    }
}

fn not_offered() -> Violation {
    Violation::new(
        Code::SectionNotOpen,
        "No section of this course is offered.",
        "Choose another term or another course.",
        json!({}),
    )
}

fn decide_drop(attempt: &Attempt, drop: &Drop, facts: &Facts) -> Decision {
    let Some(held) = facts.held(drop.student_course_id) else {
        return Decision::Refuse(vec![rules::not_enrolled::unknown(drop.student_course_id)]);
    };
    let violations = rules::leave_violations(&Leave { at: attempt.at, held });
    if !violations.is_empty() {
        return Decision::Refuse(violations);
    }
    let is_late = held.drop_deadline.is_some_and(|deadline| attempt.at >= deadline);
    let status = match held.student_course.status {
        Status::Waitlisted => Status::Cancelled,
        _ if is_late => Status::Withdrawn,
        _ => Status::Dropped,
    };
    Decision::Accept(vec![Change::End(held.student_course.clone().ended(status, attempt.at))])
}
