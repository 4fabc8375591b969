//! A student's timetable, as JSON or as iCalendar.

use crate::Services;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::icalendar::icalendar;
use crate::openapi::FindProblems;
use crate::parameters::{FromParameters, Parameters, Query};
use crate::path::Id;
use crate::problem::Problem;
use crate::representation::json;
use actix_web::dev::Payload;
use actix_web::http::header::{Accept, CONTENT_TYPE, Header, HeaderValue, Quality, VARY};
use actix_web::mime::{Mime, STAR};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use enrollment_core::access::Operation;
use enrollment_core::ids::{StudentId, TermId};
use enrollment_core::registration::Timetable;
use std::convert::Infallible;
use std::future::{Ready, ready};

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(Operation::ReadRegistrations, "/api/v1/students/{id}/timetable", show)]
}

/// The term to narrow a timetable to.
pub(crate) struct OfTerm(Option<TermId>);

impl FromParameters for OfTerm {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        Self(parameters.read("term_id"))
    }
}

/// What a timetable is answered as: JSON, unless the caller would rather have a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Calendar,
}

impl Form {
    fn of(request: &HttpRequest) -> Self {
        let Ok(accept) = Accept::parse(request) else { return Self::Json };
        let (calendar, json) = (preference(&accept, "text", "calendar"), preference(&accept, "application", "json"));
        if calendar > json && calendar.0 > Quality::ZERO { Self::Calendar } else { Self::Json }
    }
}

impl FromRequest for Form {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

/// How much a media type is asked for: by the quality of the most specific range that holds it, and then by how specific
/// that is.
fn preference(accept: &Accept, main: &str, sub: &str) -> (Quality, u8) {
    let specificity = |range: &Mime| match (range.type_(), range.subtype()) {
        (of_main, of_sub) if of_main == main && of_sub == sub => Some(2),
        (of_main, STAR) if of_main == main => Some(1),
        (STAR, STAR) => Some(0),
        _ => None,
    };
    let ranges = accept.iter().filter_map(|range| Some((specificity(&range.item)?, range.quality)));
    ranges.max().map_or((Quality::ZERO, 0), |(specificity, quality)| (quality, specificity))
}

/// Shows a student's timetable: the sections that the student is enrolled in, and when and where they meet.
///
/// Week 1 of a term is the week, from Monday to Sunday, that holds its first day; nothing meets before the first or after
/// the last day. With `Accept: text/calendar` the answer is an iCalendar with an event for each meeting, for calendar
/// programs to show.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}/timetable",
    operation_id = "get_student_timetable",
    tag = "student courses",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("term_id" = Option<TermId>, Query, description = "Only this term; all that are not over where it is absent."),
    ),
    responses(
        (
            status = 200,
            description = "The timetable.",
            content((Timetable = "application/json"), (String = "text/calendar")),
            headers(("Vary" = String, description = "`Accept`, which chooses between the two.")),
        ),
        FindProblems,
    ),
)]
pub(crate) async fn show(
    services: Data<Services>,
    Caller(by): Caller,
    Id(student): Id<StudentId>,
    Query(OfTerm(term)): Query<OfTerm>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let timetable = services.registration.timetable(&by, student, term).await?;
    let mut answer = match form {
        Form::Json => json(&timetable)?,
        Form::Calendar => calendar(&timetable),
    };
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    Ok(answer)
}

fn calendar(timetable: &Timetable) -> HttpResponse {
    let media_type = (CONTENT_TYPE, "text/calendar; charset=utf-8");
    HttpResponse::Ok().insert_header(media_type).body(icalendar(timetable))
}
