//! The grade scale.

use crate::api::Ports;
use actix_web::test::TestRequest;
use enrollment_core::catalog::{GradeBasis, Put, ScaleGrade};
use enrollment_core::{Error, Subject};
use serde_json::{Value, json};

fn put(grade: &str, body: &Value) -> TestRequest {
    TestRequest::put().uri(&format!("/api/v1/grades/{grade}")).set_json(body)
}

#[actix_web::test]
async fn the_grade_of_the_path_is_decoded_and_put() {
    let worth = json!({"rank": 120, "passing": true});
    for (put_as, status) in [(Put::Added, 201), (Put::Replaced, 200)] {
        for path in ["A%2B", "A+"] {
            let mut ports = Ports::default();
            ports.grades.expect_put().once().withf(|put| put.grade.as_str() == "A+").returning(move |_| Ok(put_as));
            let answer = ports.api().send(put(path, &worth)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()),
                (status, json!({"grade": "A+", "rank": 120, "passing": true, "basis": "graded"}))
            );
        }
    }
    let answer = Ports::default().api().send(put("A", &json!({"rank": "best"}))).await;
    answer.problem(422, "/problems/invalid");
    assert_eq!(answer.wrong(), ["/rank", "/passing"]);
}

#[actix_web::test]
async fn the_scale_is_one_page_and_what_is_in_use_stays() {
    let mut ports = Ports::default();
    let best = ScaleGrade { grade: "A".try_into().unwrap(), rank: 1, passing: true, basis: GradeBasis::Any };
    ports.grades.expect_scale().once().returning(move || Ok(vec![best.clone()]));
    let in_use = || Error::InUse { subject: Subject::Grade, by: vec![Subject::StudentCourse] };
    ports.grades.expect_delete().once().returning(move |_| Err(in_use()));
    let api = ports.api();
    let page = json!({"items": [{"grade": "A", "rank": 1, "passing": true, "basis": "any"}], "next_cursor": null});
    assert_eq!(api.get("/api/v1/grades").await.json(), page);
    let problem = api.delete("/api/v1/grades/A").await.problem(409, "/problems/in-use");
    assert_eq!(problem["in_use_by"], json!(["student_course"]));
}
