//! JWTs of the institution's identity provider (`OpenID` Connect).
//!
//! ```text
//! token ─► its key (`key_keeper`, by `kid`) ─► signature, issuer, audience, times (`token`) ─► roles (`claims`) ─► principal
//! ```
//!
//! The algorithm is always that of the key, never the token's own word, and only RS256, ES256 and `EdDSA` are taken: `none` is
//! no algorithm, and an RSA key is never the secret of an HMAC. A token that was verified is remembered until it expires, for
//! five minutes at most; what is remembered is forgotten when the provider's keys change.

mod claims;
mod discovery;
mod fetch;
mod key_keeper;
mod key_set;
mod signature;
#[cfg(test)]
mod tests;
mod token;

pub use claims::{ClaimPath, Mapping, RoleRule};
pub use key_keeper::KeySource;

use super::issued::unknown_for_now;
use super::remembered::Remembered;
use crate::clock::SystemClock;
use claims::Claimed;
use enrollment_core::access::{AuthenticationError, Numbers, Principal, Rejection, Role, SecretDigest};
use enrollment_core::actor::Actor;
use enrollment_core::clock::Clock;
use key_keeper::KeyKeeper;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use token::Verifier;

/// The longest that a verified token is remembered.
const REMEMBERED: Duration = Duration::from_secs(5 * 60);

/// How long somebody is remembered whose student is not here (yet).
const REMEMBERED_WITHOUT_STUDENT: Duration = Duration::from_secs(10);

/// How many tokens are remembered.
const MOST: usize = 65_536;

/// Whom to trust, and what their tokens mean.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// The issuer, as it is in the claim `iss`.
    pub issuer: String,
    /// The audiences of which a token has to name one in the claim `aud`.
    pub audiences: Vec<String>,
    /// Where the keys are.
    pub keys: KeySource,
    /// How much clocks may differ.
    pub leeway: Duration,
    /// What the claims mean.
    pub mapping: Mapping,
}

/// Takes the tokens of a provider.
pub(super) struct Provider {
    keys: KeyKeeper,
    verifier: Verifier,
    mapping: Mapping,
    numbers: Arc<dyn Numbers>,
    remembered: Arc<Remembered<(Principal, SystemTime)>>,
}

impl Provider {
    /// As these settings say. Its keys are fetched by a thread of its own.
    pub(super) fn new(settings: ProviderSettings, numbers: Arc<dyn Numbers>) -> io::Result<Self> {
        let remembered = Arc::new(Remembered::new(MOST));
        let forgetful = Arc::clone(&remembered);
        let keys = KeyKeeper::start(settings.keys, move || forgetful.forget_all())?;
        let verifier = Verifier::new(&settings.issuer, &settings.audiences, settings.leeway);
        Ok(Self { keys, verifier, mapping: settings.mapping, numbers, remembered })
    }

    /// Who has this token.
    pub(super) async fn authenticate(&self, token: &str) -> Result<Principal, AuthenticationError> {
        let digest = SecretDigest::of(token);
        if let Some((principal, end)) = self.remembered.get(&digest, Instant::now()) {
            return if SystemTime::from(SystemClock.now()) < end {
                Ok(principal)
            } else {
                Err(Rejection::Expired.into())
            };
        }
        let began = self.remembered.generation();
        let header = token::header(token)?;
        let key = self.keys.key(header.kid.as_deref(), &header.alg).await?;
        let verified = self.verifier.verify(token, &key)?;
        let claimed = self.mapping.read(&verified.claims);
        let (principal, is_whole) = self.principal(&verified.subject, claimed).await?;
        let time = if is_whole { REMEMBERED } else { REMEMBERED_WITHOUT_STUDENT };
        let until = Instant::now() + time;
        self.remembered.keep(digest, (principal.clone(), verified.end), began, until, until);
        Ok(principal)
    }

    /// Who it is, and whether the student whom the claims name is here.
    async fn principal(&self, subject: &str, claimed: Claimed) -> Result<(Principal, bool), AuthenticationError> {
        let Claimed { student, mut roles } = claimed;
        let Some(number) = student else {
            return Ok((Principal::new(Actor::user(subject), roles), true));
        };
        let Some(id) = self.numbers.student(number).await.map_err(unknown_for_now)? else {
            return Ok((Principal::new(Actor::user(subject), roles), false));
        };
        // Who has other roles too acts under their own name.
        let actor = if roles.is_empty() { Actor::student(id) } else { Actor::user(subject) };
        roles.push(Role::Student(id));
        Ok((Principal::new(actor, roles), true))
    }
}
