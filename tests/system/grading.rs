//! The grades of a section's students, over HTTP: completed, corrected, and never lost.

use enrollment_core::registration::Record;
use enrollment_tests::TestApp;
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// Gives grades, which is answered, and tells what came of each.
#[track_caller]
fn grade(app: &TestApp, section: &str, query: &str, rows: &Value) -> Vec<Value> {
    let path = format!("/api/v1/sections/{section}/grades{query}");
    let answer = app.send_json("PUT", &path, &[], &json!({ "grades": rows })).expect(200);
    answer["rows"].as_array().unwrap().clone()
}

fn outcomes(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect()
}

fn codes(row: &Value) -> Vec<&str> {
    row["violations"].as_array().unwrap().iter().map(|violation| violation["code"].as_str().unwrap()).collect()
}

/// What happened to a student, the newest first: what, and the grade of then.
fn history(app: &TestApp, student: &str) -> Vec<(String, Value)> {
    let events = app.get(&format!("/api/v1/students/{student}/history")).expect(200);
    let told = |event: &Value| (event["kind"].as_str().unwrap().to_owned(), event["detail"]["grade"].clone());
    events["items"].as_array().unwrap().iter().map(told).collect()
}

/// The receipt of a row, once it is there, and decided again.
#[track_caller]
fn receipt(app: &TestApp, row: &Value) -> Value {
    let path = format!("/api/v1/receipts/{}", row["attempt_id"].as_str().unwrap());
    let began = Instant::now();
    loop {
        let answer = app.get(&path);
        if answer.status == 200 {
            let record: Record = serde_json::from_value(answer.body.clone()).unwrap();
            assert_eq!(record.judge_again(), record.judgement);
            return answer.body;
        }
        assert!(answer.status == 404 && began.elapsed() < Duration::from_secs(10), "{answer:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_roster_is_completed_and_corrected_and_each_row_is_answered_for_itself() {
    let app = TestApp::start();
    let section = app.section(
        &app.course("CS101", &json!({})),
        &app.term("F26", &json!({})),
        "1",
        5,
        &json!({"waitlist_capacity": 2}),
    );
    let students: Vec<String> = (0..5).map(|number| app.student(&format!("S{number}"))).collect();
    let bases = ["graded", "graded", "pass_fail", "audit", "graded"];
    let held: Vec<Value> = students
        .iter()
        .zip(bases)
        .map(|(student, basis)| {
            let body = json!({ "section_id": section, "grading_basis": basis });
            app.post(&format!("/api/v1/students/{student}/courses"), &body).expect(201)["id"].clone()
        })
        .collect();
    app.delete(&format!("/api/v1/students/{}/courses/{}", students[4], held[4].as_str().unwrap())).expect(200);
    let stranger = app.student("X");

    let rows = json!([
        {"student_course_id": held[0], "grade": "C"},
        {"student_number": "S1", "grade": "P"},
        {"student_id": students[2], "grade": "P"},
        {"student_id": students[3], "grade": null},
        {"student_number": "S4", "grade": "A"},
        {"student_id": stranger, "grade": "A"},
        {"student_number": "nobody", "grade": "A"},
    ]);
    let expected = ["completed", "refused", "completed", "completed", "refused", "not_found", "not_found"];
    let dry = grade(&app, &section, "?dry_run=true", &rows);
    assert_eq!(outcomes(&dry), expected);
    assert!(app.courses_of(&students[0])[0]["grade"].is_null(), "a dry run changes nothing");
    let first = grade(&app, &section, "", &rows);
    assert_eq!(outcomes(&first), expected);
    assert_eq!((codes(&first[1]), codes(&first[4])), (vec!["grade_unfit"], vec!["not_gradable"]));
    assert_eq!(first[0]["student_course"], app.courses_of(&students[0])[0]);
    assert_eq!(
        (&first[0]["student_course"]["grade"], &first[3]["student_course"]["grade"]),
        (&json!("C"), &Value::Null)
    );

    let again = grade(&app, &section, "", &rows);
    let expected = ["unchanged", "refused", "unchanged", "unchanged", "refused", "not_found", "not_found"];
    assert_eq!(outcomes(&again), expected);
    let corrected = grade(
        &app,
        &section,
        "",
        &json!([{"student_number": "S0", "grade": "B+"}, {"student_number": "S1", "grade": "Z"}]),
    );
    assert_eq!((outcomes(&corrected), codes(&corrected[1])), (vec!["corrected", "refused"], vec!["grade_unknown"]));
    let course = &app.courses_of(&students[0])[0];
    assert_eq!((&course["grade"], &course["ended_at"]), (&json!("B+"), &first[0]["student_course"]["ended_at"]));
    let told = |kind: &str, grade: Value| (kind.to_owned(), grade);
    assert_eq!(
        history(&app, &students[0]),
        [told("graded", json!("B+")), told("completed", json!("C")), told("enrolled", Value::Null)]
    );

    for row in [&first[0], &first[1], &again[0], &corrected[0]] {
        let receipt = receipt(&app, row);
        assert!(receipt["command"]["grade"]["student_course_id"].is_string(), "{receipt:#}");
    }
    let roster = app.get(&format!("/api/v1/sections/{section}")).expect(200);
    assert_eq!(roster["enrolled"], 4, "what is completed keeps its seat");
    app.database.assert_invariants();
}

#[test]
fn a_grade_makes_no_seat_free_for_those_who_wait() {
    let app = TestApp::start();
    let section = app.section(
        &app.course("CS101", &json!({})),
        &app.term("F26", &json!({})),
        "1",
        1,
        &json!({"waitlist_capacity": 2}),
    );
    let (ada, grace) = (app.student("1"), app.student("2"));
    app.enroll(&ada, &section).expect(201);
    app.post(&format!("/api/v1/students/{grace}/courses"), &json!({"section_id": section, "waitlist": true}))
        .expect(201);
    let rows = json!([{"student_id": ada, "grade": "A"}, {"student_id": grace, "grade": "A"}]);
    let graded = grade(&app, &section, "", &rows);
    assert_eq!((outcomes(&graded), codes(&graded[1])), (vec!["completed", "refused"], vec!["not_gradable"]));
    assert_eq!(app.courses_of(&grace)[0]["status"], "waitlisted");
    app.database.assert_invariants();
}

#[test]
fn wrong_rows_are_all_told_and_nothing_is_done() {
    let app = TestApp::start();
    let section = app.open_section(3);
    let student = app.student("1");
    let held = app.enroll(&student, &section).expect(201)["id"].clone();
    let put = |section: &str, rows: &Value| {
        app.send_json("PUT", &format!("/api/v1/sections/{section}/grades"), &[], &json!({ "grades": rows }))
    };
    let twice = json!([{"student_id": student, "grade": "A"}, {"student_course_id": held, "grade": "B"}]);
    assert_eq!(put(&section, &twice).invalid(), ["/grades/1/student_course_id"]);
    assert_eq!(
        put(&section, &json!([{"grade": "A"}, {"student_id": student}])).invalid(),
        ["/grades/0/student_course_id", "/grades/1/grade"]
    );
    put("0190a1b2-0000-7000-8000-000000000000", &json!([{"student_id": student, "grade": "A"}])).expect(404);
    assert_eq!(app.courses_of(&student)[0]["status"], "enrolled");
}

#[test]
fn a_thousand_grades_are_given_in_one_call() {
    let app = TestApp::start();
    let section = app.open_section(1_000);
    app.database.execute(&format!(
        "INSERT INTO students (id, number, given_name, family_name, status, created_at, updated_at)
         SELECT gen_random_uuid(), 'N' || n, 'Ada', 'Lovelace', 'active', now(), now() FROM generate_series(1, 1000) n;
         WITH held AS (
            INSERT INTO student_courses
                (id, student_id, section_id, course_id, term_id, component, status, credits, enrolled_at, created_at, updated_at)
            SELECT gen_random_uuid(), st.id, s.id, s.course_id, s.term_id, s.component, 'enrolled', 3, now(), now(), now()
            FROM students st CROSS JOIN sections s WHERE s.id = '{section}' RETURNING *
         )
         INSERT INTO registration_events (id, at, actor, student_id, section_id, student_course_id, attempt_id, kind)
         SELECT gen_random_uuid(), now(), 'system:test', student_id, section_id, id, gen_random_uuid(), 'enrolled' FROM held"
    ));
    let rows: Vec<Value> = (1..=1000).map(|n| json!({"student_number": format!("N{n}"), "grade": "B-"})).collect();
    let graded = grade(&app, &section, "", &json!(rows));
    assert!(outcomes(&graded).iter().all(|outcome| *outcome == "completed"));
    let completed = "SELECT count(*) FROM student_courses WHERE status = 'completed' AND grade = 'B-'";
    assert_eq!(app.database.number(completed), 1_000);
    app.database.assert_invariants();
}

#[test]
fn a_grade_that_meets_a_prerequisite_gives_who_waits_the_free_seat() {
    let app = TestApp::start();
    let term = app.term("F26", &json!({}));
    let first = app.section(&app.course("CS101", &json!({})), &term, "1", 5, &json!({}));
    let next = app.course("CS102", &json!({ "requisite": { "course": "CS101" } }));
    let section = app.section(&next, &term, "1", 2, &json!({ "waitlist_capacity": 5 }));
    let [ada, ben, cy, dee] = ["ada", "ben", "cy", "dee"].map(|number| app.student(number));
    for student in [&ada, &ben, &cy, &dee] {
        app.enroll(student, &first).expect(201);
    }
    let all =
        |grade: &str| ["ada", "ben", "cy", "dee"].map(|student| json!({"student_number": student, "grade": grade}));
    grade(&app, &first, "", &json!(all("A")));
    let seated = [&ada, &ben].map(|student| app.enroll(student, &section).expect(201));
    for student in [&cy, &dee] {
        let waiting = json!({ "section_id": section, "waitlist": true });
        app.post(&format!("/api/v1/students/{student}/courses"), &waiting).expect(201);
    }
    let failed = json!([{"student_id": cy, "grade": "F"}, {"student_id": dee, "grade": "F"}]);
    assert_eq!(outcomes(&grade(&app, &first, "", &failed)), ["corrected"; 2]);
    for (student, held) in [&ada, &ben].into_iter().zip(&seated) {
        app.delete(&format!("/api/v1/students/{student}/courses/{}", held["id"].as_str().unwrap())).expect(200);
    }
    let state = |student: &str| app.courses_of(student)[0]["status"].clone();
    assert_eq!([state(&cy), state(&dee)], ["waitlisted"; 2], "the seats are free, and neither can have one");

    let passed = json!([{"student_id": cy, "grade": "B"}, {"student_id": dee, "grade": "C"}]);
    assert_eq!(outcomes(&grade(&app, &first, "?dry_run=true", &passed)), ["corrected"; 2]);
    assert_eq!([state(&cy), state(&dee)], ["waitlisted"; 2]);
    assert_eq!(outcomes(&grade(&app, &first, "", &passed)), ["corrected"; 2]);
    assert_eq!([state(&cy), state(&dee)], ["enrolled"; 2]);
    let cause = |student: &str| {
        let events = app.get(&format!("/api/v1/students/{student}/history")).expect(200);
        let event =
            events["items"].as_array().unwrap().iter().find(|event| event["kind"] == "enrolled").unwrap().clone();
        assert_eq!(event["actor"], "system:waitlist");
        receipt(&app, &event)["caused_by"].clone()
    };
    assert_eq!(cause(&cy), cause(&dee), "both follow from the same grades");
    app.database.assert_invariants();
}
