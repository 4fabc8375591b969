//! The id of a request: taken from the caller's `X-Request-Id`, or minted; told in the answer and in the log.

use crate::Services;
use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;

/// The header that carries the id, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The most characters that an id of the caller's may have.
const LONGEST: usize = 128;

/// The id of a request: visible ASCII.
#[derive(Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// The caller's id where it has one that can be told and logged as it is, otherwise a new one.
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        let given = request.headers().get(X_REQUEST_ID).filter(|id| is_usable(id));
        given.cloned().map_or_else(|| Self::mint(request), Self)
    }

    fn mint(request: &ServiceRequest) -> Self {
        let services = request.app_data::<Data<Services>>();
        let id = services.map(|services| services.ids.next()).unwrap_or_default();
        let mut text = uuid::Uuid::encode_buffer();
        let value = HeaderValue::from_str(id.hyphenated().encode_lower(&mut text));
        Self(value.unwrap_or(HeaderValue::from_static("none")))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(crate) fn into_header(self) -> HeaderValue {
        self.0
    }
}

fn is_usable(id: &HeaderValue) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
}
