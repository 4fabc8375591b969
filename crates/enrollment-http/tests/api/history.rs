//! The histories of a student and of a section.

use crate::api::Ports;
use crate::samples::*;
use enrollment_core::page::{Limit, Page};
use enrollment_core::registration::Status;
use serde_json::{Value, json};

#[actix_web::test]
async fn histories_page_by_sequence() {
    let mut ports = Ports::default();
    ports
        .history
        .expect_of_student()
        .once()
        .withf(|student, page| student.to_string() == STUDENT && page.after.is_none())
        .returning(|_, _| Ok(Page { items: vec![event()], next: Some(17) }));
    ports
        .history
        .expect_of_section()
        .once()
        .withf(|section, page| {
            section.to_string() == SECTION && page.after == Some(17) && page.limit == Limit::try_from(2).unwrap()
        })
        .returning(|_, _| Ok(Page { items: vec![], next: None }));
    let api = ports.api();
    let page = api.get(&format!("/api/v1/students/{STUDENT}/history")).await.json();
    let expected = json!({
        "id": ATTEMPT, "sequence": 17, "at": "2026-09-01T08:00:00Z", "actor": "anonymous", "on_behalf_of": null, "reason": null, "kind": "enrolled",
        "attempt_id": ATTEMPT, "student_id": STUDENT, "section_id": SECTION, "student_course_id": STUDENT_COURSE,
        "detail": serde_json::to_value(student_course()).unwrap(),
    });
    assert_eq!(page, json!({"items": [expected], "next_cursor": "17"}));
    let last = api.get(&format!("/api/v1/sections/{SECTION}/history?cursor=17&limit=2")).await.json();
    assert_eq!(last, json!({"items": [], "next_cursor": Value::Null}));
}

#[actix_web::test]
async fn a_wrong_cursor_is_told() {
    let answer = Ports::default().api().get(&format!("/api/v1/students/{STUDENT}/history?cursor=x&kind=y")).await;
    answer.problem(422, "/problems/invalid");
    assert_eq!(answer.wrong(), ["cursor", "kind"]);
}

#[actix_web::test]
async fn the_state_at_a_moment_comes_from_the_history() {
    let mut ports = Ports::default();
    ports
        .history
        .expect_courses_as_of()
        .once()
        .withf(|student, at, filter, page| {
            student.to_string() == STUDENT
                && *at == now()
                && filter.status == Some(Status::Enrolled)
                && page.limit == Limit::try_from(2).unwrap()
        })
        .returning(|_, _, _, _| Ok(Page { items: vec![student_course()], next: None }));
    ports
        .history
        .expect_roster_as_of()
        .once()
        .withf(|section, at, _, _| section.to_string() == SECTION && *at == now())
        .returning(|_, _, _, _| Ok(Page { items: vec![roster_entry()], next: None }));
    let api = ports.api();
    // The same moment, with an offset; `+` is a space in a query, unless it is encoded.
    let moment = "as_of=2026-09-01T10:00:00%2B02:00";
    let courses = api.get(&format!("/api/v1/students/{STUDENT}/courses?status=enrolled&limit=2&{moment}")).await.json();
    assert_eq!(courses["items"], json!([student_course()]));
    let roster = api.get(&format!("/api/v1/sections/{SECTION}/students?{moment}")).await.json();
    assert_eq!(roster["items"], json!([roster_entry()]));
    for path in [format!("students/{STUDENT}/courses"), format!("sections/{SECTION}/students")] {
        let answer = api.get(&format!("/api/v1/{path}?as_of=yesterday")).await;
        answer.problem(422, "/problems/invalid");
        assert_eq!(answer.wrong(), ["as_of"]);
    }
}

#[actix_web::test]
async fn the_feed_always_says_where_to_go_on() {
    let mut ports = Ports::default();
    let limit = |items| Limit::try_from(items).unwrap();
    ports
        .history
        .expect_feed()
        .once()
        .withf(move |after, page| (*after, *page) == (0, Limit::default()))
        .returning(|_, _| Ok(Page { items: vec![event()], next: Some(1) }));
    ports
        .history
        .expect_feed()
        .once()
        .withf(move |after, page| (*after, *page) == (1, limit(7)))
        .returning(|after, _| Ok(Page { items: vec![], next: Some(after) }));
    let api = ports.api();
    let page = api.get("/api/v1/events").await.json();
    assert_eq!((&page["items"][0]["sequence"], &page["next_cursor"]), (&json!(17), &json!("1")));
    let end = api.get("/api/v1/events?after=1&limit=7").await.json();
    assert_eq!(end, json!({"items": [], "next_cursor": "1"}));
    let answer = api.get("/api/v1/events?after=-1&limit=0&cursor=1").await;
    answer.problem(422, "/problems/invalid");
    assert_eq!(answer.wrong(), ["after", "limit", "cursor"]);
}
