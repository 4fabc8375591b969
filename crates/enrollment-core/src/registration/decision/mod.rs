//! The decision: facts in, changes or violations out. Pure, so the same facts always give the same decision.
//!
//! A command is judged in steps: what is to be left (`leaving`), then what is to be taken (`taking`), each on the facts as the
//! steps before it would leave them. One refusal refuses all.
//!
//! To add a command: a variant of [`Command`], what it needs in [`Attempt::scope`], and what it does in [`Attempt::judge`].

mod grading;
mod leaving;
mod taking;
mod waiting;

#[cfg(test)]
mod tests;

use super::facts::Facts;
use super::rules::Violation;
use super::{Attempt, Command, Enroll, Judgement, Plan, Status, StudentCourse, Target};
use crate::ids::StudentCourseId;
use leaving::Leaving;
use serde::{Deserialize, Serialize};
use taking::Taking;

pub(super) use taking::Taking as Asked;

/// What is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Every rule admits it: make these changes, in this order.
    Accept(Vec<Change>),
    /// These rules refuse it, in their fixed order; at least one.
    Refuse(Vec<Violation>),
}

/// A change to a student's registrations: the student course as it is afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It begins, with a seat or on the waitlist.
    Start(StudentCourse),
    /// It gets the seat that it waited for.
    Promote(StudentCourse),
    /// It waits on, and a seat went to somebody else for the reason that it tells.
    PassOver(StudentCourse),
    /// It waits on, in another place.
    Move(StudentCourse),
    /// It reaches a final state.
    End(StudentCourse),
    /// It is completed, and gets another grade.
    Grade(StudentCourse),
}

impl Change {
    /// The student course after the change.
    pub fn student_course(&self) -> &StudentCourse {
        match self {
            Self::Start(changed)
            | Self::Promote(changed)
            | Self::PassOver(changed)
            | Self::Move(changed)
            | Self::End(changed)
            | Self::Grade(changed) => changed,
        }
    }

    /// The student course after the change.
    pub fn into_student_course(self) -> StudentCourse {
        match self {
            Self::Start(changed)
            | Self::Promote(changed)
            | Self::PassOver(changed)
            | Self::Move(changed)
            | Self::End(changed)
            | Self::Grade(changed) => changed,
        }
    }

    /// What happened, as the event of the change calls it: the state that was reached, or what else has changed.
    pub fn event(&self) -> String {
        match self {
            Self::Start(changed) | Self::Promote(changed) | Self::End(changed) => changed.status.to_string(),
            Self::PassOver(_) => "passed_over".to_owned(),
            Self::Move(_) => "moved".to_owned(),
            Self::Grade(_) => "graded".to_owned(),
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
        self.judge(facts).decision()
    }

    /// Decides this attempt on the facts, and tells how: what each rule says to each step.
    pub fn judge(&self, facts: &Facts) -> Judgement {
        match &self.command {
            Command::Enroll(enroll) => judge_steps(self, facts, Vec::new(), &takings("", enroll, facts)),
            Command::Drop(drop) => judge_steps(self, facts, vec![Leaving::new("", drop.student_course_id)], &[]),
            Command::Plan(plan) => judge_plan(self, facts, plan),
            Command::Promote(promote) => waiting::promote(self, facts, promote),
            Command::Prioritize(prioritize) => waiting::prioritize(self, facts, prioritize),
            Command::Cancel(cancel) => leaving::cancel(self, facts, cancel),
            Command::Grade(give) => grading::grade(self, facts, give),
        }
    }
}

fn judge_plan(attempt: &Attempt, facts: &Facts, plan: &Plan) -> Judgement {
    let drops = plan.drops.iter().enumerate();
    let leavings = drops.map(|(index, drop)| Leaving::new(format!("/drops/{index}"), drop.student_course_id));
    let adds = plan.adds.iter().enumerate().map(|(index, add)| (format!("/adds/{index}"), add));
    let swaps = plan.swaps.iter().enumerate().map(|(index, swap)| (format!("/swaps/{index}/add"), swap));
    let takings: Vec<Taking> =
        adds.chain(swaps).flat_map(|(pointer, enroll)| takings(&pointer, enroll, facts)).collect();
    judge_steps(attempt, facts, leavings.collect(), &takings)
}

/// What a request to enroll asks to take: a section, or one of each component that belong together.
fn takings(pointer: &str, enroll: &Enroll, facts: &Facts) -> Vec<Taking> {
    let first = |choice, pointer: String| Taking::new(pointer, enroll, choice);
    let mut takings = match &enroll.request.target {
        Target::Section(section) => vec![first(taking::Choice::Ranked(vec![*section]), pointer.to_owned())],
        Target::Any(sections) => vec![first(taking::Choice::Ranked(sections.clone()), pointer.to_owned())],
        Target::Together(sections) => {
            let pointer_of = |index: usize| match index {
                0 => format!("{pointer}/section_id"),
                linked => format!("{pointer}/linked_section_ids/{}", linked - 1),
            };
            let named = sections.iter().enumerate();
            named.map(|(index, section)| first(taking::Choice::Ranked(vec![*section]), pointer_of(index))).collect()
        }
        Target::Course { course_id, term_id } => taking::components(facts, *course_id, *term_id)
            .into_iter()
            .map(|component| first(taking::Choice::of_course(*course_id, *term_id, component), pointer.to_owned()))
            .collect(),
    };
    for (number, taking) in (0..).zip(&mut takings) {
        taking.id = enroll.student_course_id.sibling(number);
        if number > 0 {
            // Left once, with the first.
            taking.swap_from = None;
        }
    }
    takings
}

/// Judges what is to be left, and then what is to be taken as if that had been left: so every rule that refuses is told at
/// once, and a swap is judged by what it leads to.
fn judge_steps(attempt: &Attempt, facts: &Facts, mut leavings: Vec<Leaving>, takings: &[Taking]) -> Judgement {
    let swapped = takings.iter().filter(|taking| !taking.may_wait);
    leavings.extend(
        swapped
            .filter_map(|taking| taking.swap_from.map(|id| Leaving::new(format!("{}/swap_from", taking.pointer), id))),
    );
    let left = leaving::judge(attempt, facts, leavings, takings);
    if takings.is_empty() {
        return Judgement::of(left.steps, left.changes);
    }
    let taken = taking::judge(attempt, &left.facts, takings);
    Judgement::of([left.steps, taken.steps].concat(), [left.changes, taken.changes].concat())
}

/// What steps come to: what the rules say, what would be changed, and the facts after that.
struct Outcome<'a> {
    facts: std::borrow::Cow<'a, Facts>,
    steps: Vec<super::StepJudgement>,
    changes: Vec<Change>,
}

/// What the student holds under this id in one of the states that can still be left.
fn live(facts: &Facts, id: StudentCourseId) -> Option<&super::HeldCourse> {
    let is_live = |status| matches!(status, Status::Enrolled | Status::Waitlisted);
    facts.held(id).filter(|held| is_live(held.student_course.status))
}
