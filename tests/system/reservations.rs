//! Reserved seats, over HTTP.

use enrollment_tests::TestApp;
use serde_json::{Value, json};

fn student(app: &TestApp, number: &str, program: &str) -> String {
    let body = json!({"number": number, "given_name": "Ada", "family_name": "Lovelace", "program": program});
    app.post("/api/v1/students", &body).expect(201)["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_reservation_is_kept_under_its_section_and_under_no_other() {
    let app = TestApp::start();
    let section = app.open_section(10);
    let course = app.course("CS102", &json!({}));
    let other = app.section(&course, &app.term("S27", &json!({})), "1", 5, &json!({}));
    let cohort = json!({"programs": ["Physics"], "levels": ["graduate"], "min_earned_credits": 30});
    let all = format!("/api/v1/sections/{section}/reservations");
    let answer = app.post(&all, &json!({"seats": 6, "cohort": cohort, "release_at": "2099-01-01T00:00:00Z"}));
    let path = answer.header("location").unwrap().to_owned();
    let made = answer.expect(201);
    let id = made["id"].as_str().unwrap();
    assert_eq!(path, format!("{all}/{id}"));
    let shown = ["section_id", "seats", "cohort", "release_at", "taken", "version"].map(|field| made[field].clone());
    let expected = [json!(section), json!(6), cohort, json!("2099-01-01T00:00:00Z"), json!(0), json!(1)];
    assert_eq!(shown, expected);
    assert_eq!(app.get(&path).expect(200), made);
    assert_eq!(app.get(&all).expect(200)["items"], json!([made]));
    app.get(&format!("/api/v1/sections/{other}/reservations/{id}")).expect(404);

    assert_eq!(app.post(&all, &json!({"seats": -1, "cohort": {}})).invalid(), ["/seats", "/cohort"]);
    let too_many = app.post(&all, &json!({"seats": 5, "cohort": {"levels": ["graduate"]}})).expect(409);
    assert_eq!(too_many["type"], "/problems/seats-reserved");
    assert_eq!(too_many["errors"][0]["pointer"], "/seats");
    let lowered = app.patch(&format!("/api/v1/sections/{section}"), &json!({"capacity": 5})).expect(409);
    assert_eq!(
        (&lowered["type"], &lowered["errors"][0]["pointer"]),
        (&json!("/problems/seats-reserved"), &json!("/capacity"))
    );
    let used = app.delete(&format!("/api/v1/sections/{section}")).expect(409);
    assert_eq!(used["in_use_by"], json!(["reservation"]));

    assert_eq!(app.patch(&path, &json!({"seats": 3, "release_at": null})).expect(200)["release_at"], Value::Null);
    app.delete(&path).expect(204);
    app.get(&path).expect(404);
}

#[test]
fn reserved_seats_are_for_their_cohort_until_they_are_released() {
    let app = TestApp::start();
    let section = app.open_section(2);
    let (physicist, logician) = (student(&app, "1", "Physics"), student(&app, "2", "Logic"));
    let all = format!("/api/v1/sections/{section}/reservations");
    let body = json!({"seats": 2, "cohort": {"programs": ["Physics"]}, "release_at": "2099-01-01T00:00:00Z"});
    let id = app.post(&all, &body).expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("{all}/{id}");

    let held = app.enroll(&physicist, &section).expect(201);
    assert_eq!(held["reservation_id"], json!(id));
    assert_eq!(app.get(&path).expect(200)["taken"], 1);
    let refused = app.enroll(&logician, &section);
    let facts = refused.body["violations"][0]["facts"].clone();
    assert_eq!(refused.refused(), ["section_full"]);
    let numbers = ["seats", "taken", "for_you"].map(|field| facts[field].clone());
    assert_eq!(numbers, [json!(2), json!(1), json!(0)]);
    let expected =
        json!([{"cohort": {"programs": ["Physics"]}, "seats": 2, "taken": 1, "release_at": "2099-01-01T00:00:00Z"}]);
    assert_eq!(facts["reserved"], expected);
    let lowered = app.patch(&path, &json!({"seats": 0})).expect(409);
    assert_eq!(
        (&lowered["type"], &lowered["errors"][0]["pointer"]),
        (&json!("/problems/seats-taken"), &json!("/seats"))
    );

    app.patch(&path, &json!({"release_at": "2020-01-01T00:00:00Z"})).expect(200);
    assert_eq!(app.enroll(&logician, &section).expect(201)["reservation_id"], Value::Null);
    app.database.assert_invariants();
}
