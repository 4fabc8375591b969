//! Who asks.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use enrollment_core::actor::Actor;
use std::convert::Infallible;
use std::future::{Ready, ready};

/// The actor on whose behalf the request is made. Everybody is anonymous until the API has access control, which belongs
/// here.
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequest for Caller {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Actor::anonymous())))
    }
}
