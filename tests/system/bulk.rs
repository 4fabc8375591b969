//! Many students into one section, over HTTP.

use crate::races::at_once;
use enrollment_tests::{Answer, Client, TestApp};
use serde_json::{Value, json};
use std::time::Instant;

/// Makes so many students, whose numbers begin with this, and answers their ids in the order of their numbers.
fn students(app: &TestApp, prefix: &str, count: usize) -> Vec<String> {
    app.database.execute(&format!(
        "INSERT INTO students (id, number, given_name, family_name, status, created_at, updated_at)
         SELECT gen_random_uuid(), '{prefix}' || lpad(n::text, 5, '0'), 'Ada', 'Lovelace', 'active', now(), now()
         FROM generate_series(1, {count}) n"
    ));
    let answered = (1..=count).map(|number| {
        let found = app.get(&format!("/api/v1/students?number={prefix}{number:05}")).expect(200);
        found["items"][0]["id"].as_str().unwrap().to_owned()
    });
    answered.collect()
}

fn bulk(client: &Client, section: &str, body: &Value) -> Answer {
    client.post(&format!("/api/v1/sections/{section}/students"), body)
}

fn enrolled(app: &TestApp, section: &str) -> i64 {
    app.database
        .number(&format!("SELECT count(*) FROM student_courses WHERE section_id = '{section}' AND status = 'enrolled'"))
}

fn outcomes(told: &Value) -> Vec<&str> {
    told["rows"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect()
}

#[test]
fn a_thousand_students_are_enrolled_in_one_call() {
    for atomic in [false, true] {
        let app = TestApp::start();
        let section = app.open_section(1_000);
        let students = students(&app, "s", 1_000);
        let body = json!({"students": students, "atomic": atomic});
        let began = Instant::now();
        let told = bulk(&app, &section, &body).expect(200);
        println!("1,000 rows, atomic {atomic}: {:?}", began.elapsed());
        assert_eq!(told["summary"], json!({"accepted": 1_000, "refused": 0, "failed": 0, "not_tried": 0}));
        assert_eq!(enrolled(&app, &section), 1_000);
        for (row, student) in told["rows"].as_array().unwrap().iter().zip(&students) {
            assert_eq!((&row["student_id"], &row["student_course"]["student_id"]), (&json!(student), &json!(student)));
        }
        assert_eq!(app.database.number("SELECT count(*) FROM receipts"), 1_000);
        let receipt = told["rows"][999]["attempt_id"].as_str().unwrap();
        app.get(&format!("/api/v1/receipts/{receipt}")).expect(200);

        // A repetition does nothing a second time.
        let again = bulk(&app, &section, &json!({ "students": students[..3] })).expect(200);
        assert_eq!(again["rows"][2]["violations"][0]["code"], "already_enrolled");
        app.database.assert_invariants();
    }
}

#[test]
fn of_forty_for_ten_seats_the_first_ten_get_one_or_nobody_does() {
    let app = TestApp::start();
    let section = app.open_section(10);
    let students = students(&app, "s", 40);
    let refused = bulk(&app, &section, &json!({"students": students, "atomic": true})).expect(409);
    assert_eq!(refused["type"], "/problems/bulk-refused");
    let pointers: Vec<&str> =
        refused["violations"].as_array().unwrap().iter().map(|own| own["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, (10..40).map(|row| format!("/students/{row}")).collect::<Vec<_>>());
    assert_eq!(enrolled(&app, &section), 0);
    assert_eq!(app.database.number("SELECT count(*) FROM registration_events"), 0);

    let dry = format!("/api/v1/sections/{section}/students?dry_run=true");
    let would = app.post(&dry, &json!({ "students": students })).expect(200);
    assert_eq!(would["summary"], json!({"accepted": 10, "refused": 30, "failed": 0, "not_tried": 0}));
    assert_eq!(enrolled(&app, &section), 0);
    app.database.assert_invariants();

    let told = bulk(&app, &section, &json!({ "students": students })).expect(200);
    assert_eq!(outcomes(&told), [vec!["accepted"; 10], vec!["refused"; 30]].concat());
    assert_eq!(told["rows"][10]["violations"][0]["code"], "section_full");
    assert_eq!(enrolled(&app, &section), 10);
    app.database.assert_invariants();
}

#[test]
fn who_does_not_exist_stops_nobody_else_or_everybody() {
    let app = TestApp::start();
    let section = app.open_section(10);
    let nobody = "0190a1b2-0000-7000-8000-00000000ffff";
    let (ada, ben) = (app.student("ada"), app.student("ben"));
    let rows = json!([ada, nobody, {"number": "cy"}, {"number": "ben", "grading_basis": "audit"}]);
    let wrong = bulk(&app, &section, &json!({"students": rows, "atomic": true})).invalid();
    assert_eq!(wrong, ["/students/1", "/students/2/number"]);
    assert_eq!(bulk(&app, &section, &json!({"students": [ben, {"number": "ben"}]})).invalid(), ["/students/1/number"]);
    assert_eq!(enrolled(&app, &section), 0);
    let told = bulk(&app, &section, &json!({ "students": rows })).expect(200);
    assert_eq!(outcomes(&told), ["accepted", "failed", "failed", "accepted"]);
    assert_eq!(told["rows"][3]["student_id"], json!(ben));
    assert_eq!(app.courses_of(&ben)[0]["grading_basis"], "audit");
    for atomic in [false, true] {
        bulk(&app, nobody, &json!({"students": [ada], "atomic": atomic})).expect(404);
    }
    app.database.assert_invariants();
}

#[test]
fn who_waits_comes_before_every_row() {
    for atomic in [false, true] {
        let app = TestApp::start();
        let (course, term) = (app.course("CS101", &json!({})), app.term("F26", &json!({})));
        let section = app.section(&course, &term, "1", 1, &json!({"waitlist_capacity": 5}));
        let [ada, ben, cy, dee] = ["ada", "ben", "cy", "dee"].map(|number| app.student(number));
        app.enroll(&ada, &section).expect(201);
        let waiting = json!({"section_id": section, "waitlist": true});
        app.post(&format!("/api/v1/students/{ben}/courses"), &waiting).expect(201);
        // Seats that come without a change to a registration.
        app.database.execute("UPDATE seat_pools SET capacity = 2");
        if atomic {
            bulk(&app, &section, &json!({"students": [cy], "atomic": true})).expect(409);
            app.database.execute("UPDATE seat_pools SET capacity = 3");
        }
        let told =
            bulk(&app, &section, &json!({"students": [cy, dee], "waitlist": true, "atomic": atomic})).expect(200);
        let status = |row: usize| told["rows"][row]["student_course"]["status"].as_str().unwrap();
        let cys = if atomic { "enrolled" } else { "waitlisted" };
        assert_eq!((status(0), status(1)), (cys, "waitlisted"));
        assert_eq!(app.courses_of(&ben)[0]["status"], "enrolled");
        app.database.assert_invariants();
    }
}

#[test]
fn bulks_and_walk_ins_at_once_never_oversell() {
    let app = TestApp::start();
    let section = app.open_section(60);
    let (first, second, walk_ins) = (students(&app, "a", 40), students(&app, "b", 40), students(&app, "w", 30));
    // Each bulk names students of the other, in the other order.
    let shared = [&first[..], &second[..10]].concat();
    let crossed: Vec<_> = [&second[..], &first[..10]].concat().into_iter().rev().collect();
    let answers = at_once(&app, 34, |client, index| match index {
        0 => bulk(client, &section, &json!({ "students": shared })),
        1 => bulk(client, &section, &json!({ "students": crossed })),
        2 => bulk(client, &section, &json!({"students": shared[..10], "atomic": true})),
        3 => bulk(client, &section, &json!({"students": crossed[..10], "atomic": true})),
        walk_in => client.enroll(&walk_ins[walk_in - 4], &section),
    });
    assert!(answers.iter().all(|answer| [200, 201, 409].contains(&answer.status)), "{answers:#?}");
    assert_eq!(enrolled(&app, &section), 60);
    let twice = "SELECT count(*) FROM (SELECT FROM student_courses GROUP BY student_id HAVING count(*) > 1) twice";
    assert_eq!(app.database.number(twice), 0);
    app.database.assert_invariants();
}
