//! Bodies that are too long, of another type, not JSON, or no object.

use crate::api::Ports;
use crate::samples::*;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use enrollment_http::Settings;
use serde_json::json;

fn post(body: impl Into<Vec<u8>>) -> TestRequest {
    let body: Vec<u8> = body.into();
    TestRequest::post().uri("/api/v1/students").insert_header(("content-type", "application/json")).set_payload(body)
}

#[actix_web::test]
async fn what_is_not_a_json_object_is_malformed() {
    let api = Ports::default().api();
    let deep = format!("{{\"number\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: [(&[u8], &str); 11] = [
        (b"", "empty"),
        (b"   ", "EOF"),
        (b"{\"number\": ", "line 1 column 11"),
        (b"{\"number\": \"1\",}", "trailing comma"),
        (b"{\"number\": \"\xff\"}", "unicode"),
        (b"{\"number\": \"\\ud800\"}", "hex escape"),
        (b"{\"number\": 1e999}", "out of range"),
        (b"[]", "must be a JSON object"),
        (b"\"text\"", "must be a JSON object"),
        (b"{\"number\": \"1\", \"number\": \"2\"}", "duplicate field `number`"),
        (deep.as_bytes(), "recursion limit"),
    ];
    for (body, reason) in bodies {
        let problem = api.send(post(body)).await.problem(400, "/problems/malformed");
        assert!(problem["detail"].as_str().unwrap().contains(reason), "{problem}");
    }
}

#[actix_web::test]
async fn text_with_nul_and_numbers_beyond_bounds_are_wrong_fields() {
    let api = Ports::default().api();
    let body = r#"{"number": "1\u00002", "given_name": "A", "family_name": "B", "max_credits": 1e300}"#;
    let answer = api.send(post(body)).await;
    answer.problem(422, "/problems/invalid");
    assert_eq!(answer.wrong(), ["/number", "/max_credits"]);
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_told_the_limit() {
    let body = json!({"number": "1".repeat(300)}).to_string();
    let api = Ports::default().api_with(Settings { body_limit: 256, ..Settings::default() });
    let problem = api.send(post(body.clone())).await.problem(413, "/problems/too-large");
    assert!(problem["detail"].as_str().unwrap().contains("256"));
    let answer = Ports::default().api().send(post(body)).await;
    answer.problem(422, "/problems/invalid");
}

#[actix_web::test]
async fn a_form_that_is_too_large_is_told_the_limit() {
    let api = Ports::default().api_with(Settings { body_limit: 256, ..Settings::default() });
    let form = ("content-type", "application/x-www-form-urlencoded");
    let request = TestRequest::post().uri("/oauth/token").insert_header(form).set_payload("a".repeat(300));
    let problem = api.send(request).await.problem(413, "/problems/too-large");
    assert!(problem["detail"].as_str().unwrap().contains("256"));
}

#[actix_web::test]
async fn only_json_in_utf8_is_taken() {
    let api = Ports::default().api();
    let body = student_body().to_string();
    let of_type = |media_type: &'static str| {
        TestRequest::post()
            .uri("/api/v1/students")
            .insert_header(("content-type", media_type))
            .set_payload(body.clone())
    };
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "nonsense",
        "application/jsonx",
    ] {
        api.send(of_type(media_type)).await.problem(415, "/problems/unsupported-media-type");
    }
    let untyped = TestRequest::post().uri("/api/v1/students").set_payload(body.clone());
    api.send(untyped).await.problem(415, "/problems/unsupported-media-type");
    let compressed = of_type("application/json").insert_header(("content-encoding", "gzip"));
    api.send(compressed).await.problem(415, "/problems/unsupported-media-type");
}

#[actix_web::test]
async fn a_charset_that_is_utf8_is_fine() {
    for media_type in ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"] {
        let mut ports = Ports::default();
        ports.students.expect_insert().once().returning(|entry, _| Ok(entry));
        let request = post(student_body().to_string()).insert_header(("content-type", media_type));
        assert_eq!(ports.api().send(request).await.status, StatusCode::CREATED, "{media_type}");
    }
}
