//! The order of a waitlist, as a registrar changes it.

use crate::body::Json;
use crate::caller::{Access, Caller};
use crate::endpoint::Endpoint;
use crate::metrics::Asked;
use crate::openapi::ReorderProblems;
use crate::parameters::Query;
use crate::path::{Id, OfStudentCourse};
use crate::precondition::IfMatch;
use crate::problem::{Kind, Problem};
use crate::receipts::{link, linked};
use crate::representation::{changed, json};
use crate::student_courses::{DryRun, accepted, student_course};
use crate::{Metrics, Services};
use actix_web::HttpResponse;
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::ids::{StudentCourseId, StudentId};
use enrollment_core::registration::{PriorityDraft, RequestOptions, StudentCourse};

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::patch(
        Access::NeedsOr(Operation::Prioritize, Operation::RehearseRegistration),
        "/api/v1/students/{id}/courses/{student_course_id}",
        change,
    )]
}

/// Gives who waits another place on the waitlist.
///
/// Who waits is served in the order of priority, the smaller first, and within one priority in the order of joining.
#[utoipa::path(
    patch,
    path = "/api/v1/students/{id}/courses/{student_course_id}",
    operation_id = "reorder_waitlist",
    tag = "student courses",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("student_course_id" = StudentCourseId, Path, description = "The student course, which is waitlisted."),
        ("dry_run" = Option<bool>, Query, description = "With `true`, only tells what would be, as a receipt."),
        ("Enrollment-Reason" = Option<String>, Header, description = "Why, where it is done for another: 1 to 500 characters in UTF-8, kept with the receipt."),
        ("If-Match" = Option<String>, Header, description = "The ETag of the student course as the caller read it. Without it, or with `*`, the change is made whatever the version."),
    ),
    request_body(content = PriorityDraft, example = json!({ "waitlist_priority": -1 })),
    responses(
        (
            status = 200,
            description = "The student course, with its place.",
            body = StudentCourse,
            headers(
                ("ETag" = String, description = "The version, and a digest of the answer."),
                ("Link" = String, description = "The receipt, with `rel=\"receipt\"`."),
            ),
        ),
        ReorderProblems,
    ),
)]
pub(crate) async fn change(
    services: Data<Services>,
    metrics: Data<Metrics>,
    Caller(by): Caller,
    (Id(student), OfStudentCourse(id)): (Id<StudentId>, OfStudentCourse),
    Query(DryRun(dry_run)): Query<DryRun>,
    IfMatch(expected): IfMatch,
    Json(draft): Json<PriorityDraft>,
) -> Result<HttpResponse, Problem> {
    let options = RequestOptions { dry_run, idempotency_key: None };
    let receipt = services.registration.prioritize(&by, student, id, expected, draft, options).await?;
    metrics.decided(Asked::Reorder, &receipt);
    let receipt = accepted(receipt, Kind::WaitlistRefused)?;
    if receipt.dry_run {
        return json(&receipt);
    }
    let moved = student_course(&receipt)?;
    // Its place depends on the others, and is read when they are.
    let moved = services.registration.place(&by, student, moved.id).await?;
    Ok(linked(changed(&moved)?, link(&receipt)))
}
