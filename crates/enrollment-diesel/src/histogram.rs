//! Counting values by their size, from any thread and without waiting, for metrics.

use enrollment_core::health::Distribution;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many values were of which size.
pub(crate) struct Histogram {
    bounds: &'static [u64],
    /// As many as there are bounds, and one for what is above the last.
    counts: Vec<AtomicU64>,
    sum: AtomicU64,
}

impl Histogram {
    /// Counts by these upper bounds, which ascend.
    pub(crate) fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    /// Counts a value.
    pub(crate) fn record(&self, value: u64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What was counted, in a unit of which the values' own makes up `share`.
    #[expect(clippy::cast_precision_loss, reason = "metrics are told in floating point")]
    pub(crate) fn distribution(&self, share: f64) -> Distribution {
        let counts: Vec<u64> = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Distribution {
            within: self.bounds.iter().map(|bound| *bound as f64 * share).zip(counts.iter().copied()).collect(),
            count: counts.iter().sum(),
            sum: self.sum.load(Ordering::Relaxed) as f64 * share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_within_the_first_bound_that_holds_them() {
        let histogram = Histogram::new(&[1, 10, 100]);
        for value in [0, 1, 2, 10, 11, 100, 101, 5_000] {
            histogram.record(value);
        }
        let told = histogram.distribution(1.0);
        assert_eq!(told, Distribution { within: vec![(1.0, 2), (10.0, 2), (100.0, 2)], count: 8, sum: 5_225.0 });
    }

    #[test]
    fn they_are_told_in_another_unit() {
        let histogram = Histogram::new(&[500]);
        histogram.record(250);
        assert_eq!(histogram.distribution(0.001), Distribution { within: vec![(0.5, 1)], count: 1, sum: 0.25 });
    }
}
