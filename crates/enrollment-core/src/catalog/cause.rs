//! What caused a change of the catalogue.

use crate::actor::Actor;
use crate::ids::AttemptId;
use chrono::{DateTime, Utc};

/// Who changes an entry, and when: what a store writes into the events of changes that are audited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Identifies the change: all events that come of it have this id.
    pub attempt_id: AttemptId,
    /// Who asks.
    pub actor: Actor,
    /// When.
    pub at: DateTime<Utc>,
}
