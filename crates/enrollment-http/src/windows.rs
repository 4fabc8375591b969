//! Registration windows of a term: when a cohort may add courses, or drop them.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{ChangeProblems, CreateOwnedProblems, DeleteProblems, FindProblems, WindowPatch};
use crate::page::{PageBody, PageParameters, page};
use crate::parameters::Query;
use crate::path::{Id, OfWindow};
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::rehearsal::{Changed, DryRunParameter};
use crate::representation::{changed, created, deleted, found, json};
use crate::student_courses::DryRun;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::access::Operation;
use enrollment_core::catalog::{Window, WindowDraft, WindowFilter};
use enrollment_core::ids::{TermId, WindowId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::EntryChange;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadWindows, "/api/v1/terms/{id}/windows", list),
        Endpoint::post(Operation::WriteWindows, "/api/v1/terms/{id}/windows", create),
        Endpoint::get(Operation::ReadWindows, "/api/v1/terms/{id}/windows/{window_id}", get),
        Endpoint::patch(Operation::WriteWindows, "/api/v1/terms/{id}/windows/{window_id}", change),
        Endpoint::delete(Operation::WriteWindows, "/api/v1/terms/{id}/windows/{window_id}", delete),
    ]
}

/// A page of the list, under a name of its own in the document.
type WindowPage = PageBody<Window>;

/// What a change is answered with, under a name of its own in the document.
type ChangedWindow = Changed<Window>;

/// What a dry run is answered with, under a name of its own in the document.
type WindowChange = EntryChange<Window>;

/// Lists a term's registration windows, open or not, in the order in which they were made.
#[utoipa::path(
    get,
    path = "/api/v1/terms/{id}/windows",
    operation_id = "list_windows",
    tag = "windows",
    params(("id" = TermId, Path, description = "The term."), PageParameters),
    responses((status = 200, description = "A page of the term's windows.", body = WindowPage), FindProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Id(term): Id<TermId>,
    Query(request): Query<PageRequest<WindowId>>,
) -> Result<HttpResponse, Problem> {
    page(services.windows.of(term).list(&by, WindowFilter::default(), request).await?)
}

/// Makes a registration window. A term with windows for adding is open to a student in those alone, whatever its own opening and
/// closing times; one with windows for dropping lets go of a seat in those alone, and never after its deadlines.
#[utoipa::path(
    post,
    path = "/api/v1/terms/{id}/windows",
    operation_id = "create_window",
    tag = "windows",
    params(("id" = TermId, Path, description = "The term."), DryRunParameter),
    request_body(
        content = WindowDraft,
        example = json!({
            "action": "add", "opens_at": "2026-08-17T06:00:00Z", "closes_at": "2026-10-15T22:00:00Z",
            "programs": ["Physics"], "min_earned_credits": 60
        }),
    ),
    responses(
        (
            status = 201,
            description = "The window as it was made.",
            body = Window,
            headers(
                ("Location" = String, description = "The path of the window."),
                ("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`."),
            ),
        ),
        (status = 200, description = "Of a dry run, what would be.", body = WindowChange),
        CreateOwnedProblems,
    ),
)]
pub(crate) async fn create(
    services: Data<Services>,
    Id(term): Id<TermId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    Caller(by): Caller,
    Json(draft): Json<WindowDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.windows.of(term).create(&by, draft).await?);
    }
    let window = services.windows.of(term).create(&by, draft).await?;
    created(format!("/api/v1/terms/{term}/windows/{}", window.id), &window)
}

/// Reads a window.
#[utoipa::path(
    get,
    path = "/api/v1/terms/{id}/windows/{window_id}",
    operation_id = "get_window",
    tag = "windows",
    params(
        ("id" = TermId, Path, description = "The term."),
        ("window_id" = WindowId, Path, description = "The window."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The window.",
            body = Window,
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
    Id(term): Id<TermId>,
    OfWindow(id): OfWindow,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    found(&request, &services.windows.of(term).get(&by, id).await?)
}

/// Changes a window: a field that is absent stays, one that is null is cleared.
#[utoipa::path(
    patch,
    path = "/api/v1/terms/{id}/windows/{window_id}",
    operation_id = "change_window",
    tag = "windows",
    params(
        ("id" = TermId, Path, description = "The term."),
        ("window_id" = WindowId, Path, description = "The window."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the window as the caller read it. Without it, or with `*`, the change is made whatever the version."),
    ),
    request_body(content = WindowPatch, example = json!({ "closes_at": "2026-10-31T23:00:00Z", "min_earned_credits": null })),
    responses(
        (
            status = 200,
            description = "The window as it is now; of a dry run, what would be.",
            body = ChangedWindow,
            headers(("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`.")),
        ),
        ChangeProblems,
    ),
)]
pub(crate) async fn change(
    services: Data<Services>,
    Id(term): Id<TermId>,
    OfWindow(id): OfWindow,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
    Json(draft): Json<WindowDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.windows.of(term).change(&by, id, expected, draft).await?);
    }
    changed(&services.windows.of(term).change(&by, id, expected, draft).await?)
}

/// Deletes a window. A term without any follows its own opening and closing times again.
#[utoipa::path(
    delete,
    path = "/api/v1/terms/{id}/windows/{window_id}",
    operation_id = "delete_window",
    tag = "windows",
    params(
        ("id" = TermId, Path, description = "The term."),
        ("window_id" = WindowId, Path, description = "The window."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the window as the caller read it. Without it, or with `*`, the window is deleted whatever the version."),
    ),
    responses(
        (status = 204, description = "It is deleted."),
        (status = 200, description = "Of a dry run, what would be.", body = WindowChange),
        DeleteProblems,
    ),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Id(term): Id<TermId>,
    OfWindow(id): OfWindow,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.windows.of(term).delete(&by, id, expected).await?);
    }
    services.windows.of(term).delete(&by, id, expected).await?;
    Ok(deleted())
}
