//! The `Idempotency-Key` of a request, by which a repetition is recognised.

use crate::problem::{InputError, Problem};
use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use enrollment_core::text::IdempotencyKey;
use std::future::{Ready, ready};

/// The header in which the caller names the request.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that says `true` when the answer is the first one to an earlier request with the same key.
pub(crate) const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The key, where the caller gives one.
pub(crate) struct Key(pub(crate) Option<IdempotencyKey>);

impl FromRequest for Key {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            read(request)
                .map(Self)
                .map_err(|reason| Problem::invalid(vec![InputError::in_header("Idempotency-Key", reason)])),
        )
    }
}

fn read(request: &HttpRequest) -> Result<Option<IdempotencyKey>, String> {
    let mut given = request.headers().get_all(IDEMPOTENCY_KEY);
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err("must be given once".to_owned()),
        (Some(key), None) => {
            let key = key.to_str().map_err(|_| "must be printable ASCII".to_owned())?;
            IdempotencyKey::try_from(key).map(Some)
        }
    }
}
