//! What is still answered while everything waits: that the server is alive and ready, and what students have.

use diesel::connection::SimpleConnection;
use enrollment_tests::{Client, TestApp};
use std::thread;
use std::time::{Duration, Instant};

/// Far less than the blocked requests wait.
const SOON: Duration = Duration::from_secs(2);

fn soon(client: &Client, path: &str) -> u16 {
    let began = Instant::now();
    let status = client.get(path).status;
    assert!(began.elapsed() < SOON, "{path} took {:?}", began.elapsed());
    status
}

#[test]
fn reads_and_health_checks_are_answered_while_every_writer_waits_and_the_queue_is_full() {
    let app = TestApp::start_with(|settings| {
        settings.store.writers = 2;
        settings.store.queue = 4;
    });
    let section = app.open_section(10);
    let student = app.student("1");
    let rushing: Vec<String> = (0..40).map(|number| app.student(&format!("rush-{number}"))).collect();
    let pool = app.database.lock_row("seat_pools", &section);
    let rush: Vec<_> = rushing
        .into_iter()
        .map(|student| {
            let (client, section) = (app.client().clone(), section.clone());
            thread::spawn(move || client.enroll(&student, &section).status)
        })
        .collect();
    app.database.wait_for_blocked_session();
    for _ in 0..5 {
        assert_eq!(soon(&app, "/healthz"), 200);
        assert_eq!(soon(&app, "/readyz"), 200);
        assert_eq!(soon(&app, &format!("/api/v1/students/{student}/courses")), 200);
        assert_eq!(soon(&app, "/api/v1/sections"), 200);
    }
    drop(pool);
    let answers: Vec<u16> = rush.into_iter().map(|asked| asked.join().unwrap()).collect();
    assert!(answers.iter().all(|status| [201, 409, 503].contains(status)), "{answers:?}");
    let accepted = answers.iter().filter(|status| **status == 201).count();
    assert_eq!(u64::try_from(accepted).unwrap(), enrolled(&app, &section));
    app.database.assert_invariants();
}

#[test]
fn health_checks_are_answered_while_every_reader_waits() {
    let app = TestApp::start_with(|settings| settings.store.queue = 4);
    let student = app.student("1");
    let mut locked = app.database.connect();
    locked.batch_execute("BEGIN; LOCK TABLE students").unwrap();
    let rush: Vec<_> = (0..40)
        .map(|number| {
            let (client, student) = (app.client().clone(), student.clone());
            let path =
                if number % 2 == 0 { format!("/api/v1/students/{student}/courses") } else { "/api/v1/students".into() };
            thread::spawn(move || client.get(&path).status)
        })
        .collect();
    app.database.wait_for_blocked_session();
    for _ in 0..5 {
        assert_eq!(soon(&app, "/healthz"), 200);
        assert_eq!(soon(&app, "/readyz"), 200);
    }
    drop(locked);
    let answers: Vec<u16> = rush.into_iter().map(|asked| asked.join().unwrap()).collect();
    assert!(answers.iter().all(|status| [200, 503].contains(status)), "{answers:?}");
}

fn enrolled(app: &TestApp, section: &str) -> u64 {
    app.get(&format!("/api/v1/sections/{section}")).expect(200)["enrolled"].as_u64().unwrap()
}
