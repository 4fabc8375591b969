//! The headers that every answer has, so that no browser does with it what it was not meant for.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Those of an answer that does not say otherwise itself: a record is nobody's page, is in nobody's frame, and is not stored.
const DEFAULTS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CACHE_CONTROL, "no-store"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
];

/// A browser that has been here by TLS comes by nothing else for a year.
const TLS_ONLY: (HeaderName, &str) = (STRICT_TRANSPORT_SECURITY, "max-age=31536000");

/// Adds them.
pub(crate) fn add(headers: &mut HeaderMap, is_tls: bool) {
    for (name, value) in DEFAULTS.into_iter().chain(is_tls.then_some(TLS_ONLY)) {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
