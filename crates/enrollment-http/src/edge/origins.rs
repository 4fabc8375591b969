//! Whose pages may ask from a browser (CORS): nobody's but this server's own, unless an operator names them.

use actix_cors::Cors;
use actix_web::http::Uri;
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH, LOCATION, RETRY_AFTER,
};
use actix_web::middleware::Condition;
use std::str::FromStr;
use thiserror::Error;

/// Pages that may ask: each by its exact origin, such as `https://portal.example.edu`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

/// A text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an origin: a scheme and a host, such as https://portal.example.edu, without a path and without `*`")]
pub struct NotAnOrigin;

impl Origins {
    /// These, each as a browser writes it.
    ///
    /// # Errors
    /// When one is no origin.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, NotAnOrigin> {
        texts.into_iter().map(exact).collect::<Result<_, _>>().map(Self)
    }

    /// What answers preflight requests and adds the headers; nothing where nobody is named.
    ///
    /// Credentials that a browser adds by itself (cookies) are never asked for: a page sends its own `Authorization`.
    pub(crate) fn middleware(&self) -> Condition<Cors> {
        let idempotency_key = HeaderName::from_static("idempotency-key");
        let request_id = crate::request_id::X_REQUEST_ID;
        let cors = Cors::default()
            .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
            .allowed_headers([
                AUTHORIZATION,
                CONTENT_TYPE,
                IF_MATCH,
                IF_NONE_MATCH,
                idempotency_key,
                request_id.clone(),
            ])
            .expose_headers([ETAG, LOCATION, RETRY_AFTER, request_id])
            .max_age(3600);
        let cors = self.0.iter().fold(cors, |cors, origin| cors.allowed_origin(origin));
        Condition::new(!self.0.is_empty(), cors)
    }
}

fn exact(text: &str) -> Result<String, NotAnOrigin> {
    let uri = Uri::from_str(text).map_err(|_| NotAnOrigin)?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(NotAnOrigin) };
    let is_web = matches!(scheme, "http" | "https");
    let origin = format!("{scheme}://{authority}").to_lowercase();
    if is_web && !authority.as_str().contains(['@', '*']) && text == origin { Ok(origin) } else { Err(NotAnOrigin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_origins_are_taken() {
        for origin in ["https://portal.example.edu", "http://localhost:3000", "http://[::1]:3000"] {
            assert_eq!(Origins::new([origin]), Ok(Origins(vec![origin.to_owned()])));
        }
        for wrong in [
            "*",
            "null",
            "",
            "portal.example.edu",
            "https://*.example.edu",
            "https://portal.example.edu/",
            "https://portal.example.edu/path",
            "https://user@portal.example.edu",
            "HTTPS://portal.example.edu",
            "https://Portal.example.edu",
            "file:///etc",
            "ftp://example.edu",
        ] {
            assert_eq!(Origins::new([wrong]), Err(NotAnOrigin), "{wrong}");
        }
    }
}
