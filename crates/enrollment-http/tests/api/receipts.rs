//! Receipts, and where answers say that they are.

use crate::api::{Answer, Ports};
use crate::samples::*;
use enrollment_core::registration::{Code, Receipt, Status, StudentCourse};
use enrollment_core::{Error, Subject};
use serde_json::json;

#[actix_web::test]
async fn a_receipt_tells_everything_that_the_decision_was_made_of() {
    let mut ports = Ports::default();
    ports.history.expect_record().once().withf(|attempt| attempt.to_string() == ATTEMPT).returning(|_| Ok(record()));
    let receipt = ports.api().get(&format!("/api/v1/receipts/{ATTEMPT}")).await.json();
    let expected = json!({
        "attempt_id": ATTEMPT, "at": "2026-09-01T08:00:00Z", "actor": "anonymous", "on_behalf_of": null, "reason": null, "student_id": STUDENT, "caused_by": null,
        "command": {"enroll": {
            "student_course_id": STUDENT_COURSE,
            "request": {"target": {"section": SECTION}, "grading_basis": "graded", "waitlist": false}
        }},
        "outcome": "refused",
        "steps": [{
            "pointer": "",
            "section": {"id": SECTION, "number": "27", "component": "lecture"},
            "rules": [
                {"rule": "student_not_active", "violation": null, "waived_by": null},
                {"rule": "section_full", "violation": violation(Code::SectionFull), "waived_by": null},
            ],
        }],
        "changes": [],
        "facts": serde_json::to_value(record().facts).unwrap(),
    });
    assert_eq!(receipt, expected);
}

#[actix_web::test]
async fn what_has_no_receipt_is_not_found() {
    let mut ports = Ports::default();
    ports.history.expect_record().returning(|_| Err(Error::NotFound(Subject::Receipt)));
    let problem = ports.api().get(&format!("/api/v1/receipts/{ATTEMPT}")).await.problem(404, "/problems/not-found");
    assert_eq!(problem["detail"], "There is no receipt with this id.");
}

/// The id of the attempt that the header names.
fn linked(answer: &Answer) -> Option<&str> {
    answer.header("link").strip_prefix("</api/v1/receipts/")?.strip_suffix(">; rel=\"receipt\"")
}

#[actix_web::test]
async fn every_answer_to_an_attempt_names_its_receipt_but_a_dry_run_has_none() {
    let mut ports = Ports::default();
    let register = &mut ports.registration;
    let with_id = |receipt: Receipt| Receipt { attempt_id: ATTEMPT.parse().unwrap(), ..receipt };
    register.expect_register().once().returning(move |attempt| Ok(with_id(accepted(&attempt, student_course()))));
    register.expect_register().once().returning(|attempt| Ok(refused(&attempt, &[Code::SectionFull])));
    register.expect_register().times(2).returning(|attempt| {
        let admitted = attempt.student_id.to_string() == STUDENT;
        Ok(if admitted { accepted(&attempt, student_course()) } else { refused(&attempt, &[Code::SectionFull]) })
    });
    register.expect_register().once().returning(move |attempt| {
        let dropped = StudentCourse { status: Status::Dropped, ended_at: Some(now()), ..student_course() };
        Ok(with_id(accepted(&attempt, dropped)))
    });
    register.expect_register().once().returning(|attempt| Ok(refused(&attempt, &[Code::DeadlinePassed])));
    let api = ports.api();
    let (path, body) = (format!("/api/v1/students/{STUDENT}/courses"), json!({"section_id": SECTION}));

    assert_eq!(linked(&api.post(&path, body.clone()).await), Some(ATTEMPT));
    let refused = api.post(&path, body.clone()).await;
    assert_eq!(linked(&refused), refused.problem(409, "/problems/enrollment-refused")["attempt_id"].as_str());
    for student in [STUDENT, COURSE] {
        let dry = api.post(&format!("/api/v1/students/{student}/courses?dry_run=true"), body.clone()).await;
        assert_eq!(dry.header("link"), "", "{dry:?}");
    }
    let held = format!("{path}/{STUDENT_COURSE}");
    assert_eq!(linked(&api.delete(&held).await), Some(ATTEMPT));
    let kept = api.delete(&held).await;
    assert_eq!(linked(&kept), kept.problem(409, "/problems/drop-refused")["attempt_id"].as_str());
}
