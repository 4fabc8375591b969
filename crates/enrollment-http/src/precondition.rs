//! `If-Match` and `If-None-Match`, and the tags that they name.
//!
//! The tag of an entry is its version, such as `"3"`. Where the answer also shows what changes without a new version, such
//! as the seats taken of a section, a digest of the answer follows: `"3.9f86d081884c7d65"`. `If-None-Match` compares whole
//! tags, so that an answer is never called unchanged when it is not. `If-Match` compares versions, so that a change is
//! not refused because somebody took a seat in the meantime. A list has no version: its tag is a digest alone.

use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderValue, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest};
use enrollment_core::catalog::Version;
use std::future::{Ready, ready};
use std::hash::{DefaultHasher, Hasher};

/// The version that the caller expects; none when any will do: without `If-Match`, or with `*`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IfMatch(pub(crate) Option<Version>);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut given = request.headers().get_all(IF_MATCH);
        ready(match (given.next(), given.next()) {
            (None, _) => Ok(Self(None)),
            (Some(tag), None) => expected(tag.to_str().unwrap_or_default()).map(Self),
            (Some(_), Some(_)) => Err(malformed("names more than one ETag")),
        })
    }
}

fn expected(tag: &str) -> Result<Option<Version>, Problem> {
    let tag = tag.trim();
    if tag == "*" {
        return Ok(None);
    }
    if tag.starts_with("W/") {
        return Err(malformed("names a weak ETag, which never matches"));
    }
    if tag.contains(',') {
        return Err(malformed("names more than one ETag"));
    }
    let text = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    let version = text.and_then(|text| text.split('.').next()).and_then(version);
    version.map(Some).ok_or_else(|| malformed("does not name an ETag of this API"))
}

fn version(text: &str) -> Option<Version> {
    let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
    let number = if is_number { text.parse::<i64>().ok() } else { None };
    number.filter(|number| *number > 0).map(Version::from)
}

fn malformed(what: &str) -> Problem {
    let remedy = "give the ETag of the answer that you read, such as \"3\", or * for any";
    Problem::new(Kind::Malformed, format!("The header If-Match {what}: {remedy}."))
}

/// The tag of a version.
pub(crate) fn tag(version: Version) -> HeaderValue {
    header(&format!("\"{version}\""))
}

/// The tag of an answer that shows more than its version stands for.
pub(crate) fn tag_with_digest(version: Version, body: &[u8]) -> HeaderValue {
    header(&format!("\"{version}.{:016x}\"", digest(body)))
}

/// The tag of an answer without a version.
pub(crate) fn digest_tag(body: &[u8]) -> HeaderValue {
    header(&format!("\"{:016x}\"", digest(body)))
}

fn digest(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    hasher.finish()
}

fn header(tag: &str) -> HeaderValue {
    HeaderValue::from_str(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether the caller has the answer with this tag already. A header that cannot be read has no effect.
pub(crate) fn is_known(request: &HttpRequest, tag: &HeaderValue) -> bool {
    let named = request.headers().get_all(IF_NONE_MATCH).filter_map(|tags| tags.to_str().ok());
    let mut tags = named.flat_map(|tags| tags.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_tag_of_this_api_names_a_version() {
        assert_eq!(expected("\"3\"").unwrap(), Some(Version::from(3)));
        assert_eq!(expected(" \"12.9f86d081884c7d65\" ").unwrap(), Some(Version::from(12)));
        assert_eq!(expected("*").unwrap(), None);
        for bad in [
            "",
            "3",
            "W/\"3\"",
            "\"\"",
            "\"0\"",
            "\"-1\"",
            "\"+1\"",
            "\"three\"",
            "\"3\", \"4\"",
            "\"3",
            "\"99999999999999999999\"",
        ] {
            assert!(expected(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn any_of_the_known_tags_will_do() {
        let request = |known: &str| TestRequest::get().insert_header((IF_NONE_MATCH, known)).to_http_request();
        let third = tag(Version::from(3));
        for known in ["\"3\"", "W/\"3\"", "\"2\", \"3\"", "*"] {
            assert!(is_known(&request(known), &third), "{known}");
        }
        for unknown in ["\"33\"", "3", "\"3.00\""] {
            assert!(!is_known(&request(unknown), &third), "{unknown}");
        }
        assert!(!is_known(&TestRequest::get().to_http_request(), &third));
    }

    #[test]
    fn a_digest_tells_answers_of_one_version_apart() {
        let version = Version::from(3);
        assert_eq!(tag_with_digest(version, b"1 seat"), tag_with_digest(version, b"1 seat"));
        assert_ne!(tag_with_digest(version, b"1 seat"), tag_with_digest(version, b"2 seats"));
    }
}
