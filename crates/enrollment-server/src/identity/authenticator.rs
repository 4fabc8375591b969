//! Tells the kinds of credentials apart.

use super::issued::IssuedSecrets;
use super::provider::Provider;
use async_trait::async_trait;
use enrollment_core::access::{AuthenticationError, Authenticator, Credential, Principal, Rejection};
use std::sync::Arc;

/// Takes API keys, access tokens, and the tokens of a provider where one is trusted.
pub(super) struct SystemAuthenticator {
    issued: Arc<IssuedSecrets>,
    provider: Option<Provider>,
}

impl SystemAuthenticator {
    pub(super) fn new(issued: Arc<IssuedSecrets>, provider: Option<Provider>) -> Self {
        Self { issued, provider }
    }
}

#[async_trait]
impl Authenticator for SystemAuthenticator {
    async fn authenticate(&self, bearer: &str) -> Result<Principal, AuthenticationError> {
        match Credential::parse(bearer)? {
            Credential::Key(digest) => self.issued.key(digest).await,
            Credential::Token(digest) => self.issued.token(digest).await,
            Credential::Jwt(token) => match &self.provider {
                Some(provider) => provider.authenticate(token).await,
                None => Err(Rejection::WrongIssuer.into()),
            },
        }
    }
}
