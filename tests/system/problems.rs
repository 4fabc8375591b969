//! Bad input gets a clear problem, whatever is wrong with it, and never a 500.

use enrollment_tests::{Answer, TestApp};
use serde_json::{Value, json};

#[track_caller]
fn assert_problem(answer: &Answer, status: u16, kind: &str) {
    assert_eq!(answer.status, status, "{:#}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let body = &answer.body;
    assert_eq!((&body["type"], &body["status"]), (&json!(kind), &json!(status)), "{body:#}");
    assert!(
        ["title", "detail", "request_id"]
            .iter()
            .all(|member| body[member].as_str().is_some_and(|text| !text.is_empty())),
        "{body:#}"
    );
    assert_eq!(answer.header("x-request-id"), body["request_id"].as_str());
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn what_cannot_be_read_is_told_so() {
    let app = TestApp::start();
    let send = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        app.send(method, path, headers, Some(body.to_owned()))
    };
    assert_problem(&app.get("/nowhere"), 404, "/problems/not-found");
    assert_problem(&app.get("/api/v1/nowhere"), 404, "/problems/not-found");
    assert_problem(&app.get("/api/v1/students/not-a-uuid"), 404, "/problems/not-found");
    assert_problem(&app.get("/api/v1/students/0190a1b2-0000-7000-8000-000000000000"), 404, "/problems/not-found");
    assert_problem(&app.delete("/api/v1/students"), 405, "/problems/method-not-allowed");
    assert_problem(&send("POST", "/api/v1/students", &[JSON], "{"), 400, "/problems/malformed");
    assert_problem(&send("POST", "/api/v1/students", &[JSON], ""), 400, "/problems/malformed");
    assert_problem(
        &send("POST", "/api/v1/students", &[("content-type", "text/plain")], "{}"),
        415,
        "/problems/unsupported-media-type",
    );
    let deep = "[".repeat(10_000);
    assert_problem(
        &send("POST", "/api/v1/courses", &[JSON], &format!("{{\"requisite\":{deep}")),
        400,
        "/problems/malformed",
    );
    let long = format!("{{\"number\": \"{}\"}}", "x".repeat(300_000));
    assert_problem(&send("POST", "/api/v1/students", &[JSON], &long), 413, "/problems/too-large");
    let student = app.student("1");
    let path = format!("/api/v1/students/{student}");
    assert_problem(&app.send_json("PATCH", &path, &[("if-match", "2")], &json!({})), 400, "/problems/malformed");
    assert_problem(&app.send_json("PATCH", &path, &[("if-match", "\"2\"")], &json!({})), 412, "/problems/stale");
}

#[test]
fn wrong_fields_are_named_all_at_once() {
    let app = TestApp::start();
    let answer = app.post(
        "/api/v1/students",
        &json!({"number": "a\u{0}b", "email": "x", "max_credits": 1e300, "level": 5, "age": 7}),
    );
    assert_problem(&answer, 422, "/problems/invalid");
    assert_eq!(
        answer.invalid(),
        ["/age", "/number", "/given_name", "/family_name", "/email", "/level", "/max_credits"]
    );
    let term = json!({"code": "", "time_zone": "Moon", "starts_on": "2026-02-30", "ends_on": "soon", "drop_deadline": "later"});
    let pointers = app.post("/api/v1/terms", &term).invalid();
    assert_eq!(pointers, ["/code", "/name", "/time_zone", "/starts_on", "/ends_on", "/drop_deadline"]);
    let meetings = json!([{"days": ["mon", "yesterday"], "starts_at": "9:00", "ends_at": "24:00", "weeks": [0]}, 5]);
    let section =
        json!({"course_id": "x", "term_id": null, "number": 1, "capacity": -1, "status": "full", "meetings": meetings});
    let pointers = app.post("/api/v1/sections", &section).invalid();
    assert!(
        ["/course_id", "/term_id", "/number", "/capacity", "/status"]
            .iter()
            .all(|field| pointers.iter().any(|pointer| pointer == field)),
        "{pointers:?}"
    );
    assert!(pointers.iter().any(|pointer| pointer.starts_with("/meetings")), "{pointers:?}");
    assert_eq!(app.get("/api/v1/students").expect(200)["items"], json!([]));
}

#[test]
fn wrong_parameters_are_named_all_at_once() {
    let app = TestApp::start();
    let student = app.student("1");
    for path in [
        "/api/v1/students?limit=0".to_owned(),
        "/api/v1/students?limit=201".to_owned(),
        "/api/v1/students?cursor=zzz".to_owned(),
        "/api/v1/students?page=2".to_owned(),
        "/api/v1/sections?open=perhaps".to_owned(),
        "/api/v1/sections?term_id=1".to_owned(),
        format!("/api/v1/students/{student}/courses?status=asleep"),
        format!("/api/v1/students/{student}/courses?cursor=1"),
    ] {
        let answer = app.get(&path);
        assert_problem(&answer, 422, "/problems/invalid");
    }
    let both = app.get("/api/v1/students?limit=0&page=2&number=").expect(422);
    let parameters: Vec<&Value> = both["errors"].as_array().unwrap().iter().map(|error| &error["parameter"]).collect();
    assert_eq!(parameters.len(), 3, "{both:#}");
}

#[test]
fn a_key_that_is_none_is_refused() {
    let app = TestApp::start();
    let (student, section) = (app.student("1"), app.open_section(1));
    let path = format!("/api/v1/students/{student}/courses");
    let long = "k".repeat(256);
    let answer = app.send_json("POST", &path, &[("idempotency-key", &long)], &json!({ "section_id": section }));
    assert!(matches!(answer.status, 400 | 422), "{:#}", answer.body);
    assert!(app.courses_of(&student).is_empty());
}
