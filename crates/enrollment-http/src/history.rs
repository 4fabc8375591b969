//! What happened to a student's registrations, and to those in a section.

use crate::Services;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::FindProblems;
use crate::page::{PageBody, PageParameters, page};
use crate::parameters::Query;
use crate::path::Id;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::ids::{SectionId, StudentId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::Event;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadRegistrations, "/api/v1/students/{id}/history", of_student),
        Endpoint::get(Operation::ReadEvents, "/api/v1/sections/{id}/history", of_section),
    ]
}

/// A page of the list, under a name of its own in the document.
pub(crate) type EventPage = PageBody<Event>;

/// Lists what happened to a student's registrations, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}/history",
    operation_id = "list_student_history",
    tag = "history",
    params(("id" = StudentId, Path, description = "The student."), PageParameters),
    responses((status = 200, description = "A page of the student's history.", body = EventPage), FindProblems),
)]
pub(crate) async fn of_student(
    services: Data<Services>,
    Caller(by): Caller,
    Id(student): Id<StudentId>,
    Query(request): Query<PageRequest<i64>>,
) -> Result<HttpResponse, Problem> {
    page(services.history.of_student(&by, student, request).await?)
}

/// Lists what happened to the registrations in a section, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/sections/{id}/history",
    operation_id = "list_section_history",
    tag = "history",
    params(("id" = SectionId, Path, description = "The section."), PageParameters),
    responses((status = 200, description = "A page of the section's history.", body = EventPage), FindProblems),
)]
pub(crate) async fn of_section(
    services: Data<Services>,
    Caller(by): Caller,
    Id(section): Id<SectionId>,
    Query(request): Query<PageRequest<i64>>,
) -> Result<HttpResponse, Problem> {
    page(services.history.of_section(&by, section, request).await?)
}
