//! The ids of events. They are numbered by the attempt's own id, which nobody else has: the first has that id, and so on. So events
//! need no ids minted, one attempt cannot write its events twice, and whoever knows an attempt finds its events by their places.

use enrollment_core::ids::AttemptId;
use uuid::Uuid;

/// The id of the event of an attempt at a place, from 0.
pub(crate) fn id(attempt: AttemptId, position: u128) -> Uuid {
    Uuid::from_u128(attempt.uuid().as_u128() ^ position)
}
