//! `?dry_run=true` on changes of the catalogue.

use crate::api::Ports;
use crate::samples::*;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use enrollment_core::Error;
use enrollment_core::catalog::{Cause, Edit, Entry, Version};
use enrollment_core::registration::{EntryChange, Promotion, Status, StudentCourse, Verdict};
use serde_json::{Value, json};

/// What comes of an edit by which one student gets a seat, and another loses one.
fn told<E: Entry>(edit: Edit<E>, cause: &Cause) -> EntryChange<E> {
    let entry = match edit {
        Edit::Insert(entry) | Edit::Replace(entry, _) => Some(entry),
        Edit::Delete(..) => None,
    };
    let promotion =
        Promotion { attempt_id: cause.attempt_id, outcome: Verdict::Accepted, student_course: student_course() };
    let cancelled = StudentCourse { status: Status::Cancelled, ..student_course() };
    EntryChange { entry, promotions: vec![promotion], cancelled: vec![cancelled] }
}

/// Asserts that an answer has nothing but what would become of students, beside the entry, and gives that.
fn entry(told: &Value, name: &str) -> Value {
    assert_eq!(told["promotions"][0]["outcome"], "accepted", "{told}");
    assert_eq!(told["cancelled"][0]["status"], "cancelled", "{told}");
    assert_eq!(told.as_object().unwrap().len(), 3, "{told}");
    told.get(name).unwrap_or_else(|| panic!("no {name}: {told}")).clone()
}

/// Asks what a change of an entry would do. No expectation of the port that writes is set, so nothing is written.
macro_rules! change_is_rehearsed {
    ($port:ident, $name:literal, $path:expr, $entry:expr) => {{
        let mut ports = Ports::default();
        ports.$port.expect_find().returning(|_| Ok($entry));
        let on_the_third = |edit: &Edit<_>, _: &Cause| matches!(edit, Edit::Replace(_, version) if *version == Version::from(3));
        let port = &mut ports.rehearsals.$port;
        port.expect_rehearse().once().withf(on_the_third).returning(|edit, cause| Ok(told(edit, &cause)));
        let api = ports.api();
        let path = format!("{}?dry_run=true", $path);
        let answer = api.patch(&path, json!({})).await;
        assert_eq!((answer.status, answer.header("etag")), (StatusCode::OK, ""));
        assert_eq!(entry(&answer.json(), $name)["version"], 4);

        let stale = TestRequest::patch().uri(&path).insert_header(("if-match", "\"2\"")).set_json(json!({}));
        api.send(stale).await.problem(412, "/problems/stale");
        assert_eq!(api.patch(&path, json!({"shoe": 44})).await.wrong(), ["/shoe"]);
        assert_eq!(api.patch(&format!("{}?dry_run=perhaps", $path), json!({})).await.wrong(), ["dry_run"]);
    }};
}

#[actix_web::test]
async fn a_dry_run_of_a_change_tells_who_would_be_concerned_and_writes_nothing() {
    change_is_rehearsed!(students, "student", format!("/api/v1/students/{STUDENT}"), student());
    change_is_rehearsed!(courses, "course", format!("/api/v1/courses/{COURSE}"), course());
    change_is_rehearsed!(terms, "term", format!("/api/v1/terms/{TERM}"), term());
    change_is_rehearsed!(sections, "section", format!("/api/v1/sections/{SECTION}"), section());
    change_is_rehearsed!(holds, "hold", format!("/api/v1/students/{STUDENT}/holds/{HOLD}"), hold());
    change_is_rehearsed!(permits, "permit", format!("/api/v1/students/{STUDENT}/permits/{PERMIT}"), permit());
    change_is_rehearsed!(windows, "window", format!("/api/v1/terms/{TERM}/windows/{WINDOW}"), window());
    let reservation_path = format!("/api/v1/sections/{SECTION}/reservations/{RESERVATION}");
    change_is_rehearsed!(reservations, "reservation", reservation_path, reservation());
}

/// Asks what would come of making an entry that belongs to another, and of deleting it.
macro_rules! making_and_deleting_are_rehearsed {
    ($port:ident, $name:literal, $path:expr, $id:expr, $body:expr, $entry:expr) => {{
        let mut ports = Ports::default();
        ports.$port.expect_find().returning(|_| Ok($entry));
        ports.rehearsals.$port.expect_rehearse().times(2).returning(|edit, cause| Ok(told(edit, &cause)));
        let api = ports.api();
        let made = api.post(&format!("{}?dry_run=true", $path), $body).await;
        assert_eq!((made.status, made.header("location")), (StatusCode::OK, ""));
        assert_eq!(entry(&made.json(), $name)["version"], 1);
        let deleted = api.delete(&format!("{}/{}?dry_run=true", $path, $id)).await;
        assert_eq!(deleted.status, StatusCode::OK);
        assert_eq!(entry(&deleted.json(), $name), Value::Null);

        let wrong = api.post(&format!("{}?dry_run=true", $path), json!({"shoe": 44})).await;
        assert!(wrong.wrong().contains(&"/shoe".to_owned()));
        let mut ports = Ports::default();
        ports.$port.expect_find().returning(|_| Err(Error::NotFound(enrollment_core::Subject::Hold)));
        let missing = ports.api().delete(&format!("{}/{}?dry_run=true", $path, $id)).await;
        missing.problem(404, "/problems/not-found");
    }};
}

#[actix_web::test]
async fn a_dry_run_of_making_or_deleting_tells_who_would_be_concerned_and_writes_nothing() {
    let holds = format!("/api/v1/students/{STUDENT}/holds");
    making_and_deleting_are_rehearsed!(holds, "hold", holds, HOLD, hold_body(), hold());
    let permits = format!("/api/v1/students/{STUDENT}/permits");
    making_and_deleting_are_rehearsed!(permits, "permit", permits, PERMIT, permit_body(), permit());
    let windows = format!("/api/v1/terms/{TERM}/windows");
    making_and_deleting_are_rehearsed!(windows, "window", windows, WINDOW, window_body(), window());
    let reservations = format!("/api/v1/sections/{SECTION}/reservations");
    let body = reservation_body();
    making_and_deleting_are_rehearsed!(reservations, "reservation", reservations, RESERVATION, body, reservation());
}

#[actix_web::test]
async fn a_dry_run_is_refused_as_the_change_would_be() {
    let mut ports = Ports::default();
    ports.sections.expect_find().returning(|_| Ok(section()));
    let taken = || Error::SeatsTaken { seats: 1, taken: 2, field: "capacity" };
    ports.rehearsals.sections.expect_rehearse().returning(move |_, _| Err(taken()));
    let api = ports.api();
    let path = format!("/api/v1/sections/{SECTION}?dry_run=true");
    api.patch(&path, json!({"capacity": 1})).await.problem(409, "/problems/seats-taken");
    assert_eq!(api.patch(&path, json!({"capacity": "many"})).await.wrong(), ["/capacity"]);
}
