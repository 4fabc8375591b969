//! Holds: what keeps a student from enrolling or leaving, and for how long.

use enrollment_tests::TestApp;
use serde_json::{Value, json};

const PAST: &str = "2020-01-01T00:00:00Z";
const FUTURE: &str = "2099-01-01T00:00:00Z";

#[test]
fn a_hold_is_kept_under_its_student_and_under_no_other() {
    let app = TestApp::start();
    let (ada, grace) = (app.student("1"), app.student("2"));
    let body = json!({"blocks": "enroll", "reason": "Gebühren sind fällig.", "from": PAST, "until": FUTURE});
    let path = app.hold(&ada, &body);
    let id = path.rsplit('/').next().unwrap();
    let made = app.get(&path).expect(200);
    let stamp = |field: &str| made[field].clone();
    let expected = json!({
        "id": id, "student_id": ada, "blocks": "enroll", "reason": "Gebühren sind fällig.", "from": PAST, "until": FUTURE,
        "version": 1, "created_at": stamp("created_at"), "updated_at": stamp("updated_at")
    });
    assert_eq!(made, expected);

    let other = format!("/api/v1/students/{grace}/holds/{id}");
    app.get(&other).expect(404);
    app.patch(&other, &json!({"until": null})).expect(404);
    app.delete(&other).expect(404);

    assert_eq!(app.send_json("PATCH", &path, &[("if-match", "\"2\"")], &json!({})).status, 412);
    let changed =
        app.send_json("PATCH", &path, &[("if-match", "\"1\"")], &json!({"blocks": "both", "from": null})).expect(200);
    assert_eq!(
        (&changed["blocks"], &changed["from"], &changed["until"]),
        (&json!("both"), &Value::Null, &json!(FUTURE))
    );
    assert_eq!(app.patch(&path, &json!({"from": FUTURE})).invalid(), ["/until"]);
    assert_eq!(app.get(&path).expect(200), changed);
    app.delete(&path).expect(204);
    app.get(&path).expect(404);
}

#[test]
fn a_students_holds_are_listed_in_pages_and_a_student_there_must_be() {
    let app = TestApp::start();
    let (ada, grace) = (app.student("1"), app.student("2"));
    let list = |student: &str, query: &str| app.get(&format!("/api/v1/students/{student}/holds{query}"));
    let places: Vec<String> = ["One", "Two", "Three"]
        .iter()
        .map(|reason| app.hold(&ada, &json!({"blocks": "both", "reason": reason})))
        .collect();
    app.hold(&grace, &json!({"blocks": "both", "reason": "Another's"}));
    let first = list(&ada, "?limit=2").expect(200);
    let second = list(&ada, &format!("?limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).expect(200);
    let items = [&first, &second].map(|page| page["items"].as_array().unwrap().clone()).concat();
    let listed: Vec<String> =
        items.iter().map(|hold| format!("/api/v1/students/{ada}/holds/{}", hold["id"].as_str().unwrap())).collect();
    assert_eq!(listed, places);
    assert_eq!(second["next_cursor"], Value::Null);

    let newcomer = app.student("3");
    assert_eq!(list(&newcomer, "").expect(200)["items"], json!([]));
    let nobody = "0190a1b2-0000-7000-8000-000000000000";
    list(nobody, "").expect(404);
    let hold = json!({"blocks": "both", "reason": "Fees"});
    app.post(&format!("/api/v1/students/{nobody}/holds"), &hold).expect(404);
}

#[test]
fn holds_in_force_block_what_they_say_and_all_are_named() {
    let app = TestApp::start();
    let (student, section) = (app.student("1"), app.open_section(5));
    let over = app.hold(&student, &json!({"blocks": "both", "reason": "Long ago", "until": PAST}));
    app.hold(&student, &json!({"blocks": "both", "reason": "Some day", "from": FUTURE}));
    let held = app.enroll(&student, &section).expect(201);
    let leave = || app.delete(&format!("/api/v1/students/{student}/courses/{}", held["id"].as_str().unwrap()));

    let advising = app.hold(&student, &json!({"blocks": "drop", "reason": "Talk to your adviser", "from": PAST}));
    let refused = leave();
    assert_eq!(refused.body["violations"][0]["facts"]["holds"][0]["reason"], "Talk to your adviser");
    assert_eq!(refused.refused(), ["hold"]);
    assert_eq!(app.enroll(&student, &section).refused(), ["already_enrolled"], "it blocks dropping alone");

    let fees = app.hold(&student, &json!({"blocks": "enroll", "reason": "Fees are due"}));
    app.patch(&over, &json!({"until": FUTURE})).expect(200);
    let refused = app.enroll(&student, &section);
    let named: Vec<&Value> = refused.body["violations"][0]["facts"]["holds"].as_array().unwrap().iter().collect();
    let paths: Vec<String> = named
        .iter()
        .map(|hold| format!("/api/v1/students/{student}/holds/{}", hold["hold_id"].as_str().unwrap()))
        .collect();
    assert_eq!(paths, [over.clone(), fees.clone()]);
    assert_eq!(refused.refused(), ["hold", "already_enrolled"]);

    for lifted in [&over, &advising] {
        app.patch(lifted, &json!({"until": "2021-01-01T00:00:00Z"})).expect(200);
    }
    app.delete(&fees).expect(204);
    assert_eq!(leave().expect(200)["status"], "dropped");
    app.enroll(&student, &section).expect(201);
    app.database.assert_invariants();
}
