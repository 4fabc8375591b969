//! Randomness for secrets, from the system.

use enrollment_core::access::Randomness;
use enrollment_core::error::Cause;
use ring::rand::{SecureRandom, SystemRandom};

/// Draws bytes that nobody can guess.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Cause> {
        SystemRandom::new().fill(bytes).map_err(|_| "the system has no randomness to give".into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_two_draws_are_alike() {
        let draw = || {
            let mut bytes = [0; 32];
            SystemRandomness.fill(&mut bytes).unwrap();
            bytes
        };
        assert_ne!(draw(), draw());
    }
}
