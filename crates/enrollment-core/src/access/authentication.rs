//! How it is known who asks.

use super::Principal;
use crate::error::Cause;
use async_trait::async_trait;
use thiserror::Error;

/// Tells whose credential this is.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// The principal of a bearer credential: an API key or a token, without the word `Bearer`.
    async fn authenticate(&self, bearer: &str) -> Result<Principal, AuthenticationError>;

    /// The principal of a request that has no credential: none, unless a server of a developer lets everybody in.
    fn without_credential(&self) -> Option<Principal> {
        None
    }
}

/// Why it is not known who asks.
#[derive(Debug, Error)]
pub enum AuthenticationError {
    /// The credential is no good: get another one.
    #[error("the credential is not accepted: {0}")]
    Rejected(Rejection),
    /// Too many requests are waiting: try again after a moment.
    #[error("too many requests are waiting")]
    Busy,
    /// What would tell cannot be reached now: try again later.
    #[error("credentials cannot be checked now")]
    Unavailable(#[source] Cause),
}

impl From<Rejection> for AuthenticationError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// What is wrong with a credential. It is told to the caller in words that help who has a real one, and nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Rejection {
    /// It is neither a key nor a token.
    #[error("it is malformed")]
    Malformed,
    /// Nobody has this key or token, or its signature is wrong.
    #[error("it is unknown")]
    Unknown,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not begun.
    #[error("it is not valid yet")]
    NotYetValid,
    /// It was taken back.
    #[error("it was revoked")]
    Revoked,
    /// It is of an issuer who is not trusted here.
    #[error("its issuer is not trusted here")]
    WrongIssuer,
    /// It is meant for somebody else.
    #[error("it is meant for another audience")]
    WrongAudience,
    /// It is signed in a way that is not accepted.
    #[error("its signature algorithm is not accepted")]
    AlgorithmNotAccepted,
}
