//! Making, reading, changing, deleting and listing what the catalogue holds.

use enrollment_tests::TestApp;
use serde_json::{Value, json};
use std::slice::from_ref;

/// A body for each kind of entry, made of entries that it may refer to.
fn bodies(app: &TestApp) -> Vec<(&'static str, Value)> {
    let (course, term) = (app.course("REF1", &json!({})), app.term("REF1", &json!({})));
    vec![
        (
            "students",
            json!({"number": "李-1", "given_name": "雷", "family_name": "李", "email": "li@example.edu", "program": "Physics", "level": "graduate", "status": "inactive", "max_credits": 12.5}),
        ),
        (
            "courses",
            json!({"code": "MATH 1", "title": "Анализ", "description": "One.\n\nTwo.", "credits": 7.25, "repeatable": true, "requisite": {"any": [{"course": "A", "min_grade": "B"}, {"all": [{"course": "B", "in_progress": true}]}]}, "corequisite": {"course": "C"}, "excludes": ["D", "E"], "restriction": {"programs": ["Physics"]}}),
        ),
        (
            "terms",
            json!({"code": "2027-1", "name": "Spring", "time_zone": "Asia/Kolkata", "starts_on": "2027-01-01", "ends_on": "2027-06-30", "max_credits": 30, "enrollment_opens_at": "2026-12-01T08:00:00Z", "enrollment_closes_at": "2026-12-31T08:00:00Z", "drop_deadline": "2027-02-01T18:30:00Z", "withdraw_deadline": "2027-03-01T18:30:00Z"}),
        ),
        (
            "sections",
            json!({"course_id": course, "term_id": term, "number": "001", "component": "lab", "capacity": 12, "waitlist_capacity": 3, "status": "open", "instructor": "Grace Hopper", "restriction": {"programs": ["Logic", "Physics"], "levels": ["graduate"]}, "meetings": [
                {"days": ["mon", "wed"], "starts_at": "10:00", "ends_at": "11:15", "weeks": [1, 2, 63], "location": "H 101"},
                {"days": ["sun"], "starts_at": "00:00", "ends_at": "23:59", "weeks": null, "location": null}
            ]}),
        ),
    ]
}

#[test]
fn every_entry_reads_back_as_it_was_written() {
    let app = TestApp::start();
    for (kind, body) in bodies(&app) {
        let answer = app.post(&format!("/api/v1/{kind}"), &body);
        let (location, etag) =
            (answer.header("location").unwrap().to_owned(), answer.header("etag").unwrap().to_owned());
        let made = answer.expect(201);
        assert_eq!(location, format!("/api/v1/{kind}/{}", made["id"].as_str().unwrap()));
        assert_eq!(made["version"], 1);
        for (field, value) in body.as_object().unwrap() {
            assert_eq!(&made[field], value, "{kind} {field}");
        }
        assert_eq!(app.get(&location).expect(200), made);
        assert_eq!(app.send("GET", &location, &[("if-none-match", &etag)], None).status, 304);
        let listed = app.get(&format!("/api/v1/{kind}?limit=200")).expect(200);
        assert!(listed["items"].as_array().unwrap().contains(&made), "{kind}");
        assert_eq!(app.send_json("PATCH", &location, &[("if-match", &etag)], &json!({})).expect(200)["version"], 2);
        assert_eq!(app.send("GET", &location, &[("if-none-match", &etag)], None).status, 200, "{kind} is another now");
    }
}

#[test]
fn a_change_touches_what_it_names_and_only_on_the_version_that_was_read() {
    let app = TestApp::start();
    for (kind, body) in bodies(&app) {
        let made = app.post(&format!("/api/v1/{kind}"), &body).expect(201);
        let path = format!("/api/v1/{kind}/{}", made["id"].as_str().unwrap());
        let (field, value, cleared) = match kind {
            "students" => ("given_name", json!("磊"), "email"),
            "courses" => ("title", json!("Analysis"), "requisite"),
            "terms" => ("name", json!("Vår"), "drop_deadline"),
            _ => ("capacity", json!(13), "instructor"),
        };
        let change = json!({field: value, cleared: null});
        let stale = app.send_json("PATCH", &path, &[("if-match", "\"7\"")], &change).expect(412);
        assert_eq!(stale["type"], "/problems/stale");
        let changed = app.send_json("PATCH", &path, &[("if-match", "\"1\"")], &change).expect(200);
        let mut expected = made.clone();
        expected[field] = value;
        expected[cleared] = Value::Null;
        expected["version"] = json!(2);
        expected["updated_at"] = changed["updated_at"].clone();
        assert_eq!(changed, expected);
        assert_eq!(app.get(&path).expect(200), changed);
        assert_eq!(app.send("DELETE", &path, &[("if-match", "\"1\"")], None).status, 412);
        app.delete(&path).expect(204);
        app.get(&path).expect(404);
        app.patch(&path, &json!({})).expect(404);
        app.delete(&path).expect(404);
    }
}

#[test]
fn natural_keys_are_unique_and_can_be_looked_up() {
    let app = TestApp::start();
    for (kind, body) in bodies(&app) {
        let made = app.post(&format!("/api/v1/{kind}"), &body).expect(201);
        let again = app.post(&format!("/api/v1/{kind}"), &body).expect(409);
        assert_eq!(again["type"], "/problems/duplicate", "{kind}");
        let lookup = match kind {
            "students" => "number=%E6%9D%8E-1",
            "courses" => "code=MATH%201",
            "terms" => "code=2027-1",
            _ => continue,
        };
        let found = app.get(&format!("/api/v1/{kind}?{lookup}")).expect(200);
        assert_eq!(found, json!({"items": [made], "next_cursor": null}));
    }
}

#[test]
fn what_is_in_use_is_not_deleted_and_the_answer_says_by_what() {
    let app = TestApp::start();
    let (course, term, student) = (app.course("CS1", &json!({})), app.term("F26", &json!({})), app.student("1"));
    let section = app.section(&course, &term, "1", 5, &json!({}));
    app.enroll(&student, &section).expect(201);
    app.hold(&student, &json!({"blocks": "both", "reason": "Fees"}));
    let table = [
        (format!("/api/v1/students/{student}"), json!(["student_course", "hold"])),
        (format!("/api/v1/sections/{section}"), json!(["student_course"])),
        (format!("/api/v1/courses/{course}"), json!(["section", "student_course"])),
        (format!("/api/v1/terms/{term}"), json!(["section", "student_course"])),
    ];
    for (path, by) in table {
        let problem = app.delete(&path).expect(409);
        assert_eq!((&problem["type"], &problem["in_use_by"]), (&json!("/problems/in-use"), &by), "{path}");
        app.get(&path).expect(200);
    }
}

#[test]
fn a_section_keeps_its_seats_and_identity_once_students_have_registered() {
    let app = TestApp::start();
    let section = app.open_section(5);
    for number in ["1", "2", "3"] {
        app.enroll(&app.student(number), &section).expect(201);
    }
    let path = format!("/api/v1/sections/{section}");
    let problem = app.patch(&path, &json!({"capacity": 2})).expect(409);
    assert_eq!(problem["type"], "/problems/seats-taken");
    assert_eq!(app.patch(&path, &json!({"component": "lab"})).expect(409)["type"], "/problems/fixed");
    let other = app.term("S27", &json!({}));
    assert_eq!(app.patch(&path, &json!({ "term_id": other })).expect(409)["type"], "/problems/fixed");
    assert_eq!(app.patch(&path, &json!({"capacity": 3})).expect(200)["enrolled"], 3);
    assert_eq!(app.enroll(&app.student("4"), &section).refused(), ["section_full"]);
    app.database.assert_invariants();
}

#[test]
fn sections_are_found_by_term_course_text_and_free_seats() {
    let app = TestApp::start();
    let (fall, spring) = (app.term("F26", &json!({})), app.term("S27", &json!({})));
    let (logic, art) =
        (app.course("CS1", &json!({"title": "100% Logic"})), app.course("ART1", &json!({"title": "Drawing_1"})));
    let a = app.section(&logic, &fall, "L1", 1, &json!({"instructor": "Kurt Gödel"}));
    let b = app.section(&logic, &spring, "L2", 1, &json!({"status": "closed"}));
    let c = app.section(&art, &fall, "A1", 1, &json!({}));
    app.enroll(&app.student("1"), &a).expect(201);
    let found = |query: &str| -> Vec<String> {
        let list = app.get(&format!("/api/v1/sections?{query}")).expect(200);
        list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(found(&format!("term_id={fall}")), [a.clone(), c.clone()]);
    assert_eq!(found(&format!("course_id={logic}")), [a.clone(), b.clone()]);
    assert_eq!(found(&format!("course_id={logic}&term_id={spring}")), from_ref(&b));
    assert_eq!(found("q=g%C3%B6del"), from_ref(&a));
    assert_eq!(found("q=logic"), [a.clone(), b.clone()]);
    assert_eq!(found("q=100%25"), [a.clone(), b.clone()]);
    assert_eq!(found("q=_1"), from_ref(&c), "an underscore is a character, not a wildcard");
    assert_eq!(found("open=true"), from_ref(&c));
    assert_eq!(found("open=false"), [a, b, c]);
}

#[test]
fn what_an_entry_refers_to_must_exist() {
    let app = TestApp::start();
    let nowhere = "0190a1b2-0000-7000-8000-000000000000";
    let (course, term) = (app.course("CS1", &json!({})), app.term("F26", &json!({})));
    let body = json!({"course_id": nowhere, "term_id": term, "number": "1", "capacity": 1});
    assert_eq!(app.post("/api/v1/sections", &body).invalid(), ["/course_id"]);
    let body = json!({"course_id": course, "term_id": nowhere, "number": "1", "capacity": 1});
    assert_eq!(app.post("/api/v1/sections", &body).invalid(), ["/term_id"]);
}

#[test]
fn pages_neither_skip_nor_repeat_while_entries_come_and_go() {
    let app = TestApp::start();
    let students: Vec<String> = (0..10).map(|number| app.student(&number.to_string())).collect();
    let first = app.get("/api/v1/students?limit=4").expect(200);
    app.delete(&format!("/api/v1/students/{}", students[1])).expect(204);
    let second =
        app.get(&format!("/api/v1/students?limit=200&cursor={}", first["next_cursor"].as_str().unwrap())).expect(200);
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!([ids(&first), ids(&second)].concat(), students);
    assert_eq!(second["next_cursor"], Value::Null);
}
