//! The request for an access token: a form, and perhaps `Authorization: Basic`.

use super::RefusedGrant;
use crate::problem::Problem;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use actix_web::web;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// What a client asks with.
#[derive(PartialEq, Eq)]
pub(super) struct TokenRequest {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) scope: Option<String>,
}

type Pair = (String, String);

impl TokenRequest {
    /// Reads it. Parameters that are not known are ignored, and ones without a value are taken as absent (RFC 6749, section 3.2).
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        let mut form = form(headers, body)?;
        match form.remove("grant_type").as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                return Err(RefusedGrant::UnsupportedGrantType.problem("grant_type must be client_credentials"));
            }
            None => return Err(invalid("grant_type is missing: it must be client_credentials")),
        }
        let in_body = (form.remove("client_id"), form.remove("client_secret"));
        let (client_id, client_secret) = match (basic(headers)?, in_body) {
            (Some((id, secret)), (named, None)) if named.as_ref().is_none_or(|named| *named == id) => (id, secret),
            (Some(_), _) => return Err(invalid("the client must tell who it is in one way, not in two")),
            (None, (Some(id), Some(secret))) => (id, secret),
            (None, _) => {
                return Err(RefusedGrant::InvalidClient
                    .problem("the client must tell its id and secret, by Authorization: Basic or in the body"));
            }
        };
        let scope = form.remove("scope").filter(|scope| !scope.trim().is_empty());
        Ok(Self { client_id, client_secret, scope })
    }
}

fn invalid(description: &str) -> Problem {
    RefusedGrant::InvalidRequest.problem(description)
}

fn form(headers: &HeaderMap, body: &[u8]) -> Result<BTreeMap<String, String>, Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(invalid("the body must be of the type application/x-www-form-urlencoded"));
    }
    let text = std::str::from_utf8(body).map_err(|_| invalid("the body must be UTF-8"))?;
    let pairs = web::Query::<Vec<Pair>>::from_query(text).map_err(|_| invalid("the body must be a form"))?;
    let mut form = BTreeMap::new();
    for (name, value) in pairs.into_inner().into_iter().filter(|(_, value)| !value.is_empty()) {
        if form.insert(name, value).is_some() {
            return Err(invalid("a parameter is there twice"));
        }
    }
    Ok(form)
}

/// Id and secret from `Authorization: Basic`. Neither has a character that a form would encode.
fn basic(headers: &HeaderMap) -> Result<Option<Pair>, Problem> {
    let mut given = headers.get_all(AUTHORIZATION);
    let (header, None) = (given.next(), given.next()) else {
        return Err(invalid("there is more than one Authorization"));
    };
    let Some(header) = header else { return Ok(None) };
    let unreadable =
        || RefusedGrant::InvalidClient.problem("Authorization must be Basic, with id and secret in base64");
    let (scheme, credentials) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(unreadable)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unreadable());
    }
    let text = STANDARD.decode(credentials.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = text.as_deref().and_then(|text| text.split_once(':')).ok_or_else(unreadable)?;
    Ok(Some((pair.0.to_owned(), pair.1.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn headers(content_type: &str, authorization: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        for given in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_str(given).unwrap());
        }
        headers
    }

    fn read(authorization: &[&str], body: &str) -> Result<(String, String, Option<String>), String> {
        let read = TokenRequest::read(&headers(FORM, authorization), body.as_bytes());
        read.map(|read| (read.client_id, read.client_secret, read.scope)).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_client_tells_who_it_is_in_either_way() {
        let basic = format!("basic {}", STANDARD.encode("id:se:cret"));
        let told = |scope: Option<&str>| Ok(("id".to_owned(), "se:cret".to_owned(), scope.map(str::to_owned)));
        assert_eq!(read(&[&basic], "grant_type=client_credentials"), told(None));
        assert_eq!(read(&[&basic], "grant_type=client_credentials&client_id=id&scope=a+b"), told(Some("a b")));
        let body = "grant_type=client_credentials&client_id=id&client_secret=se%3Acret&scope=&other=1";
        assert_eq!(read(&[], body), told(None));
        let with_charset = headers(&format!("{FORM}; charset=utf-8"), &[]);
        assert!(TokenRequest::read(&with_charset, body.as_bytes()).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said() {
        let basic = format!("Basic {}", STANDARD.encode("id:secret"));
        let cc = "grant_type=client_credentials";
        let table: &[(&[&str], String, &str)] = &[
            (&[], String::new(), "grant_type is missing"),
            (&[], "grant_type=password".to_owned(), "grant_type must be"),
            (&[], format!("{cc}&grant_type=client_credentials"), "twice"),
            (&[], cc.to_owned(), "must tell its id and secret"),
            (&[], format!("{cc}&client_id=id"), "must tell its id and secret"),
            (&[], format!("{cc}&client_id=id&client_secret="), "must tell its id and secret"),
            (&[&basic], format!("{cc}&client_id=id&client_secret=secret"), "in one way"),
            (&[&basic], format!("{cc}&client_id=other"), "in one way"),
            (&[&basic, &basic], cc.to_owned(), "more than one"),
            (&["Basic ???"], cc.to_owned(), "must be Basic"),
            (&["Basic aWQ="], cc.to_owned(), "must be Basic"),
            (&["Bearer x"], cc.to_owned(), "must be Basic"),
            (&["Basic"], cc.to_owned(), "must be Basic"),
        ];
        for (authorization, body, said) in table {
            let told = read(authorization, body).unwrap_err();
            assert!(told.contains(said), "{body}: {told}");
        }
        let json = TokenRequest::read(&headers("application/json", &[]), b"{}").err().unwrap().to_string();
        assert!(json.contains("x-www-form-urlencoded"), "{json}");
    }

    proptest! {
        #[test]
        fn anything_can_be_sent(body in prop::collection::vec(any::<u8>(), 0..200), form in "[a-z_=&%+0-9]{0,80}", sent in "[ -~]{0,40}", scheme in "(Basic |basic  |)") {
            let headers = headers(FORM, &[&format!("{scheme}{sent}")]);
            let _ = TokenRequest::read(&headers, &body);
            let _ = TokenRequest::read(&headers, form.as_bytes());
            let encoded = format!("Basic {}", STANDARD.encode(&body));
            let _ = TokenRequest::read(&super::tests::headers(FORM, &[&encoded]), b"grant_type=client_credentials");
        }
    }
}
