//! The time limit of a request.
//!
//! A caller who has waited for so long has gone or comes again, and what still waits in a queue for that caller is not worth
//! doing: to stop waiting drops the handler, and the store does not begin what nobody waits for. What it has begun it finishes,
//! so whoever asked for a change cannot be told whether it was made.

use crate::Settings;
use crate::problem::{Kind, Problem};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, rt};

/// Answers a request in time, whatever becomes of it.
pub(crate) async fn keep(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let limit = request.app_data::<Settings>().cloned().unwrap_or_default().time_limit;
    // For the answer of a request that is given up, since the handler has the other one.
    let given_up = request.request().clone();
    if let Ok(answer) = rt::time::timeout(limit, next.call(request)).await {
        return answer.map(ServiceResponse::map_into_boxed_body);
    }
    let problem = time_is_up(given_up.method().is_safe());
    Ok(ServiceResponse::new(given_up, HttpResponse::from_error(problem)))
}

fn time_is_up(is_safe: bool) -> Problem {
    if is_safe {
        return Problem::new(Kind::Busy, "The request took longer than requests may take.");
    }
    Problem::new(Kind::OutcomeUnknown, "The request took longer than requests may take, and may have been carried out.")
}
