//! The roster of a section: who is enrolled in it, and who waits.

use crate::Services;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::FindProblems;
use crate::page::{PageBody, PageParameters, page_unless_known};
use crate::parameters::{AsOf, Query};
use crate::path::Id;
use crate::problem::Problem;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::access::Operation;
use enrollment_core::ids::SectionId;
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{RosterEntry, RosterKey};

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(Operation::ReadRosters, "/api/v1/sections/{id}/students", list)]
}

/// A page of the list, under a name of its own in the document.
type RosterEntryPage = PageBody<RosterEntry>;

/// Lists the students of a section: those who have a seat, in the order of enrolling, then those who wait, in the order of
/// the waitlist.
#[utoipa::path(
    get,
    path = "/api/v1/sections/{id}/students",
    operation_id = "list_section_students",
    tag = "sections",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("as_of" = Option<DateTime<Utc>>, Query, description = "The roster as it was at this time, from the events; the students are named as they are today. A time to come is the present."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
        PageParameters,
    ),
    responses(
        (
            status = 200,
            description = "A page of the roster.",
            body = RosterEntryPage,
            headers(("ETag" = String, description = "A digest of the answer.")),
        ),
        (status = 304, description = "The caller has this answer already."),
        FindProblems,
    ),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    request: HttpRequest,
    Id(section): Id<SectionId>,
    Query((AsOf(moment), page)): Query<(AsOf, PageRequest<RosterKey>)>,
) -> Result<HttpResponse, Problem> {
    let page = match moment {
        None => services.registration.roster(&by, section, page).await?,
        Some(at) => services.history.roster_as_of(&by, section, at, page).await?,
    };
    page_unless_known(&request, page)
}
