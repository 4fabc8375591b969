//! What is counted and measured, and `GET /metrics`, which tells it in the text format of Prometheus.
//!
//! What the store counts is told as it is by [`of_store`]; the rest is counted here.
//!
//! Requests are counted by the pattern of their route, never by their path, so that the number of series is bounded.

mod of_store;

use crate::Services;
use crate::edge::Budget;
use crate::endpoint::Endpoint;
use crate::problem::{Kind, Problem};
use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::health::Load;
use enrollment_core::registration::{Outcome, Receipt};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TEXT_FORMAT,
    TextEncoder,
};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(Operation::ReadMetrics, "/metrics", show)]
}

/// The upper bounds of the latency histogram, in seconds.
const LATENCIES: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The metrics of the API.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latencies: HistogramVec,
    in_flight: IntGauge,
    abandoned: IntCounter,
    unserved: IntCounterVec,
    rate_limited: IntCounterVec,
    attempts: IntCounterVec,
    refusals: IntCounterVec,
    connections: IntGaugeVec,
    queued: IntGaugeVec,
    receipts_dropped: IntCounter,
    /// How many of the dropped receipts have been counted.
    dropped_before: AtomicU64,
}

/// A request that is being answered; it counts as in flight until this is dropped, and as abandoned unless it ended before.
pub(crate) struct InFlight {
    requests: IntGauge,
    abandoned: IntCounter,
    ended: bool,
}

impl InFlight {
    /// It was answered.
    pub(crate) fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.requests.dec();
        if !self.ended {
            self.abandoned.inc();
        }
    }
}

/// What an attempt was for.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Enroll,
    Drop,
    Plan,
    Bulk,
    Reorder,
    Grade,
}

impl Metrics {
    /// Registers all metrics, with the latency of every endpoint, so that one that nobody has asked yet is there too.
    pub(crate) fn new(endpoints: &[Endpoint]) -> Result<Self, prometheus::Error> {
        let counter = |name, help, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let gauge = |name, help, labels: &[&str]| IntGaugeVec::new(Opts::new(name, help), labels);
        let latencies = HistogramOpts::new(
            "enrollment_http_request_duration_seconds",
            "How long requests took to answer, by route.",
        )
        .buckets(LATENCIES.to_vec());
        let metrics = Self {
            registry: Registry::new(),
            requests: counter(
                "enrollment_http_requests_total",
                "Requests answered, by method, route and status.",
                &["method", "route", "status"],
            )?,
            latencies: HistogramVec::new(latencies, &["method", "route"])?,
            in_flight: IntGauge::new("enrollment_http_requests_in_flight", "Requests that are being answered.")?,
            abandoned: IntCounter::new(
                "enrollment_http_requests_abandoned_total",
                "Requests whose client was gone before they were answered.",
            )?,
            unserved: counter(
                "enrollment_http_requests_unserved_total",
                "Requests that were answered 503, by reason.",
                &["reason"],
            )?,
            rate_limited: counter(
                "enrollment_rate_limited_total",
                "Requests that were answered 429, by the budget that was used up.",
                &["budget"],
            )?,
            attempts: counter(
                "enrollment_attempts_total",
                "Attempts to change registrations that were decided, by outcome; dry runs and replayed answers do not count.",
                &["operation", "outcome"],
            )?,
            refusals: counter(
                "enrollment_refusals_total",
                "Rules that refused an attempt, by code; one attempt can be refused by several.",
                &["operation", "code"],
            )?,
            connections: gauge(
                "enrollment_store_connections",
                "Connections to the database, by lane and state.",
                &["lane", "state"],
            )?,
            queued: gauge("enrollment_store_queued", "Requests that wait for a connection, by lane.", &["lane"])?,
            receipts_dropped: IntCounter::new(
                "enrollment_receipts_dropped_total",
                "Receipts of refusals that were not kept, because there were more than could be written.",
            )?,
            dropped_before: AtomicU64::new(0),
        };
        metrics.register()?;
        for Endpoint { method, path, .. } in endpoints {
            metrics.latencies.with_label_values(&[method.as_str(), path]);
        }
        for reason in Kind::ALL.into_iter().filter_map(Kind::unserved_because) {
            metrics.unserved.with_label_values(&[reason]);
        }
        for budget in Budget::ALL {
            metrics.rate_limited.with_label_values(&[budget.name()]);
        }
        Ok(metrics)
    }

    fn register(&self) -> Result<(), prometheus::Error> {
        self.registry.register(Box::new(self.requests.clone()))?;
        self.registry.register(Box::new(self.latencies.clone()))?;
        self.registry.register(Box::new(self.in_flight.clone()))?;
        self.registry.register(Box::new(self.abandoned.clone()))?;
        self.registry.register(Box::new(self.unserved.clone()))?;
        self.registry.register(Box::new(self.rate_limited.clone()))?;
        self.registry.register(Box::new(self.attempts.clone()))?;
        self.registry.register(Box::new(self.refusals.clone()))?;
        self.registry.register(Box::new(self.connections.clone()))?;
        self.registry.register(Box::new(self.queued.clone()))?;
        self.registry.register(Box::new(self.receipts_dropped.clone()))
    }

    /// Counts a request in while it is being answered.
    pub(crate) fn begin(&self) -> InFlight {
        self.in_flight.inc();
        InFlight { requests: self.in_flight.clone(), abandoned: self.abandoned.clone(), ended: false }
    }

    /// Counts a problem, if it is one that the caller can do nothing about but come again.
    pub(crate) fn went_wrong(&self, kind: Kind) {
        if let Some(reason) = kind.unserved_because() {
            self.unserved.with_label_values(&[reason]).inc();
        }
    }

    /// Counts a request that comes too early.
    pub(crate) fn rate_limited(&self, budget: Budget) {
        self.rate_limited.with_label_values(&[budget.name()]).inc();
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let method = known_name(method);
        self.requests.with_label_values(&[method, route, status.as_str()]).inc();
        self.latencies.with_label_values(&[method, route]).observe(took.as_secs_f64());
    }

    /// Counts an attempt that was decided now.
    pub(crate) fn decided(&self, operation: Asked, receipt: &Receipt) {
        if receipt.dry_run || receipt.replayed {
            return;
        }
        let operation = operation.name();
        match &receipt.outcome {
            Outcome::Accepted { .. } => self.attempts.with_label_values(&[operation, "accepted"]).inc(),
            Outcome::Refused { violations } => {
                self.attempts.with_label_values(&[operation, "refused"]).inc();
                for violation in violations {
                    self.refusals.with_label_values(&[operation, &violation.code.to_string()]).inc();
                }
            }
        }
    }

    fn show_load(&self, load: &Load) {
        for lane in &load.lanes {
            let idle = lane.connections.saturating_sub(lane.busy);
            self.connections.with_label_values(&[lane.name, "busy"]).set(as_gauge(lane.busy));
            self.connections.with_label_values(&[lane.name, "idle"]).set(as_gauge(idle));
            self.queued.with_label_values(&[lane.name]).set(as_gauge(lane.queued));
        }
        // Of two that ask at once, each counts what the other has not.
        let before = self.dropped_before.fetch_max(load.receipts_dropped, Ordering::Relaxed);
        self.receipts_dropped.inc_by(load.receipts_dropped.saturating_sub(before));
    }
}

impl Asked {
    fn name(self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::Drop => "drop",
            Self::Plan => "plan",
            Self::Bulk => "bulk",
            Self::Reorder => "reorder",
            Self::Grade => "grade",
        }
    }
}

/// Callers can make up methods, so only those that the API knows have a name of their own.
fn known_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

fn as_gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The metrics, in the text format of Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "show_metrics",
    tag = "operations",
    responses((status = 200, description = "The metrics, in the text format of Prometheus.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn show(services: Data<Services>, metrics: Data<Metrics>) -> Result<HttpResponse, Problem> {
    let load = services.health.load();
    metrics.show_load(&load);
    let mut families = metrics.registry.gather();
    families.extend(of_store::families(&load));
    let text = TextEncoder::new().encode_to_string(&families).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type(TEXT_FORMAT).body(text))
}
