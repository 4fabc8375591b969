//! What is kept of an attempt for good, accepted or refused: what was asked, everything that was known, what every rule
//! said, and what came of it.
//!
//! Deciding is pure, so a record proves itself: deciding again on its facts gives the same answer ([`Record::judge_again`]),
//! as long as the rules are the same. Records outlive versions of this program: a field that is added to [`Command`],
//! [`Facts`] or [`Judgement`] needs `#[serde(default)]`, or the records from before it cannot be read any more.

use super::{Attempt, Command, Facts, Judgement, Mode};
use crate::actor::Actor;
use crate::ids::{AttemptId, StudentId};
use crate::text::Reason;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The record of an attempt that was decided. To callers it is the receipt in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Receipt))]
pub struct Record {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// When it was made: the time that counted for windows and deadlines.
    pub at: DateTime<Utc>,
    /// Who asked.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub actor: Actor,
    /// The student on whose behalf, where who asked was another: a registrar, an advisor, a system; null where the student asked,
    /// or a part of the engine did.
    #[serde(default)]
    pub on_behalf_of: Option<StudentId>,
    /// Why, where who asked for another said so.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// Whose registrations.
    pub student_id: StudentId,
    /// The attempt that this one followed from: what made the seat free that somebody waited for; null where somebody asked.
    #[serde(default)]
    pub caused_by: Option<AttemptId>,
    /// What was asked.
    pub command: Command,
    /// What the rules said, and what came of it.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// Everything that was known, as it was while nobody else could change it.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub facts: Facts,
}

impl Record {
    /// The record of an attempt that was decided so on these facts.
    pub fn of(attempt: &Attempt, facts: Facts, judgement: Judgement) -> Self {
        Self {
            attempt_id: attempt.id,
            at: attempt.at,
            actor: attempt.actor.clone(),
            on_behalf_of: attempt.actor.on_behalf_of(attempt.student_id),
            reason: attempt.reason.clone(),
            student_id: attempt.student_id,
            caused_by: attempt.caused_by,
            command: attempt.command.clone(),
            judgement,
            facts,
        }
    }

    /// Decides the attempt again, by today's rules, on the facts of then.
    pub fn judge_again(&self) -> Judgement {
        let attempt = Attempt {
            id: self.attempt_id,
            actor: self.actor.clone(),
            reason: self.reason.clone(),
            at: self.at,
            student_id: self.student_id,
            command: self.command.clone(),
            mode: Mode::DryRun,
            idempotency: None,
            caused_by: self.caused_by,
        };
        attempt.judge(&self.facts)
    }
}
