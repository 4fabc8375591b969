//! Everything that goes wrong, as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) tells it: `application/problem+json`.
//!
//! This is the only place where an error of core becomes HTTP. Handlers and extractors answer a [`Problem`]; the
//! middleware `observe` renders it, since only there the id of the request is known.
//!
//! To add a kind of problem: a variant of [`Kind`] and its row in the table there. To add a member: a variant of
//! [`Members`].

mod from_core;
mod kind;
mod render;
mod retry;

pub use kind::Kind;

use crate::edge::{Budget, seconds};
use crate::oauth::RefusedGrant;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use enrollment_core::Subject;
use enrollment_core::access::permissions::{permission, scope};
use enrollment_core::access::{Operation, Permission, RoleKind};
use enrollment_core::error::Cause;
use enrollment_core::fields::{FieldError, FieldErrors};
use enrollment_core::ids::AttemptId;
use enrollment_core::registration::Violation;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;
use tracing::error;
use utoipa::ToSchema;

/// Something that went wrong with a request.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    members: Members,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Cause>,
}

/// What a problem of some kinds tells beyond what all problems do.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Members {
    None {},
    Input { errors: Vec<InputError> },
    Refused { attempt_id: AttemptId, violations: Vec<Violation> },
    BulkRefused { attempts: BTreeMap<String, AttemptId>, violations: Vec<Violation> },
    InUse { in_use_by: Vec<Subject> },
    RefusedGrant { error: RefusedGrant, error_description: String },
}

/// One thing that is wrong with the input, and where: in the body, in the query string, or in a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InputError {
    /// The place in the body, as a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
    #[schema(example = "/email")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<&'static str>,
    /// What is wrong and how to correct it.
    pub detail: String,
}

/// Something that went wrong with one of many things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProblemOfRow {
    /// What kind of problem it is.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not-found")]
    pub problem_type: &'static str,
    /// What kind of problem it is, for a person.
    pub title: &'static str,
    /// What went wrong this time, for a person.
    pub detail: String,
}

impl InputError {
    pub(crate) fn in_parameter(parameter: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: None, parameter: Some(parameter.into()), header: None, detail: detail.into() }
    }

    pub(crate) fn in_header(header: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: None, parameter: None, header: Some(header), detail: detail.into() }
    }
}

impl From<&FieldError> for InputError {
    fn from(error: &FieldError) -> Self {
        Self { pointer: Some(error.pointer.clone()), parameter: None, header: None, detail: error.detail.clone() }
    }
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into(), members: Members::None {}, headers: Vec::new(), cause: None }
    }

    /// The route does not exist.
    pub(crate) fn no_route() -> Self {
        Self::new(Kind::NotFound, "There is nothing at this path; GET /api/openapi.json tells which paths there are.")
    }

    /// A malformed id in the path names nothing.
    pub(crate) fn no_such_id(text: &str) -> Self {
        Self::new(Kind::NotFound, format!("`{text}` is not an id: ids are UUIDs, so nothing has this one."))
    }

    /// A malformed number in the path names nobody.
    pub(crate) fn no_such_number(text: &str) -> Self {
        Self::new(
            Kind::NotFound,
            format!("`{text}` is not the number of an instructor: those have 1 to 64 characters."),
        )
    }

    /// The request has no credential.
    pub(crate) fn unauthenticated() -> Self {
        let detail = "The request has no credential: send `Authorization: Bearer` with an API key or a token.";
        Self::new(Kind::Unauthenticated, detail).challenging("Bearer")
    }

    /// No access token is issued, as [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) tells it.
    pub(crate) fn refused_grant(kind: Kind, error: RefusedGrant, error_description: String) -> Self {
        let problem = Self::new(kind, error_description.clone())
            .with_members(Members::RefusedGrant { error, error_description })
            .with_headers([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        if kind == Kind::Unauthenticated { problem.challenging("Basic realm=\"enrollment\"") } else { problem }
    }

    /// The caller's roles do not let them do this; the detail says which do.
    pub(crate) fn forbidden(operation: Operation) -> Self {
        let roles: Vec<&str> = RoleKind::ALL
            .into_iter()
            .filter(|role| *role != RoleKind::Service && permission(*role, operation) != Permission::No)
            .map(RoleKind::word)
            .collect();
        let scope =
            scope(operation).map_or_else(String::new, |scope| format!(", or a service that has the scope `{scope}`"));
        let detail = format!("The caller may not {operation} here. Who may: {}{scope}.", roles.join(", "));
        Self::new(Kind::Forbidden, detail)
    }

    /// A budget is used up, until so much time has passed.
    pub(crate) fn too_many_requests(budget: Budget, wait: Duration) -> Self {
        let what = match budget {
            Budget::Reads => "reads",
            Budget::Writes => "changes",
            Budget::FailedLogins => "credentials that are no good",
        };
        let seconds = seconds(wait).max(1);
        let detail = format!("Too many {what} came from there; come again in {seconds} s.");
        Self::new(Kind::TooManyRequests, detail).with_headers([(RETRY_AFTER, HeaderValue::from(seconds))])
    }

    /// This problem, asking for a credential as [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750#section-3) says.
    #[must_use]
    fn challenging(self, challenge: &str) -> Self {
        let value = HeaderValue::from_str(challenge).unwrap_or(HeaderValue::from_static("Bearer"));
        self.with_headers([(WWW_AUTHENTICATE, value)])
    }

    /// The input is wrong in these places.
    pub(crate) fn invalid(errors: Vec<InputError>) -> Self {
        let detail = match errors.len() {
            1 => Cow::Borrowed("One thing in the request is invalid; `errors` tells what and where."),
            more => Cow::Owned(format!("{more} things in the request are invalid; `errors` tells what and where.")),
        };
        Self { members: Members::Input { errors }, ..Self::new(Kind::Invalid, detail) }
    }

    fn invalid_fields(errors: &FieldErrors) -> Self {
        Self::invalid(errors.iter().map(InputError::from).collect())
    }

    /// Rules refused the attempt.
    pub(crate) fn refused(kind: Kind, attempt_id: AttemptId, violations: Vec<Violation>) -> Self {
        let messages: Vec<&str> = violations.iter().map(|violation| violation.message.as_str()).collect();
        let problem = Self::new(kind, messages.join(" "));
        Self { members: Members::Refused { attempt_id, violations }, ..problem }
    }

    /// Rules refused rows of a bulk; the attempts are named by the pointers to their rows.
    pub(crate) fn bulk_refused(attempts: BTreeMap<String, AttemptId>, violations: Vec<Violation>) -> Self {
        let rows: BTreeSet<_> = violations.iter().map(|violation| &violation.pointer).collect();
        let detail = match rows.len() {
            1 => "One row is refused, so none was kept; `violations` tells which and why.".to_owned(),
            more => format!("{more} rows are refused, so none was kept; `violations` tells which and why."),
        };
        Self { members: Members::BulkRefused { attempts, violations }, ..Self::new(Kind::BulkRefused, detail) }
    }

    /// The same as a part of an answer about many things. What lies beneath it goes to the log here.
    pub(crate) fn of_row(self) -> ProblemOfRow {
        if let Some(cause) = &self.cause {
            error!(cause = %cause, "{self}");
        }
        let (problem_type, title) = (self.kind.problem_type(), self.kind.title());
        ProblemOfRow { problem_type, title, detail: self.detail.into_owned() }
    }

    /// A defect, or a failure that the caller can do nothing about.
    pub(crate) fn internal(cause: impl Into<Cause>) -> Self {
        Self::new(Kind::Internal, "Something went wrong that is not the caller's to correct.").caused_by(cause.into())
    }

    /// An error that actix answered by itself.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let kind = Kind::of_status(status);
        match kind {
            Kind::MethodNotAllowed => {
                Self::new(kind, "There is something at this path, but it does not take this method.")
            }
            _ => Self::new(kind, "The request could not be answered."),
        }
    }

    /// This problem with further headers in its answer.
    #[must_use]
    pub(crate) fn with_headers(mut self, headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>) -> Self {
        self.headers.extend(headers);
        self
    }

    #[must_use]
    fn caused_by(self, cause: Cause) -> Self {
        Self { cause: Some(cause), ..self }
    }

    #[must_use]
    fn with_members(self, members: Members) -> Self {
        Self { members, ..self }
    }

    /// What kind of problem it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// What lies beneath it; for the log, never for the caller.
    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.title(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    /// The status alone: `observe` fills in the rest.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

impl Responder for Problem {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse<BoxBody> {
        HttpResponse::from_error(self)
    }
}
