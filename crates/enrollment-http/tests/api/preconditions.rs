//! `If-Match` and `If-None-Match`.

use crate::api::{Answer, Ports, TestApi};
use crate::samples::*;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use enrollment_core::catalog::{Section, Version};
use enrollment_core::page::Page;
use enrollment_core::registration::{RosterEntry, StudentCourse};
use enrollment_core::{Error, Subject};
use serde_json::json;

const ADA: &str = "/api/v1/students/0190a1b2-0000-7000-8000-000000000001";

async fn patch_if(api: &TestApi, tag: &str) -> Answer {
    let request = TestRequest::patch().uri(ADA).insert_header(("if-match", tag)).set_json(json!({"given_name": "A"}));
    api.send(request).await
}

async fn get_unless(api: &TestApi, path: &str, tag: &str) -> Answer {
    api.send(TestRequest::get().uri(path).insert_header(("if-none-match", tag))).await
}

#[actix_web::test]
async fn a_change_of_another_version_is_stale() {
    let mut ports = Ports::default();
    ports.students.expect_find().returning(|_| Ok(student()));
    ports.students.expect_update().times(3).returning(|entry, _, _| Ok(entry));
    let api = ports.api();
    for tag in ["\"3\"", "*", "\"3.0123456789abcdef\""] {
        assert_eq!(patch_if(&api, tag).await.status, StatusCode::OK, "{tag}");
    }
    let problem = patch_if(&api, "\"2\"").await.problem(412, "/problems/stale");
    assert_eq!(problem["instance"], ADA);
}

#[actix_web::test]
async fn a_change_that_somebody_else_overtakes_is_stale() {
    let mut ports = Ports::default();
    ports.students.expect_find().returning(|_| Ok(student()));
    ports.students.expect_update().once().returning(|_, _, _| Err(Error::Stale(Subject::Student)));
    patch_if(&ports.api(), "\"3\"").await.problem(412, "/problems/stale");
}

#[actix_web::test]
async fn a_tag_that_is_weak_or_none_of_ours_is_malformed() {
    let api = Ports::default().api();
    for tag in ["W/\"3\"", "3", "\"three\"", "\"3\", \"4\"", ""] {
        patch_if(&api, tag).await.problem(400, "/problems/malformed");
        let delete = TestRequest::delete().uri(ADA).insert_header(("if-match", tag));
        api.send(delete).await.problem(400, "/problems/malformed");
    }
    let twice =
        TestRequest::delete().uri(ADA).append_header(("if-match", "\"3\"")).append_header(("if-match", "\"4\""));
    api.send(twice).await.problem(400, "/problems/malformed");
}

#[actix_web::test]
async fn deleting_hands_on_the_version() {
    let mut ports = Ports::default();
    ports
        .students
        .expect_delete()
        .withf(|_, expected, _| *expected == Some(Version::from(2)))
        .returning(|_, _, _| Err(Error::Stale(Subject::Student)));
    let answer = ports.api().send(TestRequest::delete().uri(ADA).insert_header(("if-match", "\"2\""))).await;
    answer.problem(412, "/problems/stale");
}

#[actix_web::test]
async fn what_the_caller_has_is_not_sent_again() {
    let mut ports = Ports::default();
    ports.students.expect_find().returning(|_| Ok(student()));
    let api = ports.api();
    for tag in ["\"3\"", "W/\"3\"", "\"1\", \"3\"", "*"] {
        let answer = get_unless(&api, ADA, tag).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_MODIFIED, 0), "{tag}");
        assert_eq!(answer.header("etag"), "\"3\"");
        assert_eq!(answer.header("cache-control"), "private, no-cache");
    }
    for tag in ["\"2\"", "nonsense"] {
        assert_eq!(get_unless(&api, ADA, tag).await.status, StatusCode::OK, "{tag}");
    }
}

#[actix_web::test]
async fn a_section_is_another_answer_once_a_seat_is_taken() {
    let mut ports = Ports::default();
    let mut enrolled = 0;
    ports.sections.expect_find().times(3).returning(move |_| {
        enrolled += 1;
        Ok(Section { enrolled: enrolled / 3, ..section() })
    });
    let api = ports.api();
    let path = format!("/api/v1/sections/{SECTION}");
    let first = api.get(&path).await;
    let tag = first.header("etag");
    assert_eq!(get_unless(&api, &path, tag).await.status, StatusCode::NOT_MODIFIED);
    let later = get_unless(&api, &path, tag).await;
    assert_eq!(later.status, StatusCode::OK);
    assert_eq!(later.json()["enrolled"], 1);
    assert_ne!(later.header("etag"), tag);
}

#[actix_web::test]
async fn a_section_can_be_changed_although_a_seat_was_taken_since() {
    let mut ports = Ports::default();
    ports.sections.expect_find().once().returning(|_| Ok(section()));
    ports.sections.expect_find().once().returning(|_| Ok(Section { enrolled: 1, ..section() }));
    ports.sections.expect_update().once().returning(|entry, _, _| Ok(entry));
    let api = ports.api();
    let path = format!("/api/v1/sections/{SECTION}");
    let read = api.get(&path).await;
    let tag = read.header("etag");
    let change = TestRequest::patch().uri(&path).insert_header(("if-match", tag)).set_json(json!({"capacity": 31}));
    assert_eq!(api.send(change).await.status, StatusCode::OK);
}

#[actix_web::test]
async fn a_list_is_sent_again_only_when_it_is_another() {
    let mut ports = Ports::default();
    let later = || StudentCourse { version: student_course().version.next(), ..student_course() };
    let page = |item| Ok(Page { items: vec![item], next: None });
    ports.registration.expect_courses_of().times(2).returning(move |_, _, _| page(student_course()));
    ports.registration.expect_courses_of().once().returning(move |_, _, _| page(later()));
    let entry = |student_course| Ok(Page { items: vec![RosterEntry { student_course, ..roster_entry() }], next: None });
    ports.registration.expect_roster().times(2).returning(move |_, _, _| entry(student_course()));
    ports.registration.expect_roster().once().returning(move |_, _, _| entry(later()));
    let sections = |enrolled| Ok(Page { items: vec![Section { enrolled, ..section() }], next: None });
    ports.sections.expect_list().times(2).returning(move |_, _| sections(0));
    ports.sections.expect_list().once().returning(move |_, _| sections(1));
    let api = ports.api();
    let paths = [
        format!("/api/v1/students/{STUDENT}/courses"),
        format!("/api/v1/sections/{SECTION}/students"),
        "/api/v1/sections".to_owned(),
    ];
    for path in paths {
        let first = api.get(&path).await;
        let tag = first.header("etag");
        assert_eq!((first.status, first.header("cache-control")), (StatusCode::OK, "private, no-cache"), "{path}");
        let again = get_unless(&api, &path, tag).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        assert_eq!(again.header("etag"), tag);
        let changed = get_unless(&api, &path, tag).await;
        assert_eq!(changed.status, StatusCode::OK, "{path}");
        assert_ne!(changed.header("etag"), tag);
    }
}

#[actix_web::test]
async fn a_student_course_is_not_sent_again_either() {
    let mut ports = Ports::default();
    ports.registration.expect_find().times(2).returning(|_, _| Ok(student_course()));
    let api = ports.api();
    let path = format!("/api/v1/students/{STUDENT}/courses/{STUDENT_COURSE}");
    let first = api.get(&path).await;
    assert_eq!(first.json(), serde_json::to_value(student_course()).unwrap());
    assert_eq!(get_unless(&api, &path, first.header("etag")).await.status, StatusCode::NOT_MODIFIED);
}
