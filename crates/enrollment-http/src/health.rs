//! Whether the server is alive, and whether it is ready.

use crate::Services;
use crate::caller::Access;
use crate::endpoint::Endpoint;
use crate::openapi::ReadyProblems;
use crate::problem::Problem;
use crate::representation::json;
use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(Access::Open, "/healthz", alive), Endpoint::get(Access::Open, "/readyz", ready)]
}

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Condition {
    /// `alive` or `ready`.
    #[schema(value_type = String)]
    status: &'static str,
}

/// Tells that the server is alive: it answers. The database is not asked.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "check_alive",
    tag = "operations",
    responses((status = 200, description = "The server is alive.", body = Condition)),
)]
pub(crate) async fn alive() -> Result<HttpResponse, Problem> {
    json(&Condition { status: "alive" })
}

/// Tells whether the server can serve: the database can be reached and its migrations are current.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "check_ready",
    tag = "operations",
    responses((status = 200, description = "The server is ready.", body = Condition), ReadyProblems),
)]
pub(crate) async fn ready(services: Data<Services>) -> Result<HttpResponse, Problem> {
    services.health.ready().await?;
    json(&Condition { status: "ready" })
}
