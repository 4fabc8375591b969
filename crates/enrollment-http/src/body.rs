//! Bodies, and JSON bodies into drafts.
//!
//! Bytes and the time that they take are bounded, JSON is checked as JSON (400), and only then as what it describes (422, by the draft's own `parse`).

use crate::Settings;
use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest, rt};
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;

/// A body that is a JSON object.
pub(crate) struct Json<T>(pub(crate) T);

/// A body of any type, no larger and no slower than a body may be.
pub(crate) struct Raw(pub(crate) Bytes);

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let raw = Raw::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let Raw(bytes) = raw.await?;
            check_type(&request, &bytes)?;
            parse(&bytes).map(Self)
        })
    }
}

impl FromRequest for Raw {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let bytes = Bytes::from_request(&request, payload);
        let limit = request.app_data::<Settings>().cloned().unwrap_or_default().body_time_limit;
        Box::pin(async move {
            let bytes = rt::time::timeout(limit, bytes).await.map_err(|_| too_slow())?;
            bytes.map(Self).map_err(|error| unreadable(&error, &request))
        })
    }
}

/// Whoever sends a byte now and then would keep a connection, and what has come so far, for ever.
fn too_slow() -> Problem {
    Problem::new(Kind::BodyTooSlow, "The body did not arrive within the time that a body may take.")
}

fn unreadable(error: &actix_web::Error, request: &HttpRequest) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => {
            let limit = request.app_data::<Settings>().map_or(0, |settings| settings.body_limit);
            Problem::new(Kind::TooLarge, format!("A body has at most {limit} bytes."))
        }
        _ => Problem::new(Kind::Malformed, "The body could not be read to its end."),
    }
}

/// An empty body has no type to be wrong: that it is empty is told instead.
fn check_type(request: &HttpRequest, bytes: &Bytes) -> Result<(), Problem> {
    if bytes.is_empty() {
        return Err(Problem::new(Kind::Malformed, "The body is empty: it must be a JSON object."));
    }
    if request.headers().get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Problem::new(Kind::UnsupportedMediaType, "The body is compressed, which is not taken here."));
    }
    let is_json = match request.headers().get(CONTENT_TYPE) {
        Some(plain) if plain == "application/json" => true,
        Some(_) => is_json_in_utf8(request),
        None => return Err(Problem::new(Kind::UnsupportedMediaType, "The body has no Content-Type.")),
    };
    if is_json { Ok(()) } else { Err(Problem::new(Kind::UnsupportedMediaType, given_type(request))) }
}

fn is_json_in_utf8(request: &HttpRequest) -> bool {
    let Ok(Some(given)) = request.mime_type() else { return false };
    let charset = given.get_param("charset");
    given.essence_str() == "application/json" && charset.is_none_or(|charset| charset == "utf-8")
}

fn given_type(request: &HttpRequest) -> String {
    let given = request.headers().get(CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    format!("The body is `{}`, not `application/json`.", String::from_utf8_lossy(given))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let detail = match error.classify() {
            // Of a draft, whose fields never fail, only the shape can be wrong, or a field be there twice.
            serde_json::error::Category::Data if !is_object(bytes) => "The body must be a JSON object.".to_owned(),
            serde_json::error::Category::Data => format!("The JSON object cannot be read: {error}."),
            _ => format!("The body is not JSON: {error}."),
        };
        Problem::new(Kind::Malformed, detail)
    })
}

fn is_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'{')
}

#[cfg(test)]
mod tests {
    use super::*;
    use enrollment_core::catalog::StudentDraft;

    fn detail(bytes: &[u8]) -> String {
        parse::<StudentDraft>(bytes).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_json_is_told_with_its_place() {
        assert!(detail(b"{\"number\": \n nope}").contains("at line 2 column 3"));
        assert!(detail(b"{\"number\": \"\xff\"}").contains("unicode"));
        assert!(detail(b"{\"number\": 1e999}").contains("out of range"));
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        assert!(detail(&[b"{\"number\": ", &*deep, b"}"].concat()).contains("recursion limit"));
        assert!(detail(&[b"{\"other\": ", &*deep, b"}"].concat()).contains("recursion limit"));
    }

    #[test]
    fn json_that_is_no_object_says_so() {
        for body in ["[]", "7", "\"text\"", "null", "true", " [{}]"] {
            assert!(detail(body.as_bytes()).contains("must be a JSON object"), "{body}");
        }
    }

    #[test]
    fn a_field_that_is_there_twice_is_refused() {
        assert!(detail(br#"{"number": "1", "number": "2"}"#).contains("duplicate field `number`"));
    }
}
