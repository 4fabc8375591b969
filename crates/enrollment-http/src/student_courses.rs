//! Student courses: enrolling a student, reading what a student has, and leaving.

use crate::body::Json;
use crate::caller::{Access, Caller};
use crate::endpoint::Endpoint;
use crate::idempotency::{IDEMPOTENCY_REPLAYED, Key};
use crate::metrics::Asked;
use crate::openapi::{DropProblems, EnrollProblems, FindProblems};
use crate::page::{PageBody, PageParameters, page_unless_known};
use crate::parameters::{AsOf, FromParameters, Parameters, Query};
use crate::path::{Id, OfStudentCourse};
use crate::precondition::IfMatch;
use crate::problem::{Kind, Problem};
use crate::receipts::{link, linked};
use crate::representation::{changed, created, found, json};
use crate::{Metrics, Services};
use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::access::Operation;
use enrollment_core::ids::{StudentCourseId, StudentId, TermId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{
    EnrollDraft, Outcome, Receipt, RequestOptions, Status, StudentCourse, StudentCourseFilter,
};

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadRegistrations, "/api/v1/students/{id}/courses", list),
        Endpoint::post(
            Access::NeedsOr(Operation::Register, Operation::RehearseRegistration),
            "/api/v1/students/{id}/courses",
            enroll,
        ),
        Endpoint::get(Operation::ReadRegistrations, "/api/v1/students/{id}/courses/{student_course_id}", get),
        Endpoint::delete(
            Access::NeedsOr(Operation::Register, Operation::RehearseRegistration),
            "/api/v1/students/{id}/courses/{student_course_id}",
            leave,
        ),
    ]
}

/// A page of the list, under a name of its own in the document.
type StudentCoursePage = PageBody<StudentCourse>;

impl FromParameters for StudentCourseFilter {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        Self { term_id: parameters.read("term_id"), status: parameters.read("status") }
    }
}

/// Whether only to tell what would be.
pub(crate) struct DryRun(pub(crate) bool);

impl FromParameters for DryRun {
    fn from_parameters(parameters: &mut Parameters) -> Self {
        Self(parameters.flag("dry_run"))
    }
}

/// Enrolls a student in a section, or in a section of a course that the engine picks.
///
/// Every rule is evaluated. A refusal is 409 and names every rule that refuses, in a fixed order, each with its code, a
/// message, a remedy and the facts. With `dry_run=true` nothing is changed, and the answer is the receipt that would be
/// written.
#[utoipa::path(
    post,
    path = "/api/v1/students/{id}/courses",
    operation_id = "enroll_student",
    tag = "student courses",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("dry_run" = Option<bool>, Query, description = "With `true`, only tells what would be: 200 instead of 201."),
        ("Enrollment-Reason" = Option<String>, Header, description = "Why, where it is done for another: 1 to 500 characters in UTF-8, kept with the receipt."),
        ("Idempotency-Key" = Option<String>, Header, description = "The caller's name for this request, 1 to 255 printable characters. The same key with the same body is answered by the first answer, without a second effect; with another body it is 422. A dry run ignores it."),
    ),
    request_body(content = EnrollDraft, example = json!({ "section_id": "0190a1b2-0000-7000-8000-000000000004" })),
    responses(
        (
            status = 201,
            description = "The student is enrolled.",
            body = StudentCourse,
            headers(
                ("Location" = String, description = "The path of the student course."),
                ("ETag" = String, description = "The version, and a digest of the answer."),
                ("Link" = String, description = "The receipt, with `rel=\"receipt\"`."),
                ("Idempotency-Replayed" = String, description = "`true` when this is the first answer to an earlier request with the same key."),
            ),
        ),
        (status = 200, description = "A dry run: the student would be enrolled, with these changes.", body = Receipt),
        EnrollProblems,
    ),
)]
pub(crate) async fn enroll(
    services: Data<Services>,
    metrics: Data<Metrics>,
    Caller(by): Caller,
    Id(student): Id<StudentId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    Key(idempotency_key): Key,
    Json(draft): Json<EnrollDraft>,
) -> Result<HttpResponse, Problem> {
    let options = RequestOptions { dry_run, idempotency_key };
    let receipt = services.registration.enroll(&by, student, draft, options).await?;
    metrics.decided(Asked::Enroll, &receipt);
    let receipt = accepted(receipt, Kind::EnrollmentRefused)?;
    if receipt.dry_run {
        return json(&receipt);
    }
    let begun = student_course(&receipt)?;
    let mut answer = created(format!("/api/v1/students/{student}/courses/{}", begun.id), begun)?;
    if receipt.replayed {
        answer.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(linked(answer, link(&receipt)))
}

/// The receipt of what was accepted, or the refusal as a problem.
pub(crate) fn accepted(receipt: Receipt, refused: Kind) -> Result<Receipt, Problem> {
    let link = link(&receipt);
    match receipt.outcome {
        Outcome::Accepted { .. } => Ok(receipt),
        Outcome::Refused { violations } => {
            let problem = Problem::refused(refused, receipt.attempt_id, violations);
            let replayed = receipt.replayed.then(|| (IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true")));
            Err(problem.with_headers(replayed.into_iter().chain(link)))
        }
    }
}

/// What was asked for, as it is now.
pub(crate) fn student_course(receipt: &Receipt) -> Result<&StudentCourse, Problem> {
    receipt.student_course().ok_or_else(|| Problem::internal("a receipt was accepted without a change"))
}

/// Lists a student's courses, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}/courses",
    operation_id = "list_student_courses",
    tag = "student courses",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("term_id" = Option<TermId>, Query, description = "Only those in this term."),
        ("status" = Option<Status>, Query, description = "Only those in this state."),
        ("as_of" = Option<DateTime<Utc>>, Query, description = "The courses as they were at this time, from the events. A time to come is the present."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
        PageParameters,
    ),
    responses(
        (
            status = 200,
            description = "A page of the student's courses.",
            body = StudentCoursePage,
            headers(("ETag" = String, description = "A digest of the answer.")),
        ),
        (status = 304, description = "The caller has this answer already."),
        FindProblems,
    ),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    request: HttpRequest,
    Id(student): Id<StudentId>,
    Query((filter, AsOf(moment), page)): Query<(StudentCourseFilter, AsOf, PageRequest<StudentCourseId>)>,
) -> Result<HttpResponse, Problem> {
    let page = match moment {
        None => services.registration.courses_of(&by, student, filter, page).await?,
        Some(at) => services.history.courses_as_of(&by, student, at, filter, page).await?,
    };
    page_unless_known(&request, page)
}

/// Reads one of a student's courses.
#[utoipa::path(
    get,
    path = "/api/v1/students/{id}/courses/{student_course_id}",
    operation_id = "get_student_course",
    tag = "student courses",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("student_course_id" = StudentCourseId, Path, description = "The student course."),
        ("If-None-Match" = Option<String>, Header, description = "ETags of answers that the caller has."),
    ),
    responses(
        (
            status = 200,
            description = "The student course.",
            body = StudentCourse,
            headers(("ETag" = String, description = "The version, and a digest of the answer.")),
        ),
        (status = 304, description = "The caller has this answer already."),
        FindProblems,
    ),
)]
pub(crate) async fn get(
    services: Data<Services>,
    Caller(by): Caller,
    request: HttpRequest,
    Id(student): Id<StudentId>,
    OfStudentCourse(id): OfStudentCourse,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    found(&request, &services.registration.get(&by, student, id).await?)
}

/// Drops a course, or withdraws from it when the drop deadline has passed: the date decides.
///
/// The seat goes to the first who waits for it and whom every rule admits, before anybody else can take it.
#[utoipa::path(
    delete,
    path = "/api/v1/students/{id}/courses/{student_course_id}",
    operation_id = "drop_student_course",
    tag = "student courses",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("student_course_id" = StudentCourseId, Path, description = "The student course."),
        ("dry_run" = Option<bool>, Query, description = "With `true`, only tells what would be, as a receipt."),
        ("Enrollment-Reason" = Option<String>, Header, description = "Why, where it is done for another: 1 to 500 characters in UTF-8, kept with the receipt."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the student course as the caller read it. Without it, or with `*`, it is left whatever the version."),
    ),
    responses(
        (
            status = 200,
            description = "The student course, which is `dropped`, `withdrawn`, or, where it was waitlisted, `cancelled`.",
            body = StudentCourse,
            headers(
                ("ETag" = String, description = "The version, and a digest of the answer."),
                ("Link" = String, description = "The receipt, with `rel=\"receipt\"`."),
            ),
        ),
        DropProblems,
    ),
)]
pub(crate) async fn leave(
    services: Data<Services>,
    metrics: Data<Metrics>,
    Caller(by): Caller,
    Id(student): Id<StudentId>,
    OfStudentCourse(id): OfStudentCourse,
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
) -> Result<HttpResponse, Problem> {
    let options = RequestOptions { dry_run, idempotency_key: None };
    let receipt = services.registration.drop(&by, student, id, expected, options).await?;
    metrics.decided(Asked::Drop, &receipt);
    let receipt = accepted(receipt, Kind::DropRefused)?;
    if receipt.dry_run {
        return json(&receipt);
    }
    Ok(linked(changed(student_course(&receipt)?)?, link(&receipt)))
}
