//! Sections: courses as offered in a term.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{ChangeProblems, CreateProblems, DeleteProblems, FindProblems, ListProblems, SectionPatch};
use crate::page::{PageBody, PageParameters, page_unless_known};
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
use enrollment_core::catalog::{Section, SectionDraft, SectionFilter};
use enrollment_core::ids::{CourseId, SectionId, TermId};
use enrollment_core::page::PageRequest;
use enrollment_core::text::SearchText;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadCatalog, "/api/v1/sections", list),
        Endpoint::post(Operation::WriteCatalog, "/api/v1/sections", create),
        Endpoint::get(Operation::ReadCatalog, "/api/v1/sections/{id}", get),
        Endpoint::patch(Operation::WriteCatalog, "/api/v1/sections/{id}", change),
        Endpoint::delete(Operation::WriteCatalog, "/api/v1/sections/{id}", delete),
    ]
}

/// A page of the list, under a name of its own in the document.
type SectionPage = PageBody<Section>;

/// What a change is answered with, under a name of its own in the document.
type ChangedSection = Changed<Section>;

impl FromParameters for SectionFilter {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        Self {
            term_id: parameters.read("term_id"),
            course_id: parameters.read("course_id"),
            q: parameters.read("q"),
            days: parameters.take("days", str::parse),
            open: parameters.flag("open"),
        }
    }
}

/// Lists sections, in the order in which they were made.
#[utoipa::path(
    get,
    path = "/api/v1/sections",
    operation_id = "list_sections",
    tag = "sections",
    params(
        ("term_id" = Option<TermId>, Query, description = "Only those in this term."),
        ("course_id" = Option<CourseId>, Query, description = "Only those of this course."),
        ("q" = Option<SearchText>, Query, description = "Only those whose course code, course title, number or instructor contains this text, in any case."),
        ("days" = Option<String>, Query, description = "Only those that meet on no other days than these, such as `mon,wed`; those without meetings, too.", example = "mon,wed"),
        ("open" = Option<bool>, Query, description = "With `true`, only those that are open and have a free seat."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
        PageParameters,
    ),
    responses(
        (
            status = 200,
            description = "A page of sections.",
            body = SectionPage,
            headers(("ETag" = String, description = "A digest of the answer.")),
        ),
        (status = 304, description = "The caller has this answer already."),
        ListProblems,
    ),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    request: HttpRequest,
    Query((filter, page)): Query<(SectionFilter, PageRequest<SectionId>)>,
) -> Result<HttpResponse, Problem> {
    page_unless_known(&request, services.sections.list(&by, filter, page).await?)
}

/// Makes a section.
#[utoipa::path(
    post,
    path = "/api/v1/sections",
    operation_id = "create_section",
    tag = "sections",
    request_body(
        content = SectionDraft,
        example = json!({
            "course_id": "0190a1b2-0000-7000-8000-000000000002", "term_id": "0190a1b2-0000-7000-8000-000000000003",
            "number": "27", "capacity": 30, "status": "open", "instructor": "C. Babbage", "restriction": { "levels": ["graduate"] },
            "meetings": [{ "days": ["mon", "wed"], "starts_at": "10:00", "ends_at": "11:15", "location": "H 101" }]
        }),
    ),
    responses(
        (
            status = 201,
            description = "The section as it was made.",
            body = Section,
            headers(
                ("Location" = String, description = "The path of the section."),
                ("ETag" = String, description = "The version, and a digest of the answer, since the seats taken change without a new version."),
            ),
        ),
        CreateProblems,
    ),
)]
pub(crate) async fn create(
    services: Data<Services>,
    _: Query<()>,
    Caller(by): Caller,
    Json(draft): Json<SectionDraft>,
) -> Result<HttpResponse, Problem> {
    let section = services.sections.create(&by, draft).await?;
    created(format!("/api/v1/sections/{}", section.id), &section)
}

/// Reads a section.
#[utoipa::path(
    get,
    path = "/api/v1/sections/{id}",
    operation_id = "get_section",
    tag = "sections",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The section.",
            body = Section,
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
    Id(id): Id<SectionId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    found(&request, &services.sections.get(&by, id).await?)
}

/// Changes a section: a field that is absent stays, one that is null is cleared.
///
/// What follows for students is done together with it: seats that it makes free go to those who wait for them; with the status
/// `cancelled` every student course in it ends, with the `cancel_reason`; and of those who wait, the last leave a waitlist that
/// becomes too short. With `dry_run=true` nothing is changed, and the answer tells all of that.
#[utoipa::path(
    patch,
    path = "/api/v1/sections/{id}",
    operation_id = "change_section",
    tag = "sections",
    params(
        ("id" = SectionId, Path, description = "The section."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the section as the caller read it. Without it, or with `*`, the change is made whatever the version."),
        ("Enrollment-Reason" = Option<String>, Header, description = "Why: 1 to 500 characters in UTF-8, kept with the events of the section and of the students whose courses end by it."),
    ),
    request_body(content = SectionPatch, example = json!({ "capacity": 40, "status": "open" })),
    responses(
        (
            status = 200,
            description = "The section as it is now; of a dry run, what would be.",
            body = ChangedSection,
            headers(("ETag" = String, description = "The version, and a digest of the answer, since the seats taken change without a new version.")),
        ),
        ChangeProblems,
    ),
)]
pub(crate) async fn change(
    services: Data<Services>,
    Id(id): Id<SectionId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
    Json(draft): Json<SectionDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.sections.change(&by, id, expected, draft).await?);
    }
    changed(&services.sections.change(&by, id, expected, draft).await?)
}

/// Deletes a section that nothing refers to.
#[utoipa::path(
    delete,
    path = "/api/v1/sections/{id}",
    operation_id = "delete_section",
    tag = "sections",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the section as the caller read it. Without it, or with `*`, the section is deleted whatever the version."),
    ),
    responses((status = 204, description = "It is deleted."), DeleteProblems),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Id(id): Id<SectionId>,
    _: Query<()>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
) -> Result<HttpResponse, Problem> {
    services.sections.delete(&by, id, expected).await?;
    Ok(deleted())
}
