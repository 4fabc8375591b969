//! Registration windows: which students may add or drop courses of a term, and when.

use enrollment_tests::{TestApp, TestClock};
use serde_json::{Value, json};

const NOBODY: &str = "0190a1b2-0000-7000-8000-000000000000";

#[test]
fn a_window_is_kept_under_its_term_and_under_no_other() {
    let app = TestApp::start();
    let (fall, spring, ada) = (app.term("F26", &json!({})), app.term("S27", &json!({})), app.student("1"));
    let body = json!({
        "action": "add", "opens_at": "2026-08-17T08:00:00.123456+02:00", "closes_at": "2026-10-15T22:00:00Z",
        "programs": ["Physics", "Logic"], "levels": ["graduate"], "min_earned_credits": 7.5, "students": [ada]
    });
    let path = app.window(&fall, &body);
    let id = path.rsplit('/').next().unwrap();
    let made = app.get(&path).expect(200);
    let stamp = |field: &str| made[field].clone();
    let expected = json!({
        "id": id, "term_id": fall, "action": "add", "opens_at": "2026-08-17T06:00:00.123456Z",
        "closes_at": "2026-10-15T22:00:00Z", "programs": ["Logic", "Physics"], "levels": ["graduate"],
        "min_earned_credits": 7.5, "students": [ada], "version": 1, "created_at": stamp("created_at"),
        "updated_at": stamp("updated_at")
    });
    assert_eq!(made, expected);

    let other = format!("/api/v1/terms/{spring}/windows/{id}");
    app.get(&other).expect(404);
    app.patch(&other, &json!({"students": null})).expect(404);
    app.delete(&other).expect(404);

    assert_eq!(app.send_json("PATCH", &path, &[("if-match", "\"2\"")], &json!({})).status, 412);
    let grace = app.student("2");
    let change = json!({"students": [grace], "programs": null, "opens_at": null});
    let changed = app.send_json("PATCH", &path, &[("if-match", "\"1\"")], &change).expect(200);
    assert_eq!(
        (&changed["students"], &changed["programs"], &changed["version"]),
        (&json!([grace]), &Value::Null, &json!(2))
    );
    assert_eq!(app.get(&path).expect(200), changed);
    assert_eq!(app.patch(&path, &json!({"closes_at": null})).invalid(), ["/opens_at"]);
    assert_eq!(app.patch(&path, &json!({"students": [ada, NOBODY]})).invalid(), ["/students"]);
    assert_eq!(app.get(&path).expect(200), changed, "nothing of a change that is refused is kept");

    let in_use = app.delete(&format!("/api/v1/students/{grace}")).expect(409);
    assert_eq!(in_use["in_use_by"], json!(["window"]));
    assert_eq!(app.delete(&format!("/api/v1/terms/{fall}")).expect(409)["in_use_by"], json!(["window"]));
    app.delete(&path).expect(204);
    app.get(&path).expect(404);
    app.delete(&format!("/api/v1/students/{grace}")).expect(204);
    app.delete(&format!("/api/v1/terms/{fall}")).expect(204);
}

#[test]
fn a_terms_windows_are_listed_in_pages_and_a_term_there_must_be() {
    let app = TestApp::start();
    let (fall, spring) = (app.term("F26", &json!({})), app.term("S27", &json!({})));
    let window = |day: u32| json!({"action": "both", "opens_at": format!("2026-08-{day}T06:00:00Z")});
    let list = |term: &str, query: &str| app.get(&format!("/api/v1/terms/{term}/windows{query}"));
    let places: Vec<String> = (17..20).map(|day| app.window(&fall, &window(day))).collect();
    app.window(&spring, &window(20));
    let first = list(&fall, "?limit=2").expect(200);
    let second = list(&fall, &format!("?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).expect(200);
    let items = [&first, &second].map(|page| page["items"].as_array().unwrap().clone()).concat();
    let listed: Vec<String> =
        items.iter().map(|window| format!("/api/v1/terms/{fall}/windows/{}", window["id"].as_str().unwrap())).collect();
    assert_eq!((listed, &second["next_cursor"]), (places, &Value::Null));

    assert_eq!(list(&app.term("F27", &json!({})), "").expect(200)["items"], json!([]));
    list(NOBODY, "").expect(404);
    app.post(&format!("/api/v1/terms/{NOBODY}/windows"), &window(17)).expect(404);
}

#[test]
fn each_cohort_registers_in_its_own_window_and_is_told_when_that_is() {
    let clock = TestClock::at("2026-08-16T00:00:00Z");
    let app = TestApp::start_at(&clock);
    // The term itself is open all the time; its windows are not.
    let (term, course, done) =
        (app.term("F26", &json!({})), app.course("CS101", &json!({})), app.course("CS1", &json!({})));
    let section = app.section(&course, &term, "1", 50, &json!({}));
    let student = |number: &str, fields: Value| app.student_with(number, &fields);
    let listed = student("listed", json!({}));
    let senior = student("senior", json!({}));
    app.database.credit_from_elsewhere(&senior, &done, Some("A"));
    let failed = student("failed", json!({}));
    app.database.credit_from_elsewhere(&failed, &done, Some("F"));
    let logician = student("logician", json!({"program": "Logic", "level": "graduate"}));
    let novice = student("novice", json!({"program": "Logic", "level": "undergraduate"}));
    let open = |day: u32, cohort: Value| {
        let mut window = cohort;
        window["action"] = json!("add");
        window["opens_at"] = json!(format!("2026-08-{day}T06:00:00Z"));
        window["closes_at"] = json!("2026-09-01T00:00:00Z");
        app.window(&term, &window)
    };
    open(17, json!({"students": [listed]}));
    open(18, json!({"min_earned_credits": 3}));
    open(19, json!({"programs": ["Logic", "Art"], "levels": ["graduate"]}));

    let refusal = |student: &str, time: &str| {
        clock.set(time);
        let answer = app.enroll(student, &section);
        let violation = answer.body["violations"][0].clone();
        assert_eq!(answer.refused(), ["window_closed"]);
        violation
    };
    let opens = |student: &str, time: &str| {
        let facts = refusal(student, time)["facts"].clone();
        (facts["opens_at"].clone(), facts["windows"].as_array().unwrap().len())
    };
    assert_eq!(opens(&listed, "2026-08-16T00:00:00Z"), (json!("2026-08-17T06:00:00Z"), 1));
    assert_eq!(opens(&senior, "2026-08-17T06:00:00Z"), (json!("2026-08-18T06:00:00Z"), 1));
    assert_eq!(opens(&logician, "2026-08-18T06:00:00Z"), (json!("2026-08-19T06:00:00Z"), 1));
    assert_eq!(
        refusal(&senior, "2026-08-16T00:00:00Z")["message"],
        "For you, registration for F26 opens at 2026-08-18 08:00 CEST."
    );
    let never = refusal(&failed, "2026-08-20T00:00:00Z");
    assert_eq!((&never["facts"]["earned_credits"], &never["facts"]["windows"]), (&json!(0), &json!([])));
    assert_eq!(
        never["message"],
        "No window for registration for F26 is for you: those that could be ask for 3 earned credits, and you have 0."
    );
    assert_eq!(refusal(&novice, "2026-08-20T00:00:00Z")["facts"]["opens_at"], Value::Null);
    assert_eq!(
        refusal(&listed, "2026-09-01T00:00:00Z")["message"],
        "For you, registration for F26 closed at 2026-09-01 02:00 CEST."
    );

    let all = open(20, json!({}));
    for (student, day) in [(&listed, 17), (&senior, 18), (&logician, 19), (&novice, 20), (&failed, 20)] {
        clock.set(&format!("2026-08-{day}T05:59:59.999999Z"));
        assert_eq!(app.enroll(student, &section).refused(), ["window_closed"]);
        clock.set(&format!("2026-08-{day}T06:00:00Z"));
        app.enroll(student, &section).expect(201);
    }
    // A window for dropping keeps the seats of the term until it opens, and nobody else's.
    clock.set("2026-09-02T00:00:00Z");
    app.patch(&all, &json!({"action": "drop", "opens_at": "2026-09-03T00:00:00Z", "closes_at": null})).expect(200);
    let leave = |student: &str| {
        let id = app.courses_of(student).iter().find(|held| held["status"] == "enrolled").unwrap()["id"].clone();
        app.delete(&format!("/api/v1/students/{student}/courses/{}", id.as_str().unwrap()))
    };
    let kept = leave(&novice);
    assert_eq!(
        kept.body["violations"][0]["message"],
        "For you, dropping courses of F26 opens at 2026-09-03 02:00 CEST."
    );
    assert_eq!(kept.refused(), ["window_closed"]);
    clock.set("2026-09-03T00:00:00Z");
    assert_eq!(leave(&novice).expect(200)["status"], "dropped");
    app.database.assert_invariants();
}
