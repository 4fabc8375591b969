//! Latencies: from the planned time of a step to its answer.

use hdrhistogram::{CreationError, Histogram};
use serde::Serialize;
use std::time::Duration;

/// A summary of latencies, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Half are no longer.
    pub p50: f64,
    /// 90% are no longer.
    pub p90: f64,
    /// 99% are no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl Latency {
    /// Three digits of each.
    const DIGITS: u8 = 3;
    /// Longer than an answer is waited for: an hour, in microseconds.
    const LONGEST: u64 = 3_600_000_000;

    pub(super) fn of(latencies: impl IntoIterator<Item = Duration>) -> Result<Self, CreationError> {
        let mut histogram = Histogram::<u64>::new_with_max(Self::LONGEST, Self::DIGITS)?;
        for latency in latencies {
            histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        }
        let milliseconds = |microseconds: u64| Duration::from_micros(microseconds).as_secs_f64() * 1e3;
        let at = |share: f64| milliseconds(histogram.value_at_quantile(share));
        Ok(Self { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: milliseconds(histogram.max()) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn quantiles_are_told_in_milliseconds() {
        let Latency { p50, p90, p99, max } = Latency::of((1..=100).map(Duration::from_millis)).unwrap();
        for (told, expected) in [(p50, 50.0), (p90, 90.0), (p99, 99.0), (max, 100.0)] {
            assert!((expected * 0.999..expected * 1.001).contains(&told), "{told} {expected}");
        }
        assert_eq!(Latency::of([]).unwrap(), Latency::default());
    }
}
