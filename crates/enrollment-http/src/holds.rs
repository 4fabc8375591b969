//! Holds on a student: what keeps one from enrolling or dropping.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{ChangeProblems, CreateOwnedProblems, DeleteProblems, FindProblems, HoldPatch};
use crate::page::{PageBody, PageParameters, page};
use crate::parameters::Query;
use crate::path::{Id, OfHold};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::rehearsal::{Changed, DryRunParameter};
use crate::representation::{changed, created, deleted, found, json};
use crate::student_courses::DryRun;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::access::Operation;
use enrollment_core::catalog::{Hold, HoldDraft, HoldFilter};
use enrollment_core::ids::{HoldId, StudentId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::EntryChange;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadHolds, "/api/v1/students/{id}/holds", list),
        Endpoint::post(Operation::WriteHolds, "/api/v1/students/{id}/holds", create),
        Endpoint::get(Operation::ReadHolds, "/api/v1/students/{id}/holds/{hold_id}", get),
        Endpoint::patch(Operation::WriteHolds, "/api/v1/students/{id}/holds/{hold_id}", change),
        Endpoint::delete(Operation::WriteHolds, "/api/v1/students/{id}/holds/{hold_id}", delete),
    ]
}

/// A page of the list, under a name of its own in the document.
type HoldPage = PageBody<Hold>;

/// What a change is answered with, under a name of its own in the document.
type ChangedHold = Changed<Hold>;

/// What a dry run is answered with, under a name of its own in the document.
type HoldChange = EntryChange<Hold>;

/// Lists a student's holds, in force or not, in the order in which they were made.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}/holds",
    operation_id = "list_holds",
    tag = "holds",
    params(("id" = StudentId, Path, description = "The student."), PageParameters),
    responses((status = 200, description = "A page of the student's holds.", body = HoldPage), FindProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Id(student): Id<StudentId>,
    Query(request): Query<PageRequest<HoldId>>,
) -> Result<HttpResponse, Problem> {
    page(services.holds.of(student).list(&by, HoldFilter::default(), request).await?)
}

/// Places a hold on a student.
#[utoipa::path(
    post,
    path = "/api/v1/students/{id}/holds",
    operation_id = "create_hold",
    tag = "holds",
    params(("id" = StudentId, Path, description = "The student."), DryRunParameter),
    request_body(
        content = HoldDraft,
        example = json!({ "blocks": "enroll", "reason": "Fees for the last term are due.", "until": "2026-10-01T08:00:00Z" }),
    ),
    responses(
        (
            status = 201,
            description = "The hold as it was made.",
            body = Hold,
            headers(
                ("Location" = String, description = "The path of the hold."),
                ("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`."),
            ),
        ),
        (status = 200, description = "Of a dry run, what would be.", body = HoldChange),
        CreateOwnedProblems,
    ),
)]
pub(crate) async fn create(
    services: Data<Services>,
    Id(student): Id<StudentId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    Caller(by): Caller,
    Json(draft): Json<HoldDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.holds.of(student).create(&by, draft).await?);
    }
    let hold = services.holds.of(student).create(&by, draft).await?;
    created(format!("/api/v1/students/{student}/holds/{}", hold.id), &hold)
}

/// Reads a hold.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}/holds/{hold_id}",
    operation_id = "get_hold",
    tag = "holds",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("hold_id" = HoldId, Path, description = "The hold."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The hold.",
            body = Hold,
            headers(("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`.")),
        ),
        (status = 304, description = "The caller has this answer already."),
        FindProblems,
    ),
)]
pub(crate) async fn get(
    services: Data<Services>,
    Caller(by): Caller,
    request: HttpRequest,
    Id(student): Id<StudentId>,
    OfHold(id): OfHold,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    found(&request, &services.holds.of(student).get(&by, id).await?)
}

/// Changes a hold: a field that is absent stays, one that is null is cleared. To lift a hold and keep its trace, give it an
/// `until`.
#[utoipa::path(
    patch,
    path = "/api/v1/students/{id}/holds/{hold_id}",
    operation_id = "change_hold",
    tag = "holds",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("hold_id" = HoldId, Path, description = "The hold."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the hold as the caller read it. Without it, or with `*`, the change is made whatever the version."),
    ),
    request_body(content = HoldPatch, example = json!({ "until": "2026-09-15T08:00:00Z" })),
    responses(
        (
            status = 200,
            description = "The hold as it is now; of a dry run, what would be.",
            body = ChangedHold,
            headers(("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`.")),
        ),
        ChangeProblems,
    ),
)]
pub(crate) async fn change(
    services: Data<Services>,
    Id(student): Id<StudentId>,
    OfHold(id): OfHold,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
    Json(draft): Json<HoldDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.holds.of(student).change(&by, id, expected, draft).await?);
    }
    changed(&services.holds.of(student).change(&by, id, expected, draft).await?)
}

/// Deletes a hold, which blocks nothing from then on.
#[utoipa::path(
    delete,
    path = "/api/v1/students/{id}/holds/{hold_id}",
    operation_id = "delete_hold",
    tag = "holds",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("hold_id" = HoldId, Path, description = "The hold."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the hold as the caller read it. Without it, or with `*`, the hold is deleted whatever the version."),
    ),
    responses(
        (status = 204, description = "It is deleted."),
        (status = 200, description = "Of a dry run, what would be.", body = HoldChange),
        DeleteProblems,
    ),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Id(student): Id<StudentId>,
    OfHold(id): OfHold,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.holds.of(student).delete(&by, id, expected).await?);
    }
    services.holds.of(student).delete(&by, id, expected).await?;
    Ok(deleted())
}
