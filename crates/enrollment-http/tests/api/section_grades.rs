//! `PUT /sections/{id}/grades`.

use crate::api::{Answer, Ports};
use crate::samples::*;
use actix_web::test::TestRequest;
use enrollment_core::registration::{Attempt, Change, Code, Command, Outcome, Receipt, Status, StudentCourse};
use enrollment_core::{Error, Subject};
use serde_json::{Value, json};
use uuid::Uuid;

fn path() -> String {
    format!("/api/v1/sections/{SECTION}/grades")
}

/// Grades six students by their numbers, of whom the third is not in the section.
async fn grade(mut ports: Ports, query: &str) -> Answer {
    let found =
        (1..=6_u128).map(|row| (row != 3).then(|| (Uuid::from_u128(row).into(), Uuid::from_u128(10 + row).into())));
    let found: Vec<_> = found.collect();
    ports.registration.expect_named_in().once().return_once(move |_, _, _| Ok(found));
    let rows: Vec<Value> = (1..=6).map(|row| json!({"student_number": row.to_string(), "grade": "B"})).collect();
    let put = TestRequest::put().uri(&format!("{}{query}", path())).set_json(json!({ "grades": rows }));
    ports.api().send(put).await
}

fn graded(attempt: &Attempt, status: Status) -> StudentCourse {
    let Command::Grade(give) = &attempt.command else { panic!("{attempt:?}") };
    StudentCourse { id: give.student_course_id, grade: give.grade.clone(), ..student_course().ended(status, now()) }
}

/// What becomes of each: completed, corrected, (not there,) refused, gone meanwhile, unchanged.
fn decide(attempt: &Attempt) -> Result<Receipt, Error> {
    let Command::Grade(give) = &attempt.command else { panic!("{attempt:?}") };
    let receipt = accepted(attempt, graded(attempt, Status::Completed));
    let with = |changes| Receipt { outcome: Outcome::Accepted { changes }, ..receipt.clone() };
    match give.student_course_id.uuid().as_u128() {
        11 => Ok(receipt),
        12 => Ok(with(vec![Change::Grade(graded(attempt, Status::Completed))])),
        14 => Ok(refused(attempt, &[Code::NotGradable, Code::GradeUnfit])),
        15 => Err(Error::Unknown { subject: Subject::StudentCourse, id: give.student_course_id.uuid() }),
        16 => Ok(with(vec![])),
        other => panic!("{other}"),
    }
}

#[actix_web::test]
async fn each_grade_is_answered_in_its_place() {
    for (query, is_dry) in [("", false), ("?dry_run=true", true)] {
        let mut ports = Ports::default();
        ports.registration.expect_register().times(5).returning(|attempt| decide(&attempt));
        let offers = usize::from(!is_dry);
        ports.registration.expect_offer_again().times(offers).withf(|who, _| who.len() == 2).returning(|_, _| ());
        let answer = grade(ports, query).await;
        let body = answer.json();
        assert_eq!((answer.status.as_u16(), &body["dry_run"]), (200, &json!(is_dry)));
        let rows = body["rows"].as_array().unwrap();
        let outcomes: Vec<&str> = rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["completed", "corrected", "not_found", "refused", "not_found", "unchanged"]);
        assert_eq!(rows[0]["student_course"]["status"], "completed");
        assert_eq!(rows[1]["student_course"]["grade"], "B");
        assert_eq!(rows[0]["student_course_id"], rows[0]["student_course"]["id"]);
        assert_eq!((&rows[2]["student_id"], &rows[2]["attempt_id"]), (&Value::Null, &Value::Null));
        let codes: Vec<&Value> = rows[3]["violations"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
        assert_eq!(codes, ["not_gradable", "grade_unfit"]);
        assert_eq!((&rows[5]["student_course"], &rows[5]["violations"]), (&Value::Null, &json!([])));
        for row in [&rows[0], &rows[3], &rows[5]] {
            assert_eq!(row["attempt_id"].is_string(), !is_dry, "a dry run leaves no receipt: {row}");
        }
    }
}

#[actix_web::test]
async fn where_the_store_fails_the_rest_is_not_tried_and_nothing_beneath_is_told() {
    let mut ports = Ports::default();
    ports.registration.expect_register().times(2).returning(|attempt| match &attempt.command {
        Command::Grade(give) if give.student_course_id.uuid().as_u128() == 11 => decide(&attempt),
        _ => Err(Error::Unavailable("no route to 10.0.0.7".into())),
    });
    ports.registration.expect_offer_again().once().returning(|_, _| ());
    let body = grade(ports, "").await.json();
    let outcomes: Vec<&Value> = body["rows"].as_array().unwrap().iter().map(|row| &row["outcome"]).collect();
    assert_eq!(outcomes, ["completed", "failed", "not_found", "not_tried", "not_tried", "not_tried"]);
    assert_eq!(body["rows"][1]["problem"]["type"], "/problems/unavailable");
    assert!(!body.to_string().contains("10.0.0.7"), "{body}");
}

#[actix_web::test]
async fn every_wrong_field_is_told_and_a_section_there_must_be() {
    let send = async |ports: Ports, body: Value| ports.api().send(TestRequest::put().uri(&path()).set_json(body)).await;
    let rows =
        json!({"grades": [{"student_id": STUDENT}, {"grade": "A"}, {"student_id": STUDENT, "grade": 7}], "x": 1});
    let answer = send(Ports::default(), rows).await;
    answer.problem(422, "/problems/invalid");
    assert_eq!(answer.wrong(), ["/x", "/grades/0/grade", "/grades/1/student_course_id", "/grades/2/grade"]);

    let mut ports = Ports::default();
    ports.registration.expect_named_in().returning(|_, _, _| Err(Error::NotFound(Subject::Section)));
    let answer = send(ports, json!({"grades": [{"student_id": STUDENT, "grade": "A"}]})).await;
    answer.problem(404, "/problems/not-found");
}
