//! The seats of a term, for everybody who watches them fill: a list to poll, and a stream of changes.
//!
//! Both answer from the [`Board`], which asks the store at most four times a second for a term, however many ask it.

mod board;
mod stream;

pub(crate) use board::Board;

use crate::endpoint::Endpoint;
use crate::openapi::FindProblems;
use crate::parameters::Query;
use crate::path::Id;
use crate::problem::Problem;
use crate::representation::shared;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::access::Operation;
use enrollment_core::ids::TermId;
use enrollment_core::registration::{SeatChanges, SeatCount};
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadCatalog, "/api/v1/terms/{id}/seats", show),
        Endpoint::get(Operation::ReadCatalog, "/api/v1/terms/{id}/seats/stream", follow),
    ]
}

/// The seats of all sections of a term at one moment.
#[derive(Serialize, ToSchema)]
pub(crate) struct TermSeats<'a> {
    /// The term.
    term_id: TermId,
    /// Its sections, in the order of their ids.
    #[schema(value_type = Vec<SeatCount>)]
    sections: &'a [SeatCount],
}

/// The caller may keep the answer for a moment, since it is that old already when it is read; others have to say who they are.
const FOR_A_MOMENT: (HeaderName, &str) = (CACHE_CONTROL, "private, max-age=1");

/// Reads how many seats of each section of a term there are, are taken, and are waited for.
///
/// It is one list, not paged, of one moment, which may be a quarter of a second ago: made for many to poll, by `If-None-Match`.
#[utoipa::path(
    get,
    path = "/api/v1/terms/{id}/seats",
    operation_id = "show_term_seats",
    tag = "terms",
    params(
        ("id" = TermId, Path, description = "The term."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The seats of the term.",
            body = TermSeats,
            headers(
                ("ETag" = String, description = "A digest of the answer."),
                ("Cache-Control" = String, description = "`private, max-age=1`"),
            ),
        ),
        (status = 304, description = "The caller has this answer already."),
        FindProblems,
    ),
)]
pub(crate) async fn show(
    board: Data<Board>,
    request: HttpRequest,
    Id(term): Id<TermId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    let seats = board.seats(term).await?;
    Ok(shared(&request, seats.body(), seats.tag(), FOR_A_MOMENT))
}

/// What an event of the stream tells.
#[derive(ToSchema)]
#[schema(as = SeatEvent)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is only there to be described")]
enum SeatEvent {
    Seats(TermSeats<'static>),
    Changes(SeatChanges),
}

/// Follows the seats of a term, as server-sent events.
///
/// The first event, `seats`, has the seats of all sections. Then come `changes`, at most four a second: the sections that are new or
/// have changed, as they are now, and the ids of those that are gone. Who cannot read so fast gets `seats` again instead of what was
/// missed. While nothing changes there is a comment every 15 seconds. The stream ends when the server stops or the term is
/// deleted: come again after the time that `retry` tells.
#[utoipa::path(
    get,
    path = "/api/v1/terms/{id}/seats/stream",
    operation_id = "follow_term_seats",
    tag = "terms",
    params(("id" = TermId, Path, description = "The term.")),
    responses(
        (status = 200, description = "The stream. The data of each event is JSON.", body = SeatEvent, content_type = "text/event-stream"),
        FindProblems,
    ),
)]
pub(crate) async fn follow(
    board: Data<Board>,
    request: HttpRequest,
    Id(term): Id<TermId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    let follower = board.into_inner().follow(term).await?;
    let mut answer = HttpResponse::Ok();
    answer.content_type("text/event-stream");
    // A proxy that gathers the answer would hold the events back.
    answer.insert_header((HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")));
    if request.method() == Method::HEAD {
        return Ok(answer.finish());
    }
    Ok(answer.streaming(stream::events(follower)))
}
