//! Every failure of every route is a problem.

use crate::api::{Ports, TestApi};
use crate::samples::*;
use actix_web::http::Method;
use actix_web::test::TestRequest;
use enrollment_core::{Error, Subject};
use enrollment_http::openapi;
use serde_json::{Value, json};

/// Every operation of the document under `/api/v1`: its method, and its path with ids in it.
pub(crate) fn operations() -> Vec<(Method, String, bool)> {
    let document = serde_json::to_value(openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let operations = paths.into_iter().filter(|(path, _)| path.starts_with("/api/v1")).flat_map(|(path, item)| {
        let path = path
            .replace("{id}", STUDENT)
            .replace("{student_course_id}", STUDENT_COURSE)
            .replace("{hold_id}", HOLD)
            .replace("{reservation_id}", RESERVATION)
            .replace("{window_id}", WINDOW)
            .replace("{permit_id}", PERMIT)
            .replace("{grade}", "A")
            .replace("{number}", "I1");
        let methods = item.as_object().unwrap().clone();
        methods.into_iter().map(move |(method, operation)| {
            let path = format!("{path}{}", required_query(&operation));
            (method.to_uppercase().parse().unwrap(), path, operation.get("requestBody").is_some())
        })
    });
    let operations: Vec<_> = operations.collect();
    assert!(operations.len() > 20);
    operations
}

/// The query string that an operation cannot do without: so far only a term is ever required.
fn required_query(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let required = parameters.iter().any(|parameter| parameter["in"] == "query" && parameter["required"] == true);
    if required { format!("?term_id={TERM}") } else { String::new() }
}

fn valid_body(method: &Method, path: &str) -> Value {
    match path {
        path if path.contains("/courses/") && path.contains("/students") && *method == Method::PATCH => {
            json!({"waitlist_priority": 1})
        }
        path if path.contains("/plan") => json!({"drops": [STUDENT_COURSE]}),
        path if path.contains("/courses") && path.contains("/students") => json!({"section_id": SECTION}),
        path if path.contains("/holds") => hold_body(),
        path if path.contains("/reservations") => reservation_body(),
        path if path.contains("/windows") => window_body(),
        path if path.contains("/permits") => permit_body(),
        path if path.contains("/sections") && path.contains("/grades") => {
            json!({"grades": [{"student_id": STUDENT, "grade": "A"}]})
        }
        path if path.contains("/grades") => json!({"rank": 1, "passing": true}),
        path if path.contains("/sections") && path.contains("/students") => {
            json!({"students": [STUDENT], "atomic": true})
        }
        path if path.contains("/keys") => json!({"name": "Import", "roles": [{"role": "auditor"}]}),
        path if path.contains("students") => student_body(),
        path if path.contains("courses") => course_body(),
        path if path.contains("terms") => term_body(),
        _ => section_body(),
    }
}

pub(crate) fn request(method: &Method, path: &str, has_body: bool) -> TestRequest {
    let request = TestRequest::default().method(method.clone()).uri(path);
    if has_body { request.set_json(valid_body(method, path)) } else { request }
}

fn failing(error: fn() -> Error) -> TestApi {
    failing_ports(error).api()
}

/// Ports of which every method answers this error.
pub(crate) fn failing_ports(error: fn() -> Error) -> Ports {
    let mut ports = Ports::default();
    macro_rules! fail {
        ($($port:ident),+) => {$(
            ports.$port.expect_insert().returning(move |_, _| Err(error()));
            ports.$port.expect_find().returning(move |_| Err(error()));
            ports.$port.expect_update().returning(move |_, _, _| Err(error()));
            ports.$port.expect_delete().returning(move |_, _, _| Err(error()));
            ports.$port.expect_list().returning(move |_, _| Err(error()));
        )+};
    }
    fail!(students, holds, permits, courses, terms, windows, sections, reservations);
    ports.grades.expect_scale().returning(move || Err(error()));
    ports.grades.expect_put().returning(move |_| Err(error()));
    ports.grades.expect_delete().returning(move |_| Err(error()));
    ports.seats.expect_of_term().returning(move |_| Err(error()));
    ports.history.expect_record().returning(move |_| Err(error()));
    ports.history.expect_of_student().returning(move |_, _| Err(error()));
    ports.history.expect_of_section().returning(move |_, _| Err(error()));
    ports.history.expect_feed().returning(move |_, _| Err(error()));
    ports.facts.expect_facts().returning(move |_, _| Err(error()));
    ports.registration.expect_students_named().returning(move |_, _| Err(error()));
    ports.registration.expect_register().returning(move |_| Err(error()));
    ports.registration.expect_register_all().returning(move |_| Err(error()));
    ports.registration.expect_named_in().returning(move |_, _, _| Err(error()));
    ports.registration.expect_find().returning(move |_, _| Err(error()));
    ports.registration.expect_courses_of().returning(move |_, _, _| Err(error()));
    ports.registration.expect_timetable().returning(move |_, _| Err(error()));
    ports.registration.expect_roster().returning(move |_, _, _| Err(error()));
    ports.keys.expect_insert().returning(move |_, _| Err(error()));
    ports.keys.expect_find().returning(move |_| Err(error()));
    ports.keys.expect_list().returning(move |_| Err(error()));
    ports.keys.expect_revoke().returning(move |_, _, _| Err(error()));
    ports.instructors.expect_of().returning(move |_| Err(error()));
    ports.instructors.expect_put().returning(move |_, _| Err(error()));
    ports.instructors.expect_delete().returning(move |_, _| Err(error()));
    ports
}

#[actix_web::test]
async fn every_error_of_a_port_is_a_problem_on_every_route() {
    type Row = (fn() -> Error, u16, &'static str);
    let table: [Row; 7] = [
        (|| Error::NotFound(Subject::Student), 404, "/problems/not-found"),
        (|| Error::Stale(Subject::Student), 412, "/problems/stale"),
        (|| Error::InUse { subject: Subject::Course, by: vec![Subject::Section] }, 409, "/problems/in-use"),
        (|| Error::Busy, 503, "/problems/busy"),
        (|| Error::Unavailable("no route to 10.0.0.7".into()), 503, "/problems/unavailable"),
        (|| Error::OutcomeUnknown("reset by 10.0.0.7".into()), 503, "/problems/outcome-unknown"),
        (|| Error::Internal("syntax error in SELECT".into()), 500, "/problems/internal"),
    ];
    for (error, status, problem_type) in table {
        let api = failing(error);
        for (method, path, has_body) in operations() {
            let answer = api.send_to_any_port(request(&method, &path, has_body)).await;
            let problem = answer.problem(status, problem_type);
            let text = problem.to_string();
            assert!(!text.contains("10.0.0.7") && !text.contains("SELECT"), "{method} {path}: {text}");
            let again = answer.header("retry-after").parse::<u32>();
            assert_eq!(again.is_ok(), status == 503, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn a_malformed_id_names_nothing_on_every_route() {
    let api = Ports::default().api();
    for (method, path, has_body) in operations() {
        for (id, bad) in [
            (STUDENT, "17"),
            (STUDENT_COURSE, "not-an-id"),
            (HOLD, "17"),
            (RESERVATION, "17"),
            (WINDOW, "17"),
            (PERMIT, "17"),
            (STUDENT, "%00"),
        ] {
            if path.contains(id) {
                let answer = api.send(request(&method, &path.replace(id, bad), has_body)).await;
                answer.problem(404, "/problems/not-found");
            }
        }
    }
}

#[actix_web::test]
async fn a_body_that_is_not_json_is_a_problem_on_every_route() {
    let api = Ports::default().api();
    for (method, path, has_body) in operations() {
        if has_body {
            let request = || TestRequest::default().method(method.clone()).uri(&path).set_payload("{");
            api.send(request()).await.problem(415, "/problems/unsupported-media-type");
            let typed = request().insert_header(("content-type", "application/json"));
            api.send(typed).await.problem(400, "/problems/malformed");
            let large = request().insert_header(("content-type", "application/json")).set_payload(vec![b' '; 300_000]);
            api.send(large).await.problem(413, "/problems/too-large");
        }
    }
}

#[actix_web::test]
async fn another_method_is_told_which_there_are() {
    let api = Ports::default().api();
    let table = [
        ("PUT", "/api/v1/students".to_owned(), "GET, HEAD, POST"),
        ("POST", format!("/api/v1/students/{STUDENT}"), "GET, HEAD, PATCH, DELETE"),
        ("OPTIONS", format!("/api/v1/students/{STUDENT}/courses"), "GET, HEAD, POST"),
        ("DELETE", "/healthz".to_owned(), "GET, HEAD"),
        ("FETCH", "/metrics".to_owned(), "GET, HEAD"),
    ];
    for (method, path, allowed) in table {
        let answer = api.send(TestRequest::default().method(method.parse().unwrap()).uri(&path)).await;
        answer.problem(405, "/problems/method-not-allowed");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[actix_web::test]
async fn an_unknown_route_is_a_problem() {
    let api = Ports::default().api();
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v1/studnts",
        "/api/v1/students/",
        "/api/docs/no.js",
        "/api/v2/students",
    ] {
        let problem = api.get(path).await.problem(404, "/problems/not-found");
        assert_eq!(problem["instance"], path);
    }
}

#[actix_web::test]
async fn a_conflict_tells_what_is_in_the_way() {
    let taken = failing(|| Error::Duplicate { subject: Subject::Student, field: "number" });
    let answer = taken.post("/api/v1/students", student_body()).await;
    answer.problem(409, "/problems/duplicate");
    assert_eq!(answer.wrong(), ["/number"]);

    let used =
        failing(|| Error::InUse { subject: Subject::Course, by: vec![Subject::Section, Subject::StudentCourse] });
    let problem = used.delete(&format!("/api/v1/courses/{COURSE}")).await.problem(409, "/problems/in-use");
    assert_eq!(problem["in_use_by"], json!(["section", "student_course"]));

    for (error, problem_type, place) in [
        (
            (|| Error::SeatsTaken { seats: 1, taken: 7, field: "capacity" }) as fn() -> Error,
            "/problems/seats-taken",
            "/capacity",
        ),
        (|| Error::Fixed { subject: Subject::Section, field: "term_id" }, "/problems/fixed", "/term_id"),
    ] {
        let mut ports = Ports::default();
        ports.sections.expect_find().returning(|_| Ok(section()));
        ports.sections.expect_update().returning(move |_, _, _| Err(error()));
        let answer = ports.api().patch(&format!("/api/v1/sections/{SECTION}"), json!({"capacity": 1})).await;
        answer.problem(409, problem_type);
        assert_eq!(answer.wrong(), [place]);
    }
}
