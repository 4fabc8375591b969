//! Who callers are: the [`Authenticator`] of the server.
//!
//! ```text
//! Authorization: Bearer enr_…   an API key      ┐
//!                       ent_…   an access token ┴ looked up by digest (`issued`)
//!                       a.b.c   a JWT of the institution's identity provider (`provider`)
//! ```
//!
//! Neither may cost a request much: what was found out is remembered for a moment, by the digest of the credential. So a key
//! that is revoked is refused at once by the server that revoked it, and by every other within two seconds (`issued`).
//!
//! * `first_key` makes the key of a first start.
//! * `nobody` lets everybody in, on a developer's machine.

mod authenticator;
mod first_key;
mod issued;
mod nobody;
pub mod provider;
mod remembered;

pub use first_key::FirstKey;
pub use nobody::LetEverybodyIn;

use authenticator::SystemAuthenticator;
use enrollment_core::access::{Authenticator, Credentials, Numbers, Revocations};
use enrollment_core::clock::Clock;
use issued::IssuedSecrets;
use provider::{Provider, ProviderSettings};
use std::io;
use std::sync::Arc;

/// How it is found out who callers are.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The identity provider whose tokens are taken.
    pub provider: Option<ProviderSettings>,
    /// Whether everybody is let in, who then may do everything.
    pub let_everybody_in: bool,
}

/// What finds out who callers are.
#[derive(Clone)]
pub struct Identity {
    /// Tells whose a credential is.
    pub authenticator: Arc<dyn Authenticator>,
    /// Is told of revoked keys, so that they are refused at once.
    pub revocations: Arc<dyn Revocations>,
}

impl Identity {
    /// As these settings say, on what the store knows.
    ///
    /// # Errors
    /// When the thread that keeps a provider's keys cannot be started.
    pub fn new(
        settings: &Settings,
        credentials: Arc<dyn Credentials>,
        numbers: Arc<dyn Numbers>,
        clock: Arc<dyn Clock>,
    ) -> io::Result<Self> {
        let issued = Arc::new(IssuedSecrets::new(credentials, clock));
        let authenticator: Arc<dyn Authenticator> = if settings.let_everybody_in {
            Arc::new(LetEverybodyIn)
        } else {
            let provider = settings.provider.clone().map(|trusted| Provider::new(trusted, numbers)).transpose()?;
            Arc::new(SystemAuthenticator::new(issued.clone(), provider))
        };
        Ok(Self { authenticator, revocations: issued })
    }
}
