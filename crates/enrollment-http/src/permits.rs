//! Permits of a student: what lets one past named rules.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{ChangeProblems, CreateOwnedProblems, DeleteProblems, FindProblems, PermitPatch};
use crate::page::{PageBody, PageParameters, page};
use crate::parameters::Query;
use crate::path::{Id, OfPermit};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::rehearsal::{Changed, DryRunParameter};
use crate::representation::{changed, created, deleted, found, json};
use crate::student_courses::DryRun;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::access::Operation;
use enrollment_core::catalog::{Permit, PermitDraft, PermitFilter};
use enrollment_core::ids::{PermitId, StudentId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::EntryChange;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadPermits, "/api/v1/students/{id}/permits", list),
        Endpoint::post(Operation::WritePermits, "/api/v1/students/{id}/permits", create),
        Endpoint::get(Operation::ReadPermits, "/api/v1/students/{id}/permits/{permit_id}", get),
        Endpoint::patch(Operation::WritePermits, "/api/v1/students/{id}/permits/{permit_id}", change),
        Endpoint::delete(Operation::WritePermits, "/api/v1/students/{id}/permits/{permit_id}", delete),
    ]
}

/// A page of the list, under a name of its own in the document.
type PermitPage = PageBody<Permit>;

/// What a change is answered with, under a name of its own in the document.
type ChangedPermit = Changed<Permit>;

/// What a dry run is answered with, under a name of its own in the document.
type PermitChange = EntryChange<Permit>;

/// Lists a student's permits, in force or not, in the order in which they were granted.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}/permits",
    operation_id = "list_permits",
    tag = "permits",
    params(("id" = StudentId, Path, description = "The student."), PageParameters),
    responses((status = 200, description = "A page of the student's permits.", body = PermitPage), FindProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Id(student): Id<StudentId>,
    Query(request): Query<PageRequest<PermitId>>,
) -> Result<HttpResponse, Problem> {
    page(services.permits.of(student).list(&by, PermitFilter::default(), request).await?)
}

/// Grants a student a permit, which waives the rules that it names for one course or section.
#[utoipa::path(
    post,
    path = "/api/v1/students/{id}/permits",
    operation_id = "create_permit",
    tag = "permits",
    params(("id" = StudentId, Path, description = "The student."), DryRunParameter),
    request_body(
        content = PermitDraft,
        example = json!({
            "section_id": "0190a1b2-0000-7000-8000-000000000004", "waives": ["prerequisite_missing"],
            "granted_by": "Prof. Hopper", "reason": "Passed an equivalent course abroad.", "expires_at": "2026-10-01T08:00:00Z"
        }),
    ),
    responses(
        (
            status = 201,
            description = "The permit as it was made.",
            body = Permit,
            headers(
                ("Location" = String, description = "The path of the permit."),
                ("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`."),
            ),
        ),
        (status = 200, description = "Of a dry run, what would be.", body = PermitChange),
        CreateOwnedProblems,
    ),
)]
pub(crate) async fn create(
    services: Data<Services>,
    Id(student): Id<StudentId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    Caller(by): Caller,
    Json(draft): Json<PermitDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.permits.of(student).create(&by, draft).await?);
    }
    let permit = services.permits.of(student).create(&by, draft).await?;
    created(format!("/api/v1/students/{student}/permits/{}", permit.id), &permit)
}

/// Reads a permit.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}/permits/{permit_id}",
    operation_id = "get_permit",
    tag = "permits",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("permit_id" = PermitId, Path, description = "The permit."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The permit.",
            body = Permit,
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
    OfPermit(id): OfPermit,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    found(&request, &services.permits.of(student).get(&by, id).await?)
}

/// Changes a permit: a field that is absent stays, one that is null is cleared. To revoke one that was used, let it expire.
#[utoipa::path(
    patch,
    path = "/api/v1/students/{id}/permits/{permit_id}",
    operation_id = "change_permit",
    tag = "permits",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("permit_id" = PermitId, Path, description = "The permit."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the permit as the caller read it. Without it, or with `*`, the change is made whatever the version."),
    ),
    request_body(content = PermitPatch, example = json!({ "expires_at": "2026-09-15T08:00:00Z" })),
    responses(
        (
            status = 200,
            description = "The permit as it is now; of a dry run, what would be.",
            body = ChangedPermit,
            headers(("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`.")),
        ),
        ChangeProblems,
    ),
)]
pub(crate) async fn change(
    services: Data<Services>,
    Id(student): Id<StudentId>,
    OfPermit(id): OfPermit,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
    Json(draft): Json<PermitDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.permits.of(student).change(&by, id, expected, draft).await?);
    }
    changed(&services.permits.of(student).change(&by, id, expected, draft).await?)
}

/// Deletes a permit, which waives nothing from then on. One that was used stays.
#[utoipa::path(
    delete,
    path = "/api/v1/students/{id}/permits/{permit_id}",
    operation_id = "delete_permit",
    tag = "permits",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("permit_id" = PermitId, Path, description = "The permit."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the permit as the caller read it. Without it, or with `*`, the permit is deleted whatever the version."),
    ),
    responses(
        (status = 204, description = "It is deleted."),
        (status = 200, description = "Of a dry run, what would be.", body = PermitChange),
        DeleteProblems,
    ),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Id(student): Id<StudentId>,
    OfPermit(id): OfPermit,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.permits.of(student).delete(&by, id, expected).await?);
    }
    services.permits.of(student).delete(&by, id, expected).await?;
    Ok(deleted())
}
