//! Health, metrics, documentation, and what all answers carry.

use crate::api::Ports;
use crate::samples::*;
use actix_web::http::{Method, StatusCode};
use actix_web::test::TestRequest;
use enrollment_core::health::{Attempts, Distribution, Lane, Load, NotReady, Refused};
use enrollment_core::page::Page;
use enrollment_core::registration::{Code, Receipt};
use enrollment_core::{Error, Subject};
use serde_json::json;

#[actix_web::test]
async fn alive_asks_nobody_and_ready_asks_the_store() {
    let mut ports = Ports::default();
    ports.health.expect_ready().once().returning(|| Ok(()));
    ports.health.expect_ready().once().returning(|| Err(NotReady::Outdated { pending: 2 }));
    ports.health.expect_ready().once().returning(|| Err(NotReady::Unreachable("password of 10.0.0.7".into())));
    let api = ports.api();
    assert_eq!(api.get("/healthz").await.json(), json!({"status": "alive"}));
    assert_eq!(api.get("/readyz").await.json(), json!({"status": "ready"}));
    let outdated = api.get("/readyz").await;
    let problem = outdated.problem(503, "/problems/not-ready");
    assert!(problem["detail"].as_str().unwrap().contains('2'), "{problem}");
    assert_eq!(outdated.header("retry-after"), "5");
    let unreachable = api.get("/readyz").await.problem(503, "/problems/not-ready");
    assert!(!unreachable.to_string().contains("10.0.0.7"));
}

#[actix_web::test]
async fn requests_are_counted_by_the_pattern_of_their_route() {
    let mut ports = Ports::default();
    ports.students.expect_find().times(2).returning(|_| Ok(student()));
    ports.students.expect_find().times(1).returning(|_| Err(Error::NotFound(Subject::Student)));
    ports.health.expect_load().returning(Load::default);
    let api = ports.api();
    for _ in 0..3 {
        api.get(&format!("/api/v1/students/{STUDENT}")).await;
    }
    api.get("/api/v1/students/17").await;
    api.get("/no/such/path").await;
    api.send(TestRequest::default().method(Method::TRACE).uri("/healthz")).await;
    api.send(TestRequest::default().method("FETCH".parse().unwrap()).uri("/healthz")).await;
    let answer = api.get("/metrics").await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for line in [
        r#"enrollment_http_requests_total{method="GET",route="/api/v1/students/{id}",status="200"} 2"#,
        r#"enrollment_http_requests_total{method="GET",route="/api/v1/students/{id}",status="404"} 2"#,
        r#"enrollment_http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
        r#"enrollment_http_requests_total{method="other",route="/healthz",status="405"} 2"#,
        r#"enrollment_http_request_duration_seconds_count{method="GET",route="/api/v1/students/{id}"} 4"#,
        r#"enrollment_http_request_duration_seconds_count{method="DELETE",route="/api/v1/terms/{id}"} 0"#,
        "enrollment_http_requests_in_flight 1",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
    assert!(!text.contains(STUDENT));
}

#[actix_web::test]
async fn attempts_are_counted_once_and_refusals_by_rule() {
    let mut ports = Ports::default();
    ports.health.expect_load().returning(Load::default);
    let register = &mut ports.registration;
    register.expect_register().times(2).returning(|attempt| Ok(accepted(&attempt, student_course())));
    register
        .expect_register()
        .times(1)
        .returning(|attempt| Ok(Receipt { replayed: true, ..accepted(&attempt, student_course()) }));
    register
        .expect_register()
        .times(1)
        .returning(|attempt| Ok(refused(&attempt, &[Code::TimeConflict, Code::SectionFull])));
    register.expect_register().times(1).returning(|attempt| Ok(refused(&attempt, &[Code::SectionFull])));
    register.expect_register().times(1).returning(|attempt| Ok(refused(&attempt, &[Code::DeadlinePassed])));
    let api = ports.api();
    let path = format!("/api/v1/students/{STUDENT}/courses");
    let body = json!({"section_id": SECTION});
    api.post(&path, body.clone()).await;
    api.post(&format!("{path}?dry_run=true"), body.clone()).await;
    for _ in 0..3 {
        api.post(&path, body.clone()).await;
    }
    api.delete(&format!("{path}/{STUDENT_COURSE}")).await;
    let text = String::from_utf8(api.get("/metrics").await.body.to_vec()).unwrap();
    for line in [
        r#"enrollment_attempts_total{operation="enroll",outcome="accepted"} 1"#,
        r#"enrollment_attempts_total{operation="enroll",outcome="refused"} 2"#,
        r#"enrollment_attempts_total{operation="drop",outcome="refused"} 1"#,
        r#"enrollment_refusals_total{code="section_full",operation="enroll"} 2"#,
        r#"enrollment_refusals_total{code="time_conflict",operation="enroll"} 1"#,
        r#"enrollment_refusals_total{code="deadline_passed",operation="drop"} 1"#,
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
}

#[actix_web::test]
async fn the_load_of_the_store_is_told_as_it_is_now() {
    let mut ports = Ports::default();
    let load = |busy| Load {
        lanes: vec![Lane {
            name: "readers",
            connections: 8,
            busy,
            queued: 3 * busy,
            refused: Refused { full: 5, storm: 0, late: 1 },
        }],
        receipts_dropped: 2,
        attempts: Attempts {
            per_transaction: Distribution { within: vec![(1.0, 4), (8.0, 2)], count: 7, sum: 30.0 },
            waited: Distribution { within: vec![(0.001, 6)], count: 7, sum: 0.25 },
            set_apart: 3,
            apart: 1,
        },
    };
    ports.health.expect_load().once().returning(move || load(8));
    ports.health.expect_load().once().returning(move || load(0));
    let api = ports.api();
    let first = String::from_utf8(api.get("/metrics").await.body.to_vec()).unwrap();
    for line in [
        r#"enrollment_store_connections{lane="readers",state="busy"} 8"#,
        r#"enrollment_store_connections{lane="readers",state="idle"} 0"#,
        r#"enrollment_store_queued{lane="readers"} 24"#,
        "enrollment_receipts_dropped_total 2",
        r#"enrollment_store_refused_total{lane="readers",reason="full"} 5"#,
        r#"enrollment_store_refused_total{lane="readers",reason="late"} 1"#,
        r#"enrollment_store_attempts_per_transaction_bucket{le="1"} 4"#,
        r#"enrollment_store_attempts_per_transaction_bucket{le="8"} 6"#,
        r#"enrollment_store_attempts_per_transaction_bucket{le="+Inf"} 7"#,
        "enrollment_store_attempts_per_transaction_sum 30",
        r#"enrollment_store_attempt_wait_seconds_bucket{le="0.001"} 6"#,
        "enrollment_store_attempt_wait_seconds_sum 0.25",
        "enrollment_store_set_apart_total 3",
        "enrollment_store_apart 1",
    ] {
        assert!(first.lines().any(|own| own == line), "{line}\n{first}");
    }
    let second = String::from_utf8(api.get("/metrics").await.body.to_vec()).unwrap();
    assert!(second.contains(r#"enrollment_store_connections{lane="readers",state="idle"} 8"#), "{second}");
    assert!(
        second.contains("enrollment_receipts_dropped_total 2\n"),
        "what was counted is not counted again: {second}"
    );
}

#[actix_web::test]
async fn what_is_not_served_is_counted_by_the_reason() {
    let mut ports = Ports::default();
    ports.health.expect_load().returning(Load::default);
    ports.students.expect_find().times(2).returning(|_| Err(Error::Busy));
    ports.students.expect_find().once().returning(|_| Err(Error::Unavailable("no route".into())));
    ports.students.expect_find().once().returning(|_| Err(Error::NotFound(Subject::Student)));
    let api = ports.api();
    for _ in 0..4 {
        api.get(&format!("/api/v1/students/{STUDENT}")).await;
    }
    let text = String::from_utf8(api.get("/metrics").await.body.to_vec()).unwrap();
    for line in [
        r#"enrollment_http_requests_unserved_total{reason="busy"} 2"#,
        r#"enrollment_http_requests_unserved_total{reason="unavailable"} 1"#,
        r#"enrollment_http_requests_unserved_total{reason="outcome_unknown"} 0"#,
        "enrollment_http_requests_abandoned_total 0",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}\n{text}");
    }
}

#[actix_web::test]
async fn the_request_id_is_the_callers_or_a_new_one() {
    let api = Ports::default().api();
    let with_id = |id: &str| TestRequest::get().uri("/no/such/path").insert_header(("x-request-id", id));
    let longest = "x".repeat(128);
    for id in ["a", "trace-17/B", &longest] {
        let answer = api.send(with_id(id)).await;
        assert_eq!((answer.header("x-request-id"), answer.json()["request_id"].as_str()), (id, Some(id)));
    }
    for id in ["", "two words", "\u{e9}", &"x".repeat(129)] {
        let answer = api.send(with_id(id)).await;
        let minted: uuid::Uuid = answer.header("x-request-id").parse().unwrap();
        assert_eq!(answer.json()["request_id"], minted.to_string());
    }
    let first = api.get("/healthz").await;
    assert_ne!(first.header("x-request-id"), api.get("/healthz").await.header("x-request-id"));
}

#[actix_web::test]
async fn head_is_answered_like_get() {
    let mut ports = Ports::default();
    ports.students.expect_find().times(1).returning(|_| Ok(student()));
    ports.students.expect_list().times(1).returning(|_, _| Ok(Page { items: vec![], next: None }));
    let api = ports.api();
    for path in [&format!("/api/v1/students/{STUDENT}"), "/api/v1/students", "/healthz", "/api/openapi.json"] {
        let answer = api.send(TestRequest::default().method(Method::HEAD).uri(path)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}

#[actix_web::test]
async fn the_document_and_its_page_are_served_from_the_program() {
    let api = Ports::default().api();
    let document = api.get("/api/openapi.json").await;
    assert_eq!(document.json(), serde_json::to_value(enrollment_http::openapi()).unwrap());
    let lead = api.get("/api/docs").await;
    assert_eq!(lead.status, StatusCode::PERMANENT_REDIRECT);
    let page = api.get(lead.header("location")).await;
    assert_eq!(page.header("content-type"), "text/html");
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    let named = ["src=\"", "href=\""].into_iter().flat_map(|attribute| text.split(attribute).skip(1));
    let loaded: Vec<&str> = named.filter_map(|rest| rest.split('"').next()).collect();
    assert!(loaded.len() >= 3, "{text}");
    for file in loaded {
        assert!(!file.contains("//"), "{file} is not part of the program");
        let answer = api.get(&format!("/api/docs/{}", file.trim_start_matches("./"))).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}");
    }
    let start = api.get("/api/docs/swagger-initializer.js").await;
    assert!(String::from_utf8(start.body.to_vec()).unwrap().contains("/api/openapi.json"));
}
