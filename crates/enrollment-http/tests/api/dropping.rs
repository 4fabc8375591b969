//! `DELETE /students/{id}/courses/{student_course_id}`.

use crate::api::Ports;
use crate::samples::*;
use actix_web::http::StatusCode;
use enrollment_core::registration::{Attempt, Code, Command, Status};
use enrollment_core::{Error, Subject};

const PATH: &str = "/api/v1/students/0190a1b2-0000-7000-8000-000000000001/courses/0190a1b2-0000-7000-8000-000000000005";

#[actix_web::test]
async fn what_was_left_comes_back_as_it_ended() {
    for (status, name) in [(Status::Dropped, "dropped"), (Status::Withdrawn, "withdrawn")] {
        let mut ports = Ports::default();
        let expected = |attempt: &Attempt| {
            let Command::Drop(drop) = &attempt.command else { return false };
            drop.student_course_id.to_string() == STUDENT_COURSE && attempt.student_id.to_string() == STUDENT
        };
        ports
            .registration
            .expect_register()
            .once()
            .withf(expected)
            .returning(move |attempt| Ok(accepted(&attempt, student_course().ended(status, now()))));
        let answer = ports.api().delete(PATH).await;
        let ended = answer.json();
        assert_eq!((answer.status, ended["status"].as_str()), (StatusCode::OK, Some(name)));
        assert_eq!(ended["ended_at"], "2026-09-01T08:00:00Z");
        assert!(answer.header("etag").starts_with("\"2."));
    }
}

#[actix_web::test]
async fn a_refusal_is_of_its_own_type() {
    let mut ports = Ports::default();
    ports.registration.expect_register().returning(|attempt| Ok(refused(&attempt, &[Code::DeadlinePassed])));
    let problem = ports.api().delete(PATH).await.problem(409, "/problems/drop-refused");
    assert_eq!(problem["violations"][0]["code"], "deadline_passed");
}

#[actix_web::test]
async fn what_another_student_has_is_not_found() {
    let mut ports = Ports::default();
    ports.registration.expect_register().returning(|_| Err(Error::NotFound(Subject::StudentCourse)));
    ports.api().delete(PATH).await.problem(404, "/problems/not-found");
}
