//! The sections that a student could take now, over HTTP.

use enrollment_tests::TestApp;
use serde_json::{Value, json};

const NOBODY: &str = "0190a1b2-0000-7000-8000-000000000000";

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|offer| offer["course"]["code"].as_str().unwrap()).collect()
}

/// A term, and in it sections of courses named after what is in the way of taking them.
fn university(app: &TestApp) -> String {
    let term = app.term("F26", &json!({"max_credits": 12}));
    let meeting = |day: &str, from: u32| json!([{"days": [day], "starts_at": format!("{from:02}:00"), "ends_at": format!("{}:00", from + 2)}]);
    let held = app.course("HELD", &json!({}));
    app.section(&held, &term, "1", 5, &json!({"meetings": meeting("mon", 10)}));
    app.section(&held, &term, "2", 5, &json!({"meetings": meeting("fri", 10)}));
    for (code, capacity, course, section) in [
        ("CLASH", 5, json!({}), json!({"meetings": meeting("mon", 11)})),
        ("FREE", 5, json!({}), json!({"meetings": meeting("mon", 12), "instructor": "Hopper"})),
        ("TUESDAY", 5, json!({}), json!({"meetings": meeting("tue", 10)})),
        ("NEVER", 5, json!({}), json!({})),
        ("FULL", 0, json!({}), json!({"meetings": meeting("mon", 14)})),
        ("CLOSED", 5, json!({}), json!({"status": "closed"})),
        ("LATER", 5, json!({"requisite": {"course": "FREE"}}), json!({})),
        ("HEAVY", 5, json!({"credits": 9.5}), json!({})),
        ("MASTERS", 5, json!({"restriction": {"levels": ["graduate"]}}), json!({})),
    ] {
        let course = app.course(code, &course);
        app.section(&course, &term, "1", capacity, &section);
    }
    let elsewhere = app.term("S27", &json!({}));
    let course = app.course("ELSEWHERE", &json!({}));
    app.section(&course, &elsewhere, "1", 5, &json!({}));
    term
}

#[test]
fn what_is_offered_is_what_asking_for_it_would_get() {
    let app = TestApp::start();
    let term = university(&app);
    let student = app.student("1");
    let list = |query: &str| app.get(&format!("/api/v1/students/{student}/sections?term_id={term}{query}")).expect(200);
    let first = list("")["items"][0]["section"]["id"].as_str().unwrap().to_owned();
    app.enroll(&student, &first).expect(201);

    let offers = list("");
    assert_eq!(offers["items"].as_array().unwrap().len(), 11);
    for offer in offers["items"].as_array().unwrap() {
        let body = json!({"section_id": offer["section"]["id"]});
        let asked = app.post(&format!("/api/v1/students/{student}/courses?dry_run=true"), &body);
        let (eligible, violations) = match asked.status {
            200 => (true, json!([])),
            _ => (false, asked.expect(409)["violations"].clone()),
        };
        assert_eq!((&offer["eligible"], &offer["violations"]), (&json!(eligible), &violations), "{offer:#}");
    }
    let all = ["HELD", "HELD", "CLASH", "FREE", "TUESDAY", "NEVER", "FULL", "CLOSED", "LATER", "HEAVY", "MASTERS"];
    assert_eq!(names(&offers), all);
    assert_eq!(names(&list("&eligible=true")), ["FREE", "TUESDAY", "NEVER"]);
    let free = &list("&eligible=true&q=hop")["items"];
    assert_eq!((free.as_array().unwrap().len(), &free[0]["seats_free"]), (1, &json!(5)));
    assert_eq!(free[0]["section"]["meetings"][0]["starts_at"], "12:00");
    assert_eq!((&free[0]["term"]["code"], &free[0]["violations"]), (&json!("F26"), &json!([])));
    assert_eq!(names(&list("&days=mon&open=true")), ["HELD", "CLASH", "FREE", "NEVER", "LATER", "HEAVY", "MASTERS"]);
    assert_eq!(names(&list("&days=mon,tue&eligible=true")), ["FREE", "TUESDAY", "NEVER"]);
    let page = list("&eligible=true&limit=2");
    assert_eq!(names(&page), ["FREE", "TUESDAY"]);
    let rest = list(&format!("&eligible=true&limit=2&cursor={}", page["next_cursor"].as_str().unwrap()));
    assert_eq!((names(&rest), &rest["next_cursor"]), (vec!["NEVER"], &Value::Null));

    app.hold(&student, &json!({"blocks": "enroll", "reason": "Fees"}));
    assert_eq!(names(&list("&eligible=true")), Vec::<&str>::new());
    let by_days = app.get(&format!("/api/v1/sections?term_id={term}&days=tue")).expect(200);
    assert_eq!(by_days["items"].as_array().unwrap().len(), 6, "one on Tuesday, five that never meet");

    assert_eq!(
        app.get(&format!("/api/v1/students/{student}/sections?term_id={NOBODY}")).expect(200)["items"],
        json!([])
    );
    app.get(&format!("/api/v1/students/{NOBODY}/sections?term_id={term}")).expect(404);
    app.get(&format!("/api/v1/students/{NOBODY}/sections?term_id={NOBODY}")).expect(404);
    app.get(&format!("/api/v1/students/{student}/sections")).expect(422);
    app.database.assert_invariants();
}
