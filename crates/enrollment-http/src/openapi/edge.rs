//! What the edge answers before an endpoint is reached, and so whatever the endpoint.
//!
//! To document another bound of the edge: its answer in [`problems`](super::problems), and its status here.

use super::problems::{BODY_TOO_SLOW, HEADERS_TOO_LARGE, TOO_LARGE, TOO_MANY, URI_TOO_LONG, reference};
use super::strict::operations;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;

/// Adds to every operation what is answered to requests with too large a head, or too many of them, and to those that take
/// a body what is answered when it is too large or too slow.
pub(crate) struct Edge;

impl Modify for Edge {
    fn modify(&self, document: &mut OpenApi) {
        document.paths.paths.values_mut().flat_map(operations).for_each(bound);
    }
}

fn bound(operation: &mut Operation) {
    let answers = &mut operation.responses.responses;
    answers.extend([&URI_TOO_LONG, &TOO_MANY, &HEADERS_TOO_LARGE].map(reference));
    if operation.request_body.is_some() {
        answers.extend([&BODY_TOO_SLOW, &TOO_LARGE].map(reference));
    }
}
