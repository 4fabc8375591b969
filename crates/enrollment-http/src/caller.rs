//! Who asks: the gate before every endpoint, and what it hands to handlers.
//!
//! The gate reads the credential, has it checked, and turns away who is unknown, and who may do what the endpoint does to
//! nobody at all, before anything of the request is parsed. To whose records the caller may do it, the services ask.

use crate::Services;
use crate::edge::{self, Budget};
use crate::problem::Problem;
use crate::reason;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use enrollment_core::access::{AuthenticationError, Operation, Principal, Rejection};
use std::future::{Ready, ready};

/// Who makes the request, and why, where they say.
pub(crate) struct Caller(pub(crate) Principal);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(caller(request))
    }
}

fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    let known = request.extensions().get::<Principal>().cloned();
    let principal = known.ok_or_else(Problem::unauthenticated)?;
    Ok(Caller(match reason::of(request)? {
        Some(reason) => principal.because(reason),
        None => principal,
    }))
}

/// Who may use an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Open,
    /// Who may do this, at least to some records.
    Needs(Operation),
    /// Who may do the first, or at least the second where the request is a dry run.
    NeedsOr(Operation, Operation),
}

/// Finds out who asks, and lets them through to the endpoint.
pub(crate) async fn admit(access: Access, request: &ServiceRequest) -> Result<(), Problem> {
    let needed = match access {
        Access::Open => return Ok(()),
        Access::Needs(operation) => [operation, operation],
        Access::NeedsOr(operation, other) => [operation, other],
    };
    let principal = authenticate(request).await?;
    edge::draw(request.request(), Some(principal.actor().as_str()), Budget::of(request.method()))?;
    if !needed.iter().any(|operation| principal.may_ever(*operation)) {
        return Err(Problem::forbidden(needed[0]));
    }
    request.extensions_mut().insert(principal);
    Ok(())
}

async fn authenticate(request: &ServiceRequest) -> Result<Principal, Problem> {
    let Some(services) = request.app_data::<Data<Services>>() else { return Err(Problem::unauthenticated()) };
    match bearer(request)? {
        Some(credential) => match services.authenticator.authenticate(credential).await {
            Err(AuthenticationError::Rejected(rejection)) if is_guess(rejection) => {
                edge::draw(request.request(), None, Budget::FailedLogins)?;
                Err(AuthenticationError::from(rejection).into())
            }
            known => Ok(known?),
        },
        None => services.authenticator.without_credential().ok_or_else(Problem::unauthenticated),
    }
}

/// Whether a credential may have been made up. One that has expired was real: a whole campus has such in the morning.
fn is_guess(rejection: Rejection) -> bool {
    !matches!(rejection, Rejection::Expired | Rejection::NotYetValid)
}

/// The credential of `Authorization: Bearer`; none where there is no such header.
///
/// Two of them are no credential: whoever stands between could otherwise check one, and the server take the other.
fn bearer(request: &ServiceRequest) -> Result<Option<&str>, AuthenticationError> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(Rejection::Malformed.into());
    }
    let text = header.to_str().map_err(|_| Rejection::Malformed)?;
    // The name of the scheme is case-insensitive (RFC 9110, section 11.1).
    let (scheme, credential) = text.split_once(' ').ok_or(Rejection::Malformed)?;
    let credential = credential.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() {
        return Err(Rejection::Malformed.into());
    }
    Ok(Some(credential))
}
