//! Bulks: many students into one section.

use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::metrics::Asked;
use crate::openapi::BulkProblems;
use crate::parameters::Query;
use crate::path::Id;
use crate::problem::{Problem, ProblemOfRow};
use crate::representation::json;
use crate::student_courses::DryRun;
use crate::{Metrics, Services};
use actix_web::HttpResponse;
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::ids::{AttemptId, SectionId, StudentId};
use enrollment_core::registration::{
    Bulk, BulkAnswer, BulkDraft, BulkOutcome, Outcome, Promotion, Receipt, StudentCourse, StudentKey, Violation,
};
use enrollment_core::text::StudentNumber;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::post(Operation::RegisterMany, "/api/v1/sections/{id}/students", enroll)]
}

/// What came of a bulk.
#[derive(Serialize, ToSchema)]
struct BulkReceipt {
    /// Whether it was to be all rows or none.
    atomic: bool,
    /// Whether it tells only what would be.
    dry_run: bool,
    /// How many rows each outcome has.
    summary: Summary,
    /// What came of each row, in their order.
    rows: Vec<Row>,
}

/// How many rows each outcome has.
#[derive(Default, Serialize, ToSchema)]
struct Summary {
    accepted: u32,
    refused: u32,
    failed: u32,
    not_tried: u32,
}

/// What came of a row.
#[derive(Serialize, ToSchema)]
struct Row {
    /// The student; absent where nobody has the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    student_id: Option<StudentId>,
    /// The number, where the row names the student by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<StudentNumber>,
    #[serde(flatten)]
    outcome: RowOutcome,
}

/// What came of a row.
#[derive(Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum RowOutcome {
    /// The student is enrolled, or waits.
    Accepted {
        attempt_id: AttemptId,
        student_course: Box<StudentCourse>,
        /// Who got a seat before, because they waited for it, or was passed over.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        promotions: Vec<Promotion>,
    },
    /// Rules refuse it.
    Refused {
        attempt_id: AttemptId,
        violations: Vec<Violation>,
        /// Who got a seat before, because they waited for it, or was passed over.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        promotions: Vec<Promotion>,
    },
    /// It could not be decided.
    Failed { problem: ProblemOfRow },
    /// The database had failed before: ask for it again.
    NotTried,
}

/// Enrolls many students in a section.
///
/// Every row is decided by the same rules as an enrollment of one, in the order of the rows, and those who wait for a seat come
/// before them. Row by row, each is kept by itself, and one bad row does not stop the others: 200 with what came of each. With
/// `"atomic": true` all rows are kept or none: if any is refused it is 409 with the violations of all, each with the `pointer` to
/// its row. A dry run tells what would come of it, each row on what the rows before it would leave. There is no `Idempotency-Key`:
/// in a repetition those who are in already are refused as `already_enrolled`.
#[utoipa::path(
    post,
    path = "/api/v1/sections/{id}/students",
    operation_id = "enroll_students",
    tag = "sections",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("dry_run" = Option<bool>, Query, description = "With `true`, only tells what would be."),
        ("Enrollment-Reason" = Option<String>, Header, description = "Why, where it is done for another: 1 to 500 characters in UTF-8, kept with the receipt."),
    ),
    request_body(
        content = BulkDraft,
        example = json!({
            "students": ["0190a1b2-0000-7000-8000-000000000001", { "number": "11717487", "grading_basis": "audit" }],
            "waitlist": true,
        }),
    ),
    responses((status = 200, description = "What came of each row.", body = BulkReceipt), BulkProblems),
)]
pub(crate) async fn enroll(
    services: Data<Services>,
    metrics: Data<Metrics>,
    Caller(by): Caller,
    Id(section): Id<SectionId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    Json(draft): Json<BulkDraft>,
) -> Result<HttpResponse, Problem> {
    let bulk = services.registration.enroll_all(&by, section, draft, dry_run).await?;
    for row in &bulk.rows {
        match &row.outcome {
            // Of a bulk of which nothing is kept, nothing was accepted.
            BulkOutcome::Decided(receipt) if !bulk.is_refused() || row.outcome.is_refused() => {
                metrics.decided(Asked::Bulk, receipt);
            }
            _ => {}
        }
    }
    if bulk.is_refused() { Err(refused(bulk)) } else { json(&BulkReceipt::of(bulk)?) }
}

/// All violations of all rows.
fn refused(bulk: Bulk) -> Problem {
    let (mut attempts, mut all) = (BTreeMap::new(), Vec::new());
    for (index, row) in bulk.rows.into_iter().enumerate() {
        let BulkOutcome::Decided(Receipt { attempt_id, outcome: Outcome::Refused { violations }, .. }) = row.outcome
        else {
            continue;
        };
        let pointer = format!("/students/{index}");
        all.extend(violations.into_iter().map(|own| Violation { pointer: Some(pointer.clone()), ..own }));
        if !bulk.dry_run {
            attempts.insert(pointer, attempt_id);
        }
    }
    Problem::bulk_refused(attempts, all)
}

impl BulkReceipt {
    fn of(bulk: Bulk) -> Result<Self, Problem> {
        let Bulk { atomic, dry_run, rows } = bulk;
        let rows = rows.into_iter().map(Row::of).collect::<Result<Vec<_>, _>>()?;
        let mut summary = Summary::default();
        for row in &rows {
            *match row.outcome {
                RowOutcome::Accepted { .. } => &mut summary.accepted,
                RowOutcome::Refused { .. } => &mut summary.refused,
                RowOutcome::Failed { .. } => &mut summary.failed,
                RowOutcome::NotTried => &mut summary.not_tried,
            } += 1;
        }
        Ok(Self { atomic, dry_run, summary, rows })
    }
}

impl Row {
    fn of(answer: BulkAnswer) -> Result<Self, Problem> {
        let BulkAnswer { student, student_id, outcome } = answer;
        let number = match student {
            StudentKey::Id(_) => None,
            StudentKey::Number(number) => Some(number),
        };
        let outcome = match outcome {
            BulkOutcome::Decided(receipt) => RowOutcome::of(receipt)?,
            BulkOutcome::Failed(error) => RowOutcome::Failed { problem: Problem::from(error).of_row() },
            BulkOutcome::NotTried => RowOutcome::NotTried,
        };
        Ok(Self { student_id, number, outcome })
    }
}

impl RowOutcome {
    fn of(receipt: Receipt) -> Result<Self, Problem> {
        let begun = receipt.student_course().cloned();
        let Receipt { attempt_id, outcome, promotions, .. } = receipt;
        Ok(match (outcome, begun) {
            (Outcome::Refused { violations }, _) => Self::Refused { attempt_id, violations, promotions },
            (Outcome::Accepted { .. }, Some(begun)) => {
                Self::Accepted { attempt_id, student_course: Box::new(begun), promotions }
            }
            (Outcome::Accepted { .. }, None) => {
                return Err(Problem::internal("a receipt was accepted without a change"));
            }
        })
    }
}
