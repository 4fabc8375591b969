//! Repeating a request without repeating its effect.

use crate::text::IdempotencyKey;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What a request says, as a SHA-256 hash: two requests with the same fingerprint ask for the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a request of, or for, a student or whatever it is about.
    pub fn of(about: impl Serialize, request: &impl Serialize) -> Self {
        // The form is fixed by the derived Serialize of plain data, so it is the same for the same request.
        let text = serde_json::json!([about, request]).to_string();
        Self(Sha256::digest(text).into())
    }

    /// The hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A caller's key for a request, together with what the request says.
///
/// A store MUST answer a later attempt of the same actor with the same key by the first receipt when the fingerprint is
/// the same, and by [`Error::IdempotencyKeyReused`](crate::Error::IdempotencyKeyReused) when it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's key.
    pub key: IdempotencyKey,
    /// What the request says.
    pub fingerprint: Fingerprint,
}
