//! The answer to an attempt.

use super::{Attempt, Change, Decision, Mode, StudentCourse, Violation};
use crate::ids::AttemptId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The answer to an attempt: what was changed, or every rule that refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Whether it tells only what would be.
    pub dry_run: bool,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether this is the first answer to an earlier attempt with the same idempotency key.
    #[serde(skip)]
    pub replayed: bool,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// These changes were made, of which the first is what was asked for.
    Accepted(Vec<Change>),
    /// Nothing was changed, because these rules refused; in their fixed order, at least one.
    Refused(Vec<Violation>),
}

impl Receipt {
    /// The receipt of a decision.
    pub fn of(attempt: &Attempt, decision: Decision) -> Self {
        let outcome = match decision {
            Decision::Accept(changes) => Outcome::Accepted(changes),
            Decision::Refuse(violations) => Outcome::Refused(violations),
        };
        let dry_run = attempt.mode == Mode::DryRun;
        Self { attempt_id: attempt.id, at: attempt.at, dry_run, outcome, replayed: false }
    }

    /// The student course that was asked for, as it is now; none for a refusal.
    pub fn student_course(&self) -> Option<&StudentCourse> {
        match &self.outcome {
            Outcome::Accepted(changes) => changes.first().map(Change::student_course),
            Outcome::Refused(_) => None,
        }
    }
}
