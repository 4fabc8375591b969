//! Tells the kinds of credentials apart.

use super::issued::IssuedSecrets;
use async_trait::async_trait;
use enrollment_core::access::{AuthenticationError, Authenticator, Credential, Principal, Rejection};
use std::sync::Arc;

/// Takes API keys and access tokens.
pub(super) struct SystemAuthenticator {
    issued: Arc<IssuedSecrets>,
}

impl SystemAuthenticator {
    pub(super) fn new(issued: Arc<IssuedSecrets>) -> Self {
        Self { issued }
    }
}

#[async_trait]
impl Authenticator for SystemAuthenticator {
    async fn authenticate(&self, bearer: &str) -> Result<Principal, AuthenticationError> {
        match Credential::parse(bearer)? {
            Credential::Key(digest) => self.issued.key(digest).await,
            Credential::Token(digest) => self.issued.token(digest).await,
            Credential::Jwt(_) => Err(Rejection::WrongIssuer.into()),
        }
    }
}
