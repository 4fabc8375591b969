//! The feed of all events, for other systems to follow.

use crate::Services;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::history::EventPage;
use crate::openapi::ListProblems;
use crate::page::{limit, page};
use crate::parameters::{FromParameters, Parameters, Query};
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::page::Limit;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(Operation::ReadEvents, "/api/v1/events", follow)]
}

/// From where on, and how much of it.
pub(crate) struct Following {
    after: Option<i64>,
    limit: Limit,
}

impl FromParameters for Following {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        let after = parameters.take("after", |text| {
            let place = text.parse().ok().filter(|place: &i64| *place >= 0);
            place.ok_or_else(|| "must be a next_cursor of this list, as it was given".to_owned())
        });
        Self { after, limit: limit(parameters) }
    }
}

/// Lists all events after a cursor, in an order in which they can be followed.
///
/// Who asks again and again with the last `next_cursor` gets every event exactly once, the events of a student and those of
/// a section in the order in which they happened. `next_cursor` is never null: at the end of the feed there are no items, and
/// it is the cursor to go on with later. Do not follow `sequence`: it is handed out before an event is committed.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    operation_id = "follow_events",
    tag = "history",
    params(
        ("after" = Option<String>, Query, description = "The last `next_cursor`; absent for the beginning."),
        ("limit" = Option<u16>, Query, description = "How many items the page has at most.", minimum = 1, maximum = 200),
    ),
    responses((status = 200, description = "A page of the feed.", body = EventPage), ListProblems),
)]
pub(crate) async fn follow(
    services: Data<Services>,
    Caller(by): Caller,
    Query(Following { after, limit }): Query<Following>,
) -> Result<HttpResponse, Problem> {
    page(services.history.feed(&by, after, limit).await?)
}
