//! A problem as bytes.

use super::{Members, Problem};
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::web::Bytes;
use enrollment_core::chance::Chance;
use serde::Serialize;

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    problem_type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
    instance: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(flatten)]
    members: &'a Members,
}

impl Problem {
    /// The body. A refusal names its attempt in place of the request, so that a repetition is answered by the same bytes.
    pub(crate) fn body(&self, instance: &str, request_id: &str) -> Bytes {
        let is_refusal = matches!(self.members, Members::Refused { .. });
        let body = Body {
            problem_type: self.kind.problem_type(),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            remedy: self.kind.remedy(),
            instance,
            request_id: (!is_refusal).then_some(request_id),
            members: &self.members,
        };
        // Text, numbers and JSON values always have a JSON form; if that were ever wrong, the status still says enough.
        serde_json::to_vec(&body).map(Bytes::from).unwrap_or_default()
    }

    /// The headers that it is answered with. When to ask again is left to chance, so that not all come again at once.
    pub(crate) fn headers(&self, chance: &dyn Chance) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let media_type = (CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let retry_after = self.kind.retry_after().map(|span| (RETRY_AFTER, HeaderValue::from(span.draw(chance))));
        std::iter::once(media_type).chain(retry_after).chain(self.headers.iter().cloned())
    }
}
