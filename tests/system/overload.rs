//! More than the server can do at once: what does not fit is turned away at once and told when to come again, what nobody waits
//! for is not done, and nobody's storm is everybody's.

use enrollment_tests::{Answer, Client, TestApp};
use serde_json::json;
use std::io::Write;
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Asks as people are asked to: who is turned away comes again after the time that the answer names.
fn enroll_honestly(client: &Client, student: &str, section: &str) -> (Answer, u32) {
    let mut turned_away = 0;
    loop {
        let answer = client.enroll(student, section);
        if answer.status != 503 {
            return (answer, turned_away);
        }
        turned_away += 1;
        assert!(turned_away < 20, "{student} never gets through");
        thread::sleep(Duration::from_secs(retry_after(&answer)));
    }
}

#[track_caller]
fn retry_after(answer: &Answer) -> u64 {
    assert_eq!(answer.body["type"], "/problems/busy", "{:#}", answer.body);
    let seconds = answer.header("retry-after").expect("a 503 says when to come again").parse().unwrap();
    assert!((1..=5).contains(&seconds), "{seconds}");
    seconds
}

#[test]
fn whoever_comes_again_as_told_gets_through() {
    const CLIENTS: usize = 120;
    const SEATS: usize = 100;
    let app = TestApp::start_with(|settings| settings.store.queue = 4);
    let section = app.open_section(u32::try_from(SEATS).unwrap());
    let students: Vec<String> = (0..CLIENTS).map(|number| app.student(&number.to_string())).collect();
    // For a moment nothing goes on, so that there are far more than fit.
    let locked = app.database.lock_row("seat_pools", &section);
    let rush: Vec<JoinHandle<(Answer, u32)>> = students
        .into_iter()
        .map(|student| {
            let (client, section) = (app.client().clone(), section.clone());
            thread::spawn(move || enroll_honestly(&client, &student, &section))
        })
        .collect();
    wait_until(|| metric(&app, r#"enrollment_store_refused_total{lane="attempts",reason="full"}"#) > 20);
    drop(locked);
    let answers: Vec<(Answer, u32)> = rush.into_iter().map(|asked| asked.join().unwrap()).collect();
    let of_status = |status| answers.iter().filter(|(answer, _)| answer.status == status).count();
    assert_eq!((of_status(201), of_status(409)), (SEATS, CLIENTS - SEATS));
    let turned_away: u32 = answers.iter().map(|(_, turned_away)| turned_away).sum();
    assert!(turned_away > 20, "{turned_away}");
    assert_eq!(metric(&app, r#"enrollment_http_requests_unserved_total{reason="busy"}"#), u64::from(turned_away));
    app.database.assert_invariants();
}

#[test]
fn those_who_are_turned_away_together_do_not_come_again_together() {
    let app = TestApp::start_with(|settings| settings.store.queue = 0);
    let (section, student) = (uuid::Uuid::from_u128(1).to_string(), uuid::Uuid::from_u128(2).to_string());
    let mut told: Vec<u64> = (0..60).map(|_| retry_after(&app.enroll(&student, &section))).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told, [1, 2, 3, 4, 5]);
}

#[test]
fn what_a_client_has_asked_for_who_is_gone_is_not_done() {
    let app = TestApp::start();
    let section = app.open_section(10);
    let [first, gone, last] = ["1", "2", "3"].map(|number| app.student(number));
    let locked = app.database.lock_row("seat_pools", &section);
    let asked = enroll_in_background(&app, &first, &section);
    app.database.wait_for_blocked_session();
    let connection = send_enrollment(&app, &gone, &section);
    wait_until(|| metric(&app, "enrollment_http_requests_in_flight") >= 3);
    drop(connection);
    wait_until(|| metric(&app, "enrollment_http_requests_abandoned_total") == 1);
    drop(locked);
    assert_eq!(asked.join().unwrap().status, 201);
    // Attempts are carried out in the order of their arrival, so by now that of the one who is gone would have been.
    app.enroll(&last, &section).expect(201);
    assert_eq!(app.courses_of(&gone), Vec::<serde_json::Value>::new());
    assert_eq!(app.get(&format!("/api/v1/sections/{section}")).expect(200)["enrolled"], 2);
    app.database.assert_invariants();
}

#[test]
fn a_request_whose_time_is_up_is_answered_and_not_done() {
    let app = TestApp::start_with(|settings| settings.time_limit = Duration::from_millis(400));
    let section = app.open_section(10);
    let [late, next] = ["1", "2"].map(|number| app.student(number));
    let locked = app.database.lock_row("seat_pools", &section);
    let answer = app.enroll(&late, &section);
    assert_eq!((answer.status, answer.body["type"].as_str()), (503, Some("/problems/outcome-unknown")));
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3).contains(&seconds), "{seconds}");
    drop(locked);
    app.enroll(&next, &section).expect(201);
    assert_eq!(app.courses_of(&late), Vec::<serde_json::Value>::new());
    let mut locked = app.database.connect();
    diesel::connection::SimpleConnection::batch_execute(&mut locked, "BEGIN; LOCK TABLE courses").unwrap();
    retry_after(&app.get("/api/v1/courses"));
    drop(locked);
    app.get("/api/v1/courses").expect(200);
}

#[test]
fn a_students_storm_leaves_room_for_others() {
    let app = TestApp::start_with(|settings| settings.store.queue = 32);
    let section = app.open_section(10);
    let (stormer, other) = (app.student("1"), app.student("2"));
    let locked = app.database.lock_row("students", &stormer);
    let storm: Vec<_> = (0..60).map(|_| enroll_in_background(&app, &stormer, &section)).collect();
    wait_until(|| metric(&app, r#"enrollment_store_refused_total{lane="attempts",reason="storm"}"#) > 0);
    app.enroll(&other, &section).expect(201);
    drop(locked);
    let mut statuses: Vec<u16> = storm.into_iter().map(|asked| asked.join().unwrap().status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409, 503].contains(status)), "{statuses:?}");
    app.database.assert_invariants();
}

fn enroll_in_background(app: &TestApp, student: &str, section: &str) -> JoinHandle<Answer> {
    let (client, student, section) = (app.client().clone(), student.to_owned(), section.to_owned());
    thread::spawn(move || client.enroll(&student, &section))
}

/// Sends a request for a seat and does not wait for the answer.
fn send_enrollment(app: &TestApp, student: &str, section: &str) -> TcpStream {
    let mut connection = TcpStream::connect(app.url().trim_start_matches("http://")).unwrap();
    let body = json!({ "section_id": section }).to_string();
    write!(
        connection,
        "POST /api/v1/students/{student}/courses HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    connection
}

/// The value of a metric, named with its labels.
fn metric(app: &TestApp, name: &str) -> u64 {
    let text = app.get("/metrics").expect(200);
    let values = text.as_str().unwrap().lines().filter_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    values.sum()
}

fn wait_until(is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < until, "it never is so");
        thread::sleep(Duration::from_millis(10));
    }
}
