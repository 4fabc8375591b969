//! Several changes at once, over HTTP: all or none.

use enrollment_tests::TestApp;
use serde_json::{Value, json};

struct Week {
    app: TestApp,
    term: String,
    student: String,
}

impl Week {
    fn new() -> Self {
        let app = TestApp::start();
        let (term, student) = (app.term("F26", &json!({})), app.student("1"));
        Self { app, term, student }
    }

    /// A section of a course of its own, on Mondays from this hour for two.
    fn section(&self, course: &str, number: &str, from: u32, capacity: u32) -> String {
        let meetings =
            json!([{"days": ["mon"], "starts_at": format!("{from:02}:00"), "ends_at": format!("{:02}:00", from + 2)}]);
        self.app.section(course, &self.term, number, capacity, &json!({ "meetings": meetings, "waitlist_capacity": 5 }))
    }

    fn plan(&self, body: &Value) -> enrollment_tests::Answer {
        self.app.post(&format!("/api/v1/students/{}/plan", self.student), body)
    }

    /// The sections that the student is in, and whether waiting.
    fn held(&self) -> Vec<(String, String)> {
        let live = |held: &Value| matches!(held["status"].as_str(), Some("enrolled" | "waitlisted"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = self.app.courses_of(&self.student);
        let mut held: Vec<_> = all
            .iter()
            .filter(|held| live(held))
            .map(|held| (text(&held["section"]["id"]), text(&held["status"])))
            .collect();
        held.sort();
        held
    }
}

fn enrolled(sections: &[&String]) -> Vec<(String, String)> {
    let mut sorted: Vec<_> = sections.iter().map(|section| ((*section).clone(), "enrolled".to_owned())).collect();
    sorted.sort();
    sorted
}

#[test]
fn a_plan_is_done_as_a_whole_or_not_at_all() {
    let week = Week::new();
    let [math, art] = ["MA1", "AR1"].map(|code| week.app.course(code, &json!({})));
    let (ten, two) = (week.section(&math, "1", 10, 5), week.section(&math, "2", 14, 5));
    let only = week.section(&art, "1", 10, 1);
    let asked = json!({ "adds": [{ "any": [ten, two] }, { "section_id": only }] });

    let path = format!("/api/v1/students/{}/plan?dry_run=true", week.student);
    let would = week.app.post(&path, &asked).expect(200);
    assert_eq!((&would["outcome"], &would["dry_run"]), (&json!("accepted"), &json!(true)));
    assert!(week.held().is_empty());

    let done = week.plan(&asked).expect(200);
    assert_eq!(done["changes"].as_array().unwrap().len(), 2);
    assert_eq!(week.held(), enrolled(&[&two, &only]), "the first choice gives way, so that all fits");

    // Back to ten o'clock is not possible while the other is kept: nothing changes.
    let held = week.app.courses_of(&week.student);
    let id = |section: &String| held.iter().find(|held| held["section"]["id"] == json!(section)).unwrap()["id"].clone();
    let swap = json!({ "swaps": [{ "drop": id(&two), "add": { "section_id": ten } }] });
    let refused = week.plan(&swap).expect(409);
    assert_eq!(refused["type"], "/problems/plan-refused");
    assert_eq!(refused["violations"][0]["code"], "time_conflict");
    assert_eq!(refused["violations"][0]["pointer"], "/swaps/0/add");
    assert_eq!(week.held(), enrolled(&[&two, &only]));

    // With the other dropped in the same plan it is.
    let both = json!({ "drops": [id(&only)], "swaps": [{ "drop": id(&two), "add": { "section_id": ten } }] });
    week.plan(&both).expect(200);
    assert_eq!(week.held(), enrolled(&[&ten]));
    week.app.database.assert_invariants();
}

#[test]
fn what_is_wrong_with_a_plan_is_told_with_its_place() {
    let week = Week::new();
    let nowhere = "0190a1b2-0000-7000-8000-000000000000";
    assert_eq!(week.plan(&json!({})).invalid(), ["/adds"]);
    let bad = json!({ "adds": [{}], "drops": ["x"], "swaps": [{ "drop": nowhere, "add": { "any": [] } }], "note": 1 });
    assert_eq!(week.plan(&bad).invalid(), ["/note", "/drops", "/adds/0/section_id", "/swaps/0/add/any"]);
    assert_eq!(week.plan(&json!({ "drops": [nowhere] })).invalid(), ["/drops/0"]);
    assert_eq!(week.plan(&json!({ "adds": [{ "any": [nowhere] }] })).invalid(), ["/adds/0/any/0"]);
}

#[test]
fn a_plan_is_done_once_under_one_key() {
    let week = Week::new();
    let course = week.app.course("MA1", &json!({}));
    let section = week.section(&course, "1", 10, 5);
    let path = format!("/api/v1/students/{}/plan", week.student);
    let body = json!({ "adds": [{ "section_id": section }] });
    let send = |body: &Value| week.app.send_json("POST", &path, &[("idempotency-key", "k")], body);
    let (first, again) = (send(&body), send(&body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.expect(200)["attempt_id"], again.expect(200)["attempt_id"]);
    send(&json!({ "drops": [section] })).expect(422);
    assert_eq!(week.held().len(), 1);
}

#[test]
fn courses_that_ask_for_each_other_are_taken_together() {
    let week = Week::new();
    let theory = week.app.course("PH1", &json!({"corequisite": {"course": "PH2"}}));
    let practice = week.app.course("PH2", &json!({"corequisite": {"course": "PH1"}}));
    let (one, other) = (week.section(&theory, "1", 8, 5), week.section(&practice, "1", 10, 5));
    assert_eq!(week.app.enroll(&week.student, &one).refused(), ["corequisite_missing"]);
    week.plan(&json!({ "adds": [{ "section_id": one }, { "section_id": other }] })).expect(200);
    assert_eq!(week.held(), enrolled(&[&one, &other]));
}

#[test]
fn a_lecture_and_its_lab_are_taken_and_left_together() {
    let week = Week::new();
    let course = week.app.course("CH1", &json!({"linked_components": ["lecture", "lab"]}));
    let lecture = week.section(&course, "1", 8, 1);
    let lab = |number: &str, from: u32, capacity: u32| {
        let meetings =
            json!([{"days": ["mon"], "starts_at": format!("{from:02}:00"), "ends_at": format!("{:02}:00", from + 1)}]);
        let more = json!({ "meetings": meetings, "component": "lab" });
        week.app.section(&course, &week.term, number, capacity, &more)
    };
    let (clashing, full, fits) = (lab("L1", 9, 5), lab("L2", 12, 0), lab("L3", 13, 5));
    let path = format!("/api/v1/students/{}/courses", week.student);
    assert_eq!(week.app.enroll(&week.student, &lecture).refused(), ["linked_section_missing"]);
    let eligible = format!("/api/v1/students/{}/sections?term_id={}&eligible=true", week.student, week.term);
    let offered = week.app.get(&eligible).expect(200);
    assert_eq!(offered["items"].as_array().unwrap().len(), 3, "the lecture, and the labs that have seats");
    let with = |lab: &String| json!({ "section_id": lecture, "linked_section_ids": [lab] });
    assert_eq!(week.app.post(&path, &with(&clashing)).refused(), ["time_conflict"]);
    assert_eq!(week.app.post(&path, &with(&full)).refused(), ["section_full"]);
    let made = week.app.post(&path, &json!({ "course_id": course })).expect(201);
    assert_eq!(made["section"]["id"], json!(lecture));
    assert_eq!(week.held(), enrolled(&[&lecture, &fits]));
    week.app.delete(&format!("{path}/{}", made["id"].as_str().unwrap())).expect(200);
    assert!(week.held().is_empty());
    week.app.post(&path, &with(&fits)).expect(201);
    assert_eq!(week.held(), enrolled(&[&lecture, &fits]));
    week.app.database.assert_invariants();
}

#[test]
fn sections_of_several_courses_are_planned_and_not_linked() {
    let app = TestApp::start();
    let (term, later) = (app.term("F26", &json!({})), app.term("S27", &json!({})));
    let [biology, physics] = ["BIO101", "PHY101"].map(|code| app.course(code, &json!({})));
    let lecture = app.section(&biology, &term, "L1", 9, &json!({ "component": "lecture" }));
    let lab = app.section(&biology, &term, "B1", 9, &json!({ "component": "lab" }));
    let elsewhen = app.section(&biology, &later, "B1", 9, &json!({ "component": "lab" }));
    let other = app.section(&physics, &term, "1", 9, &json!({}));
    let ada = app.student("ada");
    let enroll = |linked: Value| {
        let body = json!({ "section_id": lecture, "linked_section_ids": linked });
        app.post(&format!("/api/v1/students/{ada}/courses"), &body)
    };
    let wrong = enroll(json!([lab, other, elsewhen]));
    let detail = wrong.body["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert_eq!(wrong.invalid(), ["/linked_section_ids/1", "/linked_section_ids/2"]);
    assert!(detail.contains("PHY101") && detail.contains("/students/{id}/plan"), "{detail}");
    assert_eq!(app.courses_of(&ada), Vec::<Value>::new());

    let plan = |linked: &str| {
        let adds = json!([{ "section_id": other }, { "section_id": lecture, "linked_section_ids": [linked] }]);
        app.post(&format!("/api/v1/students/{ada}/plan"), &json!({ "adds": adds }))
    };
    assert_eq!(plan(&other).invalid(), ["/adds/1/linked_section_ids/0"]);
    plan(&lab).expect(200);
    assert_eq!(app.courses_of(&ada).len(), 3);
    app.database.assert_invariants();
}
