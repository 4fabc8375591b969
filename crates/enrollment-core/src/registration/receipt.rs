//! The answer to an attempt.

use super::{Attempt, Change, Judgement, Mode, StepJudgement, StudentCourse, Verdict, Violation};
use crate::ids::AttemptId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The answer to an attempt: what was changed, or every rule that refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Answer))]
pub struct Receipt {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Whether it tells only what would be.
    pub dry_run: bool,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What each rule says to each step of the request; only of a dry run, as it leaves no receipt to look it up in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepJudgement>,
    /// Who got a seat that this made free, or was passed over; in the order of the waitlists. Of others only those whose courses
    /// the caller may read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promotions: Vec<Promotion>,
    /// Whether this is the first answer to an earlier attempt with the same idempotency key.
    #[serde(skip)]
    pub replayed: bool,
}

/// What became of somebody who waited for a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Promotion {
    /// The attempt, under which the receipt of it is found.
    pub attempt_id: AttemptId,
    /// Whether the seat was taken; otherwise it went to who came later, and `student_course` tells why.
    pub outcome: Verdict,
    /// The student course as it is after that.
    pub student_course: StudentCourse,
}

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// These changes were made, in this order.
    Accepted {
        /// The changes.
        changes: Vec<Change>,
    },
    /// Nothing was changed, because these rules refused; in their fixed order, at least one.
    Refused {
        /// Why.
        violations: Vec<Violation>,
    },
}

impl Receipt {
    /// The receipt of a judgement.
    pub fn of(attempt: &Attempt, judgement: &Judgement) -> Self {
        let dry_run = attempt.mode == Mode::DryRun;
        let steps = if dry_run { judgement.steps.clone() } else { Vec::new() };
        let outcome = match judgement.outcome {
            Verdict::Accepted => Outcome::Accepted { changes: judgement.changes.clone() },
            Verdict::Refused => Outcome::Refused { violations: judgement.violations() },
        };
        Self {
            attempt_id: attempt.id,
            at: attempt.at,
            dry_run,
            outcome,
            steps,
            promotions: Vec::new(),
            replayed: false,
        }
    }

    /// The student course that was asked for, as it is now: what began, or else what ended; none for a refusal.
    pub fn student_course(&self) -> Option<&StudentCourse> {
        let begun = self.changes().iter().find(|change| matches!(change, Change::Start(_)));
        begun.or_else(|| self.changes().first()).map(Change::student_course)
    }

    /// The changes; none for a refusal.
    pub fn changes(&self) -> &[Change] {
        match &self.outcome {
            Outcome::Accepted { changes } => changes,
            Outcome::Refused { .. } => &[],
        }
    }
}
