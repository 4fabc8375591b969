//! API keys and access tokens, which were issued here.
//!
//! What the store says of one is remembered for [two seconds](OVER); a second before that is over, one request looks it up again
//! while the others go on. So a busy key costs one small statement a second, and a revocation by another server (or on the command
//! line) takes effect within two seconds; one by this server, at once.

use super::remembered::{Generation, Remembered};
use chrono::{DateTime, TimeDelta, Utc};
use enrollment_core::Error;
use enrollment_core::access::{
    ApiKey, AuthenticationError, Credentials, Granted, Principal, Rejection, Revocations, SecretDigest,
};
use enrollment_core::clock::Clock;
use enrollment_core::ids::KeyId;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When what is remembered is looked up again.
const STALE: Duration = Duration::from_secs(1);

/// When it is no longer true.
const OVER: Duration = Duration::from_secs(2);

/// How many secrets are remembered.
const MOST: usize = 16_384;

/// How exactly it is known when a key was last used.
const USE_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Knows the secrets that were issued here.
pub(super) struct IssuedSecrets {
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
    remembered: Remembered<Granted>,
}

impl IssuedSecrets {
    pub(super) fn new(credentials: Arc<dyn Credentials>, clock: Arc<dyn Clock>) -> Self {
        Self { credentials, clock, remembered: Remembered::new(MOST) }
    }

    /// Who has the API key of this digest.
    pub(super) async fn key(&self, digest: SecretDigest) -> Result<Principal, AuthenticationError> {
        let now = self.clock.now();
        if let Some(principal) = self.known(&digest, now)? {
            return Ok(principal);
        }
        let began = self.remembered.generation();
        let key = self.credentials.key_of(digest).await.map_err(unknown_for_now)?.ok_or(Rejection::Unknown);
        let granted = key.and_then(|key| key.granted(now).inspect(|_| self.note_use(&key, now)));
        self.remember(digest, granted, began)
    }

    /// Who has the access token of this digest.
    pub(super) async fn token(&self, digest: SecretDigest) -> Result<Principal, AuthenticationError> {
        let now = self.clock.now();
        if let Some(principal) = self.known(&digest, now)? {
            return Ok(principal);
        }
        let began = self.remembered.generation();
        let token = self.credentials.token_of(digest).await.map_err(unknown_for_now)?.ok_or(Rejection::Unknown);
        let granted = token.and_then(|(token, key)| token.granted(&key, now).inspect(|_| self.note_use(&key, now)));
        self.remember(digest, granted, began)
    }

    fn known(&self, digest: &SecretDigest, now: DateTime<Utc>) -> Result<Option<Principal>, Rejection> {
        let Some(granted) = self.remembered.get(digest, Instant::now()) else { return Ok(None) };
        if granted.until.is_some_and(|end| end <= now) {
            return Err(Rejection::Expired);
        }
        Ok(Some(granted.principal))
    }

    /// Only what is granted is remembered, so that a secret is taken as soon as it is issued.
    fn remember(
        &self,
        digest: SecretDigest,
        granted: Result<Granted, Rejection>,
        began: Generation,
    ) -> Result<Principal, AuthenticationError> {
        let granted = granted.inspect_err(|_| self.remembered.forget(&digest))?;
        let (principal, now) = (granted.principal.clone(), Instant::now());
        self.remembered.keep(digest, granted, began, now + STALE, now + OVER);
        Ok(principal)
    }

    fn note_use(&self, key: &ApiKey, now: DateTime<Utc>) {
        if key.last_used_at.is_none_or(|last| now - last >= USE_EVERY) {
            self.credentials.used(key.id, now);
        }
    }
}

impl Revocations for IssuedSecrets {
    /// Revocations are rare, so it is not told apart whose secrets are to be forgotten.
    fn revoked(&self, _: KeyId) {
        self.remembered.forget_all();
    }
}

/// That a store could not tell is no verdict on the credential.
pub(super) fn unknown_for_now(error: Error) -> AuthenticationError {
    match error {
        Error::Busy => AuthenticationError::Busy,
        other => AuthenticationError::Unavailable(Box::new(other)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use enrollment_core::access::{AccessToken, MockCredentials, Role};
    use enrollment_core::actor::Actor;
    use enrollment_core::clock::MockClock;
    use pollster::block_on;
    use std::sync::Mutex;
    use uuid::Uuid;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn key() -> ApiKey {
        ApiKey {
            id: Uuid::from_u128(1).into(),
            prefix: "abcdefgh".to_owned().try_into().unwrap(),
            name: "Test".try_into().unwrap(),
            roles: vec![Role::Registrar],
            created_at: NOW,
            created_by: Actor::system("test"),
            expires_at: Some(NOW + TimeDelta::hours(1)),
            revoked_at: None,
            revoked_by: None,
            last_used_at: None,
        }
    }

    fn digest() -> SecretDigest {
        SecretDigest::of("secret")
    }

    /// The secrets of a store, at a time that can be set.
    fn secrets(credentials: MockCredentials) -> (IssuedSecrets, Arc<Mutex<DateTime<Utc>>>) {
        let time = Arc::new(Mutex::new(NOW));
        let shown = Arc::clone(&time);
        let mut clock = MockClock::new();
        clock.expect_now().returning(move || *shown.lock().unwrap());
        (IssuedSecrets::new(Arc::new(credentials), Arc::new(clock)), time)
    }

    fn rejection(answer: Result<Principal, AuthenticationError>) -> Rejection {
        match answer {
            Err(AuthenticationError::Rejected(rejection)) => rejection,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_key_is_looked_up_once_and_its_use_noted() {
        let mut credentials = MockCredentials::new();
        credentials.expect_key_of().once().returning(|_| Ok(Some(key())));
        credentials.expect_used().once().return_const(());
        let (secrets, _) = secrets(credentials);
        for _ in 0..3 {
            assert_eq!(block_on(secrets.key(digest())).unwrap().actor(), &Actor::key("abcdefgh"));
        }
    }

    #[test]
    fn a_use_is_noted_about_once_a_minute() {
        for (ago, noted) in [(59, 0), (60, 1)] {
            let mut credentials = MockCredentials::new();
            let used = ApiKey { last_used_at: Some(NOW - TimeDelta::seconds(ago)), ..key() };
            credentials.expect_key_of().returning(move |_| Ok(Some(used.clone())));
            credentials.expect_used().times(noted).return_const(());
            block_on(secrets(credentials).0.key(digest())).unwrap();
        }
    }

    #[test]
    fn what_is_remembered_still_expires() {
        let mut credentials = MockCredentials::new();
        credentials.expect_key_of().once().returning(|_| Ok(Some(key())));
        credentials.expect_used().return_const(());
        let (secrets, time) = secrets(credentials);
        block_on(secrets.key(digest())).unwrap();
        *time.lock().unwrap() = NOW + TimeDelta::hours(1);
        assert_eq!(rejection(block_on(secrets.key(digest()))), Rejection::Expired);
    }

    #[test]
    fn a_key_that_is_revoked_here_is_refused_at_once() {
        let revoked = Arc::new(Mutex::new(None));
        let stored = Arc::clone(&revoked);
        let mut credentials = MockCredentials::new();
        credentials
            .expect_key_of()
            .times(2)
            .returning(move |_| Ok(Some(ApiKey { revoked_at: *stored.lock().unwrap(), ..key() })));
        credentials.expect_used().return_const(());
        let (secrets, _) = secrets(credentials);
        block_on(secrets.key(digest())).unwrap();
        *revoked.lock().unwrap() = Some(NOW);
        block_on(secrets.key(digest())).expect("nobody has told");
        secrets.revoked(key().id);
        assert_eq!(rejection(block_on(secrets.key(digest()))), Rejection::Revoked);
    }

    #[test]
    fn a_token_has_its_own_roles_and_the_name_of_its_key() {
        let token = AccessToken {
            key_id: key().id,
            roles: vec![Role::Auditor],
            issued_at: NOW,
            expires_at: NOW + TimeDelta::hours(1),
        };
        let mut credentials = MockCredentials::new();
        credentials.expect_token_of().once().returning(move |_| Ok(Some((token.clone(), key()))));
        credentials.expect_used().return_const(());
        let (secrets, _) = secrets(credentials);
        for _ in 0..2 {
            let principal = block_on(secrets.token(digest())).unwrap();
            assert_eq!(principal, Principal::new(Actor::key("abcdefgh"), vec![Role::Auditor]));
        }
    }

    #[test]
    fn what_nobody_has_is_asked_for_each_time_and_a_failure_is_no_verdict() {
        let mut credentials = MockCredentials::new();
        credentials.expect_key_of().times(2).returning(|_| Ok(None));
        let (none, _) = secrets(credentials);
        assert_eq!(rejection(block_on(none.key(digest()))), Rejection::Unknown);
        assert_eq!(rejection(block_on(none.key(digest()))), Rejection::Unknown);

        let mut credentials = MockCredentials::new();
        credentials.expect_key_of().once().returning(|_| Err(Error::Busy));
        credentials.expect_token_of().once().returning(|_| Err(Error::Unavailable("gone".into())));
        let (failing, _) = secrets(credentials);
        assert!(matches!(block_on(failing.key(digest())), Err(AuthenticationError::Busy)));
        assert!(matches!(block_on(failing.token(digest())), Err(AuthenticationError::Unavailable(_))));
    }
}
