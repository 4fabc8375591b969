//! Receipts: what was asked, what was known, what each rule said, and what came of it.

use crate::Services;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::FindProblems;
use crate::parameters::Query;
use crate::path::Id;
use crate::problem::Problem;
use crate::representation::json;
use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue, LINK};
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::ids::AttemptId;
use enrollment_core::registration::{Receipt, Record};

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(Operation::ReadRegistrations, "/api/v1/receipts/{id}", get)]
}

/// Where the receipt is, as a header of the answer that it belongs to; none of a dry run, which leaves no receipt.
pub(crate) fn link(receipt: &Receipt) -> Option<(HeaderName, HeaderValue)> {
    if receipt.dry_run {
        return None;
    }
    let link = format!("</api/v1/receipts/{}>; rel=\"receipt\"", receipt.attempt_id);
    HeaderValue::from_str(&link).ok().map(|link| (LINK, link))
}

/// The answer with that header.
pub(crate) fn linked(mut answer: HttpResponse, link: Option<(HeaderName, HeaderValue)>) -> HttpResponse {
    if let Some((name, value)) = link {
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// Reads the receipt of an attempt to enroll or to leave, accepted or refused.
///
/// Every rule is listed in the fixed order, with why it refuses or null, as it judged the `section`: of a request by course
/// the one that was chosen, or that came nearest. The facts are those that the decision was made on; deciding again on them
/// gives the same answer. The receipt of what was accepted is there with the answer. That of a refusal follows it, mostly
/// within a tenth of a second, and in a rush that is more than can be written down it may be missing.
#[utoipa::path(
    get,
    path = "/api/v1/receipts/{id}",
    operation_id = "get_receipt",
    tag = "history",
    params(("id" = AttemptId, Path, description = "The attempt: the `attempt_id` of a refusal or of an event.")),
    responses((status = 200, description = "The receipt.", body = Record), FindProblems),
)]
pub(crate) async fn get(
    services: Data<Services>,
    Caller(by): Caller,
    Id(attempt): Id<AttemptId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    json(&services.history.record(&by, attempt).await?)
}
