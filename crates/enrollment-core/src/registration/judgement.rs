//! What every rule says to an attempt, and what follows from it: a decision, and how it was come to.

use super::rules::{Code, Violation};
use super::{Change, Decision, SectionRef};
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

impl From<Violation> for Finding {
    fn from(violation: Violation) -> Self {
        Self { rule: violation.code, violation: Some(violation) }
    }
}

/// What every rule says to an attempt, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judgement {
    /// What came of it.
    pub outcome: Verdict,
    /// The section that was judged. Of a course: the one that was chosen, or that came nearest; null where none is offered.
    pub section: Option<SectionRef>,
    /// What each rule says, in their fixed order.
    pub rules: Vec<Finding>,
    /// The changes, of which the first is what was asked for; none for a refusal.
    pub changes: Vec<Change>,
}

impl Judgement {
    /// What follows from what the rules say: these changes, if all of them admit it.
    pub(super) fn of(section: Option<SectionRef>, rules: Vec<Finding>, changes: impl FnOnce() -> Vec<Change>) -> Self {
        let refused = rules.iter().any(|finding| finding.violation.is_some());
        let (outcome, changes) = if refused { (Verdict::Refused, Vec::new()) } else { (Verdict::Accepted, changes()) };
        Self { outcome, section, rules, changes }
    }

    /// The decision: the changes, or every violation.
    pub fn decision(self) -> Decision {
        match self.outcome {
            Verdict::Accepted => Decision::Accept(self.changes),
            Verdict::Refused => {
                Decision::Refuse(self.rules.into_iter().filter_map(|finding| finding.violation).collect())
            }
        }
    }
}
