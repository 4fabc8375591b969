//! What every rule says to an attempt, and what follows from it: a decision, and how it was come to.

use super::rules::{Code, Violation};
use super::{Change, Decision, Facts, SectionRef, Status};
use crate::ids::SeatPoolId;
use serde::{Deserialize, Serialize};

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
    /// Why it refuses; null where it admits.
    pub violation: Option<Violation>,
}

impl Finding {
    /// Whether the rule refuses.
    pub fn refuses(&self) -> bool {
        self.violation.is_some()
    }
}

impl From<Violation> for Finding {
    fn from(violation: Violation) -> Self {
        Self { rule: violation.code, violation: Some(violation) }
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

    /// Every violation, each with the part of the request that it is about.
    fn into_violations(self) -> impl Iterator<Item = Violation> {
        let pointer = Some(self.pointer).filter(|pointer| !pointer.is_empty());
        let refusing = self.rules.into_iter().filter(Finding::refuses);
        refusing
            .filter_map(|finding| finding.violation)
            .map(move |violation| Violation { pointer: pointer.clone(), ..violation })
    }
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
        self.steps.iter().cloned().flat_map(StepJudgement::into_violations).collect()
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

    /// The decision: the changes, or every violation.
    pub fn decision(self) -> Decision {
        match self.outcome {
            Verdict::Accepted => Decision::Accept(self.changes),
            Verdict::Refused => {
                Decision::Refuse(self.steps.into_iter().flat_map(StepJudgement::into_violations).collect())
            }
        }
    }
}
