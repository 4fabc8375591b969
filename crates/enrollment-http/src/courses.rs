//! Courses: the entries of the catalogue.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{ChangeProblems, CoursePatch, CreateProblems, DeleteProblems, FindProblems, ListProblems};
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
use enrollment_core::catalog::{Course, CourseDraft, CourseFilter};
use enrollment_core::ids::CourseId;
use enrollment_core::page::PageRequest;
use enrollment_core::text::CourseCode;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadCatalog, "/api/v1/courses", list),
        Endpoint::post(Operation::WriteCatalog, "/api/v1/courses", create),
        Endpoint::get(Operation::ReadCatalog, "/api/v1/courses/{id}", get),
        Endpoint::patch(Operation::WriteCatalog, "/api/v1/courses/{id}", change),
        Endpoint::delete(Operation::WriteCatalog, "/api/v1/courses/{id}", delete),
    ]
}

/// A page of the list, under a name of its own in the document.
type CoursePage = PageBody<Course>;

/// What a change is answered with, under a name of its own in the document.
type ChangedCourse = Changed<Course>;

impl FromParameters for CourseFilter {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        Self { code: parameters.read("code") }
    }
}

/// Lists courses, in the order in which they were made.
#[utoipa::path(
    get,
    path = "/api/v1/courses",
    operation_id = "list_courses",
    tag = "courses",
    params(
        ("code" = Option<CourseCode>, Query, description = "Only the course with this code."),
        PageParameters,
    ),
    responses((status = 200, description = "A page of courses.", body = CoursePage), ListProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Query((filter, request)): Query<(CourseFilter, PageRequest<CourseId>)>,
) -> Result<HttpResponse, Problem> {
    page(services.courses.list(&by, filter, request).await?)
}

/// Makes a course.
#[utoipa::path(
    post,
    path = "/api/v1/courses",
    operation_id = "create_course",
    tag = "courses",
    request_body(
        content = CourseDraft,
        example = json!({
            "code": "CS201", "title": "Data Structures", "credits": 3,
            "requisite": { "course": "CS101", "min_grade": "C" }, "corequisite": { "course": "MATH201" }, "excludes": ["CS290"]
        }),
    ),
    responses(
        (
            status = 201,
            description = "The course as it was made.",
            body = Course,
            headers(
                ("Location" = String, description = "The path of the course."),
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
    Json(draft): Json<CourseDraft>,
) -> Result<HttpResponse, Problem> {
    let course = services.courses.create(&by, draft).await?;
    created(format!("/api/v1/courses/{}", course.id), &course)
}

/// Reads a course.
#[utoipa::path(
    get,
    path = "/api/v1/courses/{id}",
    operation_id = "get_course",
    tag = "courses",
    params(
        ("id" = CourseId, Path, description = "The course."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The course.",
            body = Course,
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
    Id(id): Id<CourseId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    found(&request, &services.courses.get(&by, id).await?)
}

/// Changes a course: a field that is absent stays, one that is null is cleared.
#[utoipa::path(
    patch,
    path = "/api/v1/courses/{id}",
    operation_id = "change_course",
    tag = "courses",
    params(
        ("id" = CourseId, Path, description = "The course."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the course as the caller read it. Without it, or with `*`, the change is made whatever the version."),
    ),
    request_body(content = CoursePatch, example = json!({ "credits": 4, "requisite": null })),
    responses(
        (
            status = 200,
            description = "The course as it is now; of a dry run, what would be.",
            body = ChangedCourse,
            headers(("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`.")),
        ),
        ChangeProblems,
    ),
)]
pub(crate) async fn change(
    services: Data<Services>,
    Id(id): Id<CourseId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
    Json(draft): Json<CourseDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.courses.change(&by, id, expected, draft).await?);
    }
    changed(&services.courses.change(&by, id, expected, draft).await?)
}

/// Deletes a course that nothing refers to.
#[utoipa::path(
    delete,
    path = "/api/v1/courses/{id}",
    operation_id = "delete_course",
    tag = "courses",
    params(
        ("id" = CourseId, Path, description = "The course."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the course as the caller read it. Without it, or with `*`, the course is deleted whatever the version."),
    ),
    responses((status = 204, description = "It is deleted."), DeleteProblems),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Id(id): Id<CourseId>,
    _: Query<()>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
) -> Result<HttpResponse, Problem> {
    services.courses.delete(&by, id, expected).await?;
    Ok(deleted())
}
