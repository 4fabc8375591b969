//! The grades of a section's students.

use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::metrics::Asked;
use crate::openapi::PutProblems;
use crate::parameters::Query;
use crate::path::Id;
use crate::problem::{Problem, ProblemOfRow};
use crate::representation::json;
use crate::student_courses::DryRun;
use crate::{Metrics, Services};
use actix_web::HttpResponse;
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::ids::{AttemptId, SectionId, StudentCourseId, StudentId};
use enrollment_core::registration::{
    Change, Graded, GradedRow, GradesDraft, Outcome, Receipt, RowOutcome, StudentCourse, Violation,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::put(Operation::Grade, "/api/v1/sections/{id}/grades", put)]
}

/// What came of the grades of a section's students.
#[derive(Serialize, ToSchema)]
pub(crate) struct GradesAnswer {
    /// Whether it tells only what would be.
    dry_run: bool,
    /// What came of each grade, in their order.
    rows: Vec<GradeAnswer>,
}

/// What came of one grade.
#[derive(Serialize, ToSchema)]
pub(crate) struct GradeAnswer {
    /// What came of it.
    outcome: GradeOutcome,
    /// The student; null where the section has no such one.
    student_id: Option<StudentId>,
    /// The student course; null where the section has no such student.
    student_course_id: Option<StudentCourseId>,
    /// The attempt, under which the receipt is found; null where none was made, and of a dry run.
    attempt_id: Option<AttemptId>,
    /// The student course as it is after it; null where nothing was changed.
    student_course: Option<StudentCourse>,
    /// Every rule that refused it, in their fixed order.
    violations: Vec<Violation>,
    /// What went wrong, where it failed.
    problem: Option<ProblemOfRow>,
}

/// What came of one grade.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GradeOutcome {
    /// The student course is completed, with the grade.
    Completed,
    /// It was completed before, and its grade is another one now.
    Corrected,
    /// It had this grade already.
    Unchanged,
    /// Rules refused.
    Refused,
    /// The section has no such student.
    NotFound,
    /// It could not be decided, or that it was could not be told: send it again.
    Failed,
    /// Nothing more could be decided after one that failed: send it again.
    NotTried,
}

impl GradeAnswer {
    fn of(row: GradedRow) -> Self {
        let answer = |outcome| Self {
            outcome,
            student_id: row.named.map(|(student, _)| student),
            student_course_id: row.named.map(|(_, id)| id),
            attempt_id: None,
            student_course: None,
            violations: Vec::new(),
            problem: None,
        };
        match row.outcome {
            RowOutcome::Decided(receipt) => {
                let attempt_id = (!receipt.dry_run).then_some(receipt.attempt_id);
                Self { attempt_id, ..Self::decided(receipt, answer) }
            }
            RowOutcome::NotFound => answer(GradeOutcome::NotFound),
            RowOutcome::Failed(error) => {
                Self { problem: Some(Problem::from(error).of_row()), ..answer(GradeOutcome::Failed) }
            }
            RowOutcome::NotTried => answer(GradeOutcome::NotTried),
        }
    }

    fn decided(receipt: Receipt, answer: impl FnOnce(GradeOutcome) -> Self) -> Self {
        let changes = match receipt.outcome {
            Outcome::Accepted { changes } => changes,
            Outcome::Refused { violations } => return Self { violations, ..answer(GradeOutcome::Refused) },
        };
        match changes.into_iter().next() {
            None => answer(GradeOutcome::Unchanged),
            Some(Change::Grade(graded)) => Self { student_course: Some(graded), ..answer(GradeOutcome::Corrected) },
            Some(other) => {
                Self { student_course: Some(other.into_student_course()), ..answer(GradeOutcome::Completed) }
            }
        }
    }
}

/// Gives grades to students of a section.
///
/// What a student is enrolled in is completed with the grade; of what is completed the grade is corrected, and the old one stays
/// in the history. Each grade is decided and kept by itself, in their order, with a receipt of its own: one that is refused stops
/// no other. To send the same grades again is safe, and tells what is there. Rows may name the student course, the student, or
/// the student's number.
#[utoipa::path(
    put,
    path = "/api/v1/sections/{id}/grades",
    operation_id = "put_section_grades",
    tag = "sections",
    params(
        ("id" = SectionId, Path, description = "The section."),
        ("dry_run" = Option<bool>, Query, description = "With `true`, only tells what would be."),
        ("Enrollment-Reason" = Option<String>, Header, description = "Why, where it is done for another: 1 to 500 characters in UTF-8, kept with the receipt."),
    ),
    request_body(
        content = GradesDraft,
        example = json!({
            "grades": [
                { "student_number": "11717487", "grade": "A-" },
                { "student_course_id": "0190a1b2-0000-7000-8000-000000000005", "grade": "P" },
                { "student_id": "0190a1b2-0000-7000-8000-000000000001", "grade": null },
            ],
        }),
    ),
    responses((status = 200, description = "What came of each grade.", body = GradesAnswer), PutProblems),
)]
pub(crate) async fn put(
    services: Data<Services>,
    metrics: Data<Metrics>,
    Caller(by): Caller,
    Id(section): Id<SectionId>,
    Query(DryRun(dry_run)): Query<DryRun>,
    Json(draft): Json<GradesDraft>,
) -> Result<HttpResponse, Problem> {
    let Graded { dry_run, rows } = services.registration.grade(&by, section, draft, dry_run).await?;
    for row in &rows {
        if let RowOutcome::Decided(receipt) = &row.outcome {
            metrics.decided(Asked::Grade, receipt);
        }
    }
    json(&GradesAnswer { dry_run, rows: rows.into_iter().map(GradeAnswer::of).collect() })
}
