//! The API's document: OpenAPI 3.1, made by utoipa of the handlers and of the types of core.
//!
//! To document a new endpoint: its handler's name in the list of paths below, and the set of [`problems`] that fits it in the
//! handler's `responses`. To document a new entry: its draft in the list of [`patches`].

mod access;
mod edge;
mod patches;
mod problems;
mod strict;

use access::Secured;
use edge::Edge;
pub(crate) use patches::{
    CoursePatch, HoldPatch, PermitPatch, ReservationPatch, SectionPatch, StudentPatch, TermPatch, WindowPatch,
};
use problems::Components as ProblemComponents;
pub(crate) use problems::{
    BulkProblems, ChangeProblems, CreateOwnedProblems, CreateProblems, DeleteGradeProblems, DeleteProblems,
    DropProblems, EnrollProblems, FindProblems, ListProblems, PlanProblems, PutProblems, ReadyProblems,
    ReorderProblems, TokenProblems,
};
use strict::Strict;

use crate::problem::InputError;
use crate::{
    bulk, courses, docs_page, events, grades, health, history, holds, instructors, keys, metrics, oauth, offers,
    permits, plan, receipts, reservations, roster, seats, section_grades, sections, student_courses, students, terms,
    timetable, waitlist, windows,
};
use enrollment_core::registration::Violation;
use enrollment_core::text::SearchText;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;

const DESCRIPTION: &str = "\
Students enroll in courses.

* Bodies are JSON in UTF-8, names are snake_case, times are RFC 3339 in UTC. An unknown field or query parameter is an error.
* Lists are paged: `limit` and `cursor` in, `items` and `next_cursor` out.
* Every error is `application/problem+json` (RFC 9457). All that is wrong with a request is told at once, in `errors`; \
all rules that refuse an enrollment, in `violations`.
* A single thing, and a list that many reload, has an `ETag`. `If-Match` makes a change only to the version that was read, `If-None-Match` saves the body.
* Requests are made with `Authorization: Bearer` and an API key or a token. What is another's is not found (404); what the caller's roles do not allow at all is 403.
* A request can name itself by `X-Request-Id` (1 to 128 visible ASCII characters); every answer carries one.";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Enrollment", description = DESCRIPTION),
    tags(
        (name = "student courses", description = "Enrolling a student in a course, a student's courses, and leaving them."),
        (name = "students", description = "Who may enroll."),
        (name = "holds", description = "What keeps a student from enrolling or dropping."),
        (name = "permits", description = "What lets a student past named rules, and what it was used for."),
        (name = "courses", description = "The catalogue."),
        (name = "grades", description = "The grade scale."),
        (name = "terms", description = "Stretches of teaching, with their windows, limits and deadlines."),
        (name = "windows", description = "When which students may register in a term."),
        (name = "sections", description = "Courses as offered in a term, with seats and meetings."),
        (name = "reservations", description = "Seats of a section that are kept for a cohort."),
        (name = "history", description = "What happened, and why: receipts of attempts, and the events of a student and of a section."),
        (name = "access", description = "API keys, and access tokens for them."),
        (name = "operations", description = "For whoever runs the server."),
    ),
    paths(
        students::list, students::create, students::get, students::change, students::delete,
        holds::list, holds::create, holds::get, holds::change, holds::delete,
        permits::list, permits::create, permits::get, permits::change, permits::delete,
        student_courses::list, student_courses::enroll, student_courses::get, student_courses::leave, waitlist::change, plan::submit, timetable::show, offers::list,
        courses::list, courses::create, courses::get, courses::change, courses::delete,
        grades::list, grades::put, grades::delete,
        terms::list, terms::create, terms::get, terms::change, terms::delete,
        windows::list, windows::create, windows::get, windows::change, windows::delete, seats::show, seats::follow,
        sections::list, sections::create, sections::get, sections::change, sections::delete, section_grades::put,
        instructors::list, instructors::put, instructors::delete,
        reservations::list, reservations::create, reservations::get, reservations::change, reservations::delete,
        roster::list, bulk::enroll,
        history::of_student, history::of_section, events::follow, receipts::get,
        keys::list, keys::create, keys::get, keys::revoke, oauth::token,
        health::alive, health::ready, metrics::show,
        docs_page::document, docs_page::index, docs_page::asset,
    ),
    components(schemas(InputError, SearchText, Violation)),
    modifiers(&ProblemComponents, &Strict, &Edge, &Secured),
)]
struct Document;

/// The API's document.
pub fn openapi() -> OpenApi {
    Document::openapi()
}

#[cfg(test)]
mod tests;
