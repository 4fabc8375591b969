//! The grade scale: which grades there are, which one is better, and which ones pass.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{DeleteGradeProblems, ListProblems, PutProblems};
use crate::page::PageBody;
use crate::parameters::Query;
use crate::path::OfGrade;
use crate::problem::Problem;
use crate::representation::{deleted, json};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use enrollment_core::access::Operation;
use enrollment_core::catalog::{Put, ScaleGrade, ScaleGradeDraft};
use enrollment_core::text::Grade;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ReadCatalog, "/api/v1/grades", list),
        Endpoint::put(Operation::WriteCatalog, "/api/v1/grades/{grade}", put),
        Endpoint::delete(Operation::WriteCatalog, "/api/v1/grades/{grade}", delete),
    ]
}

/// The list, under a name of its own in the document.
type ScaleGradePage = PageBody<ScaleGrade>;

/// Lists all grades of the scale, the best first. It comes whole, as one page.
#[utoipa::path(
    get,
    path = "/api/v1/grades",
    operation_id = "list_grades",
    tag = "grades",
    responses((status = 200, description = "The grade scale.", body = ScaleGradePage), ListProblems),
)]
pub(crate) async fn list(services: Data<Services>, Caller(by): Caller, _: Query<()>) -> Result<HttpResponse, Problem> {
    json(&serde_json::json!({ "items": services.grades.scale(&by).await?, "next_cursor": null }))
}

/// Adds a grade to the scale, or changes what it is worth: from then on, and for all who have it.
#[utoipa::path(
    put,
    path = "/api/v1/grades/{grade}",
    operation_id = "put_grade",
    tag = "grades",
    params(("grade" = Grade, Path, description = "The grade, such as `A-` or `87`.")),
    request_body(content = ScaleGradeDraft, example = json!({ "rank": 84, "passing": true })),
    responses(
        (status = 200, description = "The grade as it is now.", body = ScaleGrade),
        (status = 201, description = "The grade as it was added.", body = ScaleGrade),
        PutProblems,
    ),
)]
pub(crate) async fn put(
    services: Data<Services>,
    Caller(by): Caller,
    OfGrade(grade): OfGrade,
    _: Query<()>,
    Json(draft): Json<ScaleGradeDraft>,
) -> Result<HttpResponse, Problem> {
    let (grade, put) = services.grades.put(&by, grade, draft).await?;
    let mut answer = json(&grade)?;
    if put == Put::Added {
        *answer.status_mut() = StatusCode::CREATED;
    }
    Ok(answer)
}

/// Takes a grade off the scale that no student course has and no course asks for.
#[utoipa::path(
    delete,
    path = "/api/v1/grades/{grade}",
    operation_id = "delete_grade",
    tag = "grades",
    params(("grade" = Grade, Path, description = "The grade.")),
    responses((status = 204, description = "It is deleted."), DeleteGradeProblems),
)]
pub(crate) async fn delete(
    services: Data<Services>,
    Caller(by): Caller,
    OfGrade(grade): OfGrade,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    services.grades.delete(&by, grade).await?;
    Ok(deleted())
}
