//! Randomness that nobody can guess, as a port: nothing in this crate draws secrets.

use crate::error::Cause;

/// Draws bytes for secrets. Unlike [`Chance`](crate::chance::Chance), it MUST be fit for cryptography.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Randomness: Send + Sync {
    /// Fills the bytes with random ones.
    ///
    /// # Errors
    /// When the system has none to give; then no secret is made.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Cause>;
}
