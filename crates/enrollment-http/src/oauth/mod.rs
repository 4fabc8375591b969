//! `POST /oauth/token`: an API key for an access token, as clients of OAuth 2.0 expect it
//! ([RFC 6749, section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
//!
//! What goes wrong with the request is answered in the words of that RFC (`error`, `error_description`), as members of a problem
//! like any other; its media type is `application/json`, for the same clients.

mod request;

use crate::Services;
use crate::body::Raw;
use crate::caller::Access;
use crate::edge::{self, Budget};
use crate::endpoint::Endpoint;
use crate::problem::{Kind, Problem};
use actix_web::http::header::{CACHE_CONTROL, ContentType, HeaderValue, PRAGMA};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use enrollment_core::access::{GrantError, IssuedToken, Role, Scope};
use request::TokenRequest;
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoints of this file.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::post(Access::Open, "/oauth/token", token)]
}

/// What an access token is asked for with.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is the form of the body in the document")]
pub(crate) struct TokenForm {
    /// `client_credentials`.
    grant_type: String,
    /// The prefix or the id of an API key, unless `Authorization: Basic` tells it.
    client_id: Option<String>,
    /// The API key, unless `Authorization: Basic` tells it.
    client_secret: Option<String>,
    /// The scopes that are wanted, with spaces between: those of the key or fewer. Without them, the token has the roles of the
    /// key.
    scope: Option<String>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenAnswer {
    /// The token, for `Authorization: Bearer`.
    #[schema(example = "ent_…")]
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// The seconds until it expires.
    expires_in: i64,
    /// Its scopes, with spaces between, if it is for these alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
}

impl From<IssuedToken> for TokenAnswer {
    fn from(IssuedToken { token, secret }: IssuedToken) -> Self {
        let scope = match token.roles.as_slice() {
            [Role::Service(scopes)] => Some(scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" ")),
            _ => None,
        };
        Self {
            access_token: secret.expose().to_owned(),
            token_type: "Bearer",
            expires_in: (token.expires_at - token.issued_at).num_seconds(),
            scope,
        }
    }
}

/// What is wrong with a request for an access token, as RFC 6749 tells it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is the form of an answer in the document")]
pub(crate) struct TokenError {
    /// Which error it is.
    error: RefusedGrant,
    /// What is wrong, for a person.
    error_description: String,
}

/// The errors of RFC 6749, section 5.2, that are answered here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefusedGrant {
    /// The request is malformed.
    InvalidRequest,
    /// The id or the secret of the client is wrong.
    InvalidClient,
    /// Only client credentials are exchanged here.
    UnsupportedGrantType,
    /// The key does not have a scope that is asked for.
    InvalidScope,
}

impl RefusedGrant {
    fn problem(self, description: impl Into<String>) -> Problem {
        let kind = match self {
            Self::InvalidClient => Kind::Unauthenticated,
            Self::InvalidRequest | Self::UnsupportedGrantType | Self::InvalidScope => Kind::Malformed,
        };
        Problem::refused_grant(kind, self, description.into())
    }
}

impl From<GrantError> for Problem {
    fn from(error: GrantError) -> Self {
        let description = error.to_string();
        match error {
            GrantError::InvalidClient(_) => RefusedGrant::InvalidClient.problem(description),
            GrantError::InvalidScope(_) => RefusedGrant::InvalidScope.problem(description),
            GrantError::Failed(error) => error.into(),
        }
    }
}

/// Exchanges an API key for an access token that lives for an hour at most, and dies with the key. The client tells its id (the
/// key's prefix or id) and its secret (the key) by `Authorization: Basic` or in the body, not by both.
#[utoipa::path(
    post,
    path = "/oauth/token",
    operation_id = "issue_token",
    tag = "access",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token.", body = TokenAnswer),
        (status = 400, description = "The request is malformed, or asks for what is not granted.", body = TokenError),
        (status = 401, description = "The client's id or secret is wrong.", body = TokenError),
        crate::openapi::TokenProblems,
    ),
)]
pub(crate) async fn token(
    services: Data<Services>,
    request: HttpRequest,
    Raw(body): Raw,
) -> Result<HttpResponse, Problem> {
    let TokenRequest { client_id, client_secret, scope } = TokenRequest::read(request.headers(), &body)?;
    let scopes = scope.map(|scope| scopes(&scope)).transpose()?;
    let issued = services.tokens.grant(&client_id, &client_secret, scopes).await;
    if matches!(issued, Err(GrantError::InvalidClient(_))) {
        edge::draw(&request, None, Budget::FailedLogins)?;
    }
    let issued = issued?;
    let body = serde_json::to_vec(&TokenAnswer::from(issued)).map_err(Problem::internal)?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header(ContentType::json());
    answer.insert_header((CACHE_CONTROL, "no-store")).insert_header((PRAGMA, HeaderValue::from_static("no-cache")));
    Ok(answer.body(body))
}

fn scopes(text: &str) -> Result<std::collections::BTreeSet<Scope>, Problem> {
    let scopes = text.split(' ').filter(|word| !word.is_empty()).map(str::parse);
    scopes.collect::<Result<_, _>>().map_err(|_| {
        let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.word()).collect();
        RefusedGrant::InvalidScope.problem(format!("there is a scope that is none of {}", all.join(", ")))
    })
}
