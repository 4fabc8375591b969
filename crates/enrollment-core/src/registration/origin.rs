//! What attempts follow from that nobody asked for by themselves: another attempt, or a change of the catalogue.

use super::{Attempt, Cancel, Command, Mode, Promote};
use crate::actor::Actor;
use crate::catalog::Cause;
use crate::ids::{AttemptId, StudentId};
use crate::text::Reason;
use chrono::{DateTime, Utc};

/// What attempts follow from. They are numbered from it, and so are their ids: deciding again gives them the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its identifier, which those that follow name as their cause.
    pub id: AttemptId,
    /// Who asked for it.
    pub actor: Actor,
    /// Why, where who asked for it said so.
    pub reason: Option<Reason>,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether what is decided is written.
    pub mode: Mode,
}

impl From<&Attempt> for Origin {
    fn from(attempt: &Attempt) -> Self {
        Self {
            id: attempt.id,
            actor: attempt.actor.clone(),
            reason: attempt.reason.clone(),
            at: attempt.at,
            mode: attempt.mode,
        }
    }
}

impl Origin {
    /// A change of the catalogue, or what it would be.
    pub fn of_change(cause: &Cause, mode: Mode) -> Self {
        Self { id: cause.attempt_id, actor: cause.actor.clone(), reason: cause.reason.clone(), at: cause.at, mode }
    }

    /// The attempt to give a seat that is free to who waits for it. The engine asks for that.
    #[must_use]
    pub fn promotion(&self, number: u32, student_id: StudentId, promote: Promote) -> Attempt {
        self.follow_up(number, Actor::system("waitlist"), student_id, Command::Promote(promote))
    }

    /// The attempt to end what a student has. Whoever asked for the change asks for that, and for the same reason.
    #[must_use]
    pub fn cancellation(&self, number: u32, student_id: StudentId, cancel: Cancel) -> Attempt {
        let attempt = self.follow_up(number, self.actor.clone(), student_id, Command::Cancel(cancel));
        Attempt { reason: self.reason.clone(), ..attempt }
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

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_is_ended_is_ended_for_the_reason_of_the_change_and_a_seat_is_offered_for_none() {
        let id = Uuid::from_u128(7);
        let cause = Cause {
            attempt_id: id.into(),
            actor: Actor::user("office"),
            reason: Some(Reason::of_the_engine("Budget")),
            at: DateTime::UNIX_EPOCH,
        };
        let origin = Origin::of_change(&cause, Mode::Commit);
        let cancel =
            Cancel { student_course_id: id.into(), reason: Reason::of_the_engine("The section was cancelled.") };
        let ended = origin.cancellation(0, id.into(), cancel);
        assert_eq!((ended.actor, ended.reason), (cause.actor, cause.reason));
        let promote = Promote { student_course_id: id.into(), section_id: id.into(), swap_from: None };
        let offered = origin.promotion(1, id.into(), promote);
        assert_eq!((offered.actor, offered.reason), (Actor::system("waitlist"), None));
    }
}
