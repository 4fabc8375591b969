//! What the API's document says that an endpoint may answer.

use serde_json::{Map, Value};
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../docs/openapi.json")).unwrap());

/// Asserts that the document knows this status of the endpoint that a request went to. Of what is no endpoint it says nothing.
#[track_caller]
pub(crate) fn assert_documented(method: &str, path: &str, status: u16) {
    let Some(item) = item(path) else { return };
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    if let Some(operation) = item.get(&method) {
        let is_told = operation["responses"].get(status.to_string()).is_some();
        assert!(is_told, "{method} {path} answers {status}, which its document does not tell");
    }
}

/// The path's item: the one whose pattern names the most of its segments.
fn item(path: &str) -> Option<&'static Map<String, Value>> {
    let segments: Vec<&str> = path.split('/').collect();
    let fits = |pattern: &str| {
        let own = pattern.split('/');
        own.clone().count() == segments.len()
            && own.zip(&segments).all(|(own, given)| own == *given || own.starts_with('{') && !given.is_empty())
    };
    let items = DOCUMENT["paths"].as_object()?.iter().filter(|(pattern, _)| fits(pattern));
    items.min_by_key(|(pattern, _)| pattern.matches('{').count()).and_then(|(_, item)| item.as_object())
}
