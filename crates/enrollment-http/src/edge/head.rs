//! Bounds of a request's head, and of how often its address may ask. The bounds are below what the HTTP library takes (which answers 400 or closes the connection), so that a
//! client who is only careless is told.

use super::limits::{Budget, draw};
use crate::problem::{Kind, Problem};
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

/// The most bytes of the path and the query together. The longest that the API itself hands out are some hundreds.
const LONGEST_URI: usize = 8 * 1024;

/// The most bytes of all header fields together: a large token and what proxies add fit several times.
const LARGEST_HEADERS: usize = 32 * 1024;

/// Lets a request in whose head is no larger than any that makes sense.
pub(crate) async fn keep(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let refused = too_large(&request)
        .map_or(Ok(()), Err)
        .and_then(|()| draw(request.request(), None, Budget::of(request.method())));
    match refused {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
        Err(problem) => Ok(request.error_response(problem).map_into_boxed_body()),
    }
}

fn too_large(request: &ServiceRequest) -> Option<Problem> {
    let uri = request.uri().path_and_query().map_or(0, |whole| whole.as_str().len());
    if uri > LONGEST_URI {
        let detail = format!("The path and the query have {uri} bytes; at most {LONGEST_URI} are taken.");
        return Some(Problem::new(Kind::UriTooLong, detail));
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    (headers > LARGEST_HEADERS).then(|| {
        let detail = format!("The header fields have {headers} bytes; at most {LARGEST_HEADERS} are taken.");
        Problem::new(Kind::HeadersTooLarge, detail)
    })
}
