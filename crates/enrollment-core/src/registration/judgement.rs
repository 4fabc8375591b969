//! What every rule says to an attempt, and what follows from it: a decision, and how it was come to.

use super::rules::{Code, Violation};
use super::{Change, Decision, Facts, SectionRef, Status};
use crate::ids::{PermitId, SeatPoolId, StudentCourseId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether an attempt is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every rule admits it.
    Accepted,
    /// At least one rule refuses it.
    Refused,
}

/// What one rule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// The rule.
    pub rule: Code,
    /// What is in the way; null where it admits.
    pub violation: Option<Violation>,
    /// The permit because of which it does not refuse all the same.
    #[serde(default)]
    pub waived_by: Option<PermitId>,
}

impl Finding {
    /// Whether the rule refuses: something is in the way, and no permit waives it.
    pub fn refuses(&self) -> bool {
        self.violation.is_some() && self.waived_by.is_none()
    }
}

impl From<Violation> for Finding {
    fn from(violation: Violation) -> Self {
        Self { rule: violation.code, violation: Some(violation), waived_by: None }
    }
}

/// What every rule says to one step of a request: to leave one section, or to take one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepJudgement {
    /// Which part of the request it is, as a JSON pointer; empty where the request is one step.
    pub pointer: String,
    /// The section that was judged. Of a request by course: the one that was chosen, or that came nearest; null where none is
    /// offered.
    pub section: Option<SectionRef>,
    /// What each rule says, in their fixed order.
    pub rules: Vec<Finding>,
}

impl StepJudgement {
    /// Whether any rule refuses it.
    pub fn refuses(&self) -> bool {
        self.rules.iter().any(Finding::refuses)
    }

    /// What permits are needed for, if it makes or leaves this student course.
    fn waivers(&self, student_course_id: StudentCourseId) -> impl Iterator<Item = Waiver> + use<> {
        let mut needed: BTreeMap<PermitId, Vec<Code>> = BTreeMap::new();
        for finding in &self.rules {
            if let Some(permit) = finding.waived_by {
                needed.entry(permit).or_default().push(finding.rule);
            }
        }
        needed.into_iter().map(move |(permit_id, rules)| Waiver { permit_id, student_course_id, rules })
    }

    /// Every violation that no permit waives, each with the part of the request that it is about.
    fn violations(&self) -> impl Iterator<Item = Violation> {
        let pointer = Some(&self.pointer).filter(|pointer| !pointer.is_empty());
        let refusing = self.rules.iter().filter(|finding| finding.refuses());
        refusing
            .filter_map(|finding| finding.violation.clone())
            .map(move |violation| Violation { pointer: pointer.cloned(), ..violation })
    }
}

/// What an accepted attempt uses a permit for. However many student courses that is, it is one use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The permit.
    pub permit_id: PermitId,
    /// The student course that could not be made or left without it.
    pub student_course_id: StudentCourseId,
    /// The rules that it waives for that, in their fixed order.
    pub rules: Vec<Code>,
}

/// What every rule says to an attempt, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judgement {
    /// What came of it.
    pub outcome: Verdict,
    /// The steps of the request, in the order in which they were judged: each on what the ones before it would leave.
    pub steps: Vec<StepJudgement>,
    /// The changes, in the order in which they are made. Of a refusal there are none, but for one: who waits and is refused the
    /// seat that came learns why.
    pub changes: Vec<Change>,
}

impl Judgement {
    /// What follows from what the rules say: these changes, if all of them admit every step.
    pub(super) fn of(steps: Vec<StepJudgement>, changes: Vec<Change>) -> Self {
        if steps.iter().any(StepJudgement::refuses) {
            Self { outcome: Verdict::Refused, steps, changes: Vec::new() }
        } else {
            Self { outcome: Verdict::Accepted, steps, changes }
        }
    }

    /// Every violation of every step.
    pub(super) fn violations(&self) -> Vec<Violation> {
        self.steps.iter().flat_map(StepJudgement::violations).collect()
    }

    /// The pools in which a seat would be taken for which somebody else waits. An offer of such a seat passes nobody: it is made
    /// in the order of the waitlist.
    pub fn pools_passed(&self, facts: &Facts) -> Vec<SeatPoolId> {
        let begun = self.changes.iter().filter_map(|change| match change {
            Change::Start(begun) if begun.status == Status::Enrolled => begun.section.as_ref(),
            _ => None,
        });
        let sections = begun.filter_map(|own| facts.sections.iter().find(|section| section.section.id == own.id));
        let pools = sections.filter_map(|section| facts.pool_of(section));
        pools.filter(|pool| pool.waiting > 0).map(|pool| pool.id).collect()
    }

    /// The permits that are used if it is accepted, and for what: those that a rule would have refused without. A refusal uses
    /// none, and neither does a place on the waitlist: the seat does.
    pub fn permits_used(&self) -> Vec<Waiver> {
        if self.outcome == Verdict::Refused {
            return Vec::new();
        }
        // Each step has at most one change, in their order.
        let mut changes = self.changes.iter().peekable();
        let used = self.steps.iter().filter_map(|step| {
            let section = step.section.as_ref().map(|section| section.id);
            let change =
                changes.next_if(|change| change.student_course().section.as_ref().map(|own| own.id) == section)?;
            let takes_place = matches!(change, Change::Start(begun) if begun.status == Status::Waitlisted);
            (!takes_place).then(|| step.waivers(change.student_course().id))
        });
        used.flatten().collect()
    }

    /// The decision: the changes, or every violation.
    pub fn decision(self) -> Decision {
        match self.outcome {
            Verdict::Accepted => Decision::Accept(self.changes),
            Verdict::Refused => Decision::Refuse(self.violations()),
        }
    }
}
