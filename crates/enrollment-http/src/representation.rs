//! What is answered: one thing as JSON, or a list, with its `ETag`.

use crate::precondition::{digest_tag, is_known, tag, tag_with_digest};
use crate::problem::Problem;
use actix_web::http::header::{CACHE_CONTROL, ContentType, ETAG, HeaderName, HeaderValue, LOCATION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use enrollment_core::catalog::{Course, Hold, Permit, Reservation, Section, Student, Term, Version, Window};
use enrollment_core::registration::StudentCourse;
use serde::Serialize;

/// Something that is answered by itself, with a tag.
pub(crate) trait Tagged: Serialize {
    /// Whether its JSON can change while its version does not.
    const HAS_MORE: bool = false;

    /// Its version.
    fn version(&self) -> Version;
}

macro_rules! tagged {
    ($($(#[$reason:meta])* $name:ty, $has_more:literal;)+) => {$(
        $(#[$reason])*
        impl Tagged for $name {
            const HAS_MORE: bool = $has_more;

            fn version(&self) -> Version {
                self.version
            }
        }
    )+};
}

tagged! {
    Student, false;
    Course, false;
    Term, false;
    Hold, false;
    Window, false;
    Permit, false;
    // They show the seats taken.
    Section, true;
    Reservation, true;
    // It shows the code, title and number of its course, section and term.
    StudentCourse, true;
}

/// The caller may keep the answer, and has to ask each time whether it is still so.
pub(crate) const REVALIDATE: (HeaderName, &str) = (CACHE_CONTROL, "private, no-cache");

/// A body on its way into an answer.
struct Representation {
    body: Bytes,
    tag: HeaderValue,
}

impl Representation {
    fn of<T: Tagged>(value: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(Problem::internal)?;
        let tag = if T::HAS_MORE { tag_with_digest(value.version(), &body) } else { tag(value.version()) };
        Ok(Self { body: body.into(), tag })
    }

    /// Of what has no version.
    fn by_digest(value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(Problem::internal)?;
        Ok(Self { tag: digest_tag(&body), body: body.into() })
    }

    /// 200 and the body, or 304 when the caller has it already.
    fn unless_known(self, request: &HttpRequest, caching: (HeaderName, &str)) -> HttpResponse {
        if is_known(request, &self.tag) {
            return HttpResponse::NotModified().insert_header(caching).insert_header((ETAG, self.tag)).finish();
        }
        let mut answer = HttpResponse::Ok();
        answer.insert_header(caching);
        self.into(answer)
    }

    fn into(self, mut answer: HttpResponseBuilder) -> HttpResponse {
        answer.insert_header((ETAG, self.tag)).insert_header(ContentType::json()).body(self.body)
    }
}

/// Answers 200 and the thing, or 304 when the caller has it already.
pub(crate) fn found<T: Tagged>(request: &HttpRequest, value: &T) -> Result<HttpResponse, Problem> {
    Ok(Representation::of(value)?.unless_known(request, REVALIDATE))
}

/// Answers 200 and what has no version, or 304 when the caller has just this already.
pub(crate) fn unless_known(
    request: &HttpRequest,
    value: &impl Serialize,
    caching: (HeaderName, &str),
) -> Result<HttpResponse, Problem> {
    Ok(Representation::by_digest(value)?.unless_known(request, caching))
}

/// Answers 200 and the thing as it is now.
pub(crate) fn changed<T: Tagged>(value: &T) -> Result<HttpResponse, Problem> {
    Ok(Representation::of(value)?.into(HttpResponse::Ok()))
}

/// Answers 200 and a body that was made for many callers, or 304 when this one has it already.
pub(crate) fn shared(
    request: &HttpRequest,
    body: Bytes,
    tag: HeaderValue,
    caching: (HeaderName, &str),
) -> HttpResponse {
    Representation { body, tag }.unless_known(request, caching)
}

/// Answers 201, the thing and where it is.
pub(crate) fn created<T: Tagged>(location: String, value: &T) -> Result<HttpResponse, Problem> {
    let mut answer = HttpResponse::Created();
    answer.insert_header((LOCATION, location));
    Ok(Representation::of(value)?.into(answer))
}

/// Answers 204.
pub(crate) fn deleted() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Answers 200 and a value that has no tag.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(value).map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().insert_header(ContentType::json()).body(body))
}
