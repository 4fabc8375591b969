//! What caused a change of the catalogue.

use crate::actor::Actor;
use crate::ids::AttemptId;
use crate::text::Reason;
use chrono::{DateTime, Utc};

/// Who changes an entry, when and why: what a store writes into the events of changes that are audited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Identifies the change: all events that come of it have this id.
    pub attempt_id: AttemptId,
    /// Who asks.
    pub actor: Actor,
    /// Why, where who asks says so.
    pub reason: Option<Reason>,
    /// When.
    pub at: DateTime<Utc>,
}
