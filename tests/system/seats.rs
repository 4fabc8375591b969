//! Cross-listed sections, and seats beyond the room, over HTTP.

use enrollment_tests::TestApp;
use serde_json::{Value, json};

#[test]
fn an_overload_needs_a_reason_and_is_told_in_the_history_of_the_section() {
    let app = TestApp::start();
    let section = app.open_section(1);
    let path = format!("/api/v1/sections/{section}");
    app.enroll(&app.student("1"), &section).expect(201);
    assert_eq!(app.patch(&path, &json!({"overload": 1})).invalid(), ["/overload_reason"]);
    let changed = app.patch(&path, &json!({"overload": 1, "overload_reason": "Fire marshal agreed"})).expect(200);
    let shown =
        ["capacity", "overload", "overload_reason", "enrolled", "seats_taken"].map(|name| changed[name].clone());
    assert_eq!(shown, [json!(1), json!(1), json!("Fire marshal agreed"), json!(1), json!(1)]);
    app.enroll(&app.student("2"), &section).expect(201);
    assert_eq!(app.enroll(&app.student("3"), &section).refused(), ["section_full"]);
    let lowered = app.patch(&path, &json!({"overload": 0})).expect(409);
    assert_eq!(
        (&lowered["type"], &lowered["errors"][0]["pointer"]),
        (&json!("/problems/seats-taken"), &json!("/overload"))
    );

    let history = app.get(&format!("{path}/history")).expect(200);
    let events = history["items"].as_array().unwrap();
    let event = events.iter().find(|event| event["kind"] == "overload_changed").unwrap();
    assert_eq!(event["detail"], json!({"before": 0, "after": 1, "reason": "Fire marshal agreed"}));
    assert_eq!((&event["student_id"], &event["actor"]), (&Value::Null, &json!("anonymous")));
    // What was so at a moment is told from events, of which some are of no student now.
    let roster = app.get(&format!("{path}/students?as_of=2099-01-01T00:00:00Z")).expect(200);
    assert_eq!(roster["items"].as_array().unwrap().len(), 2);
    app.database.assert_invariants();
}

#[test]
fn cross_listed_sections_share_seats_and_say_so() {
    let app = TestApp::start();
    let cs = app.open_section(1);
    let (course, term) = (app.course("EE101", &json!({})), app.get(&format!("/api/v1/sections/{cs}")).expect(200));
    let body = json!({
        "course_id": course, "term_id": term["term_id"], "number": "1", "status": "open", "shares_seats_with": cs
    });
    let ee = app.post("/api/v1/sections", &body).expect(201);
    assert_eq!((&ee["capacity"], &ee["cross_listed_with"]), (&json!(1), &json!([cs])));
    let ee = ee["id"].as_str().unwrap();
    app.enroll(&app.student("1"), &cs).expect(201);
    assert_eq!(app.enroll(&app.student("2"), ee).refused(), ["section_full"]);
    let shown = app.get(&format!("/api/v1/sections/{ee}")).expect(200);
    assert_eq!((&shown["enrolled"], &shown["seats_taken"]), (&json!(0), &json!(1)));

    app.patch(&format!("/api/v1/sections/{ee}"), &json!({"capacity": 2})).expect(200);
    assert_eq!(app.get(&format!("/api/v1/sections/{cs}")).expect(200)["capacity"], 2);
    app.enroll(&app.student("3"), ee).expect(201);
    let kept = app.patch(&format!("/api/v1/sections/{ee}"), &json!({"shares_seats_with": null})).expect(409);
    assert_eq!(
        (&kept["type"], &kept["errors"][0]["pointer"]),
        (&json!("/problems/fixed"), &json!("/shares_seats_with"))
    );
    app.database.assert_invariants();
}
