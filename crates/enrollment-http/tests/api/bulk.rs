//! `POST /sections/{id}/students`.

use crate::api::Ports;
use crate::samples::*;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use enrollment_core::access::{Principal, Role, Scope, Seen};
use enrollment_core::actor::Actor;
use enrollment_core::health::Load;
use enrollment_core::registration::{Attempt, Code, Mode};
use enrollment_core::{Error, Subject};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/sections/0190a1b2-0000-7000-8000-000000000004/students";
const ROWS: [&str; 4] = [STUDENT, HOLD, COURSE, TERM];

#[actix_web::test]
async fn row_by_row_every_row_is_answered_for() {
    let mut ports = Ports::default();
    ports.registration.expect_students_named().returning(|names, _| Ok(by_id(names)));
    ports.registration.expect_register().returning(|attempt| match attempt.student_id.to_string().as_str() {
        STUDENT => Ok(accepted(&attempt, student_course())),
        HOLD => Ok(refused(&attempt, &[Code::Hold, Code::SectionFull])),
        COURSE => Err(Error::NotFound(Subject::Student)),
        _ => Err(Error::Unavailable("no route to 10.0.0.7".into())),
    });
    let mut students: Vec<Value> = ROWS.map(Value::from).into();
    students.extend([json!({"number": "77"}), RESERVATION.into()]);
    let answer = ports.api().post(PATH, json!({ "students": students })).await;
    let told = answer.json();
    assert_eq!(answer.status, StatusCode::OK, "{told:#}");
    assert_eq!((&told["atomic"], &told["dry_run"]), (&json!(false), &json!(false)));
    assert_eq!(told["summary"], json!({"accepted": 1, "refused": 1, "failed": 3, "not_tried": 1}));
    let rows = told["rows"].as_array().unwrap();
    let outcomes: Vec<_> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["accepted", "refused", "failed", "failed", "failed", "not_tried"]);
    assert_eq!(rows[0]["student_course"], serde_json::to_value(student_course()).unwrap());
    assert!(rows[0]["attempt_id"].is_string() && rows[0].get("promotions").is_none());
    assert_eq!(rows[1]["violations"][1]["code"], "section_full");
    assert_eq!((&rows[2]["student_id"], &rows[2]["problem"]["type"]), (&json!(COURSE), &json!("/problems/not-found")));
    assert_eq!(rows[3]["problem"]["type"], "/problems/unavailable");
    assert!(!told.to_string().contains("10.0.0.7"));
    assert_eq!((&rows[4]["number"], rows[4].get("student_id")), (&json!("77"), None));
}

#[actix_web::test]
async fn a_refused_bulk_of_all_or_none_names_every_rule_of_every_row() {
    let mut ports = Ports::default();
    ports.registration.expect_students_named().returning(|names, _| Ok(by_id(names)));
    ports.health.expect_load().returning(Load::default);
    ports.registration.expect_register_all().once().returning(|attempts| {
        let decided = |(index, attempt): (usize, &Attempt)| match index {
            1 | 3 => Ok(refused(attempt, &[Code::Hold, Code::SectionFull])),
            _ => Ok(accepted(attempt, student_course())),
        };
        Ok(attempts.iter().enumerate().map(decided).collect())
    });
    let api = ports.api();
    let problem =
        api.post(PATH, json!({"students": ROWS, "atomic": true})).await.problem(409, "/problems/bulk-refused");
    let violations = problem["violations"].as_array().unwrap();
    let pointers: Vec<_> = violations.iter().map(|own| own["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/students/1", "/students/1", "/students/3", "/students/3"]);
    assert_eq!(problem["attempts"].as_object().unwrap().len(), 2);
    let metrics = api.get("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(metrics.contains("operation=\"bulk\",outcome=\"refused\"} 2"), "{metrics}");
    assert!(!metrics.contains("operation=\"bulk\",outcome=\"accepted\"}"), "{metrics}");
}

#[actix_web::test]
async fn a_dry_run_is_one_of_all_rows() {
    let mut ports = Ports::default();
    ports.registration.expect_students_named().returning(|names, _| Ok(by_id(names)));
    let dry = |attempts: &Vec<Attempt>| attempts.iter().all(|attempt| attempt.mode == Mode::DryRun);
    ports.registration.expect_register_all().once().withf(dry).returning(|attempts| {
        Ok(vec![Ok(accepted(&attempts[0], student_course())), Ok(refused(&attempts[1], &[Code::SectionFull]))])
    });
    let told = ports.api().post(&format!("{PATH}?dry_run=true"), json!({"students": [STUDENT, HOLD]})).await.json();
    assert_eq!(told["dry_run"], true);
    assert_eq!(told["summary"], json!({"accepted": 1, "refused": 1, "failed": 0, "not_tried": 0}));
}

#[actix_web::test]
async fn every_wrong_field_is_told_at_once() {
    let mut ports = Ports::default();
    ports.registration.expect_students_named().returning(|_, _| Ok([].into()));
    let api = ports.api();
    let students = json!([7, {"student_id": STUDENT, "credits": -1}, STUDENT, STUDENT, {"seat": 1}]);
    let wrong = api.post(PATH, json!({"students": students, "atomic": "yes"})).await.wrong();
    assert_eq!(
        wrong,
        ["/atomic", "/students/0", "/students/1/credits", "/students/3", "/students/4/seat", "/students/4/student_id"]
    );
    let unknown = api.post(PATH, json!({"students": [STUDENT, HOLD], "atomic": true})).await;
    unknown.problem(422, "/problems/invalid");
    assert_eq!(unknown.wrong(), ["/students/0", "/students/1"]);
}

#[actix_web::test]
async fn a_service_without_need_asks_only_after_those_who_are_not_confidential() {
    for (scope, seen) in [(None, Seen::NotConfidential), (Some(Scope::ConfidentialRead), Seen::Everybody)] {
        let mut ports = Ports::default();
        let scopes = scope.into_iter().chain([Scope::RegistrationsWrite]).collect();
        ports.callers.insert("service", Principal::new(Actor::user("service"), vec![Role::Service(scopes)]));
        let expected = move |_: &Vec<_>, given: &Seen| *given == seen;
        ports.registration.expect_students_named().once().withf(expected).returning(|_, _| Ok([].into()));
        let request = TestRequest::post().uri(PATH).insert_header(("authorization", "Bearer service"));
        let told = ports.api().send(request.set_json(json!({"students": [STUDENT]}))).await.json();
        assert_eq!(told["rows"][0]["problem"]["type"], "/problems/not-found");
    }
}
