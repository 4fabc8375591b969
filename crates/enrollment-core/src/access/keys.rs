//! Making, listing and revoking API keys.

use super::api_key::KeyTerms;
use super::{
    ApiKey, ApiKeyDraft, Gate, KeyPrefix, Operation, Principal, Randomness, Resource, Role, Secret, SecretDigest,
};
use crate::Error;
use crate::actor::Actor;
use crate::clock::Clock;
use crate::error::Cause;
use crate::ids::{IdSource, KeyId};
use crate::page::{Page, PageRequest};
use crate::text::KeyName;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Keeps API keys, with the digests of their secrets.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait ApiKeyRepository: Send + Sync {
    /// Adds a key whose secret has this digest.
    async fn insert(&self, key: ApiKey, digest: SecretDigest) -> Result<ApiKey, Error>;

    /// The key with this id. It MUST answer [`Error::NotFound`] when there is none.
    async fn find(&self, id: KeyId) -> Result<ApiKey, Error>;

    /// A page of the keys, valid or not, in the order in which they were made.
    async fn list(&self, page: PageRequest<KeyId>) -> Result<Page<ApiKey, KeyId>, Error>;

    /// Revokes the key, unless it is already. It MUST answer [`Error::NotFound`] when there is none.
    async fn revoke(&self, id: KeyId, by: Actor, at: DateTime<Utc>) -> Result<ApiKey, Error>;

    /// Whether there is any key, valid or not.
    async fn any(&self) -> Result<bool, Error>;
}

/// Is told of every key that is revoked here, to let go of what it has remembered.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Revocations: Send + Sync {
    /// The key is revoked: from the return of this call on, it MUST NOT be taken any more.
    fn revoked(&self, key: KeyId);
}

/// A key that was just made, with its secret: nobody can read that again.
#[derive(Clone, Debug)]
pub struct IssuedKey {
    /// The key.
    pub key: ApiKey,
    /// Its secret.
    pub secret: Secret,
}

/// The service for API keys.
pub struct ApiKeys {
    repository: Arc<dyn ApiKeyRepository>,
    gate: Gate,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    randomness: Arc<dyn Randomness>,
    revocations: Arc<dyn Revocations>,
}

impl ApiKeys {
    /// A service on these ports, behind this gate.
    pub fn new(
        repository: Arc<dyn ApiKeyRepository>,
        gate: Gate,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        randomness: Arc<dyn Randomness>,
        revocations: Arc<dyn Revocations>,
    ) -> Self {
        Self { repository, gate, clock, ids, randomness, revocations }
    }

    /// Makes a key. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub async fn create(&self, by: &Principal, draft: ApiKeyDraft) -> Result<IssuedKey, Error> {
        self.admit(by).await?;
        let now = self.clock.now();
        let issued = self.issue(by, draft.parse(now)?, now).map_err(Error::Internal)?;
        self.insert(issued).await
    }

    /// Makes the first key, for who runs the service and keeps its records; none when there is a key already. It is handed
    /// to `keep` before it is valid, so that there is none that nobody has.
    ///
    /// # Errors
    /// [`Error::Internal`] when it could not be kept.
    pub async fn create_first(
        &self,
        by: &Principal,
        name: KeyName,
        keep: impl FnOnce(&Secret) -> Result<(), Cause> + Send,
    ) -> Result<Option<IssuedKey>, Error> {
        self.admit(by).await?;
        if self.repository.any().await? {
            return Ok(None);
        }
        let terms = KeyTerms { name, roles: vec![Role::Administrator, Role::Registrar], expires_at: None };
        let issued = self.issue(by, terms, self.clock.now()).map_err(Error::Internal)?;
        keep(&issued.secret).map_err(Error::Internal)?;
        self.insert(issued).await.map(Some)
    }

    /// The key with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, by: &Principal, id: KeyId) -> Result<ApiKey, Error> {
        self.admit(by).await?;
        self.repository.find(id).await
    }

    /// A page of the keys, valid or not.
    pub async fn list(&self, by: &Principal, page: PageRequest<KeyId>) -> Result<Page<ApiKey, KeyId>, Error> {
        self.admit(by).await?;
        self.repository.list(page).await
    }

    /// Revokes a key, and with it the access tokens that it was exchanged for. To revoke one again does nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn revoke(&self, by: &Principal, id: KeyId) -> Result<ApiKey, Error> {
        self.admit(by).await?;
        let revoked = self.repository.revoke(id, by.actor().clone(), self.clock.now()).await?;
        self.revocations.revoked(id);
        Ok(revoked)
    }

    async fn admit(&self, by: &Principal) -> Result<(), Error> {
        self.gate.admit(by, Operation::ManageKeys, Resource::Institution).await
    }

    fn issue(&self, by: &Principal, terms: KeyTerms, now: DateTime<Utc>) -> Result<IssuedKey, Cause> {
        let prefix = KeyPrefix::draw(&*self.randomness)?;
        let secret = Secret::of_key(&prefix, &*self.randomness)?;
        let KeyTerms { name, roles, expires_at } = terms;
        let key = ApiKey {
            id: KeyId::mint(&*self.ids),
            prefix,
            name,
            roles,
            created_at: now,
            created_by: by.actor().clone(),
            expires_at,
            revoked_at: None,
            revoked_by: None,
            last_used_at: None,
        };
        Ok(IssuedKey { key, secret })
    }

    async fn insert(&self, issued: IssuedKey) -> Result<IssuedKey, Error> {
        let key = self.repository.insert(issued.key, issued.secret.digest()).await?;
        Ok(IssuedKey { key, ..issued })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::api_key::tests::{NOW, key};
    use crate::access::{Credential, MockAffiliations, MockApiKeyRepository, MockRandomness, MockRevocations};
    use crate::clock::MockClock;
    use crate::ids::MockIdSource;
    use pollster::block_on;
    use serde_json::json;
    use std::sync::Mutex;
    use uuid::Uuid;

    fn keys(repository: MockApiKeyRepository, revocations: MockRevocations) -> ApiKeys {
        let mut clock = MockClock::new();
        clock.expect_now().return_const(NOW);
        let mut ids = MockIdSource::new();
        ids.expect_next().return_const(Uuid::from_u128(1));
        let mut randomness = MockRandomness::new();
        randomness.expect_fill().returning(|bytes| {
            bytes.fill(3);
            Ok(())
        });
        ApiKeys::new(
            Arc::new(repository),
            Gate::new(Arc::new(MockAffiliations::new())),
            Arc::new(clock),
            Arc::new(ids),
            Arc::new(randomness),
            Arc::new(revocations),
        )
    }

    fn draft() -> ApiKeyDraft {
        serde_json::from_value(json!({"name": "Import", "roles": [{"role": "auditor"}]})).unwrap()
    }

    #[test]
    fn what_is_kept_is_the_digest_of_the_secret_that_is_shown() {
        let mut repository = MockApiKeyRepository::new();
        let kept = Arc::new(Mutex::new(None));
        let into = Arc::clone(&kept);
        repository.expect_insert().once().returning(move |key, digest| {
            *into.lock().unwrap() = Some(digest);
            Ok(key)
        });
        let by = Principal::system("test");
        let issued = block_on(keys(repository, MockRevocations::new()).create(&by, draft())).unwrap();
        let digest = kept.lock().unwrap().unwrap();
        assert_eq!(Credential::parse(issued.secret.expose()), Ok(Credential::Key(digest)));
        assert_eq!(issued.key.prefix.as_str(), "dddddddd");
        assert_eq!((issued.key.created_by.as_str(), issued.key.roles), ("system:test", vec![Role::Auditor]));
    }

    #[test]
    fn only_who_may_manage_keys_does() {
        let by = Principal::new(Actor::system("test"), vec![Role::Registrar, Role::Auditor]);
        let keys = keys(MockApiKeyRepository::new(), MockRevocations::new());
        let id = Uuid::from_u128(1).into();
        let forbidden = |error: Error| assert!(matches!(error, Error::Forbidden(Operation::ManageKeys)), "{error:?}");
        forbidden(block_on(keys.create(&by, draft())).unwrap_err());
        forbidden(block_on(keys.get(&by, id)).unwrap_err());
        forbidden(block_on(keys.list(&by, PageRequest::default())).unwrap_err());
        forbidden(block_on(keys.revoke(&by, id)).unwrap_err());
        forbidden(block_on(keys.create_first(&by, "x".try_into().unwrap(), |_| Ok(()))).unwrap_err());
    }

    #[test]
    fn a_revocation_is_made_known_after_it_was_stored() {
        let mut repository = MockApiKeyRepository::new();
        repository.expect_revoke().once().returning(|_, by, at| {
            Ok(ApiKey { revoked_at: Some(at), revoked_by: Some(by), ..key(vec![Role::Auditor]) })
        });
        let mut revocations = MockRevocations::new();
        revocations.expect_revoked().once().return_const(());
        let by = Principal::system("test");
        let revoked = block_on(keys(repository, revocations).revoke(&by, Uuid::from_u128(1).into())).unwrap();
        assert_eq!(revoked.revoked_by, Some(Actor::system("test")));
    }

    #[test]
    fn the_first_key_is_kept_before_it_is_valid_and_made_only_once() {
        let by = Principal::system("serve");
        let name = || KeyName::try_from("First key").unwrap();
        let mut repository = MockApiKeyRepository::new();
        repository.expect_any().once().returning(|| Ok(true));
        let keys_there = keys(repository, MockRevocations::new());
        let none = block_on(keys_there.create_first(&by, name(), |_| panic!("there is one"))).unwrap();
        assert!(none.is_none());

        let mut repository = MockApiKeyRepository::new();
        repository.expect_any().returning(|| Ok(false));
        repository.expect_insert().never();
        let unkept =
            block_on(keys(repository, MockRevocations::new()).create_first(&by, name(), |_| Err("full".into())));
        assert!(matches!(unkept, Err(Error::Internal(_))));

        let mut repository = MockApiKeyRepository::new();
        repository.expect_any().returning(|| Ok(false));
        repository.expect_insert().once().returning(|key, _| Ok(key));
        let first = block_on(keys(repository, MockRevocations::new()).create_first(&by, name(), |_| Ok(()))).unwrap();
        assert_eq!(first.unwrap().key.roles, [Role::Administrator, Role::Registrar]);
    }
}
