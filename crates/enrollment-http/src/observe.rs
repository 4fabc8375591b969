//! The one middleware, around everything: it names, traces, counts and measures each request, renders every problem, and
//! adds the headers that all answers have.

use crate::endpoint::RoutePattern;
use crate::problem::Problem;
use crate::request_id::{RequestId, X_REQUEST_ID};
use crate::{Metrics, Services, Settings, edge};
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use std::fmt::Write;
use std::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span, error, info, info_span};

/// The route of a request that no endpoint takes.
const UNMATCHED: &str = "unmatched";

/// Answers a request.
pub(crate) async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let metrics = request.app_data::<Data<Metrics>>().cloned();
    let in_flight = metrics.as_ref().map(|metrics| metrics.begin());
    let id = RequestId::of(&request);
    let span = span(&request, &id);
    let answer = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
    let route = answer.request().app_data::<RoutePattern>().map_or(UNMATCHED, |pattern| pattern.0);
    let _entered = span.enter();
    let mut answer = with_problem(answer, route, &id);
    if let Some(in_flight) = in_flight {
        in_flight.end();
    }
    add_headers(&mut answer, id);
    let took = started.elapsed();
    if let Some(metrics) = metrics {
        metrics.answered(answer.request().method(), route, answer.status(), took);
    }
    span.record("route", route).record("status", answer.status().as_u16());
    info!(latency_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX), "answered");
    Ok(answer)
}

/// The span names the route and not the path, which may carry what identifies a person.
fn span(request: &ServiceRequest, id: &RequestId) -> Span {
    info_span!("request", request_id = id.as_str(), method = %request.method(), route = Empty, status = Empty)
}

/// Gives an answer that is an error the body of its problem, and logs what lies beneath.
fn with_problem(answer: ServiceResponse<BoxBody>, route: &str, id: &RequestId) -> ServiceResponse<BoxBody> {
    if !answer.status().is_client_error() && !answer.status().is_server_error() {
        return answer;
    }
    let known = answer.response().error().and_then(|error| error.as_error::<Problem>());
    let unknown = known.is_none().then(|| Problem::of_status(answer.status()));
    let Some(problem) = known.or(unknown.as_ref()) else { return answer };
    if let Some(cause) = problem.cause() {
        // With the id also as a field of its own: an operator may have turned spans off.
        error!(request_id = id.as_str(), route, cause = chain(&**cause), "{problem}");
    }
    if let Some(metrics) = answer.request().app_data::<Data<Metrics>>() {
        metrics.went_wrong(problem.kind());
    }
    let body = problem.body(answer.request().path(), id.as_str());
    let headers: Vec<_> = match answer.request().app_data::<Data<Services>>() {
        Some(services) => problem.headers(&*services.chance).collect(),
        None => Vec::new(),
    };
    let mut answer = answer.map_body(|_, _| BoxBody::new(body));
    for (name, value) in headers {
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// An error and everything that caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

fn add_headers(answer: &mut ServiceResponse<BoxBody>, id: RequestId) {
    let is_tls = answer.request().app_data::<Settings>().is_some_and(|settings| settings.edge.is_tls);
    let headers = answer.headers_mut();
    headers.insert(X_REQUEST_ID, id.into_header());
    edge::security_headers::add(headers, is_tls);
}
