//! A server of a developer, who is not asked for a key.

use async_trait::async_trait;
use enrollment_core::access::{AuthenticationError, Authenticator, Principal};

/// Lets everybody in, who then may do everything.
pub struct LetEverybodyIn;

#[async_trait]
impl Authenticator for LetEverybodyIn {
    async fn authenticate(&self, _: &str) -> Result<Principal, AuthenticationError> {
        Ok(Principal::anonymous())
    }

    fn without_credential(&self) -> Option<Principal> {
        Some(Principal::anonymous())
    }
}
