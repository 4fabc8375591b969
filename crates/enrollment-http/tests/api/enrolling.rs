//! `POST /students/{id}/courses`.

use crate::api::{Answer, Ports, TestApi};
use crate::samples::*;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use enrollment_core::registration::{Attempt, Code, Command, Mode, Receipt, Target};
use enrollment_core::{Error, Subject};
use serde_json::json;

const PATH: &str = "/api/v1/students/0190a1b2-0000-7000-8000-000000000001/courses";

async fn enroll_as(api: &TestApi, key: &str) -> Answer {
    let request = TestRequest::post().uri(PATH).insert_header(("idempotency-key", key));
    api.send(request.set_json(json!({"section_id": SECTION}))).await
}

fn target(attempt: &Attempt) -> Target {
    match &attempt.command {
        Command::Enroll(enroll) => enroll.request.target.clone(),
        other => panic!("{other:?}"),
    }
}

/// Makes the first answer of an attempt, and replays it to the others.
fn replaying(first: impl Fn(&Attempt) -> Receipt + Send + 'static) -> impl FnMut(Attempt) -> Result<Receipt, Error> {
    let mut stored: Option<Receipt> = None;
    move |attempt| {
        if let Some(stored) = &stored {
            return Ok(Receipt { replayed: true, ..stored.clone() });
        }
        stored = Some(first(&attempt));
        Ok(stored.clone().unwrap())
    }
}

#[actix_web::test]
async fn an_enrollment_is_a_new_student_course() {
    let mut ports = Ports::default();
    let expected = |attempt: &Attempt| {
        attempt.student_id.to_string() == STUDENT
            && attempt.mode == Mode::Commit
            && attempt.idempotency.is_none()
            && attempt.actor.as_str() == "anonymous"
            && target(attempt) == Target::Section(SECTION.parse().unwrap())
    };
    ports
        .registration
        .expect_register()
        .once()
        .withf(expected)
        .returning(|attempt| Ok(accepted(&attempt, student_course())));
    let answer = ports.api().post(PATH, json!({"section_id": SECTION})).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("location"), format!("{PATH}/{STUDENT_COURSE}"));
    assert!(answer.header("etag").starts_with("\"1."));
    assert_eq!(answer.header("idempotency-replayed"), "");
    assert_eq!(answer.json(), serde_json::to_value(student_course()).unwrap());
}

#[actix_web::test]
async fn a_course_will_do_with_or_without_a_term() {
    let mut ports = Ports::default();
    let (course_id, term_id) = (COURSE.parse().unwrap(), Some(TERM.parse().unwrap()));
    for term_id in [term_id, None] {
        ports
            .registration
            .expect_register()
            .once()
            .withf(move |attempt| target(attempt) == Target::Course { course_id, term_id })
            .returning(|attempt| Ok(accepted(&attempt, student_course())));
    }
    let api = ports.api();
    for body in [json!({"course_id": COURSE, "term_id": TERM}), json!({"course_id": COURSE})] {
        assert_eq!(api.post(PATH, body).await.status, StatusCode::CREATED);
    }
}

#[actix_web::test]
async fn a_dry_run_tells_what_would_be() {
    let mut ports = Ports::default();
    ports
        .registration
        .expect_register()
        .once()
        .withf(|attempt| attempt.mode == Mode::DryRun)
        .returning(|attempt| Ok(accepted(&attempt, student_course())));
    ports
        .registration
        .expect_register()
        .once()
        .withf(|attempt| attempt.mode == Mode::DryRun)
        .returning(|attempt| Ok(refused(&attempt, &[Code::SectionFull])));
    let api = ports.api();
    let path = format!("{PATH}?dry_run=true");
    let accepted = api.post(&path, json!({"section_id": SECTION})).await;
    assert_eq!((accepted.status, accepted.header("location")), (StatusCode::OK, ""));
    let receipt = accepted.json();
    assert_eq!((&receipt["outcome"], &receipt["dry_run"]), (&json!("accepted"), &json!(true)));
    assert_eq!(receipt["changes"][0]["start"]["status"], "enrolled");
    let refused = api.post(&path, json!({"section_id": SECTION})).await;
    let problem = refused.problem(409, "/problems/enrollment-refused");
    assert_eq!(problem["violations"][0]["code"], "section_full");
}

#[actix_web::test]
async fn a_refusal_names_every_rule_in_order() {
    let mut ports = Ports::default();
    let codes = [Code::WindowClosed, Code::TimeConflict, Code::SectionFull];
    ports.registration.expect_register().returning(move |attempt| Ok(refused(&attempt, &codes)));
    let problem =
        ports.api().post(PATH, json!({"section_id": SECTION})).await.problem(409, "/problems/enrollment-refused");
    let told: Vec<&str> =
        problem["violations"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(told, ["window_closed", "time_conflict", "section_full"]);
    assert_eq!(
        problem["violations"][2],
        json!({
            "code": "section_full", "message": "It is refused by section_full.", "remedy": "Do something else.",
            "facts": {"section": "CS101-27"}
        })
    );
    assert_eq!(problem["instance"], PATH);
}

#[actix_web::test]
async fn the_same_key_is_answered_by_the_same_bytes() {
    let mut accepting = Ports::default();
    accepting
        .registration
        .expect_register()
        .times(2)
        .returning(replaying(|attempt| accepted(attempt, student_course())));
    let mut refusing = Ports::default();
    refusing
        .registration
        .expect_register()
        .times(2)
        .returning(replaying(|attempt| refused(attempt, &[Code::CreditLimit])));
    for (ports, status) in [(accepting, StatusCode::CREATED), (refusing, StatusCode::CONFLICT)] {
        let api = ports.api();
        let (first, second) = (enroll_as(&api, "k-1").await, enroll_as(&api, "k-1").await);
        assert_eq!((first.status, second.status), (status, status));
        assert_eq!(first.body, second.body);
        assert_eq!(first.header("location"), second.header("location"));
        assert_eq!(first.header("etag"), second.header("etag"));
        assert_eq!((first.header("idempotency-replayed"), second.header("idempotency-replayed")), ("", "true"));
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    }
}

#[actix_web::test]
async fn a_key_reaches_the_store_and_another_body_is_told() {
    let mut ports = Ports::default();
    let has_key = |attempt: &Attempt| attempt.idempotency.as_ref().is_some_and(|own| own.key.as_str() == "k-1");
    ports.registration.expect_register().once().withf(has_key).returning(|_| Err(Error::IdempotencyKeyReused));
    enroll_as(&ports.api(), "k-1").await.problem(422, "/problems/idempotency-key-reused");
}

#[actix_web::test]
async fn a_key_that_is_no_key_is_told() {
    let api = Ports::default().api();
    let long = "k".repeat(256);
    for key in ["", "  ", &long, "\u{e9}"] {
        let answer = enroll_as(&api, key).await;
        answer.problem(422, "/problems/invalid");
        assert_eq!(answer.wrong(), ["Idempotency-Key"]);
    }
    let twice = TestRequest::post().uri(PATH).append_header(("idempotency-key", "a"));
    let twice = twice.append_header(("idempotency-key", "b")).set_json(json!({"section_id": SECTION}));
    assert_eq!(api.send(twice).await.wrong(), ["Idempotency-Key"]);
}

#[actix_web::test]
async fn everything_wrong_with_the_request_is_told_at_once() {
    let api = Ports::default().api();
    let answer = api.post(PATH, json!({"section_id": "x", "waitlist": 1, "seat": 1})).await;
    answer.problem(422, "/problems/invalid");
    assert_eq!(answer.wrong(), ["/seat", "/section_id", "/waitlist"]);
    assert_eq!(api.post(&format!("{PATH}?dry_run=perhaps"), json!({})).await.wrong(), ["dry_run"]);
}

#[actix_web::test]
async fn what_does_not_exist_is_a_wrong_field_or_not_found() {
    let mut ports = Ports::default();
    let unknown = || Error::Unknown { subject: Subject::Section, id: SECTION.parse().unwrap() };
    ports.registration.expect_register().once().returning(move |_| Err(unknown()));
    ports.registration.expect_register().once().returning(|_| Err(Error::NotFound(Subject::Student)));
    let api = ports.api();
    let body = json!({"section_id": SECTION});
    assert_eq!(api.post(PATH, body.clone()).await.wrong(), ["/section_id"]);
    api.post(PATH, body).await.problem(404, "/problems/not-found");
}
