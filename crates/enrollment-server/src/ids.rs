//! Identifiers from the system's clock and randomness.

use enrollment_core::ids::IdSource;
use uuid::Uuid;

/// Mints UUIDs of version 7. Those minted by one process only ever grow.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that mints ids")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
