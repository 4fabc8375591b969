//! The API of the server, as far as students use it.

use super::trust;
use awc::error::{ConnectError, JsonPayloadError, SendRequestError};
use awc::http::{Method, StatusCode};
use awc::{Client, Connector};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use thiserror::Error;

/// Why the server could not be asked for what a rehearsal needs to know.
#[derive(Debug, Error)]
pub enum ApiError {
    /// It does not answer.
    #[error("{url} does not answer: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// Why not.
        reason: String,
    },
    /// There is no TLS with it.
    #[error(
        "{url} cannot be trusted: {reason}; if its certificate is of an authority of your own, name the file with the authority's by SSL_CERT_FILE"
    )]
    Untrusted {
        /// What was asked.
        url: String,
        /// Why not.
        reason: rustls::Error,
    },
    /// It answers something else.
    #[error("{url} answers {status}, which a rehearsal cannot go on with")]
    Unexpected {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
}

/// How long an answer may take, waiting for a connection included. Longer than a server should need to refuse.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Connections that rest are closed before the server closes them, which would look like a lost answer.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// The largest page there is.
const PAGE: usize = 200;

/// A server.
pub(super) struct Api {
    client: Client,
    base: String,
}

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// JSON, or null.
    pub(super) body: Value,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

impl Api {
    /// The server at this URL, by at most so many connections. Requests beyond wait for one in the order in which they come.
    pub(super) fn new(url: &str, connections: usize, key: Option<&SecretString>) -> Result<Self, ApiError> {
        let mut connector = Connector::new().limit(connections).timeout(TIMEOUT).conn_keep_alive(KEEP_ALIVE);
        if url.starts_with("https:") {
            let config = trust::of_the_system();
            connector = connector
                .rustls_0_23(config.map_err(|reason| ApiError::Untrusted { url: url.to_owned(), reason })?.into());
        }
        let mut client = Client::builder().connector(connector).timeout(TIMEOUT).disable_redirects();
        if let Some(key) = key {
            client = client.bearer_auth(key.expose_secret());
        }
        let client = client.finish();
        Ok(Self { client, base: format!("{}/api/v1", url.trim_end_matches('/')) })
    }

    /// The first items of a list, page by page, and at least so many if there are; the query begins with `&`, or is empty.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &str,
        least: usize,
    ) -> Result<Vec<T>, ApiError> {
        let first = format!("{}{path}?limit={PAGE}{query}", self.base);
        let mut url = first.clone();
        let mut items = Vec::new();
        loop {
            let page: Page<T> = self.read(&url).await?;
            items.extend(page.items);
            match page.next_cursor {
                Some(cursor) if items.len() < least => url = format!("{first}&cursor={cursor}"),
                _ => return Ok(items),
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, url: &str) -> Result<T, ApiError> {
        let unreachable = |reason: String| ApiError::Unreachable { url: url.to_owned(), reason };
        let sent = self.client.get(url).send().await;
        let mut response = sent.map_err(|error| match untrusted(&error) {
            Some(reason) => ApiError::Untrusted { url: url.to_owned(), reason },
            None => unreachable(error.to_string()),
        })?;
        if response.status() != StatusCode::OK {
            return Err(ApiError::Unexpected { url: url.to_owned(), status: response.status().as_u16() });
        }
        response.json().await.map_err(|error: JsonPayloadError| unreachable(error.to_string()))
    }

    /// Asks for a seat. Two requests with the same key are one.
    pub(super) async fn enroll(&self, student: &str, section: &str, key: Option<&str>) -> Result<Answer, String> {
        let path = format!("/students/{student}/courses");
        self.send(Method::POST, &path, key, Some(&json!({ "section_id": section }))).await
    }

    /// Gives a seat back.
    pub(super) async fn leave(&self, student: &str, student_course: &str) -> Result<Answer, String> {
        self.send(Method::DELETE, &format!("/students/{student}/courses/{student_course}"), None, None).await
    }

    /// Exchanges a seat for another, or keeps it.
    pub(super) async fn swap(&self, student: &str, from: &str, to: &str) -> Result<Answer, String> {
        let plan = json!({ "swaps": [{ "drop": from, "add": { "section_id": to } }] });
        self.send(Method::POST, &format!("/students/{student}/plan"), None, Some(&plan)).await
    }

    /// Looks at a student's courses.
    pub(super) async fn courses(&self, student: &str) -> Result<Answer, String> {
        self.send(Method::GET, &format!("/students/{student}/courses"), None, None).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(key) = key {
            request = request.insert_header(("Idempotency-Key", key));
        }
        let sent = match body {
            Some(body) => request.send_json(body).await,
            None => request.send().await,
        };
        let mut response = sent.map_err(|error| error.to_string())?;
        let bytes = response.body().await.map_err(|error| error.to_string())?;
        Ok(Answer { status: response.status(), body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }
}

/// Why there is no TLS, if that is why nothing could be sent.
fn untrusted(error: &SendRequestError) -> Option<rustls::Error> {
    let SendRequestError::Connect(ConnectError::Io(error)) = error else { return None };
    error.get_ref()?.downcast_ref().cloned()
}
