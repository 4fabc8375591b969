//! The secrets of API keys and access tokens: what they look like, and what is kept of them.
//!
//! ```text
//! enr_<prefix: 8>_<random: 40><check: 6>     an API key
//! ent_<random: 40><check: 6>                 an access token
//! ```
//!
//! All characters are of base32 in lower case. The words before the underscores, and the check, let scanners of source code and
//! logs recognise a secret that leaked; the check, the first 30 bits of the SHA-256 of all that comes before it, also tells a
//! mistyped secret without asking the database. The prefix is public: it names the key in lists, logs and the audit trail.
//!
//! What is stored is the SHA-256 of the secret. A slow hash such as Argon2 is for passwords, which people choose and which can
//! be guessed; these are 200 random bits, which nobody can guess however fast the hash is, and a slow hash would only make
//! every request slow. Secrets are looked up by their digest, so the time that takes tells nothing of them.

use super::{Randomness, Rejection};
use crate::error::Cause;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const KEY: &str = "enr_";
const TOKEN: &str = "ent_";
const PREFIX: usize = 8;
const RANDOM: usize = 40;
const CHECK: usize = 6;

/// The secret of an API key or of an access token. It is shown to nobody by accident: neither by `Debug` nor as JSON.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// A new secret for the API key with this prefix.
    pub(super) fn of_key(prefix: &KeyPrefix, randomness: &dyn Randomness) -> Result<Self, Cause> {
        Ok(Self::checked(format!("{KEY}{prefix}_{}", draw::<RANDOM>(randomness)?)))
    }

    /// A new secret for an access token.
    pub(super) fn of_token(randomness: &dyn Randomness) -> Result<Self, Cause> {
        Ok(Self::checked(format!("{TOKEN}{}", draw::<RANDOM>(randomness)?)))
    }

    fn checked(text: String) -> Self {
        let check = check(&text);
        Self((text + &check).into())
    }

    /// What is kept of it.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(self.0.expose_secret())
    }

    /// The secret itself, to be handed to its owner and to nobody else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The SHA-256 of a secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of what somebody sent as a secret.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Its bytes, for a store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretDigest {
    /// Without the digest, which would tell whose log line belongs to which stored key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(…)")
    }
}

/// The public part of an API key: eight characters of base32 in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyPrefix(String);

impl KeyPrefix {
    pub(super) fn draw(randomness: &dyn Randomness) -> Result<Self, Cause> {
        draw::<PREFIX>(randomness).map(Self)
    }

    /// The prefix itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyPrefix {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_prefix = text.len() == PREFIX && is_base32(&text);
        if is_prefix { Ok(Self(text)) } else { Err("must be the eight characters after `enr_`") }
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for KeyPrefix {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[a-z2-7]{8}$"))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for KeyPrefix {}

/// What somebody sent to tell who they are, by its looks. Whether it is any good remains to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential<'a> {
    /// The secret of an API key.
    Key(SecretDigest),
    /// An access token that was issued here.
    Token(SecretDigest),
    /// What may be a token of an identity provider: three parts, joined by dots.
    Jwt(&'a str),
}

impl<'a> Credential<'a> {
    /// The most bytes that a credential may have. Tokens with all groups of a person reach a few kilobytes.
    pub const MOST: usize = 16 * 1024;

    /// Tells what a bearer credential is.
    ///
    /// # Errors
    /// [`Rejection::Malformed`] when it is nothing that was ever issued.
    pub fn parse(bearer: &'a str) -> Result<Self, Rejection> {
        if bearer.len() > Self::MOST {
            return Err(Rejection::Malformed);
        }
        if let Some(rest) = bearer.strip_prefix(KEY) {
            let is_key = rest
                .split_once('_')
                .is_some_and(|(prefix, rest)| prefix.len() == PREFIX && is_base32(prefix) && is_random(rest));
            return if is_key && is_checked(bearer) { Ok(Self::Key(SecretDigest::of(bearer))) } else { MALFORMED };
        }
        if let Some(rest) = bearer.strip_prefix(TOKEN) {
            let is_token = is_random(rest) && is_checked(bearer);
            return if is_token { Ok(Self::Token(SecretDigest::of(bearer))) } else { MALFORMED };
        }
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let mut parts = bearer.split('.');
        let is_jwt = parts.by_ref().take(3).filter(|part| part.bytes().all(is_base64url)).count() == 3;
        if is_jwt && parts.next().is_none() { Ok(Self::Jwt(bearer)) } else { MALFORMED }
    }
}

const MALFORMED: Result<Credential<'static>, Rejection> = Err(Rejection::Malformed);

/// So many characters, each of five random bits.
fn draw<const N: usize>(randomness: &dyn Randomness) -> Result<String, Cause> {
    let mut bytes = [0; N];
    randomness.fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| letter(u32::from(*byte))).collect())
}

/// The letter for the last five bits.
fn letter(bits: u32) -> char {
    char::from(ALPHABET[(bits & 31) as usize])
}

fn check(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let bits = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    (0..CHECK).map(|index| letter(bits >> (27 - 5 * index))).collect()
}

fn is_base32(text: &str) -> bool {
    text.bytes().all(|byte| ALPHABET.contains(&byte))
}

fn is_random(text: &str) -> bool {
    text.len() == RANDOM + CHECK && is_base32(text)
}

/// Whether a secret of ASCII alone ends in the check of what comes before.
fn is_checked(secret: &str) -> bool {
    let (text, end) = secret.split_at(secret.len() - CHECK);
    check(text) == end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::MockRandomness;
    use proptest::prelude::*;

    /// Draws these bytes, over and over.
    fn drawing(bytes: Vec<u8>) -> MockRandomness {
        let mut randomness = MockRandomness::new();
        randomness.expect_fill().returning(move |into| {
            into.iter_mut().zip(bytes.iter().cycle()).for_each(|(into, byte)| *into = *byte);
            Ok(())
        });
        randomness
    }

    #[test]
    fn a_secret_looks_as_it_is_documented() {
        let randomness = drawing((0..=255).collect());
        let prefix = KeyPrefix::draw(&randomness).unwrap();
        assert_eq!(prefix.as_str(), "abcdefgh");
        let key = Secret::of_key(&prefix, &randomness).unwrap();
        assert!(key.expose().starts_with("enr_abcdefgh_abcdefghijklmnopqrstuvwxyz234567abcdefgh"), "{}", key.expose());
        assert_eq!(key.expose().len(), 4 + 8 + 1 + 40 + 6);
        let token = Secret::of_token(&randomness).unwrap();
        assert!(token.expose().starts_with("ent_abcdef"), "{}", token.expose());
    }

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let secret = Secret::of_token(&drawing(vec![1, 2, 3])).unwrap();
        let shown = format!("{secret:?} {:?}", secret.digest());
        assert!(!shown.contains("bcd"), "{shown}");
    }

    #[test]
    fn without_randomness_there_is_no_secret() {
        let mut randomness = MockRandomness::new();
        randomness.expect_fill().returning(|_| Err("none".into()));
        assert!(Secret::of_token(&randomness).is_err());
    }

    #[test]
    fn what_was_never_issued_is_malformed() {
        for bearer in
            ["", "enr_", "ent_", "enr__", "a.b", "a.b.c.d", "..x ", "a.b.ü", "Bearer x", "enr_abcdefgh_ü", "ent_ü"]
        {
            assert_eq!(Credential::parse(bearer), Err(Rejection::Malformed), "{bearer}");
        }
        assert_eq!(Credential::parse("a.b."), Ok(Credential::Jwt("a.b.")));
        let long = format!("a.b.{}", "c".repeat(Credential::MOST));
        assert_eq!(Credential::parse(&long), Err(Rejection::Malformed));
    }

    proptest! {
        #[test]
        fn what_is_issued_is_read_back(bytes in prop::collection::vec(any::<u8>(), 48)) {
            let randomness = drawing(bytes);
            let prefix = KeyPrefix::draw(&randomness).unwrap();
            let key = Secret::of_key(&prefix, &randomness).unwrap();
            prop_assert_eq!(Credential::parse(key.expose()), Ok(Credential::Key(key.digest())));
            let token = Secret::of_token(&randomness).unwrap();
            prop_assert_eq!(Credential::parse(token.expose()), Ok(Credential::Token(token.digest())));
        }

        /// The check finds every single character that is wrong, but for one in a thousand million.
        #[test]
        fn a_mistyped_key_is_told_by_itself(at in 4_usize..59, to in "[a-z2-7]") {
            let randomness = drawing(vec![7, 8, 9]);
            let key = Secret::of_key(&KeyPrefix::draw(&randomness).unwrap(), &randomness).unwrap();
            let mut typed = key.expose().to_owned();
            typed.replace_range(at..=at, &to);
            prop_assume!(typed != key.expose());
            prop_assert_eq!(Credential::parse(&typed), Err(Rejection::Malformed));
        }

        #[test]
        fn anything_can_be_sent(bearer in any::<String>(), start in "(enr_|ent_|enr_abcdefgh_|)") {
            let _ = Credential::parse(&bearer);
            let _ = Credential::parse(&format!("{start}{bearer}"));
        }
    }
}
