//! What changes of a section do to its students, over HTTP.

use enrollment_tests::{Answer, Client, TestApp};
use serde_json::{Value, json};

/// A section with one seat and three places to wait, all taken by these students in their order.
struct Full {
    app: TestApp,
    section: String,
    students: Vec<String>,
}

impl Full {
    fn new(numbers: [&str; 4]) -> Self {
        let app = TestApp::start();
        let (course, term) = (app.course("CS101", &json!({})), app.term("F26", &json!({})));
        let section = app.section(&course, &term, "1", 1, &json!({ "waitlist_capacity": 3 }));
        let students = numbers.map(|number| app.student(number)).to_vec();
        for student in &students {
            join(&app, student, &section).expect(201);
        }
        Self { app, section, students }
    }

    fn path(&self) -> String {
        format!("/api/v1/sections/{}", self.section)
    }

    fn change(&self, fields: &Value) -> Value {
        self.app.patch(&self.path(), fields).expect(200)
    }

    fn rehearse(&self, fields: &Value) -> Value {
        self.app.patch(&format!("{}?dry_run=true", self.path()), fields).expect(200)
    }

    /// What each student has: the state, and why it ended.
    fn states(&self) -> Vec<(String, Value)> {
        let state = |student: &String| {
            let own = self.app.courses_of(student)[0].clone();
            (own["status"].as_str().unwrap().to_owned(), own["end_reason"].clone())
        };
        self.students.iter().map(state).collect()
    }
}

fn join(client: &Client, student: &str, section: &str) -> Answer {
    client.post(&format!("/api/v1/students/{student}/courses"), &json!({ "section_id": section, "waitlist": true }))
}

fn live(states: [&str; 4]) -> Vec<(String, Value)> {
    states.map(|state| (state.to_owned(), Value::Null)).to_vec()
}

/// Whom a list of promotions or of student courses is about.
fn students(told: &Value) -> Vec<&str> {
    told.as_array()
        .unwrap()
        .iter()
        .map(|line| line["student_id"].as_str().or(line["student_course"]["student_id"].as_str()).unwrap())
        .collect()
}

#[test]
fn more_seats_go_to_those_who_wait_and_a_dry_run_tells_to_whom() {
    let full = Full::new(["ada", "ben", "cy", "dee"]);
    full.app.hold(&full.students[1], &json!({"blocks": "enroll", "reason": "Fees are due."}));
    let more = json!({"capacity": 2, "overload": 1, "overload_reason": "Fire marshal agreed"});
    let told = full.rehearse(&more);
    assert_eq!((&told["section"]["enrolled"], &told["section"]["waitlisted"]), (&json!(3), &json!(1)));
    assert_eq!(students(&told["promotions"]), full.students[1..]);
    let outcomes = ["refused", "accepted", "accepted"];
    assert!((0..3).all(|place| told["promotions"][place]["outcome"] == outcomes[place]), "{told:#}");
    assert_eq!(full.states(), live(["enrolled", "waitlisted", "waitlisted", "waitlisted"]), "nothing is changed");

    let changed = full.change(&more);
    assert_eq!(
        (&changed["enrolled"], &changed["waitlisted"], &changed["seats_taken"]),
        (&json!(3), &json!(1), &json!(3))
    );
    assert_eq!(full.states(), live(["enrolled", "waitlisted", "enrolled", "enrolled"]));
    assert_eq!(full.app.courses_of(&full.students[1])[0]["waitlist"]["passed_over"]["violations"][0]["code"], "hold");

    // All that came of the change has one cause.
    let history = full.app.get(&format!("{}/history", full.path())).expect(200);
    let cause = |kind: &str| {
        let event = history["items"].as_array().unwrap().iter().find(|event| event["kind"] == kind).unwrap();
        event["attempt_id"].as_str().unwrap().to_owned()
    };
    let receipt = full.app.get(&format!("/api/v1/receipts/{}", cause("enrolled"))).expect(200);
    assert_eq!(
        (&receipt["caused_by"], &receipt["actor"]),
        (&json!(cause("capacity_changed")), &json!("system:waitlist"))
    );
    full.app.database.assert_invariants();
}

#[test]
fn a_section_that_is_cancelled_ends_what_its_students_have_with_the_reason() {
    let full = Full::new(["ada", "ben", "cy", "dee"]);
    assert_eq!(full.app.patch(&full.path(), &json!({"cancel_reason": "Ill"})).invalid(), ["/cancel_reason"]);
    // Whatever a hold or a deadline says: it is not the student who leaves.
    full.app.hold(&full.students[0], &json!({"blocks": "both", "reason": "Fees are due."}));
    let cancel = json!({"status": "cancelled", "cancel_reason": "Nobody can teach it"});
    let told = full.rehearse(&cancel);
    assert_eq!(students(&told["cancelled"]), full.students);
    assert_eq!((&told["cancelled"][0]["end_reason"], &told["promotions"]), (&json!("Nobody can teach it"), &json!([])));
    assert_eq!(full.states()[0].0, "enrolled", "nothing is changed");

    let changed = full.change(&cancel);
    assert_eq!(
        (&changed["enrolled"], &changed["waitlisted"], &changed["cancel_reason"]),
        (&json!(0), &json!(0), &json!("Nobody can teach it"))
    );
    assert!(full.states().iter().all(|state| *state == ("cancelled".to_owned(), json!("Nobody can teach it"))));
    assert_eq!(full.app.enroll(&full.students[1], &full.section).refused(), ["section_not_open"]);
    let history = full.app.get(&format!("/api/v1/students/{}/history", full.students[0])).expect(200);
    let event = &history["items"][0];
    assert_eq!((&event["kind"], &event["actor"]), (&json!("cancelled"), &json!("anonymous")));
    let receipt = full.app.get(&format!("/api/v1/receipts/{}", event["attempt_id"].as_str().unwrap())).expect(200);
    assert_eq!(receipt["command"]["cancel"]["reason"], "Nobody can teach it");

    let reopened = full.change(&json!({"status": "open"}));
    assert_eq!((&reopened["cancel_reason"], &reopened["enrolled"]), (&Value::Null, &json!(0)));
    full.app.enroll(&full.students[1], &full.section).expect(201);
    full.app.database.assert_invariants();
}

#[test]
fn why_a_section_was_changed_is_told_where_the_change_is() {
    let full = Full::new(["ada", "ben", "cy", "dee"]);
    let change = |reason: &str, fields: &Value| {
        full.app.send_json("PATCH", &full.path(), &[("enrollment-reason", reason)], fields).expect(200)
    };
    let newest = |of: &str| full.app.get(&format!("/api/v1/{of}/history")).expect(200)["items"][0].clone();
    let of_section = format!("sections/{}", full.section);

    change("A larger room", &json!({"capacity": 2}));
    let events = full.app.get(&format!("/api/v1/{of_section}/history")).expect(200)["items"].clone();
    let resized = events.as_array().unwrap().iter().find(|event| event["kind"] == "capacity_changed").unwrap();
    assert_eq!((&resized["reason"], &resized["detail"]["after"]), (&json!("A larger room"), &json!(2)), "{resized}");
    let promoted = newest(&format!("students/{}", full.students[1]));
    assert_eq!((&promoted["kind"], &promoted["reason"]), (&json!("enrolled"), &Value::Null), "the engine offers seats");

    change("Budget", &json!({"status": "cancelled"}));
    let ended = newest(&format!("students/{}", full.students[0]));
    assert_eq!((&ended["kind"], &ended["reason"]), (&json!("cancelled"), &json!("Budget")));
    let receipt = full.app.get(&format!("/api/v1/receipts/{}", ended["attempt_id"].as_str().unwrap())).expect(200);
    assert_eq!(receipt["reason"], "Budget");
    let feed = full.app.get("/api/v1/events?limit=200").expect(200);
    let told: Vec<&Value> = feed["items"].as_array().unwrap().iter().map(|event| &event["reason"]).collect();
    assert!(told.contains(&&json!("A larger room")) && told.contains(&&json!("Budget")), "{told:?}");
    full.app.database.assert_invariants();
}

#[test]
fn a_waitlist_that_is_shortened_lets_the_last_go_after_the_seats_are_given() {
    let full = Full::new(["ada", "ben", "cy", "dee"]);
    let fewer = json!({"waitlist_capacity": 1, "capacity": 2});
    let told = full.rehearse(&fewer);
    assert_eq!(
        (students(&told["promotions"]), students(&told["cancelled"])),
        (vec![full.students[1].as_str()], vec![full.students[3].as_str()])
    );
    let changed = full.change(&fewer);
    assert_eq!((&changed["waitlist_capacity"], &changed["waitlisted"]), (&json!(1), &json!(1)));
    let mut expected = live(["enrolled", "enrolled", "waitlisted", "cancelled"]);
    expected[3].1 = json!("The waitlist was shortened to 1 place.");
    assert_eq!(full.states(), expected);
    full.change(&json!({"waitlist_capacity": 0}));
    assert_eq!(full.states()[2], ("cancelled".to_owned(), json!("The waitlist was closed.")));
    assert_eq!(full.app.patch(&full.path(), &json!({"capacity": 1})).expect(409)["type"], "/problems/seats-taken");
    full.app.database.assert_invariants();
}
