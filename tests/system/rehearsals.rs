//! What changes of rules would do to those who wait, over HTTP: `?dry_run=true`.

use enrollment_tests::{Answer, TestApp};
use serde_json::{Value, json};

/// A section with a free seat, for which a student waits whom something hinders.
struct Waited {
    app: TestApp,
    course: String,
    term: String,
    section: String,
    student: String,
}

impl Waited {
    fn new() -> Self {
        let app = TestApp::start();
        let (course, term) = (app.course("CS101", &json!({})), app.term("F26", &json!({})));
        let section = app.section(&course, &term, "1", 1, &json!({ "waitlist_capacity": 5 }));
        let student = app.student_with("ben", &json!({ "program": "Physics" }));
        Self { app, course, term, section, student }
    }

    fn course_path(&self) -> String {
        format!("/api/v1/courses/{}", self.course)
    }

    /// Lets the student wait while another has the seat, puts this in the way, and lets that other go.
    fn hinder(&self, hinder: impl FnOnce()) {
        let other = self.app.student("ada");
        let seated = self.app.enroll(&other, &self.section).expect(201);
        let waiting = json!({ "section_id": self.section, "waitlist": true });
        self.app.post(&format!("/api/v1/students/{}/courses", self.student), &waiting).expect(201);
        hinder();
        let id = seated["id"].as_str().unwrap();
        self.app.delete(&format!("/api/v1/students/{other}/courses/{id}")).expect(200);
        assert_eq!(self.state(), "waitlisted");
    }

    fn state(&self) -> String {
        self.app.courses_of(&self.student)[0]["status"].as_str().unwrap().to_owned()
    }

    /// A digest of everything that a change can touch.
    fn everything(&self) -> Vec<i64> {
        let tables = [
            "students",
            "courses",
            "terms",
            "windows",
            "holds",
            "permits",
            "reservations",
            "sections",
            "seat_pools",
            "student_courses",
            "registration_events",
            "receipts",
        ];
        let digest = |table| format!("SELECT coalesce(sum(hashtext(t::text)::bigint), 0)::bigint FROM {table} t");
        tables.map(|table| self.app.database.number(&digest(table))).into()
    }

    /// Asks what a change would do, which must be to give the student the seat; that it changed nothing; and then that it does so.
    fn would_help(&self, name: &str, send: impl Fn(&str) -> Answer) -> Value {
        let before = self.everything();
        let told = send("?dry_run=true").expect(200);
        assert_eq!(self.everything(), before, "nothing is changed");
        let promotions = told["promotions"].as_array().unwrap();
        assert_eq!(promotions.len(), 1, "{told:#}");
        assert_eq!(promotions[0]["outcome"], "accepted", "{told:#}");
        assert_eq!(promotions[0]["student_course"]["student_id"], json!(self.student));
        assert_eq!(told["cancelled"], json!([]));
        let entry = told.get(name).unwrap_or_else(|| panic!("no {name}: {told:#}")).clone();
        assert_eq!(self.state(), "waitlisted");
        assert!((200..300).contains(&send("").status));
        assert_eq!(self.state(), "enrolled");
        self.app.database.assert_invariants();
        entry
    }
}

#[test]
fn a_change_of_a_course_is_rehearsed() {
    let waited = Waited::new();
    let path = waited.course_path();
    waited.hinder(|| drop(waited.app.patch(&path, &json!({ "restriction": { "programs": ["Art"] } })).expect(200)));
    let others = waited.app.patch(&format!("{path}?dry_run=true"), &json!({ "restriction": { "programs": ["Law"] } }));
    assert_eq!(others.expect(200)["promotions"][0]["outcome"], "refused");
    let course = waited
        .would_help("course", |query| waited.app.patch(&format!("{path}{query}"), &json!({ "restriction": null })));
    assert_eq!((&course["restriction"], &course["version"]), (&Value::Null, &json!(3)));
}

#[test]
fn a_change_of_a_term_is_rehearsed() {
    let waited = Waited::new();
    let path = format!("/api/v1/terms/{}", waited.term);
    waited.hinder(|| drop(waited.app.patch(&path, &json!({ "max_credits": 2 })).expect(200)));
    let term =
        waited.would_help("term", |query| waited.app.patch(&format!("{path}{query}"), &json!({ "max_credits": 3 })));
    assert_eq!(term["max_credits"], 3.0);
}

#[test]
fn a_change_of_a_student_is_rehearsed() {
    let waited = Waited::new();
    let path = format!("/api/v1/students/{}", waited.student);
    waited.hinder(|| drop(waited.app.patch(&path, &json!({ "status": "suspended" })).expect(200)));
    waited.would_help("student", |query| waited.app.patch(&format!("{path}{query}"), &json!({ "status": "active" })));
}

#[test]
fn windows_are_rehearsed() {
    let waited = Waited::new();
    let path = format!("/api/v1/terms/{}/windows", waited.term);
    waited.hinder(|| {
        let over = json!({ "action": "add", "closes_at": "2020-01-01T00:00:00Z" });
        waited.app.window(&waited.term, &over);
    });
    let open = json!({ "action": "add", "opens_at": "2019-01-01T00:00:00Z", "programs": ["Physics"] });
    let window = waited.would_help("window", |query| waited.app.post(&format!("{path}{query}"), &open));
    assert_eq!((&window["programs"], &window["version"]), (&json!(["Physics"]), &json!(1)));

    let waited = Waited::new();
    let over = waited.app.window(&waited.term, &json!({ "action": "add", "opens_at": "2019-01-01T00:00:00Z" }));
    waited.hinder(|| drop(waited.app.patch(&over, &json!({ "closes_at": "2020-01-01T00:00:00Z" })).expect(200)));
    let later = json!({ "closes_at": "2099-01-01T00:00:00Z" });
    let window = waited.would_help("window", |query| waited.app.patch(&format!("{over}{query}"), &later));
    assert_eq!(window["version"], 3);

    let waited = Waited::new();
    let mut over = String::new();
    waited.hinder(|| {
        over = waited.app.window(&waited.term, &json!({ "action": "add", "closes_at": "2020-01-01T00:00:00Z" }));
    });
    let deleted = waited.would_help("window", |query| waited.app.delete(&format!("{over}{query}")));
    assert_eq!(deleted, Value::Null);
}

#[test]
fn holds_and_permits_are_rehearsed() {
    let waited = Waited::new();
    let mut hold = String::new();
    waited.hinder(|| {
        hold = waited.app.hold(&waited.student, &json!({ "blocks": "enroll", "reason": "Fees are due." }));
    });
    let lifted = waited.app.patch(&format!("{hold}?dry_run=true"), &json!({ "blocks": "drop" })).expect(200);
    assert_eq!((&lifted["hold"]["blocks"], &lifted["promotions"][0]["outcome"]), (&json!("drop"), &json!("accepted")));
    assert_eq!(waited.would_help("hold", |query| waited.app.delete(&format!("{hold}{query}"))), Value::Null);

    let waited = Waited::new();
    let path = waited.course_path();
    waited.hinder(|| drop(waited.app.patch(&path, &json!({ "restriction": { "programs": ["Art"] } })).expect(200)));
    let permit = json!({
        "course_id": waited.course, "waives": ["restricted"], "granted_by": "Dr. Noether", "reason": "He asked."
    });
    let permits = format!("/api/v1/students/{}/permits", waited.student);
    let granted = waited.would_help("permit", |query| waited.app.post(&format!("{permits}{query}"), &permit));
    assert_eq!(granted["waives"], json!(["restricted"]));
}

#[test]
fn reservations_are_rehearsed() {
    let waited = Waited::new();
    let path = format!("/api/v1/sections/{}/reservations", waited.section);
    waited.hinder(|| {
        let kept = json!({ "seats": 1, "cohort": { "programs": ["Art"] } });
        waited.app.post(&path, &kept).expect(201);
    });
    let reservations = waited.app.get(&path).expect(200);
    let kept = format!("{path}/{}", reservations["items"][0]["id"].as_str().unwrap());
    let too_many = json!({ "seats": 2, "cohort": { "levels": ["graduate"] } });
    assert_eq!(
        waited.app.post(&format!("{path}?dry_run=true"), &too_many).expect(409)["type"],
        "/problems/seats-reserved"
    );
    assert_eq!(waited.would_help("reservation", |query| waited.app.delete(&format!("{kept}{query}"))), Value::Null);
}

#[test]
fn a_dry_run_answers_errors_as_the_change_would() {
    let waited = Waited::new();
    let (app, path) = (&waited.app, waited.course_path());
    let dry = |path: &str| format!("{path}?dry_run=true");
    app.course("CS102", &json!({}));
    assert_eq!(app.patch(&dry(&path), &json!({ "code": "CS102" })).expect(409)["type"], "/problems/duplicate");
    assert_eq!(app.patch(&dry(&path), &json!({ "credits": "many" })).invalid(), ["/credits"]);
    app.send_json("PATCH", &dry(&path), &[("if-match", "\"7\"")], &json!({})).expect(412);
    let nobody = "0190a1b2-0000-7000-8000-000000000001";
    app.patch(&dry(&format!("/api/v1/terms/{nobody}")), &json!({})).expect(404);
    let hold = json!({ "blocks": "enroll", "reason": "Fees are due." });
    app.post(&dry(&format!("/api/v1/students/{nobody}/holds")), &hold).expect(404);
    app.delete(&dry(&format!("/api/v1/students/{}/holds/{nobody}", waited.student))).expect(404);
    // Nobody waits, so it would do nothing to anybody.
    let told = app.post(&dry(&format!("/api/v1/students/{}/holds", waited.student)), &hold).expect(200);
    assert_eq!((&told["hold"]["reason"], &told["promotions"]), (&json!("Fees are due."), &json!([])));
    assert_eq!(app.get(&format!("/api/v1/students/{}/holds", waited.student)).expect(200)["items"], json!([]));
}
