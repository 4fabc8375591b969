//! Whose records each role reaches, on the real store: what is another's is as if it were not there.

use super::keys::{guarded, key};
use enrollment_tests::{Client, TestApp};
use serde_json::{Value, json};

/// A small university with somebody in every role.
pub(super) struct Campus {
    pub(super) app: TestApp,
    pub(super) registrar: Client,
    /// Studies physics, is in the first section, and has a credential.
    pub(super) ada: String,
    /// Studies law, and is in the second section.
    pub(super) grace: String,
    /// Studies physics, is in the first section, and is confidential.
    pub(super) hugo: String,
    pub(super) sections: [String; 2],
}

impl Campus {
    pub(super) fn open() -> Self {
        let (app, registrar) = guarded();
        let student = |number: &str, program: &str, confidential: bool| {
            registrar.student_with(number, &json!({"program": program, "confidential": confidential}))
        };
        let (ada, grace) = (student("A", "Physics", false), student("G", "Law", false));
        let hugo = student("H", "Physics", true);
        let (course, term) = (registrar.course("CS101", &json!({})), registrar.term("F26", &json!({})));
        let sections = ["1", "2"].map(|number| registrar.section(&course, &term, number, 9, &json!({})));
        registrar.send("PUT", &format!("/api/v1/sections/{}/instructors/I%2F1", sections[0]), &[], None).expect(201);
        for (student, section) in [(&ada, 0), (&hugo, 0), (&grace, 1)] {
            registrar.enroll(student, &sections[section]).expect(201);
        }
        Self { app, registrar, ada, grace, hugo, sections }
    }

    /// Somebody who has this role.
    pub(super) fn caller(&self, role: &Value) -> Client {
        let made = key(&self.registrar, &json!([role]));
        self.app.client().with_credential(made["secret"].as_str().unwrap())
    }

    pub(super) fn ada(&self) -> Client {
        self.caller(&json!({"role": "student", "student_id": self.ada}))
    }

    pub(super) fn instructor(&self) -> Client {
        self.caller(&json!({"role": "instructor", "instructor_number": "I/1"}))
    }

    pub(super) fn advisor(&self, scopes: &[&str]) -> Client {
        self.caller(&json!({"role": "advisor", "programs": ["Physics"], "scopes": scopes}))
    }

    pub(super) fn service(&self, scopes: &[&str]) -> Client {
        self.caller(&json!({"role": "service", "scopes": scopes}))
    }
}

/// The members of a list, page by page, by the id of the student.
fn students(client: &Client, path: &str, member: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}limit=1{cursor}")).expect(200);
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|item| item.pointer(member).unwrap().as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn lists_of_students_show_whom_the_caller_reaches_whatever_is_asked_for() {
    let campus = Campus::open();
    let (ada, grace, hugo) = (&campus.ada, &campus.grace, &campus.hugo);
    let list = |client: &Client| students(client, "/api/v1/students?", "/id");
    assert_eq!(list(&campus.registrar), [ada.clone(), grace.clone(), hugo.clone()]);
    assert_eq!(list(&campus.caller(&json!({"role": "auditor"}))), [ada.clone(), grace.clone(), hugo.clone()]);
    assert_eq!(list(&campus.ada()), std::slice::from_ref(ada));
    assert_eq!(list(&campus.advisor(&[])), [ada.clone(), hugo.clone()]);
    assert_eq!(list(&campus.service(&["students:read"])), [ada.clone(), grace.clone()]);
    assert_eq!(list(&campus.service(&["students:read", "confidential:read"])).len(), 3);
    for role in [json!({"role": "instructor", "instructor_number": "I/1"}), json!({"role": "administrator"})] {
        campus.caller(&role).get("/api/v1/students").expect(403);
    }
    for (client, number) in [(campus.ada(), "G"), (campus.advisor(&[]), "G"), (campus.service(&["students:read"]), "H")]
    {
        assert!(students(&client, &format!("/api/v1/students?number={number}&"), "/id").is_empty(), "{number}");
    }
}

#[test]
fn rosters_are_for_who_teaches_the_section_and_hide_who_is_confidential_from_those_without_need() {
    let campus = Campus::open();
    let [own, other] = &campus.sections;
    let (ada, hugo) = (campus.ada.clone(), campus.hugo.clone());
    for suffix in ["?", "?as_of=2099-01-01T00:00:00Z&"] {
        let roster =
            |client: &Client| students(client, &format!("/api/v1/sections/{own}/students{suffix}"), "/student/id");
        assert_eq!(roster(&campus.instructor()), [ada.clone(), hugo.clone()], "{suffix}");
        assert_eq!(roster(&campus.service(&["rosters:read"])), std::slice::from_ref(&ada), "{suffix}");
        assert_eq!(roster(&campus.service(&["rosters:read", "confidential:read"])).len(), 2, "{suffix}");
    }
    let path = format!("/api/v1/sections/{other}/students");
    for client in [campus.instructor(), campus.ada(), campus.advisor(&[])] {
        client.get(&path).expect(403);
    }
    let grades = json!({"grades": [{"student_id": campus.ada, "grade": "A"}]});
    let grade = |section: &str| {
        campus.instructor().send_json("PUT", &format!("/api/v1/sections/{section}/grades?dry_run=true"), &[], &grades)
    };
    grade(own).expect(200);
    grade(other).expect(403);

    // Who no longer teaches it no longer reads it.
    campus.registrar.delete(&format!("/api/v1/sections/{own}/instructors/I%2F1")).expect(204);
    campus.instructor().get(&format!("/api/v1/sections/{own}/students")).expect(403);
}

/// A problem without what differs from request to request.
fn told(client: &Client, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
    let answer = match body {
        Some(body) => client.send_json(method, path, &[], body),
        None => client.send(method, path, &[], None),
    };
    let mut problem = answer.body;
    for differs in ["instance", "request_id"] {
        problem.as_object_mut().unwrap().remove(differs);
    }
    (answer.status, problem)
}

#[test]
fn anothers_record_looks_like_none_at_all() {
    let campus = Campus::open();
    let nobody = "0190a1b2-0000-7000-8000-00000000dead";
    let enroll = json!({"section_id": campus.sections[0]});
    let (empty, plan) = (json!({}), json!({"drops": [nobody]}));
    let of_student: [(&str, String, Option<&Value>); 12] = [
        ("GET", String::new(), None),
        ("GET", "/courses".to_owned(), None),
        ("GET", format!("/courses/{nobody}"), None),
        ("POST", "/courses".to_owned(), Some(&enroll)),
        ("POST", "/courses".to_owned(), Some(&empty)),
        ("DELETE", format!("/courses/{nobody}"), None),
        ("POST", "/plan".to_owned(), Some(&plan)),
        ("GET", "/timetable".to_owned(), None),
        ("GET", "/history".to_owned(), None),
        ("GET", "/holds".to_owned(), None),
        ("GET", "/permits".to_owned(), None),
        ("GET", format!("/permits/{nobody}"), None),
    ];
    for (method, path, body) in of_student {
        let at = |student: &str| format!("/api/v1/students/{student}{path}");
        let none = told(&campus.ada(), method, &at(nobody), body);
        assert_eq!(none.0, 404, "{method} {path}: {}", none.1);
        assert_eq!(told(&campus.ada(), method, &at(&campus.grace), body), none, "{method} {path}");
    }
    let own = campus.ada().get(&format!("/api/v1/students/{}/courses", campus.ada)).expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 1);

    let hidden = campus.service(&["students:read"]).get(&format!("/api/v1/students/{}", campus.hugo));
    assert_eq!(hidden.status, 404);
    campus.advisor(&[]).get(&format!("/api/v1/students/{}", campus.hugo)).expect(200);
    campus.advisor(&[]).get(&format!("/api/v1/students/{}", campus.grace)).expect(404);
}

#[test]
fn an_advisor_may_do_more_only_where_it_was_granted_and_only_for_their_students() {
    let campus = Campus::open();
    let permit = json!({"course_id": campus.registrar.course("CS102", &json!({})), "waives": ["credit_limit"],
        "granted_by": "Adviser", "reason": "Last term"});
    let grant = |client: &Client, student: &str| client.post(&format!("/api/v1/students/{student}/permits"), &permit);
    grant(&campus.advisor(&[]), &campus.ada).expect(403);
    let advisor = campus.advisor(&["permits:write", "registrations:rehearse"]);
    grant(&advisor, &campus.ada).expect(201);
    grant(&advisor, &campus.grace).expect(404);
    let enroll = |student: &str, query: &str| {
        let body = json!({"section_id": campus.sections[1]});
        advisor.post(&format!("/api/v1/students/{student}/courses{query}"), &body)
    };
    // Ada is in a section of the course already: she is told so, and that is what the advisor asked.
    assert_eq!(enroll(&campus.ada, "?dry_run=true").refused(), ["already_enrolled"]);
    enroll(&campus.ada, "").expect(403);
    enroll(&campus.grace, "?dry_run=true").expect(404);
}

#[test]
fn what_a_student_does_and_what_is_done_for_a_student_are_told_apart() {
    let campus = Campus::open();
    let path = format!("/api/v1/students/{}/courses", campus.grace);
    let held = campus.registrar.get(&path).expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let because = [("enrollment-reason", "Moved away")];
    campus.registrar.send("DELETE", &format!("{path}/{held}"), &because, None).expect(200);
    let history = campus.registrar.get(&format!("/api/v1/students/{}/history", campus.grace)).expect(200);
    let newest = &history["items"][0];
    assert_eq!((&newest["on_behalf_of"], &newest["reason"]), (&json!(campus.grace), &json!("Moved away")));
    assert!(newest["actor"].as_str().unwrap().starts_with("key:"), "{newest}");
    let receipt = format!("/api/v1/receipts/{}", newest["attempt_id"].as_str().unwrap());
    let kept = campus.registrar.get(&receipt).expect(200);
    assert_eq!((&kept["on_behalf_of"], &kept["reason"]), (&json!(campus.grace), &json!("Moved away")));
    campus.ada().get(&receipt).expect(404);
}

#[test]
fn who_may_give_another_place_on_a_waitlist_is_told_it_without_a_permission_to_read() {
    let campus = Campus::open();
    let section = &campus.sections[1];
    campus
        .registrar
        .patch(&format!("/api/v1/sections/{section}"), &json!({"capacity": 1, "waitlist_capacity": 5}))
        .expect(200);
    let noor = campus.registrar.student("N");
    let path = format!("/api/v1/students/{noor}/courses");
    let waits = campus.registrar.post(&path, &json!({"section_id": section, "waitlist": true})).expect(201);
    let path = format!("{path}/{}", waits["id"].as_str().unwrap());
    let service = campus.service(&["registrations:write"]);
    let moved = service.patch(&path, &json!({"waitlist_priority": -1})).expect(200);
    assert_eq!(moved["waitlist"]["priority"], -1, "{moved}");
    service.get(&path).expect(403);
    campus.ada().patch(&path, &json!({"waitlist_priority": -2})).expect(403);
}
