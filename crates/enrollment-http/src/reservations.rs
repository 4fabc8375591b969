//! Reservations: seats of a section that are kept for a cohort.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{ChangeProblems, CreateOwnedProblems, DeleteProblems, FindProblems, ReservationPatch};
use crate::page::{PageBody, PageParameters, page};
use crate::parameters::Query;
use crate::path::{Id, OfReservation};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::rehearsal::{Changed, DryRunParameter};
use crate::representation::{changed, created, deleted, found, json};
use crate::student_courses::DryRun;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::access::Operation;
use enrollment_core::catalog::{Reservation, ReservationDraft, ReservationFilter};
use enrollment_core::ids::{ReservationId, SectionId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::EntryChange;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadCatalog, "/api/v1/sections/{id}/reservations", list),
        Endpoint::post(Operation::WriteCatalog, "/api/v1/sections/{id}/reservations", create),
        Endpoint::get(Operation::ReadCatalog, "/api/v1/sections/{id}/reservations/{reservation_id}", get),
        Endpoint::patch(Operation::WriteCatalog, "/api/v1/sections/{id}/reservations/{reservation_id}", change),
        Endpoint::delete(Operation::WriteCatalog, "/api/v1/sections/{id}/reservations/{reservation_id}", delete),
    ]
}

/// A page of the list, under a name of its own in the document.
type ReservationPage = PageBody<Reservation>;

/// What a change is answered with, under a name of its own in the document.
type ChangedReservation = Changed<Reservation>;

/// What a dry run is answered with, under a name of its own in the document.
type ReservationChange = EntryChange<Reservation>;

/// Lists a section's reservations, released or not, in the order in which they were made.
#[utoipa::path(
    get,
    path = "/api/v1/sections/{id}/reservations",
    operation_id = "list_reservations",
    tag = "reservations",
    params(("id" = SectionId, Path, description = "The section."), PageParameters),
    responses((status = 200, description = "A page of the section's reservations.", body = ReservationPage), FindProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Id(section): Id<SectionId>,
    Query(request): Query<PageRequest<ReservationId>>,
) -> Result<HttpResponse, Problem> {
    page(services.reservations.of(section).list(&by, ReservationFilter::default(), request).await?)
}

/// Reserves seats of a section for a cohort. All reservations of the seats together have no more of them than there are.
#[utoipa::path(
    post,
    path = "/api/v1/sections/{id}/reservations",
    operation_id = "create_reservation",
    tag = "reservations",
    params(("id" = SectionId, Path, description = "The section."), DryRunParameter),
    request_body(
        content = ReservationDraft,
        example = json!({ "seats": 6, "cohort": { "programs": ["BSc Physics"], "min_earned_credits": 60 }, "release_at": "2026-10-01T08:00:00Z" }),
    ),
    responses(
        (
            status = 201,
            description = "The reservation as it was made.",
            body = Reservation,
            headers(
                ("Location" = String, description = "The path of the reservation."),
                ("ETag" = String, description = "The version, and a digest of the answer, since the seats taken change without a new version."),
            ),
        ),
        (status = 200, description = "Of a dry run, what would be.", body = ReservationChange),
        CreateOwnedProblems,
    ),
)]
pub(crate) async fn create(
    services: Data<Services>,
    Id(section): Id<SectionId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    Caller(by): Caller,
    Json(draft): Json<ReservationDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.reservations.of(section).create(&by, draft).await?);
    }
    let reservation = services.reservations.of(section).create(&by, draft).await?;
    created(format!("/api/v1/sections/{section}/reservations/{}", reservation.id), &reservation)
}

/// Reads a reservation.
#[utoipa::path(
    get,
    path = "/api/v1/sections/{id}/reservations/{reservation_id}",
    operation_id = "get_reservation",
    tag = "reservations",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("reservation_id" = ReservationId, Path, description = "The reservation."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The reservation.",
            body = Reservation,
            headers(("ETag" = String, description = "The version, and a digest of the answer, since the seats taken change without a new version.")),
        ),
        (status = 304, description = "The caller has this answer already."),
        FindProblems,
    ),
)]
pub(crate) async fn get(
    services: Data<Services>,
    Caller(by): Caller,
    request: HttpRequest,
    Id(section): Id<SectionId>,
    OfReservation(id): OfReservation,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    found(&request, &services.reservations.of(section).get(&by, id).await?)
}

/// Changes a reservation: a field that is absent stays, one that is null is cleared. It keeps at least the seats that are taken
/// of it; to keep no more, give it a `release_at`.
#[utoipa::path(
    patch,
    path = "/api/v1/sections/{id}/reservations/{reservation_id}",
    operation_id = "change_reservation",
    tag = "reservations",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("reservation_id" = ReservationId, Path, description = "The reservation."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the reservation as the caller read it. Without it, or with `*`, the change is made whatever the version."),
    ),
    request_body(content = ReservationPatch, example = json!({ "release_at": "2026-09-15T08:00:00Z" })),
    responses(
        (
            status = 200,
            description = "The reservation as it is now; of a dry run, what would be.",
            body = ChangedReservation,
            headers(("ETag" = String, description = "The version, and a digest of the answer, since the seats taken change without a new version.")),
        ),
        ChangeProblems,
    ),
)]
pub(crate) async fn change(
    services: Data<Services>,
    Id(section): Id<SectionId>,
    OfReservation(id): OfReservation,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
    Json(draft): Json<ReservationDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.reservations.of(section).change(&by, id, expected, draft).await?);
    }
    changed(&services.reservations.of(section).change(&by, id, expected, draft).await?)
}

/// Deletes a reservation of which no seat was ever taken.
#[utoipa::path(
    delete,
    path = "/api/v1/sections/{id}/reservations/{reservation_id}",
    operation_id = "delete_reservation",
    tag = "reservations",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("reservation_id" = ReservationId, Path, description = "The reservation."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the reservation as the caller read it. Without it, or with `*`, the reservation is deleted whatever the version."),
    ),
    responses(
        (status = 204, description = "It is deleted."),
        (status = 200, description = "Of a dry run, what would be.", body = ReservationChange),
        DeleteProblems,
    ),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Id(section): Id<SectionId>,
    OfReservation(id): OfReservation,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.reservations.of(section).delete(&by, id, expected).await?);
    }
    services.reservations.of(section).delete(&by, id, expected).await?;
    Ok(deleted())
}
