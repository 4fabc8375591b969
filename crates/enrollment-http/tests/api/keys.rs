//! API keys, and access tokens for them.

use crate::api::{Answer, Ports, TestApi};
use crate::samples::now;
use actix_web::test::TestRequest;
use chrono::{DateTime, TimeDelta, Utc};
use enrollment_core::access::{ApiKey, Role, Scope, SecretDigest};
use enrollment_core::actor::Actor;
use enrollment_core::page::Page;
use enrollment_core::{Error, Subject};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use uuid::Uuid;

fn key(roles: Vec<Role>) -> ApiKey {
    ApiKey {
        id: Uuid::from_u128(7).into(),
        prefix: "abcdefgh".to_owned().try_into().unwrap(),
        name: "Import".try_into().unwrap(),
        roles,
        created_at: now(),
        created_by: Actor::system("test"),
        expires_at: None,
        revoked_at: None,
        revoked_by: None,
        last_used_at: None,
    }
}

/// The secret that is made where every random byte is 7.
fn secret() -> String {
    let mut ports = Ports::default();
    ports.keys.expect_insert().returning(|key, _| Ok(key));
    let made = actix_web::rt::System::new().block_on(async {
        ports.api().post("/api/v1/keys", json!({"name": "x", "roles": [{"role": "auditor"}]})).await.json()
    });
    made["secret"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_key_is_made_and_shown_once() {
    let mut ports = Ports::default();
    ports.keys.expect_insert().once().returning(|key, _| Ok(key));
    ports.keys.expect_find().once().returning(|_| Ok(key(vec![Role::Auditor])));
    let api = ports.api();
    let body = json!({
        "name": "Import",
        "roles": [{"role": "service", "scopes": ["students:read"]}],
        "expires_at": "2099-01-01T00:00:00Z",
    });
    let answer = api.post("/api/v1/keys", body).await;
    let made = answer.json();
    assert_eq!(answer.status, 201, "{made}");
    assert_eq!(answer.header("location"), format!("/api/v1/keys/{}", made["id"].as_str().unwrap()));
    assert_eq!(answer.header("cache-control"), "no-store");
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with(&format!("enr_{}_", made["prefix"].as_str().unwrap())), "{made}");
    assert_eq!(made["roles"], json!([{"role": "service", "scopes": ["students:read"]}]));
    assert_eq!(made["created_by"], "anonymous");

    let read = api.get(&format!("/api/v1/keys/{}", Uuid::from_u128(7))).await.json();
    assert_eq!(read["roles"], json!([{"role": "auditor"}]));
    assert!(read.get("secret").is_none(), "{read}");
}

#[actix_web::test]
async fn every_wrong_field_of_a_key_is_told_at_once() {
    let api = Ports::default().api();
    let body =
        json!({"name": " ", "roles": [{"role": "service"}], "expires_at": "1999-01-01T00:00:00Z", "secret": "mine"});
    let answer = api.post("/api/v1/keys", body).await;
    answer.problem(422, "/problems/invalid");
    assert_eq!(answer.wrong(), ["/secret", "/name", "/roles/0", "/expires_at"]);
}

#[actix_web::test]
async fn keys_are_listed_and_revoked() {
    let mut ports = Ports::default();
    ports.keys.expect_list().once().returning(|_| Ok(Page { items: vec![key(vec![Role::Registrar])], next: None }));
    ports
        .keys
        .expect_revoke()
        .once()
        .returning(|_, by, at| Ok(ApiKey { revoked_at: Some(at), revoked_by: Some(by), ..key(vec![Role::Registrar]) }));
    ports.revocations.expect_revoked().once().return_const(());
    let api = ports.api();
    let listed = api.get("/api/v1/keys").await.json();
    assert_eq!(listed["items"][0]["prefix"], "abcdefgh");
    assert_eq!(listed["items"][0]["last_used_at"], json!(null));
    assert_eq!(api.delete(&format!("/api/v1/keys/{}", Uuid::from_u128(7))).await.status, 204);
}

#[actix_web::test]
async fn a_key_that_is_not_there_is_not_found() {
    let mut ports = Ports::default();
    ports.keys.expect_revoke().once().returning(|_, _, _| Err(Error::NotFound(Subject::Key)));
    ports.api().delete(&format!("/api/v1/keys/{}", Uuid::nil())).await.problem(404, "/problems/not-found");
}

/// An API that knows one key.
fn knowing(secret: &str, key: ApiKey) -> TestApi {
    let (mut ports, digest) = (Ports::default(), SecretDigest::of(secret));
    ports.credentials.expect_key_of().returning(move |asked| Ok((asked == digest).then(|| key.clone())));
    ports.credentials.expect_keep_token().returning(|_, _| Ok(()));
    ports.credentials.expect_used().return_const(());
    ports.api()
}

async fn ask(api: &TestApi, form: &str, basic: Option<&str>) -> Answer {
    let request = TestRequest::post().uri("/oauth/token").set_payload(form.to_owned());
    let request = request.insert_header(("content-type", "application/x-www-form-urlencoded"));
    let request = match basic {
        Some(basic) => request.insert_header(("authorization", format!("Basic {basic}"))),
        None => request,
    };
    api.send(request).await
}

const GRANT: &str = "grant_type=client_credentials";

#[test]
fn a_key_is_exchanged_for_a_token() {
    let secret = secret();
    let service = Role::Service([Scope::StudentsRead, Scope::CatalogRead].into());
    actix_web::rt::System::new().block_on(async {
        let api = knowing(&secret, key(vec![service]));
        let form = format!("{GRANT}&client_id=abcdefgh&client_secret={secret}");
        let answer = ask(&api, &form, None).await;
        let token = answer.json();
        assert_eq!(answer.status, 200, "{token}");
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
        assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(token["scope"], "students:read catalog:read");
        assert!(token["access_token"].as_str().unwrap().starts_with("ent_"), "{token}");
        let narrowed = ask(&api, &format!("{form}&scope=catalog%3Aread"), None).await.json();
        assert_eq!(narrowed["scope"], "catalog:read");
    });
}

#[test]
fn what_is_refused_is_told_in_the_words_of_rfc_6749() {
    let secret = secret();
    let expired: DateTime<Utc> = now() - TimeDelta::seconds(1);
    actix_web::rt::System::new().block_on(async {
        let api = knowing(&secret, key(vec![Role::Service([Scope::StudentsRead].into())]));
        let known = format!("{GRANT}&client_id=abcdefgh&client_secret={secret}");
        let table = [
            (api.clone(), String::new(), 400, "invalid_request"),
            (api.clone(), "grant_type=password".to_owned(), 400, "unsupported_grant_type"),
            (api.clone(), GRANT.to_owned(), 401, "invalid_client"),
            (api.clone(), known.replace("abcdefgh&", "hgfedcba&"), 401, "invalid_client"),
            (api.clone(), format!("{GRANT}&client_id=abcdefgh&client_secret=x"), 401, "invalid_client"),
            (api.clone(), format!("{known}&scope=students:write"), 400, "invalid_scope"),
            (api.clone(), format!("{known}&scope=everything"), 400, "invalid_scope"),
            (
                knowing(&secret, ApiKey { expires_at: Some(expired), ..key(vec![Role::Auditor]) }),
                known.clone(),
                401,
                "invalid_client",
            ),
        ];
        for (api, form, status, error) in table {
            let answer = ask(&api, &form, None).await;
            let told = answer.json();
            assert_eq!((answer.status.as_u16(), told["error"].as_str()), (status, Some(error)), "{form}: {told}");
            assert!(told["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{told}");
            assert_eq!(answer.header("content-type"), "application/json");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("www-authenticate").starts_with("Basic"), status == 401, "{told}");
            assert!(!told.to_string().contains(&secret), "{told}");
        }
    });
}

#[test]
fn anything_can_be_sent_for_a_token() {
    let api = knowing("nobody's", key(vec![Role::Auditor]));
    let system = actix_web::rt::System::new();
    let sent = ("[ -~]{0,60}", "[A-Za-z0-9+/=]{0,40}", any::<bool>());
    let mut runner = TestRunner::new(Config::with_cases(64));
    runner
        .run(&sent, |(form, basic, granted)| {
            let form = if granted { format!("{GRANT}&{form}") } else { form };
            let answer = system.block_on(ask(&api, &form, Some(&basic)));
            prop_assert!([400, 401].contains(&answer.status.as_u16()), "{form} {}", answer.status);
            Ok(())
        })
        .unwrap();
}
