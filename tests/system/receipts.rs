//! Receipts and history: whatever was answered can be looked up, and decided again, over HTTP.

use enrollment_core::registration::Record;
use enrollment_tests::{Answer, Client, TestApp};
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// The path of the receipt that an answer names.
#[track_caller]
fn link(answer: &Answer) -> String {
    let link = answer.header("link").unwrap_or_else(|| panic!("no link: {answer:?}"));
    link.trim_start_matches('<').split('>').next().unwrap().to_owned()
}

/// A receipt, once it is there: that of a refusal follows its answer.
#[track_caller]
fn receipt(client: &Client, path: &str) -> Value {
    let began = Instant::now();
    loop {
        let answer = client.get(path);
        if answer.status == 200 {
            return answer.body;
        }
        assert!(answer.status == 404 && began.elapsed() < Duration::from_secs(10), "{answer:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[track_caller]
fn assert_decides_the_same_again(receipt: Value) {
    let record: Record = serde_json::from_value(receipt).unwrap();
    assert_eq!(record.judge_again(), record.judgement, "{record:?}");
}

#[test]
fn a_receipt_explains_an_answer_rule_by_rule() {
    let app = TestApp::start();
    let section = app.open_section(1);
    let (ada, grace) = (app.student("1"), app.student("2"));
    let enrolled = app.enroll(&ada, &section);
    let refused = app.enroll(&grace, &section);

    let accepted = app.get(&link(&enrolled)).expect(200);
    assert_eq!((&accepted["outcome"], &accepted["student_id"]), (&json!("accepted"), &json!(ada)));
    assert_eq!(accepted["changes"], json!([{ "start": enrolled.body }]));
    assert_eq!(accepted["command"]["enroll"]["request"]["target"], json!({ "section": section }));
    assert_eq!((&accepted["facts"]["pools"][0]["taken"], &accepted["facts"]["held"]), (&json!(0), &json!([])));
    assert!(
        accepted["steps"][0]["rules"].as_array().unwrap().iter().all(|finding| finding["violation"].is_null()),
        "{accepted:#}"
    );

    let explained = receipt(&app, &link(&refused));
    assert_eq!((&explained["attempt_id"], &explained["outcome"]), (&refused.body["attempt_id"], &json!("refused")));
    assert_eq!((&explained["steps"][0]["section"]["id"], &explained["changes"]), (&json!(section), &json!([])));
    let rules = explained["steps"][0]["rules"].as_array().unwrap();
    let names = |receipt: &Value| -> Vec<Value> {
        receipt["steps"][0]["rules"].as_array().unwrap().iter().map(|finding| finding["rule"].clone()).collect()
    };
    assert_eq!(names(&explained), names(&accepted), "the same rules in the same order");
    let refusing: Vec<&Value> = rules.iter().filter(|finding| !finding["violation"].is_null()).collect();
    assert_eq!(
        refusing,
        [&json!({"rule": "section_full", "violation": refused.body["violations"][0], "waived_by": null})]
    );

    let left = app.delete(&format!("/api/v1/students/{ada}/courses/{}", enrolled.body["id"].as_str().unwrap()));
    let leaving = app.get(&link(&left)).expect(200);
    assert_eq!(leaving["changes"], json!([{ "end": left.body }]));
    for receipt in [accepted, explained, leaving] {
        assert_decides_the_same_again(receipt);
    }
    app.get("/api/v1/receipts/0190a1b2-0000-7000-8000-000000000000").expect(404);
    app.database.assert_invariants();
}

#[test]
fn everything_that_a_mixed_run_answered_has_a_receipt_that_decides_the_same_again() {
    const THREADS: usize = 8;
    let mut app = TestApp::start();
    let course = app.course("CS101", &json!({"requisite": {"course": "CS100"}}));
    let basics = app.course("CS100", &json!({"credits": 1.5}));
    let term = app.term("F26", &json!({"max_credits": 6}));
    let meetings = json!([{"days": ["mon"], "starts_at": "10:00", "ends_at": "12:00"}]);
    let sections: Vec<String> = (1..=3)
        .map(|number| app.section(&course, &term, &number.to_string(), 2, &json!({ "meetings": meetings })))
        .collect();
    let lab = app.section(&basics, &term, "1", 3, &json!({ "meetings": meetings }));
    let students: Vec<String> = (0..THREADS).map(|number| app.student(&number.to_string())).collect();
    for student in &students[..5] {
        app.database.credit_from_elsewhere(student, &basics, Some("B+"));
    }

    let run = |client: &Client, number: usize| -> Vec<String> {
        let courses = format!("/api/v1/students/{}/courses", students[number]);
        let mut links = Vec::new();
        for round in 0..12 {
            let body = match round % 4 {
                0 => json!({ "course_id": course }),
                1 => json!({ "section_id": lab, "grading_basis": "pass_fail" }),
                _ => json!({ "section_id": sections[(number + round) % sections.len()] }),
            };
            let key = format!("{number}-{round}");
            let headers: &[(&str, &str)] = if round % 3 == 0 { &[("idempotency-key", &key)] } else { &[] };
            let answer = client.send_json("POST", &courses, headers, &body);
            links.push(link(&answer));
            if answer.status == 201 && round % 2 == 0 {
                let left = client.delete(&format!("{courses}/{}", answer.expect(201)["id"].as_str().unwrap()));
                links.push(link(&left));
            }
        }
        links
    };
    let links: Vec<String> = thread::scope(|scope| {
        let (run, app) = (&run, &app);
        let running: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || run(app.client(), number))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut outcomes = [0, 0];
    for link in &links {
        let receipt = receipt(&app, link);
        outcomes[usize::from(receipt["outcome"] == "accepted")] += 1;
        assert_decides_the_same_again(receipt);
    }
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?} were refused and accepted");
    let metrics = app.get("/metrics").body;
    assert!(metrics.as_str().unwrap().contains("enrollment_receipts_dropped_total 0\n"));
    app.stop();
    assert_eq!(app.database.number("SELECT count(*) FROM receipts"), i64::try_from(links.len()).unwrap());
    app.database.assert_invariants();
}

#[test]
fn refusals_of_a_server_that_stops_keep_their_receipts() {
    let mut app = TestApp::start();
    let (section, student) = (app.open_section(0), app.student("1"));
    for _ in 0..20 {
        app.enroll(&student, &section).refused();
    }
    app.stop();
    assert_eq!(app.database.number("SELECT count(*) FROM receipts"), 20);
}

#[test]
fn a_history_tells_what_happened_and_by_which_attempt() {
    let app = TestApp::start();
    let section = app.open_section(2);
    let (ada, grace) = (app.student("1"), app.student("2"));
    let first = app.enroll(&ada, &section);
    app.enroll(&grace, &section).expect(201);
    let left = app.delete(&format!("/api/v1/students/{ada}/courses/{}", first.body["id"].as_str().unwrap()));

    let of_ada = app.get(&format!("/api/v1/students/{ada}/history")).expect(200);
    let events = of_ada["items"].as_array().unwrap();
    let kinds: Vec<&Value> = events.iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["dropped", "enrolled"]);
    for (event, answer) in events.iter().zip([&left, &first]) {
        assert_eq!((&event["detail"], &event["actor"]), (&answer.body, &json!("anonymous")));
        assert_eq!(format!("/api/v1/receipts/{}", event["attempt_id"].as_str().unwrap()), link(answer));
        app.get(&link(answer)).expect(200);
    }
    let path = format!("/api/v1/sections/{section}/history");
    let page = app.get(&format!("{path}?limit=2")).expect(200);
    let rest = app.get(&format!("{path}?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).expect(200);
    let all = [page["items"].as_array().unwrap().as_slice(), rest["items"].as_array().unwrap()].concat();
    let students: Vec<&Value> = all.iter().map(|event| &event["student_id"]).collect();
    assert_eq!(students, [&json!(ada), &json!(grace), &json!(ada)]);
    assert_eq!(rest["next_cursor"], Value::Null);
    for nothing in ["students", "sections"] {
        app.get(&format!("/api/v1/{nothing}/0190a1b2-0000-7000-8000-000000000000/history")).expect(404);
    }
}

#[test]
fn another_system_follows_all_events() {
    let app = TestApp::start();
    let section = app.open_section(5);
    let mut followed = Vec::new();
    let mut cursor = app.get("/api/v1/events").expect(200)["next_cursor"].as_str().unwrap().to_owned();
    for number in 0..3 {
        let student = app.student(&number.to_string());
        let held = app.enroll(&student, &section).expect(201);
        app.delete(&format!("/api/v1/students/{student}/courses/{}", held["id"].as_str().unwrap())).expect(200);
        loop {
            let page = app.get(&format!("/api/v1/events?after={cursor}&limit=1")).expect(200);
            page["next_cursor"].as_str().unwrap().clone_into(&mut cursor);
            match page["items"].as_array().unwrap().as_slice() {
                [] => break,
                [event] => {
                    followed.push((event["kind"].as_str().unwrap().to_owned(), event["student_id"] == json!(student)));
                }
                more => panic!("{more:?}"),
            }
        }
    }
    let followed: Vec<(&str, bool)> = followed.iter().map(|(kind, own)| (kind.as_str(), *own)).collect();
    assert_eq!(followed, [("enrolled", true), ("dropped", true)].repeat(3));
    app.database.assert_invariants();
}
