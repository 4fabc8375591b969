//! Whatever comes in, the answer is one that the API documents, and never that something went wrong here.

use crate::api::{Ports, TestApi};
use crate::samples::*;
use actix_web::rt::System;
use actix_web::test::TestRequest;
use enrollment_core::page::Page;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

fn paths() -> impl Strategy<Value = (String, Value)> {
    prop_oneof![
        Just(("/api/v1/students".to_owned(), student_body())),
        Just((format!("/api/v1/students/{STUDENT}/holds"), hold_body())),
        Just((format!("/api/v1/sections/{SECTION}/reservations"), reservation_body())),
        Just((format!("/api/v1/terms/{TERM}/windows"), window_body())),
        Just((format!("/api/v1/students/{STUDENT}/permits"), permit_body())),
        Just((
            "/api/v1/keys".to_owned(),
            json!({"name": "x", "roles": [{"role": "service", "scopes": ["students:read"]}], "expires_at": null})
        )),
        Just(("/api/v1/courses".to_owned(), course_body())),
        Just(("/api/v1/terms".to_owned(), term_body())),
        Just((
            format!("/api/v1/sections/{SECTION}/students"),
            json!({"students": [STUDENT, {"number": "1"}], "atomic": true})
        )),
        Just(("/api/v1/sections".to_owned(), section_body())),
        Just((format!("/api/v1/students/{STUDENT}/courses"), json!({"section_id": SECTION}))),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?".prop_map(Value::from),
        "[0-9]{2}:[0-9]{2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let name =
            prop_oneof!["[a-z_]{1,12}", Just("course".to_owned()), Just("all".to_owned()), Just("days".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// A valid body, of which some fields are something else.
fn spoiled() -> impl Strategy<Value = (String, Vec<u8>)> {
    let spoil = prop::collection::vec((any::<prop::sample::Index>(), any_json()), 0..4);
    (paths(), spoil).prop_map(|((path, mut body), changes)| {
        for (index, value) in changes {
            let fields = body.as_object_mut().unwrap();
            let name = fields.keys().nth(index.index(fields.len())).cloned();
            fields.insert(name.unwrap(), value);
        }
        (path, body.to_string().into_bytes())
    })
}

/// Any bytes, and a body with some of its bytes changed.
fn noise() -> impl Strategy<Value = (String, Vec<u8>)> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    let edited = (paths(), edits).prop_map(|((path, body), edits)| {
        let mut bytes = body.to_string().into_bytes();
        for (index, byte) in edits {
            let place = index.index(bytes.len());
            bytes[place] = byte;
        }
        (path, bytes)
    });
    let any = (paths(), prop::collection::vec(any::<u8>(), 0..64)).prop_map(|((path, _), bytes)| (path, bytes));
    prop_oneof![edited, any]
}

fn willing() -> TestApi {
    let mut ports = Ports::default();
    ports.keys.expect_insert().returning(|key, _| Ok(key));
    ports.students.expect_insert().returning(|entry, _| Ok(entry));
    ports.holds.expect_insert().returning(|entry, _| Ok(entry));
    ports.reservations.expect_insert().returning(|entry, _| Ok(entry));
    ports.windows.expect_insert().returning(|entry, _| Ok(entry));
    ports.permits.expect_insert().returning(|entry, _| Ok(entry));
    ports.courses.expect_insert().returning(|entry, _| Ok(entry));
    ports.terms.expect_insert().returning(|entry, _| Ok(entry));
    ports.sections.expect_insert().returning(|entry, _| Ok(entry));
    ports.students.expect_list().returning(|_, _| Ok(Page { items: vec![], next: None }));
    ports.sections.expect_list().returning(|_, _| Ok(Page { items: vec![], next: None }));
    ports.registration.expect_register().returning(|attempt| Ok(accepted(&attempt, student_course())));
    ports.registration.expect_students_named().returning(|names, _| Ok(by_id(names)));
    ports
        .registration
        .expect_register_all()
        .returning(|attempts| Ok(attempts.iter().map(|attempt| Ok(accepted(attempt, student_course()))).collect()));
    ports.api()
}

fn run<T: std::fmt::Debug>(
    input: impl Strategy<Value = T>,
    request: impl Fn(&T) -> TestRequest,
    expected: impl Fn(&T) -> Vec<u16>,
) {
    let (system, api) = (System::new(), willing());
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(400) });
    let outcome = runner.run(&input, |input| {
        let answer = system.block_on(api.send(request(&input)));
        prop_assert!(expected(&input).contains(&answer.status.as_u16()), "{}: {:?}", answer.status, answer.body);
        if answer.status.is_client_error() {
            prop_assert_eq!(answer.header("content-type"), "application/problem+json");
        }
        Ok(())
    });
    outcome.unwrap();
}

fn post((path, body): &(String, Vec<u8>)) -> TestRequest {
    TestRequest::post().uri(path).insert_header(("content-type", "application/json")).set_payload(body.clone())
}

/// What a valid body is answered with: many who are enrolled row by row, which `atomic` says when it is spoiled, are 200.
fn taken((path, _): &(String, Vec<u8>)) -> u16 {
    if *path == format!("/api/v1/sections/{SECTION}/students") { 200 } else { 201 }
}

#[test]
fn any_value_of_a_field_is_taken_or_told() {
    run(spoiled(), post, |sent| vec![taken(sent), 422]);
}

#[test]
fn any_bytes_are_taken_or_told() {
    run(noise(), post, |sent| vec![taken(sent), 400, 422]);
}

#[test]
fn any_query_is_taken_or_told() {
    let name = prop_oneof![Just("limit"), Just("cursor"), Just("q"), Just("open"), Just("term_id"), Just("x%00")];
    let value = prop_oneof!["[0-9]{0,4}", "[a-z%+&=;.-]{0,12}", Just(TERM.to_owned()), Just("%E5%AD%A6".to_owned())];
    let query = prop::collection::vec((name, value), 0..4);
    let get = |pairs: &Vec<(&str, String)>| {
        let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        TestRequest::get().uri(&format!("/api/v1/sections?{}", query.join("&")))
    };
    run(query, get, |_| vec![200, 422]);
}
