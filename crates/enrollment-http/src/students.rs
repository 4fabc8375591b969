//! Students: who may enroll.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{ChangeProblems, CreateProblems, DeleteProblems, FindProblems, ListProblems, StudentPatch};
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
use enrollment_core::catalog::{Student, StudentDraft, StudentFilter};
use enrollment_core::ids::StudentId;
use enrollment_core::page::PageRequest;
use enrollment_core::text::StudentNumber;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadStudents, "/api/v1/students", list),
        Endpoint::post(Operation::WriteStudents, "/api/v1/students", create),
        Endpoint::get(Operation::ReadStudents, "/api/v1/students/{id}", get),
        Endpoint::patch(Operation::WriteStudents, "/api/v1/students/{id}", change),
        Endpoint::delete(Operation::WriteStudents, "/api/v1/students/{id}", delete),
    ]
}

/// A page of the list, under a name of its own in the document.
type StudentPage = PageBody<Student>;

/// What a change is answered with, under a name of its own in the document.
type ChangedStudent = Changed<Student>;

impl FromParameters for StudentFilter {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        Self { number: parameters.read("number"), ..Self::default() }
    }
}

/// Lists students, in the order in which they were made.
#[utoipa::path(
    get,
    path = "/api/v1/students",
    operation_id = "list_students",
    tag = "students",
    params(
        ("number" = Option<StudentNumber>, Query, description = "Only the student with this number."),
        PageParameters,
    ),
    responses((status = 200, description = "A page of students.", body = StudentPage), ListProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Query((filter, request)): Query<(StudentFilter, PageRequest<StudentId>)>,
) -> Result<HttpResponse, Problem> {
    page(services.students.list(&by, filter, request).await?)
}

/// Makes a student.
#[utoipa::path(
    post,
    path = "/api/v1/students",
    operation_id = "create_student",
    tag = "students",
    request_body(
        content = StudentDraft,
        example = json!({
            "number": "11717487", "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.edu",
            "program": "BSc Mathematics", "level": "undergraduate"
        }),
    ),
    responses(
        (
            status = 201,
            description = "The student as it was made.",
            body = Student,
            headers(
                ("Location" = String, description = "The path of the student."),
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
    Json(draft): Json<StudentDraft>,
) -> Result<HttpResponse, Problem> {
    let student = services.students.create(&by, draft).await?;
    created(format!("/api/v1/students/{}", student.id), &student)
}

/// Reads a student.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}",
    operation_id = "get_student",
    tag = "students",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The student.",
            body = Student,
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
    Id(id): Id<StudentId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    found(&request, &services.students.get(&by, id).await?)
}

/// Changes a student: a field that is absent stays, one that is null is cleared.
#[utoipa::path(
    patch,
    path = "/api/v1/students/{id}",
    operation_id = "change_student",
    tag = "students",
    params(
        ("id" = StudentId, Path, description = "The student."),
        DryRunParameter,
        ("If-Match" = Option<String>, Header, description = "The ETag of the student as the caller read it. Without it, or with `*`, the change is made whatever the version."),
    ),
    request_body(content = StudentPatch, example = json!({ "email": null, "status": "graduated" })),
    responses(
        (
            status = 200,
            description = "The student as it is now; of a dry run, what would be.",
            body = ChangedStudent,
            headers(("ETag" = String, description = "The version, for `If-Match` and `If-None-Match`.")),
        ),
        ChangeProblems,
    ),
)]
pub(crate) async fn change(
    services: Data<Services>,
    Id(id): Id<StudentId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
    Json(draft): Json<StudentDraft>,
) -> Result<HttpResponse, Problem> {
    if dry_run {
        return json(&services.rehearsals.students.change(&by, id, expected, draft).await?);
    }
    changed(&services.students.change(&by, id, expected, draft).await?)
}

/// Deletes a student that nothing refers to.
#[utoipa::path(
    delete,
    path = "/api/v1/students/{id}",
    operation_id = "delete_student",
    tag = "students",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the student as the caller read it. Without it, or with `*`, the student is deleted whatever the version."),
    ),
    responses((status = 204, description = "It is deleted."), DeleteProblems),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Id(id): Id<StudentId>,
    _: Query<()>,
    IfMatch(expected): IfMatch,
    Caller(by): Caller,
) -> Result<HttpResponse, Problem> {
    services.students.delete(&by, id, expected).await?;
    Ok(deleted())
}
