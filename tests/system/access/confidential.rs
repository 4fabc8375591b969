//! Confidential students, for those without need: whatever is asked, they are as if they were not there.

use super::reach::Campus;
use enrollment_tests::{Answer, Client};
use serde_json::{Value, json};

const NOBODY: &str = "0190a1b2-0000-7000-8000-00000000dead";

/// What an answer tells, with the same word in place of what names the student, and without what differs between any two.
fn told(answer: &Answer, name: &str) -> (u16, String) {
    let mut body = answer.body.clone();
    for differs in ["instance", "request_id"] {
        body.as_object_mut().unwrap().remove(differs);
    }
    (answer.status, body.to_string().replace(name, "NAME"))
}

/// How a caller may name Hugo, and somebody whom there is not, in the same way.
fn names(campus: &Campus) -> [(&'static str, String, String); 2] {
    [("student_id", campus.hugo.clone(), NOBODY.to_owned()), ("number", "H".to_owned(), "Z".to_owned())]
}

#[test]
fn who_enrolls_many_is_answered_about_a_confidential_student_as_about_none() {
    let campus = Campus::open();
    let [first, second] = &campus.sections;
    let service = campus.service(&["registrations:write", "registrations:rehearse"]);
    for (field, hidden, nobody) in names(&campus) {
        for (section, query, atomic) in [
            (first.as_str(), "", false),
            (second, "", false),
            (second, "", true),
            (second, "?dry_run=true", false),
            (second, "?dry_run=true", true),
            (NOBODY, "", false),
            (NOBODY, "", true),
        ] {
            let ask = |name: &str| {
                let body = json!({"students": [{(field): name}], "atomic": atomic});
                told(&service.post(&format!("/api/v1/sections/{section}/students{query}"), &body), name)
            };
            assert_eq!(ask(&hidden), ask(&nobody), "{field} {section}{query} {atomic}");
        }
    }
    // Naming somebody twice in two ways is told only of those who are there.
    let twice = |id: &str, number: &str| {
        let body = json!({"students": [{"student_id": id}, {"number": number}]});
        service.post(&format!("/api/v1/sections/{second}/students"), &body)
    };
    assert_eq!(twice(&campus.grace, "G").invalid(), ["/students/1/number"]);
    assert_eq!(twice(&campus.hugo, "H").expect(200)["summary"]["failed"], 2);
    assert_eq!(campus.registrar.courses_of(&campus.hugo).len(), 1, "nothing was done to him");

    let trusted = campus.service(&["registrations:write", "confidential:read"]);
    let body = json!({"students": [{"number": "H"}]});
    let told = trusted.post(&format!("/api/v1/sections/{second}/students?dry_run=true"), &body).expect(200);
    assert_eq!(told["rows"][0]["violations"][0]["code"], "already_enrolled");
}

#[test]
fn of_all_or_none_nobody_is_enrolled_when_a_number_is_nobodys() {
    let campus = Campus::open();
    let ben = campus.registrar.student("B");
    let body = json!({"students": [ben, {"number": "Z"}], "atomic": true});
    let path = format!("/api/v1/sections/{}/students", campus.sections[1]);
    assert_eq!(campus.registrar.post(&path, &body).invalid(), ["/students/1/number"]);
    assert!(campus.registrar.courses_of(&ben).is_empty());
}

#[test]
fn who_grades_is_answered_about_a_confidential_student_as_about_none_unless_the_section_is_theirs() {
    let campus = Campus::open();
    let [own, other] = &campus.sections;
    let held = campus.registrar.courses_of(&campus.hugo)[0]["id"].as_str().unwrap().to_owned();
    let grade = |client: &Client, section: &str, field: &str, name: &str| {
        let body = json!({"grades": [{(field): name, "grade": "A"}]});
        client.send_json("PUT", &format!("/api/v1/sections/{section}/grades"), &[], &body)
    };
    let service = campus.service(&["grades:write"]);
    let hidden = [("student_id", campus.hugo.as_str(), NOBODY), ("student_number", "H", "Z")];
    for (field, hidden, nobody) in hidden.into_iter().chain([("student_course_id", held.as_str(), NOBODY)]) {
        for section in [own, other] {
            let ask = |name: &str| told(&grade(&service, section, field, name), name);
            assert_eq!(ask(hidden), ask(nobody), "{field}");
        }
    }
    assert!(campus.registrar.courses_of(&campus.hugo)[0]["grade"].is_null());
    let trusted = grade(&campus.instructor(), own, "student_number", "H").expect(200);
    assert_eq!(trusted["rows"][0]["outcome"], "completed");
}

/// The students whom an answer tells of beside its own.
fn others(told: &Value) -> Vec<&str> {
    let lists = ["promotions", "cancelled"].map(|list| told[list].as_array().map(Vec::as_slice).unwrap_or_default());
    let student = |one: &'_ Value| one.pointer("/student_course/student_id").or(one.get("student_id")).is_some();
    assert!(lists.concat().iter().all(student), "{told}");
    lists
        .into_iter()
        .flatten()
        .map(|one| one.pointer("/student_course/student_id").unwrap_or(&one["student_id"]).as_str().unwrap())
        .collect()
}

#[test]
fn who_would_get_a_seat_is_told_only_to_those_who_may_read_that_students_courses() {
    let campus = Campus::open();
    let registrar = &campus.registrar;
    let (course, term) = (registrar.course("CS200", &json!({})), registrar.term("S27", &json!({})));
    let full = registrar.section(&course, &term, "1", 1, &json!({"waitlist_capacity": 9}));
    let held = registrar.enroll(&campus.ada, &full).expect(201)["id"].as_str().unwrap().to_owned();
    for student in [&campus.hugo, &campus.grace] {
        let waiting = json!({"section_id": full, "waitlist": true});
        registrar.post(&format!("/api/v1/students/{student}/courses"), &waiting).expect(201);
    }
    let leave = |client: &Client| {
        let path = format!("/api/v1/students/{}/courses/{held}?dry_run=true", campus.ada);
        client.delete(&path).expect(200)
    };
    assert_eq!(others(&leave(registrar)), [campus.hugo.as_str()]);
    assert!(others(&leave(&campus.ada())).is_empty(), "another student is none of Ada's business");
    assert_eq!(others(&leave(&campus.advisor(&["registrations:rehearse"]))), [campus.hugo.as_str()]);
    let reader = campus.service(&["registrations:rehearse", "registrations:read"]);
    assert!(others(&leave(&reader)).is_empty());

    let change = |client: &Client, body: Value| {
        let path = format!("/api/v1/sections/{full}?dry_run=true");
        client.patch(&path, &body).expect(200)
    };
    let (more, none) = (json!({"capacity": 3}), json!({"status": "cancelled"}));
    let everybody = [campus.hugo.as_str(), &campus.grace];
    assert_eq!(others(&change(registrar, more.clone())), everybody);
    assert_eq!(others(&change(registrar, none.clone())).len(), 3);
    let blind = campus.service(&["catalog:write"]);
    assert!(others(&change(&blind, more.clone())).is_empty() && others(&change(&blind, none.clone())).is_empty());
    let reader = campus.service(&["catalog:write", "registrations:read"]);
    assert_eq!(others(&change(&reader, more)), [campus.grace.as_str()]);
    assert_eq!(others(&change(&reader, none)).len(), 2);
}

#[test]
fn who_writes_windows_is_answered_about_a_confidential_student_as_about_none() {
    let campus = Campus::open();
    let section = campus.registrar.get(&format!("/api/v1/sections/{}", campus.sections[0])).expect(200);
    let windows = format!("/api/v1/terms/{}/windows", section["term_id"].as_str().unwrap());
    let service = campus.service(&["windows:write"]);
    let for_whom =
        |students: &[&str]| json!({"action": "add", "opens_at": "2026-01-01T00:00:00Z", "students": students});
    let listing = campus.registrar.post(&windows, &for_whom(&[&campus.hugo])).expect(201);
    let window = format!("{windows}/{}", listing["id"].as_str().unwrap());
    for query in ["", "?dry_run=true"] {
        let make =
            |name: &str| told(&service.post(&format!("{windows}{query}"), &for_whom(&[&campus.ada, name])), name);
        let hidden = make(&campus.hugo);
        assert_eq!((hidden.0, &hidden), (422, &make(NOBODY)), "{query}");
        service.post(&format!("{windows}{query}"), &for_whom(&[&campus.ada])).expect(if query.is_empty() {
            201
        } else {
            200
        });
        let own = campus.registrar.post(&windows, &for_whom(&[&campus.grace])).expect(201);
        let own = format!("{windows}/{}{query}", own["id"].as_str().unwrap());
        let list = |name: &str| told(&service.patch(&own, &json!({"students": [name]})), name);
        let hidden = list(&campus.hugo);
        assert_eq!((hidden.0, &hidden), (422, &list(NOBODY)), "{query}");
        // Whom a window lists already stays on its list.
        service.patch(&format!("{window}{query}"), &json!({"students": [campus.hugo, campus.ada]})).expect(200);
    }
    let trusted = campus.service(&["windows:write", "confidential:read"]);
    trusted.post(&windows, &for_whom(&[&campus.hugo])).expect(201);
    assert_eq!(trusted.post(&windows, &for_whom(&[NOBODY])).invalid(), ["/students"]);
}
