//! The sections that a student could take now.

use crate::Services;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::FindProblems;
use crate::page::{PageBody, PageParameters, page};
use crate::parameters::{FromParameters, Parameters, Query};
use crate::path::Id;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::catalog::SectionFilter;
use enrollment_core::ids::{CourseId, SectionId, StudentId, TermId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{Offer, OfferFilter};
use enrollment_core::text::SearchText;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(Operation::RehearseRegistration, "/api/v1/students/{id}/sections", list)]
}

/// A page of the list, under a name of its own in the document.
type OfferPage = PageBody<Offer>;

impl FromParameters for OfferFilter {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        let sections = SectionFilter {
            term_id: parameters.require("term_id"),
            course_id: parameters.read("course_id"),
            q: parameters.read("q"),
            days: parameters.take("days", str::parse),
            open: parameters.flag("open"),
        };
        Self { sections, eligible: parameters.flag("eligible") }
    }
}

/// Lists the sections of a term, each with whether the student could take it now, and if not, with every rule that refuses.
///
/// Each section is judged as a dry run of enrolling in it alone would be. Nothing is reserved: a seat may be gone before it is
/// asked for. With `eligible=true` a page may have fewer items than its limit, or none, although there are more: at most
/// 200 sections are asked about for one page, so go on while there is a `next_cursor`.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}/sections",
    operation_id = "list_student_sections",
    tag = "student courses",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("term_id" = TermId, Query, description = "The term."),
        ("eligible" = Option<bool>, Query, description = "With `true`, only those that the student could take now."),
        ("course_id" = Option<CourseId>, Query, description = "Only those of this course."),
        ("q" = Option<SearchText>, Query, description = "Only those whose course code, course title, number or instructor contains this text, in any case."),
        ("days" = Option<String>, Query, description = "Only those that meet on no other days than these, such as `mon,wed`; those without meetings, too.", example = "mon,wed"),
        ("open" = Option<bool>, Query, description = "With `true`, only those that are open and have a free seat."),
        PageParameters,
    ),
    responses((status = 200, description = "A page of sections.", body = OfferPage), FindProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Id(student): Id<StudentId>,
    Query((filter, request)): Query<(OfferFilter, PageRequest<SectionId>)>,
) -> Result<HttpResponse, Problem> {
    page(services.offers.to(&by, student, filter, request).await?)
}
