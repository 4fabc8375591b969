//! Plans: several changes at once, all or none.

use crate::body::Json;
use crate::caller::{Access, Caller};
use crate::endpoint::Endpoint;
use crate::idempotency::{IDEMPOTENCY_REPLAYED, Key};
use crate::metrics::Asked;
use crate::openapi::PlanProblems;
use crate::parameters::Query;
use crate::path::Id;
use crate::problem::{Kind, Problem};
use crate::receipts::{link, linked};
use crate::representation::json;
use crate::student_courses::{DryRun, accepted};
use crate::{Metrics, Services};
use actix_web::HttpResponse;
use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::ids::StudentId;
use enrollment_core::registration::{PlanDraft, Receipt, RequestOptions};

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::post(
        Access::NeedsOr(Operation::Register, Operation::RehearseRegistration),
        "/api/v1/students/{id}/plan",
        submit,
    )]
}

/// Leaves and takes several sections, all or none.
///
/// What is dropped or swapped is left first, and then each add is judged on what the ones before it leave; an add with `any`
/// takes the first of its sections with which the whole plan fits. A swap keeps the old seat unless the new one is had: with
/// `"waitlist": true` in its `add` the old seat is kept until the new one comes. Courses that must be taken together can be
/// taken in one plan. Every rule that refuses any part is told, each with the `pointer` to that part.
#[utoipa::path(
    post,
    path = "/api/v1/students/{id}/plan",
    operation_id = "submit_plan",
    tag = "student courses",
    params(
        ("id" = StudentId, Path, description = "The student."),
        ("dry_run" = Option<bool>, Query, description = "With `true`, only tells what would be."),
        ("Enrollment-Reason" = Option<String>, Header, description = "Why, where it is done for another: 1 to 500 characters in UTF-8, kept with the receipt."),
        ("Idempotency-Key" = Option<String>, Header, description = "The caller's name for this request, as for enrolling."),
    ),
    request_body(
        content = PlanDraft,
        example = json!({
            "drops": ["0190a1b2-0000-7000-8000-000000000006"],
            "adds": [{ "any": ["0190a1b2-0000-7000-8000-000000000004", "0190a1b2-0000-7000-8000-000000000005"] }],
            "swaps": [{
                "drop": "0190a1b2-0000-7000-8000-000000000007",
                "add": { "section_id": "0190a1b2-0000-7000-8000-000000000008" },
            }],
        }),
    ),
    responses(
        (
            status = 200,
            description = "All of it is done, by these changes; or would be, in a dry run.",
            body = Receipt,
            headers(
                ("Link" = String, description = "The receipt in full, with `rel=\"receipt\"`."),
                ("Idempotency-Replayed" = String, description = "`true` when this is the first answer to an earlier request with the same key."),
            ),
        ),
        PlanProblems,
    ),
)]
pub(crate) async fn submit(
    services: Data<Services>,
    metrics: Data<Metrics>,
    Caller(by): Caller,
    Id(student): Id<StudentId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    Key(idempotency_key): Key,
    Json(draft): Json<PlanDraft>,
) -> Result<HttpResponse, Problem> {
    let options = RequestOptions { dry_run, idempotency_key };
    let receipt = services.registration.plan(&by, student, draft, options).await?;
    metrics.decided(Asked::Plan, &receipt);
    let receipt = accepted(receipt, Kind::PlanRefused)?;
    let mut answer = json(&receipt)?;
    if receipt.replayed {
        answer.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(linked(answer, link(&receipt)))
}
