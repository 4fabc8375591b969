//! The port by which it is found out whose a secret is.

use super::{AccessToken, ApiKey, Principal, SecretDigest};
use crate::Error;
use crate::ids::KeyId;
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// Who a secret that was issued here stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The key, or the key of the token.
    pub key_id: KeyId,
    /// Who asks.
    pub principal: Principal,
    /// The first instant at which it is no longer so; none for until the key is revoked.
    pub until: Option<DateTime<Utc>>,
}

/// Keeps what was issued, by the digest of its secret.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Credentials: Send + Sync {
    /// The API key whose secret has this digest, valid or not.
    async fn key_of(&self, digest: SecretDigest) -> Result<Option<ApiKey>, Error>;

    /// The access token whose secret has this digest, valid or not, with its key.
    async fn token_of(&self, digest: SecretDigest) -> Result<Option<(AccessToken, ApiKey)>, Error>;

    /// Keeps an access token. It may forget those that have expired.
    async fn keep_token(&self, digest: SecretDigest, token: AccessToken) -> Result<(), Error>;

    /// Notes that a key was used. It MUST NOT make its caller wait: it may be written later, and be lost.
    fn used(&self, key: KeyId, at: DateTime<Utc>);
}
