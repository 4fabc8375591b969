//! What the writer counts, for metrics.

use crate::histogram::Histogram;
use enrollment_core::health::{Attempts, Refused};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// Upper bounds of how many attempts a transaction carries.
const CARRIED: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// Upper bounds of how long an attempt waits, in microseconds.
const WAITED: &[u64] =
    &[500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000];

/// Counters that the writer and its queue share.
pub(super) struct Tally {
    pub(super) busy: AtomicUsize,
    per_transaction: Histogram,
    waited: Histogram,
    set_apart: AtomicU64,
    apart: AtomicUsize,
    full: AtomicU64,
    storm: AtomicU64,
    late: AtomicU64,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            busy: AtomicUsize::new(0),
            per_transaction: Histogram::new(CARRIED),
            waited: Histogram::new(WAITED),
            set_apart: AtomicU64::new(0),
            apart: AtomicUsize::new(0),
            full: AtomicU64::new(0),
            storm: AtomicU64::new(0),
            late: AtomicU64::new(0),
        }
    }

    /// An attempt was taken from the queue after this time.
    pub(super) fn taken_after(&self, time: Duration) {
        self.waited.record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// A transaction carried so many attempts.
    pub(super) fn carried(&self, attempts: usize) {
        self.per_transaction.record(u64::try_from(attempts).unwrap_or(u64::MAX));
    }

    /// One was set apart for the first time.
    pub(super) fn set_apart(&self) {
        self.set_apart.fetch_add(1, Ordering::Relaxed);
    }

    /// So many more wait apart now.
    pub(super) fn more_apart(&self, more: usize) {
        self.apart.fetch_add(more, Ordering::Relaxed);
    }

    /// So many fewer wait apart now.
    pub(super) fn fewer_apart(&self, fewer: usize) {
        self.apart.fetch_sub(fewer, Ordering::Relaxed);
    }

    /// One was turned away since the queue was full.
    pub(super) fn full(&self) {
        self.full.fetch_add(1, Ordering::Relaxed);
    }

    /// One was turned away since too many of the same student were in the queue.
    pub(super) fn storm(&self) {
        self.storm.fetch_add(1, Ordering::Relaxed);
    }

    /// One was turned away since it had waited for too long.
    pub(super) fn late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) -> Refused {
        let [full, storm, late] = [&self.full, &self.storm, &self.late].map(|count| count.load(Ordering::Relaxed));
        Refused { full, storm, late }
    }

    pub(super) fn attempts(&self) -> Attempts {
        Attempts {
            per_transaction: self.per_transaction.distribution(1.0),
            waited: self.waited.distribution(1e-6),
            set_apart: self.set_apart.load(Ordering::Relaxed),
            apart: self.apart.load(Ordering::Relaxed),
        }
    }
}
