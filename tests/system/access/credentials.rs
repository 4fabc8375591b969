//! Every endpoint refuses every credential that is no good.

use super::keys::key;
use super::provider::Provider;
use enrollment_tests::{Client, TestApp};
use serde_json::{Value, json};

/// Every operation that needs a credential: its method, and its path with ids in it.
fn operations(app: &TestApp) -> Vec<(String, String)> {
    let document = app.get("/api/openapi.json").expect(200);
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let filled: String = path
            .split('{')
            .enumerate()
            .map(|(index, part)| match part.split_once('}') {
                Some((_, rest)) if index > 0 => format!("0190a1b2-0000-7000-8000-000000000001{rest}"),
                _ => part.to_owned(),
            })
            .collect();
        for (method, operation) in item.as_object().unwrap() {
            if !operation["security"].as_array().unwrap().is_empty() {
                operations.push((method.to_uppercase(), filled.clone()));
            }
        }
    }
    assert!(operations.len() > 60, "only {} operations need a credential", operations.len());
    operations
}

/// A key that was revoked, one that has expired, the tokens of both, and what was never issued.
fn no_good(app: &TestApp, administrator: &Client) -> Vec<(&'static str, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let issue = || {
        let made = key(administrator, &json!([{"role": "registrar"}, {"role": "administrator"}]));
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            text(&made["prefix"]),
            text(&made["secret"])
        );
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let token = app.send("POST", "/oauth/token", &headers, Some(form)).expect(200);
        (text(&made["id"]), text(&made["secret"]), text(&token["access_token"]))
    };
    let (revoked, revoked_key, revoked_token) = issue();
    administrator.delete(&format!("/api/v1/keys/{revoked}")).expect(204);
    let (expired, expired_key, expired_token) = issue();
    let sql = "UPDATE api_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second'";
    app.database.execute(&format!("{sql} WHERE id = '{expired}'"));
    let (_, good, _) = issue();
    let mut forged = good.clone();
    forged.replace_range(forged.len() - 1.., if good.ends_with('0') { "1" } else { "0" });
    vec![
        ("a revoked key", revoked_key),
        ("the token of a revoked key", revoked_token),
        ("an expired key", expired_key),
        ("the token of an expired key", expired_token),
        ("a forged key", forged),
        ("a key cut short", good[..good.len() / 2].to_owned()),
        ("no words at all", "!".to_owned()),
        ("very much", "e".repeat(4_000)),
    ]
}

#[test]
fn every_endpoint_refuses_every_credential_that_is_no_good() {
    let provider = Provider::new();
    let (app, administrator) = provider.guarded();
    let no_good = [no_good(&app, &administrator), provider.no_good()].concat();
    for (method, path) in operations(&app) {
        for (what, credential) in &no_good {
            let answer = app.client().with_credential(credential).send(&method, &path, &[], None);
            assert_eq!(answer.status, 401, "{method} {path} with {what}: {:#}", answer.body);
            assert_eq!(answer.body["type"], "/problems/unauthenticated", "{method} {path} with {what}");
        }
        assert_eq!(app.send(&method, &path, &[], None).status, 401, "{method} {path} without any");
        let admitted = administrator.try_send(&method, &path, &[], None);
        assert!(admitted.is_none_or(|answer| answer.status != 401), "{method} {path}");
    }
}
