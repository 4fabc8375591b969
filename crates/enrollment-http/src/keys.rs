//! API keys: by which services, scripts and members of staff tell who they are.

use crate::Services;
use crate::body::Json;
use crate::caller::Caller;
use crate::endpoint::Endpoint;
use crate::openapi::{CreateProblems, FindProblems, ListProblems};
use crate::page::{PageBody, PageParameters, page};
use crate::parameters::Query;
use crate::path::Id;
use crate::problem::Problem;
use crate::representation::{deleted, json};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::web::Data;
use enrollment_core::access::{ApiKey, ApiKeyDraft, IssuedKey, Operation};
use enrollment_core::ids::KeyId;
use enrollment_core::page::PageRequest;
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Operation::ManageKeys, "/api/v1/keys", list),
        Endpoint::post(Operation::ManageKeys, "/api/v1/keys", create),
        Endpoint::get(Operation::ManageKeys, "/api/v1/keys/{id}", get),
        Endpoint::delete(Operation::ManageKeys, "/api/v1/keys/{id}", revoke),
    ]
}

/// A page of the list, under a name of its own in the document.
type ApiKeyPage = PageBody<ApiKey>;

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub(crate) struct IssuedApiKey {
    #[serde(flatten)]
    key: ApiKey,
    /// The key itself, for `Authorization: Bearer`. It is shown only now: what is kept does not tell it.
    #[schema(example = "enr_k2v7q4pa_…")]
    secret: String,
}

impl From<IssuedKey> for IssuedApiKey {
    fn from(issued: IssuedKey) -> Self {
        Self { secret: issued.secret.expose().to_owned(), key: issued.key }
    }
}

/// Lists the API keys, valid or not, in the order in which they were made.
#[utoipa::path(
    get,
    path = "/api/v1/keys",
    operation_id = "list_keys",
    tag = "access",
    params(PageParameters),
    responses((status = 200, description = "A page of the keys.", body = ApiKeyPage), ListProblems),
)]
pub(crate) async fn list(
    services: Data<Services>,
    Caller(by): Caller,
    Query(request): Query<PageRequest<KeyId>>,
) -> Result<HttpResponse, Problem> {
    page(services.keys.list(&by, request).await?)
}

/// Makes an API key. Its secret is in this answer and nowhere else. A key never changes: to rotate one, make another, and revoke
/// the old one when its `last_used_at` says that nobody uses it any more.
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    operation_id = "create_key",
    tag = "access",
    request_body(
        content = ApiKeyDraft,
        example = json!({
            "name": "Timetable export",
            "roles": [{ "role": "service", "scopes": ["catalog:read", "rosters:read"] }],
            "expires_at": "2027-08-01T00:00:00Z",
        }),
    ),
    responses(
        (
            status = 201,
            description = "The key as it was made, with its secret.",
            body = IssuedApiKey,
            headers(("Location" = String, description = "The path of the key.")),
        ),
        CreateProblems,
    ),
)]
pub(crate) async fn create(
    services: Data<Services>,
    Caller(by): Caller,
    _: Query<()>,
    Json(draft): Json<ApiKeyDraft>,
) -> Result<HttpResponse, Problem> {
    let issued = services.keys.create(&by, draft).await?;
    let location = format!("/api/v1/keys/{}", issued.key.id);
    let mut answer = json(&IssuedApiKey::from(issued))?;
    *answer.status_mut() = StatusCode::CREATED;
    answer.headers_mut().insert(LOCATION, HeaderValue::try_from(location).map_err(Problem::internal)?);
    Ok(answer)
}

/// Reads an API key, without its secret.
#[utoipa::path(
    get,
    path = "/api/v1/keys/{id}",
    operation_id = "get_key",
    tag = "access",
    params(("id" = KeyId, Path, description = "The key.")),
    responses((status = 200, description = "The key.", body = ApiKey), FindProblems),
)]
pub(crate) async fn get(
    services: Data<Services>,
    Caller(by): Caller,
    Id(id): Id<KeyId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    json(&services.keys.get(&by, id).await?)
}

/// Revokes an API key, and with it the access tokens that it was exchanged for. It stays in the list, as revoked. This server
/// refuses it at once, others within two seconds. To revoke it again does nothing.
#[utoipa::path(
    delete,
    path = "/api/v1/keys/{id}",
    operation_id = "revoke_key",
    tag = "access",
    params(("id" = KeyId, Path, description = "The key.")),
    responses((status = 204, description = "It is revoked."), FindProblems),
)]
pub(crate) async fn revoke(
    services: Data<Services>,
    Caller(by): Caller,
    Id(id): Id<KeyId>,
    _: Query<()>,
) -> Result<HttpResponse, Problem> {
    services.keys.revoke(&by, id).await?;
    Ok(deleted())
}
