//! A token: its header, its signature, whose it is and when.

use super::key_set::ProviderKey;
use super::signature;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enrollment_core::access::Rejection;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};

/// What the header of a token says by which its key is found.
#[derive(Deserialize)]
pub(super) struct TokenHeader {
    pub(super) alg: String,
    #[serde(default)]
    pub(super) kid: Option<String>,
    /// Extensions that have to be understood; none is.
    #[serde(default)]
    crit: Option<Value>,
}

/// Reads the header of a token, of which nothing is believed yet.
pub(super) fn header(token: &str) -> Result<TokenHeader, Rejection> {
    let (part, _) = token.split_once('.').ok_or(Rejection::Malformed)?;
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejection::Malformed)?;
    let header: TokenHeader = serde_json::from_slice(&bytes).map_err(|_| Rejection::Malformed)?;
    if header.crit.is_some() { Err(Rejection::Malformed) } else { Ok(header) }
}

/// A token that is the provider's, for us, and valid now.
pub(super) struct Verified {
    pub(super) subject: String,
    pub(super) claims: Map<String, Value>,
    /// When it is no longer valid.
    pub(super) end: SystemTime,
}

/// The longest subject that is written down: an actor has 200 characters, of which `user:` are five.
const LONGEST_SUBJECT: usize = 195;

/// Verifies tokens.
pub(super) struct Verifier {
    validation: Validation,
    issuer: String,
    leeway: Duration,
}

impl Verifier {
    pub(super) fn new(issuer: &str, audiences: &[String], leeway: Duration) -> Self {
        signature::use_ring();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(audiences);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = leeway.as_secs();
        Self { validation, issuer: issuer.to_owned(), leeway }
    }

    /// Verifies a token by a key, for the algorithm of that key.
    pub(super) fn verify(&self, token: &str, key: &ProviderKey) -> Result<Verified, Rejection> {
        let validation = Validation { algorithms: vec![key.algorithm], ..self.validation.clone() };
        let claims = decode::<Map<String, Value>>(token, &key.key, &validation).map_err(|error| why(error.kind()))?;
        self.read(claims.claims)
    }

    fn read(&self, claims: Map<String, Value>) -> Result<Verified, Rejection> {
        // A list of issuers is no issuer (RFC 7519, section 4.1.1).
        if claims.get("iss").and_then(Value::as_str) != Some(&*self.issuer) {
            return Err(Rejection::WrongIssuer);
        }
        let subject = claims.get("sub").and_then(Value::as_str).ok_or(Rejection::Malformed)?;
        let is_name = !subject.is_empty() && subject.len() <= LONGEST_SUBJECT && !subject.contains(char::is_control);
        let end = claims.get("exp").and_then(Value::as_f64).map(Duration::try_from_secs_f64);
        let end = end.and_then(Result::ok).and_then(|end| SystemTime::UNIX_EPOCH.checked_add(end + self.leeway));
        match end {
            Some(end) if is_name => Ok(Verified { subject: subject.to_owned(), end, claims }),
            _ => Err(Rejection::Malformed),
        }
    }
}

fn why(kind: &ErrorKind) -> Rejection {
    match kind {
        ErrorKind::ExpiredSignature => Rejection::Expired,
        ErrorKind::ImmatureSignature => Rejection::NotYetValid,
        ErrorKind::InvalidIssuer => Rejection::WrongIssuer,
        ErrorKind::InvalidAudience => Rejection::WrongAudience,
        ErrorKind::InvalidAlgorithm => Rejection::AlgorithmNotAccepted,
        ErrorKind::InvalidSignature => Rejection::Unknown,
        ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => Rejection::WrongIssuer,
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => Rejection::WrongAudience,
        _ => Rejection::Malformed,
    }
}
