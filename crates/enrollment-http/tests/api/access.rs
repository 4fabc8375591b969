//! Who is let through to what: every endpoint, for every role, on their own records and on those of others.
//!
//! The stores of this API are always busy. So 503 says that a request was let through to one; 403, 404 and 401 say that it
//! was not.

use crate::api::{Answer, Ports};
use crate::problems::{failing_ports, operations, request};
use crate::samples::{STUDENT, now, record};
use actix_web::http::Method;
use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use enrollment_core::Error;
use enrollment_core::access::permissions::permission;
use enrollment_core::access::{
    Affiliation, Extent, Operation, Permission, Principal, Role, RoleKind, Scope, Scopes, permissions,
};
use enrollment_core::actor::Actor;
use enrollment_core::text::{InstructorNumber, Program, Reason};

/// The student, and the section, that [`operations`] ask about: those of the student and the instructor.
const OWN: &str = STUDENT;
/// Another student, and another section.
const OTHER: &str = "0190a1b2-0000-7000-8000-0000000000ff";

/// Whose record an endpoint is about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whose {
    Nobody,
    Student,
    Section,
}

#[expect(clippy::match_same_arms, reason = "it is a table, and lines may be alike")]
/// What an endpoint does, and to whose records. An endpoint that is not here fails the test: give it its line.
fn expectation(method: &Method, path: &str) -> (Operation, Whose) {
    use Operation as O;
    use Whose::{Nobody, Section, Student};
    let path = path.split('?').next().unwrap();
    let of: Vec<&str> = path.strip_prefix("/api/v1/").unwrap().split('/').collect();
    let reads = *method == Method::GET;
    let rw = |read, write| if reads { read } else { write };
    match of.as_slice() {
        ["students"] => (rw(O::ReadStudents, O::WriteStudents), Nobody),
        ["students", _] => (rw(O::ReadStudents, O::WriteStudents), Student),
        ["students", _, "holds"] | ["students", _, "holds", _] => (rw(O::ReadHolds, O::WriteHolds), Student),
        ["students", _, "permits"] | ["students", _, "permits", _] => (rw(O::ReadPermits, O::WritePermits), Student),
        ["students", _, "courses", _] if *method == Method::PATCH => (O::Prioritize, Student),
        ["students", _, "courses"] | ["students", _, "courses", _] => (rw(O::ReadRegistrations, O::Register), Student),
        ["students", _, "plan"] => (O::Register, Student),
        ["students", _, "timetable" | "history"] => (O::ReadRegistrations, Student),
        ["students", _, "sections"] => (O::RehearseRegistration, Student),
        ["courses" | "terms" | "sections" | "grades"] | ["courses" | "terms" | "sections" | "grades", _] => {
            (rw(O::ReadCatalog, O::WriteCatalog), Nobody)
        }
        ["terms", _, "windows"] | ["terms", _, "windows", _] => (rw(O::ReadWindows, O::WriteWindows), Nobody),
        ["terms", _, "seats"] | ["terms", _, "seats", "stream"] => (O::ReadCatalog, Nobody),
        ["sections", _, "instructors" | "reservations"] | ["sections", _, "instructors" | "reservations", _] => {
            (rw(O::ReadCatalog, O::WriteCatalog), Nobody)
        }
        ["sections", _, "students"] if reads => (O::ReadRosters, Section),
        ["sections", _, "students"] => (O::RegisterMany, Nobody),
        ["sections", _, "grades"] => (O::Grade, Section),
        ["keys"] | ["keys", _] => (O::ManageKeys, Nobody),
        ["sections", _, "history"] | ["events"] => (O::ReadEvents, Nobody),
        // The record tells whose it is, so the store is asked first.
        ["receipts", _] => (O::ReadRegistrations, Nobody),
        _ => panic!("{method} {path} has no line in the matrix"),
    }
}

fn role(kind: RoleKind) -> Role {
    let scopes = || -> Scopes { Scope::ALL.iter().copied().collect() };
    match kind {
        RoleKind::Student => Role::Student(OWN.parse().unwrap()),
        RoleKind::Instructor => Role::Instructor(InstructorNumber::try_from("I1").unwrap()),
        RoleKind::Advisor => Role::Advisor { programs: [physics()].into(), scopes: scopes() },
        RoleKind::Registrar => Role::Registrar,
        RoleKind::Auditor => Role::Auditor,
        RoleKind::Administrator => Role::Administrator,
        RoleKind::Service => Role::Service(scopes()),
    }
}

fn physics() -> Program {
    "Physics".try_into().unwrap()
}

/// These ports, where each role has a credential by its name: the student studies physics, and the instructor teaches the
/// section.
fn with_callers(mut ports: Ports) -> Ports {
    let own = |id: String, own: &str| id == own;
    ports.affiliations.expect_of_student().returning(move |student| {
        let program = own(student.to_string(), OWN).then(physics);
        Ok(Some(Affiliation { program, confidential: false }))
    });
    ports.affiliations.expect_teaches().returning(move |_, section| Ok(own(section.to_string(), OWN)));
    let principal = |kind: RoleKind| Principal::new(Actor::user(kind.word()), vec![role(kind)]);
    ports.callers = RoleKind::ALL.into_iter().map(|kind| (kind.word(), principal(kind))).collect();
    ports.callers.insert("nothing", Principal::new(Actor::user("nothing"), Vec::new()));
    ports
}

fn bearer(request: TestRequest, credential: &str) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {credential}")))
}

#[actix_web::test]
async fn every_endpoint_lets_through_who_may_and_nobody_else() {
    let api = with_callers(failing_ports(|| Error::Busy)).api();
    for (method, own_path, has_body) in operations() {
        if own_path.ends_with("/seats/stream") {
            // Its body would go on; who may open it is asked as for the list beside it.
            continue;
        }
        let (operation, whose) = expectation(&method, &own_path);
        for (kind, is_own) in RoleKind::ALL.into_iter().flat_map(|kind| [(kind, true), (kind, false)]) {
            let path = match whose {
                _ if is_own => own_path.clone(),
                Whose::Student | Whose::Section => own_path.replacen(OWN, OTHER, 1),
                Whose::Nobody => continue,
            };
            let answer = api.send(bearer(request(&method, &path, has_body), kind.word())).await;
            let expected = match permission(kind, operation) {
                Permission::No => 403,
                Permission::IfGranted(_) if permissions::scope(operation).is_none() => 403,
                Permission::Yes(extent) | Permission::IfGranted(extent) => match (extent, is_own, whose) {
                    (Extent::All, ..) | (_, true, _) => 503,
                    (_, false, Whose::Student) => 404,
                    (_, false, _) => 403,
                },
            };
            assert_eq!(answer.status.as_u16(), expected, "{method} {path} as {kind:?}: {}", answer.json());
        }
    }
}

#[actix_web::test]
async fn every_endpoint_turns_away_who_is_unknown_and_who_has_no_role() {
    let api = with_callers(failing_ports(|| Error::Busy)).api();
    for (method, path, has_body) in operations() {
        let plain = || request(&method, &path, has_body);
        let answers: [(Option<&str>, u16, &str); 8] = [
            (None, 401, "/problems/unauthenticated"),
            (Some("Bearer nobody"), 401, "/problems/unauthenticated"),
            (Some("Bearer"), 401, "/problems/unauthenticated"),
            (Some("Bearer  "), 401, "/problems/unauthenticated"),
            (Some("Basic cmVnaXN0cmFyOg=="), 401, "/problems/unauthenticated"),
            (Some("registrar"), 401, "/problems/unauthenticated"),
            (Some("Bearer registrar registrar"), 401, "/problems/unauthenticated"),
            (Some("Bearer nothing"), 403, "/problems/forbidden"),
        ];
        for (header, status, problem_type) in answers {
            let request = plain();
            let request = match header {
                Some(header) => request.insert_header(("authorization", header)),
                None => request,
            };
            let answer = api.send(request).await;
            answer.problem(status, problem_type);
            assert_eq!(answer.header("www-authenticate").starts_with("Bearer"), status == 401, "{method} {path}");
        }
        let twice = bearer(plain(), "registrar").append_header(("authorization", "Bearer nobody"));
        api.send(twice).await.problem(401, "/problems/unauthenticated");
    }
}

#[actix_web::test]
async fn who_may_not_is_told_so_before_anything_of_the_request_is_read() {
    let api = with_callers(Ports::default()).api();
    let request = || TestRequest::post().uri("/api/v1/courses?colour=blue").set_payload("{");
    api.send(request()).await.problem(401, "/problems/unauthenticated");
    let forbidden = api.send(bearer(request(), "student")).await.problem(403, "/problems/forbidden");
    let detail = forbidden["detail"].as_str().unwrap();
    assert_eq!(
        detail,
        "The caller may not change the catalogue here. Who may: registrar, or a service that has the scope `catalog:write`."
    );
}

#[actix_web::test]
async fn the_scheme_of_a_credential_may_be_in_any_case() {
    let api = with_callers(failing_ports(|| Error::Busy)).api();
    let request = TestRequest::get().uri("/api/v1/courses").insert_header(("authorization", "bEARER registrar"));
    assert_eq!(api.send(request).await.status, 503);
}

#[actix_web::test]
async fn a_receipt_is_found_only_by_those_who_may_read_the_students_courses() {
    let read = async |student: &'static str, caller: &'static str| -> Answer {
        let mut ports = with_callers(Ports::default());
        ports.history.expect_record().returning(move |_| {
            let mut record = record();
            record.student_id = student.parse().unwrap();
            Ok(record)
        });
        let path = format!("/api/v1/receipts/{OTHER}");
        ports.api().send(bearer(TestRequest::get().uri(&path), caller)).await
    };
    for caller in ["student", "advisor"] {
        assert_eq!(read(OWN, caller).await.status, 200, "{caller}");
        let hidden = read(OTHER, caller).await.problem(404, "/problems/not-found");
        assert!(hidden["detail"].as_str().unwrap().contains("receipt"), "{hidden}");
    }
    for caller in ["registrar", "auditor", "service"] {
        assert_eq!(read(OTHER, caller).await.status, 200, "{caller}");
    }
    assert_eq!(read(OTHER, "instructor").await.status, 403);
}

#[actix_web::test]
async fn what_is_done_is_done_in_the_name_of_the_caller_and_for_their_reason() {
    let mut ports = with_callers(Ports::default());
    ports
        .registration
        .expect_register()
        .once()
        .withf(|attempt| {
            let reason = attempt.reason.as_ref().map(Reason::as_str);
            attempt.actor == Actor::user("registrar") && attempt.at == now() && reason == Some("Härtefall: 病気")
        })
        .returning(|_| Err(Error::Busy));
    let path = format!("/api/v1/students/{OWN}/courses/{OTHER}");
    let because = |reason: &[u8]| {
        let request = bearer(TestRequest::delete().uri(&path), "registrar");
        request.insert_header(("enrollment-reason", HeaderValue::from_bytes(reason).unwrap()))
    };
    let api = ports.api();
    assert_eq!(api.send(because("Härtefall: 病気".as_bytes())).await.status, 503);
    for wrong in [b"".as_slice(), b"\xff", "long".repeat(126).as_bytes()] {
        let answer = api.send(because(wrong)).await;
        answer.problem(422, "/problems/invalid");
        assert_eq!(answer.wrong(), ["Enrollment-Reason"]);
    }
}
