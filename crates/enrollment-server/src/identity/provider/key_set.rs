//! The keys of a provider, from a JWKS ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).
//!
//! What is not for checking signatures, or of an algorithm that is not taken here, is left out: a provider may publish it for
//! others.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// The most keys that a set may have.
const MOST: usize = 100;

/// A key, with the one algorithm that it is for.
pub(super) struct ProviderKey {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The keys of a provider.
#[derive(Clone, Default)]
pub(super) struct KeySet(Vec<Arc<ProviderKey>>);

/// What a set says of a key that is asked for.
pub(super) enum Found {
    /// It has it.
    Key(Arc<ProviderKey>),
    /// It has it, for another algorithm.
    OtherAlgorithm,
    /// It does not have it.
    Nothing,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWKS.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let jwks: Jwks = serde_json::from_slice(text).map_err(|error| format!("it is no JWKS: {error}"))?;
        if jwks.keys.len() > MOST {
            return Err(format!("it has more than {MOST} keys"));
        }
        let keys: Vec<_> = jwks.keys.into_iter().filter_map(usable).map(Arc::new).collect();
        if keys.is_empty() {
            return Err("it has no key for RS256, ES256 or EdDSA".to_owned());
        }
        Ok(Self(keys))
    }

    /// The key of this name; without one, the only key for the algorithm. Names need not be unique across algorithms.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: &str) -> Found {
        let is_for = |key: &ProviderKey| word(key.algorithm) == algorithm;
        let named: Vec<_> = match kid {
            Some(kid) => self.0.iter().filter(|key| key.kid.as_deref() == Some(kid)).collect(),
            None => self.0.iter().collect(),
        };
        let mut fitting = named.iter().filter(|key| is_for(key));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Found::Key(Arc::clone(key)),
            (None, _) if !named.is_empty() => Found::OtherAlgorithm,
            _ => Found::Nothing,
        }
    }
}

/// The algorithm as headers of tokens name it.
fn word(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RS256 => "RS256",
        Algorithm::ES256 => "ES256",
        Algorithm::EdDSA => "EdDSA",
        _ => "",
    }
}

fn usable(jwk: Value) -> Option<ProviderKey> {
    let jwk: Jwk = serde_json::from_value(jwk).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|of| *of != PublicKeyUse::Signature) {
        return None;
    }
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        _ => return None,
    };
    if jwk.common.key_algorithm.is_some_and(|told| told != KeyAlgorithm::from(algorithm)) {
        return None;
    }
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    Some(ProviderKey { kid: jwk.common.key_id, algorithm, key })
}
