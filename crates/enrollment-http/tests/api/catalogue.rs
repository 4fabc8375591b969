//! Making, reading, changing and deleting entries.

use crate::api::Ports;
use crate::samples::*;
use actix_web::http::StatusCode;
use enrollment_core::catalog::Version;
use serde_json::{Value, json};

/// Those of [`STUDENT`].
const HOLDS: &str = "/api/v1/students/0190a1b2-0000-7000-8000-000000000001/holds";
const PERMITS: &str = "/api/v1/students/0190a1b2-0000-7000-8000-000000000001/permits";

/// Those of [`SECTION`].
const RESERVATIONS: &str = "/api/v1/sections/0190a1b2-0000-7000-8000-000000000004/reservations";

/// Those of [`TERM`].
const WINDOWS: &str = "/api/v1/terms/0190a1b2-0000-7000-8000-000000000003/windows";

/// A test of all entries in the same words: of each the port, the path, the id, a body and the entry itself.
macro_rules! for_each_entry {
    ($test:ident, $run:ident) => {
        #[actix_web::test]
        async fn $test() {
            $run!(students, "/api/v1/students", STUDENT, student_body(), student());
            $run!(holds, HOLDS, HOLD, hold_body(), hold());
            $run!(permits, PERMITS, PERMIT, permit_body(), permit());
            $run!(courses, "/api/v1/courses", COURSE, course_body(), course());
            $run!(terms, "/api/v1/terms", TERM, term_body(), term());
            $run!(reservations, RESERVATIONS, RESERVATION, reservation_body(), reservation());
            $run!(windows, WINDOWS, WINDOW, window_body(), window());
            $run!(sections, "/api/v1/sections", SECTION, section_body(), section());
        }
    };
}

macro_rules! is_made {
    ($port:ident, $path:expr, $id:expr, $body:expr, $entry:expr) => {{
        let mut ports = Ports::default();
        ports.$port.expect_insert().once().returning(|entry, _| Ok(entry));
        let answer = ports.api().post($path, $body).await;
        let made = answer.json();
        assert_eq!(answer.status, StatusCode::CREATED, "{made}");
        assert_eq!(answer.header("location"), format!("{}/{}", $path, made["id"].as_str().unwrap()));
        assert!(answer.header("etag").starts_with("\"1"), "{}", answer.header("etag"));
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(made["version"], 1);
        assert_eq!(made["created_at"], "2026-09-01T08:00:00Z");
        for (field, value) in $body.as_object().unwrap() {
            match value {
                Value::Number(number) => assert_eq!(made[field].as_f64(), number.as_f64(), "{field}"),
                Value::Array(_) => assert!(made[field].is_array(), "{field}"),
                value => assert_eq!(&made[field], value, "{field}"),
            }
        }
    }};
}
for_each_entry!(an_entry_is_made, is_made);

macro_rules! is_read {
    ($port:ident, $path:expr, $id:expr, $body:expr, $entry:expr) => {{
        let mut ports = Ports::default();
        ports.$port.expect_find().withf(|id| id.to_string() == $id).returning(|_| Ok($entry));
        let answer = ports.api().get(&format!("{}/{}", $path, $id)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), serde_json::to_value($entry).unwrap());
        assert!(answer.header("etag").starts_with("\"3"), "{}", answer.header("etag"));
    }};
}
for_each_entry!(an_entry_is_read, is_read);

macro_rules! is_changed {
    ($port:ident, $path:expr, $id:expr, $body:expr, $entry:expr) => {{
        let mut ports = Ports::default();
        ports.$port.expect_find().returning(|_| Ok($entry));
        let on_the_third = |_: &_, expected: &Version, _: &_| *expected == Version::from(3);
        ports.$port.expect_update().once().withf(on_the_third).returning(|entry, _, _| Ok(entry));
        let answer = ports.api().patch(&format!("{}/{}", $path, $id), json!({})).await;
        let mut expected = serde_json::to_value($entry).unwrap();
        expected["version"] = json!(4);
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, expected));
        assert!(answer.header("etag").starts_with("\"4"), "{}", answer.header("etag"));
    }};
}
for_each_entry!(a_change_of_nothing_keeps_everything, is_changed);

macro_rules! is_deleted {
    ($port:ident, $path:expr, $id:expr, $body:expr, $entry:expr) => {{
        let mut ports = Ports::default();
        // What belongs to another is looked at before.
        ports.$port.expect_find().times(0..=1).returning(|_| Ok($entry));
        ports
            .$port
            .expect_delete()
            .once()
            .withf(|id, expected, _| id.to_string() == $id && expected.is_none())
            .returning(|_, _, _| Ok(()));
        let answer = ports.api().delete(&format!("{}/{}", $path, $id)).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    }};
}
for_each_entry!(an_entry_is_deleted, is_deleted);

macro_rules! is_refused_field_by_field {
    ($port:ident, $path:expr, $id:expr, $body:expr, $entry:expr) => {{
        let mut body = $body;
        let fields: Vec<String> = body.as_object().unwrap().keys().cloned().collect();
        for value in body.as_object_mut().unwrap().values_mut() {
            *value = json!({"not": "this"});
        }
        body["shoe/size"] = json!(44);
        let answer = Ports::default().api().post($path, body).await;
        answer.problem(422, "/problems/invalid");
        let mut expected: Vec<String> = fields.iter().map(|field| format!("/{field}")).collect();
        expected.push("/shoe~1size".to_owned());
        let mut wrong = answer.wrong();
        wrong.sort();
        expected.sort();
        assert_eq!(wrong, expected);
    }};
}
for_each_entry!(every_wrong_or_unknown_field_is_told_at_once, is_refused_field_by_field);

#[actix_web::test]
async fn a_change_names_and_clears_fields() {
    let mut ports = Ports::default();
    ports.students.expect_find().returning(|_| Ok(student()));
    ports.students.expect_update().once().returning(|entry, _, _| Ok(entry));
    let answer = ports
        .api()
        .patch(&format!("/api/v1/students/{STUDENT}"), json!({"email": null, "given_name": "Augusta"}))
        .await;
    let changed = answer.json();
    assert_eq!((&changed["email"], &changed["given_name"]), (&Value::Null, &json!("Augusta")));
    assert_eq!(changed["family_name"], "Lovelace");
}

#[actix_web::test]
async fn a_section_shows_who_is_in_it_and_takes_nothing_of_that() {
    let mut ports = Ports::default();
    ports.sections.expect_find().returning(|_| Ok(enrollment_core::catalog::Section { enrolled: 7, ..section() }));
    let api = ports.api();
    let path = format!("/api/v1/sections/{SECTION}");
    assert_eq!(api.get(&path).await.json()["enrolled"], 7);
    let answer = api.patch(&path, json!({"enrolled": 8})).await;
    answer.problem(422, "/problems/invalid");
    assert_eq!(answer.wrong(), ["/enrolled"]);
}
