//! What a change of a section would do to students.

use crate::api::Ports;
use crate::samples::*;
use actix_web::http::StatusCode;
use enrollment_core::registration::{Promotion, SectionChange, Status, StudentCourse, Verdict};
use serde_json::json;

#[actix_web::test]
async fn a_dry_run_of_a_change_tells_who_would_be_concerned_and_writes_nothing() {
    let mut ports = Ports::default();
    ports.sections.expect_find().returning(|_| Ok(section()));
    ports.section_rehearsal.expect_rehearse().once().returning(|section, _, cause| {
        let promotion =
            Promotion { attempt_id: cause.attempt_id, outcome: Verdict::Accepted, student_course: student_course() };
        let cancelled = StudentCourse { status: Status::Cancelled, ..student_course() };
        Ok(SectionChange { section, promotions: vec![promotion], cancelled: vec![cancelled] })
    });
    let api = ports.api();
    let path = format!("/api/v1/sections/{SECTION}?dry_run=true");
    let answer = api.patch(&path, json!({"capacity": 31})).await;
    assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, ""));
    let told = answer.json();
    assert_eq!(told["section"]["capacity"], 31);
    assert_eq!(told["promotions"][0]["outcome"], "accepted");
    assert_eq!(told["cancelled"][0]["status"], "cancelled");

    assert_eq!(api.patch(&path, json!({"capacity": "many"})).await.wrong(), ["/capacity"]);
    let unclear = format!("/api/v1/sections/{SECTION}?dry_run=perhaps");
    assert_eq!(api.patch(&unclear, json!({})).await.wrong(), ["dry_run"]);
}
