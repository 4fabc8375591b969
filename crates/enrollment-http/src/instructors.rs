//! Who teaches a section.

use crate::Services;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::FindProblems;
use crate::page::PageBody;
use crate::parameters::Query;
use crate::path::{Id, OfInstructor};
use crate::problem::Problem;
use crate::representation::{deleted, json};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::catalog::{Put, SectionInstructor};
use enrollment_core::ids::SectionId;
use enrollment_core::text::InstructorNumber;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadCatalog, "/api/v1/sections/{id}/instructors", list),
        Endpoint::put(Operation::WriteCatalog, "/api/v1/sections/{id}/instructors/{number}", put),
        Endpoint::delete(Operation::WriteCatalog, "/api/v1/sections/{id}/instructors/{number}", delete),
    ]
}

/// The list, under a name of its own in the document.
type SectionInstructorPage = PageBody<SectionInstructor>;

/// Lists who teaches a section: who may read its roster and give its grades. It comes whole, as one page.
#[utoipa::path(
    get,
    path = "/api/v1/sections/{id}/instructors",
    operation_id = "list_section_instructors",
    tag = "sections",
    params(("id" = SectionId, Path, description = "The section.")),
    responses((status = 200, description = "Who teaches the section.", body = SectionInstructorPage), FindProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Id(section): Id<SectionId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    json(&serde_json::json!({ "items": services.instructors.of(&by, section).await?, "next_cursor": null }))
}

/// Lets somebody teach a section: from then on they may read its roster and give its grades.
#[utoipa::path(
    put,
    path = "/api/v1/sections/{id}/instructors/{number}",
    operation_id = "put_section_instructor",
    tag = "sections",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("number" = InstructorNumber, Path, description = "The institution's own number of the instructor."),
    ),
    responses(
        (status = 200, description = "They taught it already.", body = SectionInstructor),
        (status = 201, description = "They teach it now.", body = SectionInstructor),
        FindProblems,
    ),
)]
pub(crate) async fn put(
    services: Data<Services>,
    Caller(by): Caller,
    Id(section): Id<SectionId>,
    OfInstructor(number): OfInstructor,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    let (instructor, put) = services.instructors.put(&by, section, number).await?;
    let mut answer = json(&instructor)?;
    if put == Put::Added {
        *answer.status_mut() = StatusCode::CREATED;
    }
    Ok(answer)
}

/// Lets somebody no longer teach a section.
#[utoipa::path(
    delete,
    path = "/api/v1/sections/{id}/instructors/{number}",
    operation_id = "delete_section_instructor",
    tag = "sections",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("number" = InstructorNumber, Path, description = "The institution's own number of the instructor."),
    ),
    responses((status = 204, description = "They do not teach it any more."), FindProblems),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Caller(by): Caller,
    Id(section): Id<SectionId>,
    OfInstructor(number): OfInstructor,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    services.instructors.delete(&by, section, number).await?;
    Ok(deleted())
}
