//! What the store has counted since its start, told as it is: counters and histograms that are not kept twice.
//!
//! To add one: a line in [`families`].

use enrollment_core::health::{Distribution, Lane, Load, Refused};
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};

/// The metrics of a load.
pub(super) fn families(load: &Load) -> Vec<MetricFamily> {
    let attempts = &load.attempts;
    let families = vec![
        family(
            "enrollment_store_refused_total",
            "Requests that the store turned away, by lane and reason.",
            MetricType::COUNTER,
            load.lanes.iter().flat_map(refused).collect(),
        ),
        family(
            "enrollment_store_attempts_per_transaction",
            "How many attempts to register each transaction carried.",
            MetricType::HISTOGRAM,
            vec![histogram(&attempts.per_transaction)],
        ),
        family(
            "enrollment_store_attempt_wait_seconds",
            "How long attempts to register waited in the queue before they were begun.",
            MetricType::HISTOGRAM,
            vec![histogram(&attempts.waited)],
        ),
        family(
            "enrollment_store_set_apart_total",
            "Attempts that were set apart, because somebody else had locked what they are about.",
            MetricType::COUNTER,
            vec![counter(attempts.set_apart)],
        ),
        family(
            "enrollment_store_apart",
            "Attempts that wait apart, for what somebody else has locked.",
            MetricType::GAUGE,
            vec![gauge(attempts.apart)],
        ),
    ];
    // The text format has no family without a metric.
    families.into_iter().filter(|family| !family.get_metric().is_empty()).collect()
}

fn refused(lane: &Lane) -> [Metric; 3] {
    let Refused { full, storm, late } = lane.refused;
    [("full", full), ("storm", storm), ("late", late)].map(|(reason, count)| {
        let mut metric = counter(count);
        metric.set_label(vec![label("lane", lane.name), label("reason", reason)]);
        metric
    })
}

fn family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

fn label(name: &str, value: &str) -> LabelPair {
    let mut label = LabelPair::default();
    label.set_name(name.to_owned());
    label.set_value(value.to_owned());
    label
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in floating point")]
fn counter(count: u64) -> Metric {
    let (mut metric, mut counter) = (Metric::default(), Counter::default());
    counter.set_value(count as f64);
    metric.set_counter(counter);
    metric
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in floating point")]
fn gauge(count: usize) -> Metric {
    let (mut metric, mut gauge) = (Metric::default(), Gauge::default());
    gauge.set_value(count as f64);
    metric.set_gauge(gauge);
    metric
}

/// Prometheus wants to know how many values are within each bound, also those that are within the bounds before.
fn histogram(distribution: &Distribution) -> Metric {
    let cumulative = distribution.within.iter().scan(0, |below, (bound, count)| {
        *below += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(*below);
        Some(bucket)
    });
    let (mut metric, mut histogram) = (Metric::default(), Histogram::default());
    histogram.set_bucket(cumulative.collect());
    histogram.set_sample_count(distribution.count);
    histogram.set_sample_sum(distribution.sum);
    metric.set_histogram(histogram);
    metric
}
