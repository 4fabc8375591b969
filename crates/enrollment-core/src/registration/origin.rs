//! What attempts follow from that nobody asked for by themselves: another attempt, or a change of the catalogue.

use super::{Attempt, Cancel, Command, Mode, Promote};
use crate::actor::Actor;
use crate::catalog::Cause;
use crate::ids::{AttemptId, StudentId};
use chrono::{DateTime, Utc};

/// What attempts follow from. They are numbered from it, and so are their ids: deciding again gives them the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its identifier, which those that follow name as their cause.
    pub id: AttemptId,
    /// Who asked for it.
    pub actor: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether what is decided is written.
    pub mode: Mode,
}

impl From<&Attempt> for Origin {
    fn from(attempt: &Attempt) -> Self {
        Self { id: attempt.id, actor: attempt.actor.clone(), at: attempt.at, mode: attempt.mode }
    }
}

impl Origin {
    /// A change of the catalogue, or what it would be.
    pub fn of_change(cause: &Cause, mode: Mode) -> Self {
        Self { id: cause.attempt_id, actor: cause.actor.clone(), at: cause.at, mode }
    }

    /// The attempt to give a seat that is free to who waits for it. The engine asks for that.
    #[must_use]
    pub fn promotion(&self, number: u32, student_id: StudentId, promote: Promote) -> Attempt {
        self.follow_up(number, Actor::system("waitlist"), student_id, Command::Promote(promote))
    }

    /// The attempt to end what a student has. Whoever asked for the change asks for that.
    #[must_use]
    pub fn cancellation(&self, number: u32, student_id: StudentId, cancel: Cancel) -> Attempt {
        self.follow_up(number, self.actor.clone(), student_id, Command::Cancel(cancel))
    }

    fn follow_up(&self, number: u32, actor: Actor, student_id: StudentId, command: Command) -> Attempt {
        Attempt {
            id: self.id.follow_up(number),
            actor,
            reason: None,
            at: self.at,
            student_id,
            command,
            mode: self.mode,
            idempotency: None,
            caused_by: Some(self.id),
        }
    }
}
