//! Ids that are the same each time: by them a database is known to hold this very demo.

use enrollment_core::ids::IdSource;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::{Builder, Uuid};

/// Mints the same UUIDs of version 7 in the same order for the same seed. They tell a time long before any server ran, so
/// they sort before all others.
pub(super) struct RepeatableIds {
    seed: u64,
    minted: AtomicU64,
}

/// 2020-01-01T00:00:00Z in milliseconds.
const BEGINNING: u64 = 1_577_836_800_000;

impl RepeatableIds {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, minted: AtomicU64::new(0) }
    }
}

impl IdSource for RepeatableIds {
    fn next(&self) -> Uuid {
        let number = self.minted.fetch_add(1, Ordering::Relaxed);
        // Each has a millisecond of its own, so no two are the same, whatever the rest.
        let mut random = [0; 10];
        fastrand::Rng::with_seed(self.seed ^ number.rotate_left(32)).fill(&mut random);
        Builder::from_unix_timestamp_millis(BEGINNING + number, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_for_a_seed_and_differ_for_another() {
        let mint = |seed| {
            let ids = RepeatableIds::new(seed);
            [ids.next(), ids.next(), ids.next()]
        };
        assert_eq!(mint(1), mint(1));
        assert!(mint(1).iter().all(|id| !mint(2).contains(id)));
        assert!(mint(1).is_sorted() && mint(1).iter().all(|id| id.get_version_num() == 7));
    }
}
