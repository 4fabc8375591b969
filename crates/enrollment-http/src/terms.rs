//! Terms: stretches of teaching.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{ChangeProblems, CreateProblems, DeleteProblems, FindProblems, ListProblems, TermPatch};
use crate::page::{PageBody, PageParameters, page};
use crate::parameters::{FromParameters, Parameters, Query};
use crate::path::Id;
use crate::precondition::IfMatch;
use crate::problem::Problem;
use crate::rehearsal::{Changed, DryRunParameter};
use crate::representation::{changed, created, deleted, found, json};
use crate::student_courses::DryRun;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::access::Operation;
use enrollment_core::catalog::{Term, TermDraft, TermFilter};
use enrollment_core::ids::TermId;
use enrollment_core::page::PageRequest;
use enrollment_core::text::TermCode;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadCatalog, "/api/v1/terms", list),
        Endpoint::post(Operation::WriteCatalog, "/api/v1/terms", create),
        Endpoint::get(Operation::ReadCatalog, "/api/v1/terms/{id}", get),
        Endpoint::patch(Operation::WriteCatalog, "/api/v1/terms/{id}", change),
        Endpoint::delete(Operation::WriteCatalog, "/api/v1/terms/{id}", delete),
    ]
}

/// A page of the list, under a name of its own in the document.
type TermPage = PageBody<Term>;

/// What a change is answered with, under a name of its own in the document.
type ChangedTerm = Changed<Term>;

impl FromParameters for TermFilter {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        Self { code: parameters.read("code") }
    }
}

/// Lists terms, in the order in which they were made.
#[utoipa::path(
    get,
    path = "/api/v1/terms",
    operation_id = "list_terms",
    tag = "terms",
    params(
        ("code" = Option<TermCode>, Query, description = "Only the term with this code."),
        PageParameters,
    ),
    responses((status = 200, description = "A page of terms.", body = TermPage), ListProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Query((filter, request)): Query<(TermFilter, PageRequest<TermId>)>,
) -> Result<HttpResponse, Problem> {
    page(services.terms.list(&by, filter, request).await?)
}

/// Makes a term.
#[utoipa::path(
    post,
    path = "/api/v1/terms",
    operation_id = "create_term",
    tag = "terms",
    request_body(
        content = TermDraft,
        example = json!({
            "code": "2026-fall", "name": "Fall 2026", "time_zone": "Europe/Berlin",
            "starts_on": "2026-10-01", "ends_on": "2027-02-12", "max_credits": 30,
            "enrollment_opens_at": "2026-09-01T08:00:00Z", "enrollment_closes_at": "2026-10-15",
            "drop_deadline": "2026-10-31", "withdraw_deadline": "2026-12-15"
        }),
    ),
    responses(
        (
            status = 201,
            description = "The term as it was made.",
            body = Term,
            headers(
                ("Location" = String, description = "The path of the term."),
                ("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`."),
            ),
        ),
        CreateProblems,
    ),
)]
pub(crate) async fn create(
    services: Data<Services>,
    _: Query<()>,
    Caller(by): Caller,
    Json(draft): Json<TermDraft>,
) -> Result<HttpResponse, Problem> {
    let term = services.terms.create(&by, draft).await?;
    created(format!("/api/v1/terms/{}", term.id), &term)
}

/// Reads a term.
#[utoipa::path(
    get,
    path = "/api/v1/terms/{id}",
    operation_id = "get_term",
    tag = "terms",
    params(
        ("id" = TermId, Path, description = "The term."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The term.",
            body = Term,
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
    Id(id): Id<TermId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    found(&request, &services.terms.get(&by, id).await?)
}

/// Changes a term: a field that is absent stays, one that is null is cleared.
#[utoipa::path(
    patch,
    path = "/api/v1/terms/{id}",
    operation_id = "change_term",
    tag = "terms",
    params(
        ("id" = TermId, Path, description = "The term."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the term as the caller read it. Without it, or with `*`, the change is made whatever the version."),
    ),
    request_body(content = TermPatch, example = json!({ "enrollment_closes_at": "2026-10-31" })),
    responses(
        (
            status = 200,
            description = "The term as it is now; of a dry run, what would be.",
            body = ChangedTerm,
            headers(("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`.")),
        ),
        ChangeProblems,
    ),
)]
pub(crate) async fn change(
    services: Data<Services>,
    Id(id): Id<TermId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
    Json(draft): Json<TermDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.terms.change(&by, id, expected, draft).await?);
    }
    changed(&services.terms.change(&by, id, expected, draft).await?)
}

/// Deletes a term that nothing refers to.
#[utoipa::path(
    delete,
    path = "/api/v1/terms/{id}",
    operation_id = "delete_term",
    tag = "terms",
    params(
        ("id" = TermId, Path, description = "The term."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the term as the caller read it. Without it, or with `*`, the term is deleted whatever the version."),
    ),
    responses((status = 204, description = "It is deleted."), DeleteProblems),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Id(id): Id<TermId>,
    _: Query<()>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
) -> Result<HttpResponse, Problem> {
    services.terms.delete(&by, id, expected).await?;
    Ok(deleted())
}
