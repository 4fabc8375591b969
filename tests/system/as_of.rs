//! What was so at a moment: the events tell it, whatever has happened since.

use chrono::SecondsFormat;
use enrollment_core::clock::Clock;
use enrollment_server::clock::SystemClock;
use enrollment_server::demo;
use enrollment_server::ids::SystemIds;
use enrollment_server::import::import;
use enrollment_tests::{Client, Numbers, TestApp};
use serde_json::{Value, json};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// The present, as times are written, with nothing at the same instant.
fn moment() -> String {
    thread::sleep(Duration::from_millis(2));
    let now = SystemClock.now();
    thread::sleep(Duration::from_millis(2));
    now.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// All pages of so many of a list, which takes parameters.
fn all(client: &Client, list: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{list}&limit={limit}{cursor}")).expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

#[test]
fn the_state_at_each_moment_is_what_was_answered_then() {
    let mut app = TestApp::start();
    let mut numbers = Numbers::from(20_261_123);
    let (fall, spring) = (app.term("F26", &json!({})), app.term("S27", &json!({})));
    let sections: Vec<String> = (0..4)
        .map(|number| {
            let course = app.course(&format!("CS10{number}"), &json!({}));
            app.section(&course, if number % 2 == 0 { &fall } else { &spring }, "1", 3, &json!({}))
        })
        .collect();
    let students: Vec<String> = (0..4).map(|number| app.student(&number.to_string())).collect();
    let lists: Vec<String> = students
        .iter()
        .flat_map(|student| {
            let courses = format!("/api/v1/students/{student}/courses?");
            [String::new(), "status=dropped".to_owned(), format!("status=enrolled&term_id={fall}")]
                .map(|filter| format!("{courses}{filter}"))
        })
        .chain(sections.iter().map(|section| format!("/api/v1/sections/{section}/students?")))
        .collect();
    let state = |as_of: &str, limit: usize| -> Vec<Vec<Value>> {
        lists.iter().map(|list| all(&app, &format!("{list}{as_of}"), limit)).collect()
    };

    let mut moments = vec![(moment(), state("", 50))];
    for _ in 0..30 {
        let student = &students[numbers.below(students.len())];
        let held = app.get(&format!("/api/v1/students/{student}/courses?status=enrolled")).expect(200);
        let held = held["items"].as_array().unwrap();
        if held.is_empty() || numbers.below(5) > 1 {
            app.enroll(student, &sections[numbers.below(sections.len())]);
        } else {
            let id = held[numbers.below(held.len())]["id"].as_str().unwrap();
            app.delete(&format!("/api/v1/students/{student}/courses/{id}")).expect(200);
        }
        moments.push((moment(), state("", 50)));
    }
    assert!(moments.windows(2).filter(|pair| pair[0].1 != pair[1].1).count() > 15, "it changes mostly");
    for (moment, expected) in &moments {
        assert_eq!(state(&format!("&as_of={moment}"), 2), *expected, "{moment}");
    }
    let (_, last) = moments.last().unwrap();
    assert_eq!(state("&as_of=2100-01-01T00:00:00Z", 50), *last, "a time to come is the present");
    assert!(state("&as_of=2000-01-01T00:00:00Z", 50).iter().all(Vec::is_empty));

    let nobody = "0190a1b2-0000-7000-8000-000000000000";
    app.get(&format!("/api/v1/students/{nobody}/courses?as_of=2026-01-01T00:00:00Z")).expect(404);
    app.get(&format!("/api/v1/sections/{nobody}/students?as_of=2026-01-01T00:00:00Z")).expect(404);
    app.stop();
}

#[test]
fn what_was_loaded_in_bulk_has_events_that_tell_all_of_it() {
    let app = TestApp::start();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/import");
    demo::load(&mut app.database.connect(), 20, &SystemClock).unwrap();
    import(&mut app.database.connect(), &fixture, &SystemClock, &SystemIds, &mut ()).unwrap();
    let moment = moment();
    let mut compared = 0;
    for (kind, list) in [("students", "courses"), ("sections", "students")] {
        for owner in all(&app, &format!("/api/v1/{kind}?"), 200) {
            let list = format!("/api/v1/{kind}/{}/{list}?", owner["id"].as_str().unwrap());
            let expected = all(&app, &list, 200);
            assert_eq!(all(&app, &format!("{list}as_of={moment}"), 200), expected, "{list}");
            compared += expected.len();
        }
    }
    assert!(compared > 100, "{compared}");
}
