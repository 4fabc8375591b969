//! Many threads at once against one server: seats, duplicates and limits hold, whoever comes first.

use enrollment_tests::{Answer, Client, TestApp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;

/// Sends one request from each of so many threads, all at the same moment, and answers what came back.
pub(crate) fn at_once(app: &TestApp, threads: usize, request: impl Fn(&Client, usize) -> Answer + Sync) -> Vec<Answer> {
    let gate = Barrier::new(threads);
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|index| {
                let (client, gate, request) = (app.client().clone(), &gate, &request);
                scope.spawn(move || {
                    gate.wait();
                    request(&client, index)
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

fn taken(app: &TestApp, section: &str) -> i64 {
    app.database.number(&format!(
        "SELECT p.taken::bigint FROM seat_pools p JOIN sections s ON s.seat_pool_id = p.id WHERE s.id = '{section}'"
    ))
}

fn enrolled(app: &TestApp, section: &str) -> i64 {
    app.database
        .number(&format!("SELECT count(*) FROM student_courses WHERE section_id = '{section}' AND status = 'enrolled'"))
}

#[test]
fn two_hundred_students_race_for_ten_seats_and_ten_get_one() {
    for _ in 0..3 {
        let app = TestApp::start();
        let section = app.open_section(10);
        let students: Vec<String> = (0..200).map(|number| app.student(&number.to_string())).collect();
        let answers = at_once(&app, 200, |client, index| client.enroll(&students[index], &section));
        assert_eq!((count(&answers, 201), count(&answers, 409)), (10, 190));
        for refused in answers.into_iter().filter(|answer| answer.status == 409) {
            assert_eq!(refused.refused(), ["section_full"]);
        }
        assert_eq!((taken(&app, &section), enrolled(&app, &section)), (10, 10));
        app.database.assert_invariants();
    }
}

#[test]
fn the_same_student_sixteen_times_at_once_gets_one_seat() {
    let app = TestApp::start();
    let (section, student) = (app.open_section(10), app.student("1"));
    let answers = at_once(&app, 16, |client, _| client.enroll(&student, &section));
    assert_eq!(count(&answers, 201), 1);
    for refused in answers.into_iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.refused()[0], "already_enrolled");
    }
    assert_eq!((taken(&app, &section), enrolled(&app, &section)), (1, 1));
    app.database.assert_invariants();
}

#[test]
fn the_same_idempotency_key_sixteen_times_at_once_has_one_effect_and_one_answer() {
    let app = TestApp::start();
    let (section, student) = (app.open_section(10), app.student("1"));
    let path = format!("/api/v1/students/{student}/courses");
    let body = json!({ "section_id": section });
    let answers =
        at_once(&app, 16, |client, _| client.send_json("POST", &path, &[("idempotency-key", "click")], &body));
    let first: &Value = &answers[0].body;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.body == *first), "{answers:#?}");
    assert_eq!((taken(&app, &section), enrolled(&app, &section)), (1, 1));
    app.database.assert_invariants();
}

#[test]
fn one_key_for_two_students_at_once_serves_one_of_them() {
    let app = TestApp::start();
    let section = app.open_section(10);
    let students = [app.student("1"), app.student("2")];
    let body = json!({ "section_id": section });
    let answers = at_once(&app, 8, |client, index| {
        let path = format!("/api/v1/students/{}/courses", students[index % 2]);
        client.send_json("POST", &path, &[("idempotency-key", "shared")], &body)
    });
    assert_eq!((count(&answers, 201), count(&answers, 422)), (4, 4), "{answers:#?}");
    assert_eq!(enrolled(&app, &section), 1);
    app.database.assert_invariants();
}

#[test]
fn of_two_requests_that_together_break_the_credit_limit_one_wins() {
    let app = TestApp::start();
    let term = app.term("F26", &json!({"max_credits": 5}));
    let sections: Vec<String> = ["CS1", "CS2"]
        .into_iter()
        .map(|code| {
            let course = app.course(code, &json!({}));
            app.section(&course, &term, "1", 100, &json!({}))
        })
        .collect();
    for number in 0..10 {
        let student = app.student(&number.to_string());
        let answers = at_once(&app, 2, |client, index| client.enroll(&student, &sections[index]));
        assert_eq!(count(&answers, 201), 1);
        let refused = answers.into_iter().find(|answer| answer.status == 409).unwrap();
        assert_eq!(refused.refused(), ["credit_limit"]);
    }
    app.database.assert_invariants();
}

#[test]
fn drops_that_race_with_enrolls_keep_the_seats_right() {
    let app = TestApp::start();
    let section = app.open_section(5);
    let students: Vec<String> = (0..20).map(|number| app.student(&number.to_string())).collect();
    let rounds = at_once(&app, 20, |client, index| {
        let courses = format!("/api/v1/students/{}/courses", students[index]);
        let mut last = client.enroll(&students[index], &section);
        for _ in 0..10 {
            if last.status == 201 {
                let id = last.body["id"].as_str().unwrap();
                assert_eq!(client.delete(&format!("{courses}/{id}")).status, 200);
            }
            last = client.enroll(&students[index], &section);
        }
        last
    });
    let seated = count(&rounds, 201);
    assert_eq!(seated + count(&rounds, 409), 20);
    assert!(seated <= 5);
    let seated = i64::try_from(seated).unwrap();
    assert_eq!((taken(&app, &section), enrolled(&app, &section)), (seated, seated));
    app.database.assert_invariants();
}

#[test]
fn of_a_course_the_engine_fills_every_section_and_not_one_seat_more() {
    let app = TestApp::start();
    let course = app.course("CS101", &json!({}));
    let term = app.term("F26", &json!({}));
    let sections: Vec<String> =
        (1..=4).map(|number: u32| app.section(&course, &term, &number.to_string(), 5 * number, &json!({}))).collect();
    let students: Vec<String> = (0..60).map(|number| app.student(&number.to_string())).collect();
    let body = json!({ "course_id": course });
    let answers =
        at_once(&app, 60, |client, index| client.post(&format!("/api/v1/students/{}/courses", students[index]), &body));
    assert_eq!((count(&answers, 201), count(&answers, 409)), (50, 10));
    let seats: Vec<i64> = sections.iter().map(|section| taken(&app, section)).collect();
    assert_eq!(seats, [5, 10, 15, 20]);
    app.database.assert_invariants();
}

#[test]
fn entries_with_one_key_are_made_once() {
    let app = TestApp::start();
    let body = json!({"number": "1", "given_name": "Ada", "family_name": "Lovelace"});
    let answers = at_once(&app, 16, |client, _| client.post("/api/v1/students", &body));
    let mut by_status: BTreeMap<u16, usize> = BTreeMap::new();
    for answer in &answers {
        *by_status.entry(answer.status).or_default() += 1;
    }
    assert_eq!(by_status, BTreeMap::from([(201, 1), (409, 15)]));
}

#[test]
fn of_changes_made_on_one_version_one_is_kept() {
    let app = TestApp::start();
    let student = app.student("1");
    let path = format!("/api/v1/students/{student}");
    let answers = at_once(&app, 8, |client, index| {
        client.send_json("PATCH", &path, &[("if-match", "\"1\"")], &json!({"given_name": format!("Ada {index}")}))
    });
    assert_eq!((count(&answers, 200), count(&answers, 412)), (1, 7));
    assert_eq!(app.get(&path).body["version"], 2);
}
