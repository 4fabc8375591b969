//! Lists: filters, limits, cursors.

use crate::api::Ports;
use crate::samples::*;
use actix_web::http::StatusCode;
use enrollment_core::catalog::{CourseFilter, SectionFilter, StudentFilter, TermFilter};
use enrollment_core::page::{Limit, Page, PageRequest};
use enrollment_core::registration::{RosterKey, Status, StudentCourseFilter};
use serde_json::{Value, json};

#[actix_web::test]
async fn a_page_has_items_and_the_cursor_of_the_next() {
    let mut ports = Ports::default();
    let first = |filter: &StudentFilter, page: &PageRequest<_>| {
        *filter == StudentFilter::default() && *page == PageRequest::default()
    };
    ports
        .students
        .expect_list()
        .once()
        .withf(first)
        .returning(|_, _| Ok(Page { items: vec![student()], next: Some(student().id) }));
    let second = |_: &StudentFilter, page: &PageRequest<_>| {
        page.limit == Limit::try_from(2).unwrap() && page.after == Some(student().id)
    };
    ports.students.expect_list().once().withf(second).returning(|_, _| Ok(Page { items: vec![], next: None }));
    let api = ports.api();
    let page = api.get("/api/v1/students").await;
    assert_eq!(page.status, StatusCode::OK);
    let page = page.json();
    assert_eq!(page, json!({"items": [serde_json::to_value(student()).unwrap()], "next_cursor": STUDENT}));
    let next = page["next_cursor"].as_str().unwrap();
    let last = api.get(&format!("/api/v1/students?limit=2&cursor={next}")).await.json();
    assert_eq!(last, json!({"items": [], "next_cursor": Value::Null}));
}

#[actix_web::test]
async fn natural_keys_narrow_lists() {
    let mut ports = Ports::default();
    let by_number = StudentFilter { number: Some("11717487".try_into().unwrap()), ..StudentFilter::default() };
    let by_code = CourseFilter { code: Some("C S/101".try_into().unwrap()) };
    let by_term = TermFilter { code: Some("秋".try_into().unwrap()) };
    ports
        .students
        .expect_list()
        .once()
        .withf(move |filter, _| *filter == by_number)
        .returning(|_, _| Ok(Page { items: vec![], next: None }));
    ports
        .courses
        .expect_list()
        .once()
        .withf(move |filter, _| *filter == by_code)
        .returning(|_, _| Ok(Page { items: vec![], next: None }));
    ports
        .terms
        .expect_list()
        .once()
        .withf(move |filter, _| *filter == by_term)
        .returning(|_, _| Ok(Page { items: vec![], next: None }));
    let api = ports.api();
    for path in ["/api/v1/students?number=11717487", "/api/v1/courses?code=C+S%2F101", "/api/v1/terms?code=%E7%A7%8B"] {
        assert_eq!(api.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[actix_web::test]
async fn sections_are_found_by_term_course_text_and_free_seats() {
    let mut ports = Ports::default();
    let all = SectionFilter {
        term_id: Some(TERM.parse().unwrap()),
        course_id: Some(COURSE.parse().unwrap()),
        q: Some("lovelace".try_into().unwrap()),
        days: Some("fri".parse().unwrap()),
        open: true,
    };
    ports
        .sections
        .expect_list()
        .once()
        .withf(move |filter, _| *filter == all)
        .returning(|_, _| Ok(Page { items: vec![section()], next: None }));
    ports
        .sections
        .expect_list()
        .once()
        .withf(|filter, _| *filter == SectionFilter::default())
        .returning(|_, _| Ok(Page { items: vec![], next: None }));
    let api = ports.api();
    let found =
        api.get(&format!("/api/v1/sections?term_id={TERM}&course_id={COURSE}&q=lovelace&days=fri&open=true")).await;
    assert_eq!(found.json()["items"][0]["number"], "27");
    assert_eq!(api.get("/api/v1/sections?open=false").await.status, StatusCode::OK);
}

#[actix_web::test]
async fn a_students_courses_are_narrowed_by_term_and_status() {
    let mut ports = Ports::default();
    let filter = StudentCourseFilter { term_id: Some(TERM.parse().unwrap()), status: Some(Status::Enrolled) };
    ports
        .registration
        .expect_courses_of()
        .once()
        .withf(move |student, given, _| student.to_string() == STUDENT && *given == filter)
        .returning(|_, _, _| Ok(Page { items: vec![student_course()], next: Some(student_course().id) }));
    let page =
        ports.api().get(&format!("/api/v1/students/{STUDENT}/courses?term_id={TERM}&status=enrolled")).await.json();
    assert_eq!(page["next_cursor"], STUDENT_COURSE);
    assert_eq!(
        page["items"][0],
        json!({
            "id": STUDENT_COURSE, "student_id": STUDENT, "status": "enrolled",
            "course": {"id": COURSE, "code": "CS101", "title": "Computing"},
            "section": {"id": SECTION, "number": "27", "component": "lecture"},
            "term": {"id": TERM, "code": "2026-fall"},
            "credits": 3, "grading_basis": "graded", "grade": null, "waitlist_position": null, "reservation_id": null,
            "waitlist": null, "enrolled_at": "2026-09-01T08:00:00Z", "ended_at": null, "end_reason": null, "version": 1
        })
    );
}

#[actix_web::test]
async fn a_roster_pages_by_its_own_key() {
    let mut ports = Ports::default();
    let key = RosterKey { waitlisted: true, waitlist_order: 12, id: STUDENT_COURSE.parse().unwrap() };
    ports
        .registration
        .expect_roster()
        .once()
        .withf(move |section, _, page| section.to_string() == SECTION && page.after == Some(key))
        .returning(move |_, _, _| Ok(Page { items: vec![roster_entry()], next: Some(key) }));
    let page = ports.api().get(&format!("/api/v1/sections/{SECTION}/students?cursor={key}")).await.json();
    assert_eq!(page["next_cursor"], key.to_string());
    assert_eq!(page["items"][0]["student"]["number"], "11717487");
    assert_eq!(page["items"][0]["status"], "enrolled");
}

#[actix_web::test]
async fn everything_wrong_with_a_query_is_told_at_once() {
    let api = Ports::default().api();
    let table = [
        ("/api/v1/students?limit=0&cursor=x&nmber=1", vec!["limit", "cursor", "nmber"]),
        ("/api/v1/students?limit=201", vec!["limit"]),
        ("/api/v1/students?limit=-1", vec!["limit"]),
        ("/api/v1/students?limit=", vec!["limit"]),
        ("/api/v1/students?limit=1&limit=2", vec!["limit"]),
        ("/api/v1/students?number=", vec!["number"]),
        ("/api/v1/students?number=%00", vec!["number"]),
        ("/api/v1/students?number=%FF", vec!["number"]),
        ("/api/v1/sections?term_id=x&course_id=y&q=&open=maybe", vec!["term_id", "course_id", "q", "open"]),
        ("/api/v1/terms?name=Fall", vec!["name"]),
    ];
    for (path, wrong) in table {
        let answer = api.get(path).await;
        answer.problem(422, "/problems/invalid");
        assert_eq!(answer.wrong(), wrong, "{path}");
    }
    let of_student = format!("/api/v1/students/{STUDENT}/courses?status=asleep&term_id=1&limit=many");
    assert_eq!(api.get(&of_student).await.wrong(), ["term_id", "status", "limit"]);
    let roster = format!("/api/v1/sections/{SECTION}/students?cursor={STUDENT}");
    assert_eq!(api.get(&roster).await.wrong(), ["cursor"]);
}

#[actix_web::test]
async fn an_endpoint_without_parameters_takes_none() {
    let api = Ports::default().api();
    let created = api.post("/api/v1/students?dry_run=true", student_body()).await;
    created.problem(422, "/problems/invalid");
    assert_eq!(created.wrong(), ["dry_run"]);
    let one = format!("/api/v1/students/{STUDENT}?fields=number");
    for answer in [api.get(&one).await, api.patch(&one, json!({})).await, api.delete(&one).await] {
        assert_eq!(answer.wrong(), ["fields"]);
    }
}
