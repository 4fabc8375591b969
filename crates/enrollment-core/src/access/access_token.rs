//! Access tokens: what an API key is exchanged for by clients of OAuth 2.0
//! ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-4.4), client credentials).
//!
//! A token is opaque, lives for an hour at most, and dies with its key. It has the roles of its key, or those of a service with
//! fewer scopes when the client asks for these.

use super::permissions::{self, Extent};
use super::{
    ApiKey, Credential, Credentials, Granted, Operation, Principal, Randomness, Rejection, Role, Scope, Scopes, Secret,
};
use crate::Error;
use crate::clock::Clock;
use crate::ids::KeyId;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use thiserror::Error;

/// A token that an API key was exchanged for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// The key.
    pub key_id: KeyId,
    /// In what roles who has it asks.
    pub roles: Vec<Role>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// The first instant at which it is no longer valid.
    pub expires_at: DateTime<Utc>,
}

impl AccessToken {
    /// The longest that a token lives.
    pub const LIFETIME: TimeDelta = TimeDelta::hours(1);

    /// Who shows its secret at this time, if its key is still valid too.
    ///
    /// # Errors
    /// Why it is nobody.
    pub fn granted(&self, key: &ApiKey, now: DateTime<Utc>) -> Result<Granted, Rejection> {
        key.check(now)?;
        if self.expires_at <= now {
            return Err(Rejection::Expired);
        }
        let principal = Principal::new(key.actor(), self.roles.clone());
        Ok(Granted { key_id: key.id, principal, until: Some(self.expires_at) })
    }
}

/// A token that was just issued, with its secret.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: AccessToken,
    /// Its secret.
    pub secret: Secret,
}

/// Why no token is issued.
#[derive(Debug, Error)]
pub enum GrantError {
    /// The client did not tell who it is.
    #[error("the client's id or secret is wrong: {0}")]
    InvalidClient(Rejection),
    /// The client asks for more than its key may do.
    #[error("the key does not have the scope {0}")]
    InvalidScope(Scope),
    /// Something went wrong here.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The service that exchanges API keys for access tokens.
pub struct AccessTokens {
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
}

impl AccessTokens {
    /// A service on these ports.
    pub fn new(credentials: Arc<dyn Credentials>, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { credentials, clock, randomness }
    }

    /// Issues a token to the client: its id is the prefix or the id of a key, its secret that key's. With scopes, the token is
    /// for these alone.
    ///
    /// # Errors
    /// [`GrantError::InvalidClient`], [`GrantError::InvalidScope`], and what the port answers.
    pub async fn grant(
        &self,
        client_id: &str,
        client_secret: &str,
        scopes: Option<Scopes>,
    ) -> Result<IssuedToken, GrantError> {
        let now = self.clock.now();
        let key = self.client(client_id, client_secret).await?;
        key.check(now).map_err(GrantError::InvalidClient)?;
        let roles = match scopes {
            None => key.roles.clone(),
            Some(scopes) => vec![narrowed(&key.roles, scopes)?],
        };
        let end = now + AccessToken::LIFETIME;
        let expires_at = key.expires_at.map_or(end, |of_key| of_key.min(end));
        let token = AccessToken { key_id: key.id, roles, issued_at: now, expires_at };
        let secret = Secret::of_token(&*self.randomness).map_err(Error::Internal)?;
        self.credentials.keep_token(secret.digest(), token.clone()).await?;
        self.credentials.used(key.id, now);
        Ok(IssuedToken { token, secret })
    }

    async fn client(&self, id: &str, secret: &str) -> Result<ApiKey, GrantError> {
        let Ok(Credential::Key(digest)) = Credential::parse(secret) else {
            return Err(GrantError::InvalidClient(Rejection::Malformed));
        };
        let key = self.credentials.key_of(digest).await?;
        // Both names of a key are public: only its secret has to be kept from who compares.
        key.filter(|key| key.prefix.as_str() == id || id.parse() == Ok(key.id))
            .ok_or(GrantError::InvalidClient(Rejection::Unknown))
    }
}

/// The role of a service that has these scopes, if the roles may do all that they stand for, to everybody's records.
fn narrowed(roles: &[Role], scopes: Scopes) -> Result<Role, GrantError> {
    match scopes.iter().find(|scope| !roles.iter().any(|role| covers(role, **scope))) {
        Some(missing) => Err(GrantError::InvalidScope(*missing)),
        None => Ok(Role::Service(scopes)),
    }
}

fn covers(role: &Role, scope: Scope) -> bool {
    if let Role::Service(own) = role {
        return own.contains(&scope);
    }
    if scope == Scope::ConfidentialRead {
        return matches!(role, Role::Registrar | Role::Auditor);
    }
    let mut operations = Operation::ALL.iter().filter(|operation| permissions::scope(**operation) == Some(scope));
    operations.all(|operation| permissions::extent(role, *operation) == Some(Extent::All))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::api_key::tests::{NOW, key};
    use crate::access::{MockCredentials, MockRandomness};
    use crate::clock::MockClock;
    use pollster::block_on;

    /// A secret that looks right, and the tokens of a store that knows its key.
    fn tokens(of: Option<ApiKey>, kept: usize) -> (AccessTokens, String) {
        let mut randomness = MockRandomness::new();
        randomness.expect_fill().returning(|bytes| {
            bytes.fill(5);
            Ok(())
        });
        let prefix = "abcdefgh".to_owned().try_into().unwrap();
        let secret = Secret::of_key(&prefix, &randomness).unwrap();
        let mut clock = MockClock::new();
        clock.expect_now().return_const(NOW);
        let mut credentials = MockCredentials::new();
        let digest = secret.digest();
        credentials.expect_key_of().returning(move |asked| Ok(of.clone().filter(|_| asked == digest)));
        credentials.expect_keep_token().times(kept).returning(|_, _| Ok(()));
        credentials.expect_used().times(kept).return_const(());
        let tokens = AccessTokens::new(Arc::new(credentials), Arc::new(clock), Arc::new(randomness));
        (tokens, secret.expose().to_owned())
    }

    fn scopes(scopes: &[Scope]) -> Scopes {
        scopes.iter().copied().collect()
    }

    #[test]
    fn a_client_names_its_key_by_prefix_or_by_id_and_gets_its_roles() {
        let key = key(vec![Role::Registrar, Role::Administrator]);
        for id in ["abcdefgh".to_owned(), key.id.to_string()] {
            let (tokens, secret) = tokens(Some(key.clone()), 1);
            let issued = block_on(tokens.grant(&id, &secret, None)).unwrap();
            assert_eq!(issued.token.roles, key.roles);
            assert_eq!(issued.token.expires_at, NOW + TimeDelta::hours(1));
            assert!(matches!(Credential::parse(issued.secret.expose()), Ok(Credential::Token(_))));
        }
    }

    #[test]
    fn who_is_not_the_client_gets_nothing() {
        let known = key(vec![Role::Registrar]);
        let revoked = ApiKey { revoked_at: Some(NOW), ..known.clone() };
        let expired = ApiKey { expires_at: Some(NOW), ..known.clone() };
        let table = [
            (Some(known.clone()), "hgfedcba", None, Rejection::Unknown),
            (Some(known.clone()), "", None, Rejection::Unknown),
            (Some(known), "abcdefgh", Some("enr_abcdefgh_x"), Rejection::Malformed),
            (None, "abcdefgh", None, Rejection::Unknown),
            (Some(revoked), "abcdefgh", None, Rejection::Revoked),
            (Some(expired), "abcdefgh", None, Rejection::Expired),
        ];
        for (stored, id, other, expected) in table {
            let (tokens, secret) = tokens(stored, 0);
            let refused = block_on(tokens.grant(id, other.unwrap_or(&secret), None)).unwrap_err();
            assert!(matches!(refused, GrantError::InvalidClient(why) if why == expected), "{id} {refused}");
        }
    }

    #[test]
    fn a_token_never_outlives_its_key() {
        let key = ApiKey { expires_at: Some(NOW + TimeDelta::minutes(5)), ..key(vec![Role::Auditor]) };
        let (tokens, secret) = tokens(Some(key.clone()), 1);
        let token = block_on(tokens.grant("abcdefgh", &secret, None)).unwrap().token;
        assert_eq!(token.expires_at, NOW + TimeDelta::minutes(5));
        assert!(token.granted(&key, NOW).is_ok());
        let over = NOW + TimeDelta::minutes(5);
        assert_eq!(token.granted(&ApiKey { expires_at: None, ..key.clone() }, over), Err(Rejection::Expired));
        let revoked = ApiKey { revoked_at: Some(NOW), ..key };
        assert_eq!(token.granted(&revoked, NOW), Err(Rejection::Revoked));
    }

    #[test]
    fn scopes_narrow_and_never_widen() {
        use Scope as S;
        let service = || Role::Service(scopes(&[S::StudentsRead, S::CatalogRead]));
        let table = [
            (service(), &[S::StudentsRead][..], None),
            (service(), &[S::StudentsRead, S::StudentsWrite], Some(S::StudentsWrite)),
            (service(), &[S::ConfidentialRead], Some(S::ConfidentialRead)),
            (Role::Registrar, &[S::StudentsWrite, S::ConfidentialRead, S::GradesWrite], None),
            (Role::Registrar, &[S::MetricsRead], Some(S::MetricsRead)),
            (Role::Auditor, &[S::StudentsRead, S::ConfidentialRead, S::EventsRead], None),
            (Role::Auditor, &[S::StudentsWrite], Some(S::StudentsWrite)),
            (Role::Administrator, &[S::MetricsRead], None),
            (Role::Administrator, &[S::ConfidentialRead], Some(S::ConfidentialRead)),
            // A service has no records of its own.
            (Role::Student(uuid::Uuid::nil().into()), &[S::StudentsRead], Some(S::StudentsRead)),
            (Role::Student(uuid::Uuid::nil().into()), &[S::CatalogRead], None),
        ];
        for (role, asked, missing) in table {
            let answer = narrowed(std::slice::from_ref(&role), scopes(asked));
            match missing {
                None => assert_eq!(answer.unwrap(), Role::Service(scopes(asked)), "{role:?}"),
                Some(missing) => {
                    assert!(matches!(answer, Err(GrantError::InvalidScope(scope)) if scope == missing), "{role:?}");
                }
            }
        }
    }

    #[test]
    fn every_scope_that_a_role_covers_lets_a_service_do_only_what_the_role_may() {
        for (role, scope) in [Role::Registrar, Role::Auditor, Role::Administrator]
            .iter()
            .flat_map(|role| Scope::ALL.iter().map(move |scope| (role, *scope)))
            .filter(|(role, scope)| covers(role, *scope))
        {
            let service = Role::Service(scopes(&[scope]));
            for operation in Operation::ALL {
                if permissions::extent(&service, *operation).is_some() {
                    assert_eq!(
                        permissions::extent(role, *operation),
                        Some(Extent::All),
                        "{role:?} {scope} {operation:?}"
                    );
                }
            }
        }
    }
}
