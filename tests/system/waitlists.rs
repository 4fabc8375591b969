//! Waiting for a seat: joining, order, promotion, being passed over, swapping, reordering.

use enrollment_tests::{Answer, Client, TestApp};
use serde_json::{Value, json};
use std::sync::Barrier;
use std::thread;

fn section(app: &TestApp, capacity: u32, waitlist: u32) -> String {
    let (course, term) = (app.course("CS101", &json!({})), app.term("F26", &json!({})));
    app.section(&course, &term, "1", capacity, &json!({ "waitlist_capacity": waitlist }))
}

fn courses(student: &str) -> String {
    format!("/api/v1/students/{student}/courses")
}

fn wait(client: &Client, student: &str, section: &str) -> Answer {
    client.post(&courses(student), &json!({ "section_id": section, "waitlist": true }))
}

fn held(student: &str, held: &Value) -> String {
    format!("{}/{}", courses(student), held["id"].as_str().unwrap())
}

/// The states of a section's students, in the order of the roster.
fn roster(app: &TestApp, section: &str) -> Vec<(String, String)> {
    let roster = app.get(&format!("/api/v1/sections/{section}/students")).expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |line: &Value| (text(&line["student"]["number"]), text(&line["status"]));
    roster["items"].as_array().unwrap().iter().map(line).collect()
}

fn line(number: &str, status: &str) -> (String, String) {
    (number.to_owned(), status.to_owned())
}

#[test]
fn who_waits_is_seated_in_order_and_before_any_walk_in() {
    let app = TestApp::start();
    let section = section(&app, 1, 2);
    let [ada, ben, cy, dee] = ["ada", "ben", "cy", "dee"].map(|number| app.student(number));
    let seated = app.enroll(&ada, &section).expect(201);
    assert_eq!(app.enroll(&ben, &section).refused(), ["section_full"]);
    let waiting = wait(&app, &ben, &section).expect(201);
    assert_eq!((&waiting["status"], &waiting["waitlist_position"]), (&json!("waitlisted"), &json!(1)));
    assert_eq!(waiting["enrolled_at"], Value::Null);
    assert_eq!(wait(&app, &ben, &section).refused(), ["already_enrolled"]);
    assert_eq!(wait(&app, &cy, &section).expect(201)["waitlist_position"], 2);
    assert_eq!(wait(&app, &dee, &section).refused(), ["waitlist_full"]);
    assert_eq!(app.get(&format!("/api/v1/sections/{section}")).expect(200)["waitlisted"], 2);

    let would = app.send("DELETE", &format!("{}?dry_run=true", held(&ada, &seated)), &[], None).expect(200);
    assert_eq!(would["promotions"][0]["student_course"]["student_id"], json!(ben));
    assert_eq!(would["promotions"][0]["outcome"], "accepted");
    assert_eq!(roster(&app, &section)[0], line("ada", "enrolled"), "a dry run changes nothing");

    let left = app.delete(&held(&ada, &seated));
    let receipt = left.header("link").unwrap().to_owned();
    left.expect(200);
    assert_eq!(roster(&app, &section), [line("ben", "enrolled"), line("cy", "waitlisted")]);
    let bens = app.courses_of(&ben);
    assert_eq!((&bens[0]["id"], &bens[0]["waitlist"]), (&waiting["id"], &Value::Null));
    assert_eq!(app.courses_of(&cy)[0]["waitlist_position"], 1);

    // The seat was given by an attempt of its own, which says what it followed from.
    let events = app.get(&format!("/api/v1/students/{ben}/history")).expect(200);
    let (event, actor) = (&events["items"][0]["attempt_id"], &events["items"][0]["actor"]);
    assert_eq!(actor, "system:waitlist");
    let promoted = app.get(&format!("/api/v1/receipts/{}", event.as_str().unwrap())).expect(200);
    assert!(receipt.contains(promoted["caused_by"].as_str().unwrap()), "{receipt}");
    assert_eq!(promoted["changes"][0]["promote"]["status"], "enrolled");
    app.database.assert_invariants();
}

#[test]
fn who_cannot_be_seated_is_passed_over_with_the_reason_and_keeps_the_place() {
    let app = TestApp::start();
    let section = section(&app, 1, 3);
    let [ada, ben, cy, dee] = ["ada", "ben", "cy", "dee"].map(|number| app.student(number));
    let seated = app.enroll(&ada, &section).expect(201);
    let bens = wait(&app, &ben, &section).expect(201);
    wait(&app, &cy, &section).expect(201);
    let hold = app.hold(&ben, &json!({"blocks": "enroll", "reason": "Fees are due."}));
    app.delete(&held(&ada, &seated)).expect(200);
    assert_eq!(roster(&app, &section), [line("cy", "enrolled"), line("ben", "waitlisted")]);
    let place = app.get(&held(&ben, &bens)).expect(200);
    assert_eq!(place["waitlist_position"], 1);
    assert_eq!(place["waitlist"]["passed_over"]["violations"][0]["code"], "hold");
    // Somebody behind is first of those who can be seated.
    let dees = wait(&app, &dee, &section).expect(201);
    assert_eq!((&dees["waitlist_position"], &dees["waitlist"]["eligible_position"]), (&json!(2), &json!(1)));
    let read = app.get(&held(&dee, &dees)).expect(200);
    assert_eq!((&read["waitlist_position"], &read["waitlist"]["eligible_position"]), (&json!(2), &json!(1)));

    // With the hold gone, the next seat is Ben's.
    app.delete(&hold).expect(204);
    let cys = app.courses_of(&cy)[0].clone();
    app.delete(&held(&cy, &cys)).expect(200);
    assert_eq!(roster(&app, &section), [line("ben", "enrolled"), line("dee", "waitlisted")]);
    app.database.assert_invariants();
}

#[test]
fn a_walk_in_takes_only_what_nobody_who_waits_can_have() {
    let app = TestApp::start();
    let section = section(&app, 1, 3);
    let [ada, ben, cy, dee] = ["ada", "ben", "cy", "dee"].map(|number| app.student(number));
    let seated = app.enroll(&ada, &section).expect(201);
    wait(&app, &ben, &section).expect(201);
    let until = json!({"blocks": "enroll", "reason": "Fees are due."});
    let hold = app.hold(&ben, &until);
    app.delete(&held(&ada, &seated)).expect(200);
    assert_eq!(roster(&app, &section), [line("ben", "waitlisted")], "a seat is free, and Ben cannot have it");
    // Ended past the server, so that nothing is offered when it ends.
    let id = hold.rsplit('/').next().unwrap();
    app.database.execute(&format!("DELETE FROM holds WHERE id = '{id}'"));
    assert_eq!(app.enroll(&cy, &section).refused(), ["section_full"], "by now it is Ben's");
    assert_eq!(roster(&app, &section), [line("ben", "enrolled")]);
    let bens = app.courses_of(&ben)[0].clone();
    app.delete(&held(&ben, &bens)).expect(200);
    app.enroll(&dee, &section).expect(201);
    app.database.assert_invariants();
}

#[test]
fn a_swap_waits_with_the_old_seat_and_passes_it_on() {
    let app = TestApp::start();
    let (course, term) = (app.course("CS101", &json!({})), app.term("F26", &json!({})));
    let more = json!({ "waitlist_capacity": 5 });
    let [one, two] = ["1", "2"].map(|number| app.section(&course, &term, number, 1, &more));
    let [ada, ben, cy] = ["ada", "ben", "cy"].map(|number| app.student(number));
    let (adas, bens) = (app.enroll(&ada, &one).expect(201), app.enroll(&ben, &two).expect(201));
    let swap = json!({ "section_id": two, "waitlist": true, "swap_from": adas["id"] });
    let waiting = app.post(&courses(&ada), &swap).expect(201);
    assert_eq!(waiting["waitlist"]["swap_from"], adas["id"]);
    assert_eq!(app.get(&held(&ada, &adas)).expect(200)["status"], "enrolled");
    wait(&app, &cy, &one).expect(201);

    app.delete(&held(&ben, &bens)).expect(200);
    assert_eq!(app.get(&held(&ada, &waiting)).expect(200)["status"], "enrolled");
    assert_eq!(app.get(&held(&ada, &adas)).expect(200)["status"], "dropped");
    assert_eq!(app.courses_of(&cy)[0]["status"], "enrolled", "the seat that the swap left is passed on");
    app.database.assert_invariants();
}

#[test]
fn a_registrar_reorders_and_a_stale_change_is_refused() {
    let app = TestApp::start();
    let section = section(&app, 0, 3);
    let [ada, ben] = ["ada", "ben"].map(|number| app.student(number));
    wait(&app, &ada, &section).expect(201);
    let bens = wait(&app, &ben, &section).expect(201);
    let path = held(&ben, &bens);
    let history = app.get(&format!("/api/v1/students/{ben}/history")).expect(200);
    let joined = history["items"][0]["at"].as_str().unwrap().to_owned();
    assert_eq!(
        app.patch(&path, &json!({"waitlist_priority": "first", "x": 1})).invalid(),
        ["/x", "/waitlist_priority"]
    );
    let moved = app.send_json("PATCH", &path, &[("if-match", "\"1\"")], &json!({"waitlist_priority": -1})).expect(200);
    assert_eq!((&moved["waitlist_position"], &moved["waitlist"]["priority"]), (&json!(1), &json!(-1)));
    app.send_json("PATCH", &path, &[("if-match", "\"1\"")], &json!({"waitlist_priority": 3})).expect(412);
    app.send("DELETE", &path, &[("if-match", "\"1\"")], None).expect(412);
    assert_eq!(roster(&app, &section), [line("ben", "waitlisted"), line("ada", "waitlisted")]);
    let then = joined.replace(':', "%3A");
    let before = app.get(&format!("/api/v1/sections/{section}/students?as_of={then}")).expect(200);
    assert_eq!(before["items"][0]["student"]["number"], "ada", "as it was before that");
    assert_eq!(before["items"][1]["waitlist_position"], 2);
    assert_eq!(app.delete(&path).expect(200)["status"], "cancelled");
    assert_eq!(app.patch(&path, &json!({"waitlist_priority": 3})).refused(), ["not_waitlisted"]);
    app.database.assert_invariants();
}

/// Everybody comes and goes at once: the seats are always full while anybody waits, and the order is that of arrival.
#[test]
fn in_a_rush_no_seat_is_lost_and_nobody_is_passed() {
    let app = TestApp::start();
    let section = section(&app, 5, 20);
    let students: Vec<String> = (0..40).map(|number| app.student(&number.to_string())).collect();
    let gate = Barrier::new(students.len());
    thread::scope(|scope| {
        for (number, student) in students.iter().enumerate() {
            let (client, gate, section) = (app.client().clone(), &gate, &section);
            scope.spawn(move || {
                gate.wait();
                for round in 0..3 {
                    let joined = wait(&client, student, section);
                    assert!(matches!(joined.status, 201 | 409), "{joined:?}");
                    if joined.status == 201 && (number + round) % 3 != 0 {
                        let own = joined.expect(201);
                        client.delete(&held(student, &own)).expect(200);
                    }
                }
            });
        }
    });
    app.database.assert_invariants();
    let lines = roster(&app, &section);
    let seated = lines.iter().filter(|(_, status)| status == "enrolled").count();
    let waiting = lines.len() - seated;
    assert!(seated == 5 || waiting == 0, "{seated} seated while {waiting} wait");
    let promotions = "SELECT count(*) FROM registration_events WHERE actor = 'system:waitlist' AND kind = 'enrolled'";
    assert!(app.database.number(promotions) > 0);
    // Who was promoted had come before whoever still waited then: sequences are promoted in order.
    let passed = app.database.number(
        "SELECT count(*) FROM registration_events p
         JOIN registration_events j ON j.student_course_id = p.student_course_id AND j.kind = 'waitlisted'
         JOIN registration_events w ON w.section_id = p.section_id AND w.kind = 'waitlisted' AND w.sequence < j.sequence
         WHERE p.actor = 'system:waitlist' AND p.kind = 'enrolled'
           AND NOT EXISTS (
             SELECT FROM registration_events e
             WHERE e.student_course_id = w.student_course_id AND e.kind IN ('enrolled', 'cancelled', 'passed_over')
               AND e.sequence < p.sequence)",
    );
    assert_eq!(passed, 0);
}

type Step<'a> = &'a dyn Fn();

#[test]
fn a_change_that_lets_somebody_in_who_waits_gives_the_free_seat() {
    let app = TestApp::start();
    let (course, term) = (app.course("CS101", &json!({})), app.term("F26", &json!({})));
    let section = app.section(&course, &term, "1", 1, &json!({ "waitlist_capacity": 5 }));
    let [ada, ben] = ["ada", "ben"].map(|number| app.student(number));
    let course_path = format!("/api/v1/courses/{course}");
    let for_others = json!({ "restriction": { "programs": ["Art"] } });
    let restrict = || drop(app.patch(&course_path, &for_others).expect(200));
    let changes: [(Step<'_>, Step<'_>); 3] = [
        (&|| drop(app.hold(&ben, &json!({"blocks": "enroll", "reason": "Fees are due."}))), &|| {
            let holds = app.get(&format!("/api/v1/students/{ben}/holds")).expect(200);
            let id = holds["items"][0]["id"].as_str().unwrap();
            app.delete(&format!("/api/v1/students/{ben}/holds/{id}")).expect(204);
        }),
        (&restrict, &|| {
            let permit = json!({
                "course_id": course, "waives": ["restricted"], "granted_by": "Dr. Noether", "reason": "She asked."
            });
            app.post(&format!("/api/v1/students/{ben}/permits"), &permit).expect(201);
        }),
        (&restrict, &|| drop(app.patch(&course_path, &json!({ "restriction": null })).expect(200))),
    ];
    for (number, (hinder, help)) in changes.into_iter().enumerate() {
        let seated = app.enroll(&ada, &section).expect(201);
        let waiting = wait(&app, &ben, &section).expect(201);
        hinder();
        app.delete(&held(&ada, &seated)).expect(200);
        assert_eq!(app.get(&held(&ben, &waiting)).expect(200)["status"], "waitlisted", "{number}");
        help();
        let seat = app.get(&held(&ben, &waiting)).expect(200);
        assert_eq!(seat["status"], "enrolled", "{number}");
        app.delete(&held(&ben, &seat)).expect(200);
        app.patch(&course_path, &json!({ "restriction": null })).expect(200);
    }
    app.database.assert_invariants();
}
