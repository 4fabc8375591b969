//! API keys over HTTP: made, used, exchanged for tokens, and revoked; and the first of them.

use enrollment_server::application::Settings;
use enrollment_server::identity;
use enrollment_tests::{Answer, Client, Place, ServerProcess, TestApp};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

/// A server that lets nobody in without a credential, and its administrator, who is a registrar too.
pub(crate) fn guarded() -> (TestApp, Client) {
    guarded_with(|_| ())
}

/// The same, with settings that the test changes.
pub(crate) fn guarded_with(change: impl FnOnce(&mut Settings)) -> (TestApp, Client) {
    let app = TestApp::start_with(|settings| {
        settings.identity = identity::Settings::default();
        change(settings);
    });
    let administrator = command(&app, &["key", "create", "--role", "administrator", "--role", "registrar"]);
    let client = app.client().with_credential(&administrator);
    (app, client)
}

/// What a command printed on the database of a server, in its last line.
fn command(app: &TestApp, arguments: &[&str]) -> String {
    let ended = Place::database(app.database.url()).command(arguments);
    assert_eq!(ended.status, Some(0), "{}", ended.output);
    ended.output.lines().find(|line| line.starts_with("enr_")).unwrap_or(ended.output.trim()).to_owned()
}

pub(crate) fn key(administrator: &Client, roles: &Value) -> Value {
    administrator.post("/api/v1/keys", &json!({"name": "Test", "roles": roles})).expect(201)
}

fn token(client: &Client, form: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    client.send("POST", "/oauth/token", &headers, Some(form.to_owned()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn nobody_gets_in_without_a_credential() {
    let (app, administrator) = guarded();
    let refused = app.get("/api/v1/students");
    assert_eq!(refused.expect(401)["type"], "/problems/unauthenticated");
    administrator.get("/api/v1/students").expect(200);
    for bad in ["enr_abcdefgh_x", "ent_x", "a.b.c", "x"] {
        app.client().with_credential(bad).get("/api/v1/students").expect(401);
    }
    app.get("/healthz").expect(200);
}

#[test]
fn a_key_is_made_used_and_revoked() {
    let (app, administrator) = guarded();
    let made = key(&administrator, &json!([{"role": "service", "scopes": ["catalog:read"]}]));
    let path = format!("/api/v1/keys/{}", text(&made["id"]));
    let service = app.client().with_credential(text(&made["secret"]));
    service.get("/api/v1/courses").expect(200);
    service.get("/api/v1/students").expect(403);
    service.get("/api/v1/keys").expect(403);

    let deadline = Instant::now() + Duration::from_secs(10);
    while administrator.get(&path).expect(200)["last_used_at"].is_null() {
        assert!(Instant::now() < deadline, "its use was never noted");
        std::thread::sleep(Duration::from_millis(20));
    }
    administrator.delete(&path).expect(204);
    let refused = service.get("/api/v1/courses").expect(401);
    assert!(text(&refused["detail"]).contains("revoked"), "{refused}");
    let revoked = administrator.get(&path).expect(200);
    assert!(revoked["revoked_by"].as_str().is_some_and(|by| by.starts_with("key:")), "{revoked}");
    assert_eq!(administrator.get("/api/v1/keys").expect(200)["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_revocation_on_the_command_line_takes_effect_within_two_seconds() {
    let (app, administrator) = guarded();
    let made = key(&administrator, &json!([{"role": "auditor"}]));
    let auditor = app.client().with_credential(text(&made["secret"]));
    auditor.get("/api/v1/students").expect(200);
    command(&app, &["key", "revoke", text(&made["prefix"])]);
    let revoked = Instant::now();
    while auditor.get("/api/v1/students").status == 200 {
        assert!(revoked.elapsed() < Duration::from_secs(4), "it is still taken");
        std::thread::sleep(Duration::from_millis(50));
    }
    auditor.get("/api/v1/students").expect(401);
    let listed = command(&app, &["key", "list"]);
    let line = listed.lines().find(|line| line.starts_with(text(&made["prefix"]))).unwrap();
    assert!(line.contains("revoked") && line.contains("auditor"), "{listed}");
}

#[test]
fn an_expired_key_is_refused() {
    let (app, administrator) = guarded();
    let made = key(&administrator, &json!([{"role": "auditor"}]));
    let sql = "UPDATE api_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second'";
    app.database.execute(&format!("{sql} WHERE id = '{}'", text(&made["id"])));
    let refused = app.client().with_credential(text(&made["secret"])).get("/api/v1/students").expect(401);
    assert!(text(&refused["detail"]).contains("expired"), "{refused}");
}

#[test]
fn a_key_is_exchanged_for_a_token_that_may_less_and_dies_with_it() {
    let (app, administrator) = guarded();
    let made = key(&administrator, &json!([{"role": "service", "scopes": ["catalog:read", "students:read"]}]));
    let (prefix, secret) = (text(&made["prefix"]), text(&made["secret"]));
    let form = format!("grant_type=client_credentials&client_id={prefix}&client_secret={secret}&scope=catalog%3Aread");
    let issued = token(app.client(), &form).expect(200);
    let client = app.client().with_credential(text(&issued["access_token"]));
    client.get("/api/v1/courses").expect(200);
    client.get("/api/v1/students").expect(403);

    administrator.delete(&format!("/api/v1/keys/{}", text(&made["id"]))).expect(204);
    client.get("/api/v1/courses").expect(401);
    assert_eq!(token(app.client(), &form).expect(401)["error"], "invalid_client");
}

#[test]
fn a_key_of_a_student_reaches_the_student_alone() {
    let (app, registrar) = guarded();
    let (ada, grace) = (registrar.student("A-1"), registrar.student("G-1"));
    let secret = command(&app, &["key", "create", "--role", "student", "--number", "A-1", "--expires", "90d"]);
    let student = app.client().with_credential(&secret);
    student.get(&format!("/api/v1/students/{ada}")).expect(200);
    student.get(&format!("/api/v1/students/{grace}")).expect(404);
}

#[test]
fn the_first_start_makes_one_key_that_only_its_owner_can_read() {
    let folder = ServerProcess::data_dir();
    let place = Place::data_dir(folder.path()).guarded();
    let mut server = ServerProcess::start_at(&place, ServerProcess::free_address());
    let file = folder.path().join("administrator.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = fs::read_to_string(&file).unwrap();
    server.client().get("/api/v1/students").expect(401);
    let administrator = server.client().with_credential(secret.trim());
    administrator.get("/api/v1/students").expect(200);
    assert_eq!(administrator.get("/api/v1/keys").expect(200)["items"].as_array().unwrap().len(), 1);

    assert_eq!(server.terminate(), Some(0));
    let again = ServerProcess::start_at(&place, ServerProcess::free_address());
    assert_eq!(fs::read_to_string(&file).unwrap(), secret);
    let administrator = again.client().with_credential(secret.trim());
    assert_eq!(administrator.get("/api/v1/keys").expect(200)["items"].as_array().unwrap().len(), 1);
}

#[test]
fn who_lets_everybody_in_serves_this_machine_alone() {
    let folder = ServerProcess::data_dir();
    let ended = Place::data_dir(folder.path()).command(&["serve", "--listen", "0.0.0.0:0", "--no-authentication"]);
    assert_eq!(ended.status, Some(1), "{}", ended.output);
    assert!(ended.output.contains("loopback"), "{}", ended.output);
}
