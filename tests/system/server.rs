//! What operators see: health, metrics, documents, and how the server stops.

use enrollment_tests::TestApp;
use serde_json::json;
use std::path::Path;
use std::thread;
use std::time::Duration;

#[test]
fn health_is_told() {
    let app = TestApp::start();
    assert_eq!(app.get("/healthz").status, 200);
    assert_eq!(app.get("/readyz").status, 200);
    app.database.execute(
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)",
    );
    assert_eq!(app.get("/readyz").status, 503, "a migration is missing");
    assert_eq!(app.get("/healthz").status, 200);
}

#[test]
fn metrics_count_requests_enrollments_and_refusals() {
    let app = TestApp::start();
    let (section, student) = (app.open_section(1), app.student("1"));
    app.enroll(&student, &section).expect(201);
    app.enroll(&student, &section).refused();
    let metrics = app.get("/metrics").expect(200);
    let metrics = metrics.as_str().unwrap();
    let lines = |name: &str| -> Vec<&str> { metrics.lines().filter(|line| line.starts_with(name)).collect() };
    let enrolls: Vec<&str> = lines("enrollment_http_requests_total")
        .into_iter()
        .filter(|line| line.contains("{id}/courses") && line.contains("POST"))
        .collect();
    assert_eq!(enrolls.len(), 2, "one line a status, by the route and not the path: {enrolls:?}");
    assert!(
        lines("enrollment_refusals_total").iter().any(|line| line.contains("already_enrolled") && line.ends_with(" 1")),
        "{metrics}"
    );
    assert!(metrics.contains("enrollment_store_connections{"), "{metrics}");
    assert!(!metrics.contains(&student), "no ids in labels");
}

#[test]
fn the_openapi_document_is_served_as_it_is_checked_in() {
    let app = TestApp::start();
    let served = app.get("/api/openapi.json").expect(200);
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let snapshot: serde_json::Value = serde_json::from_slice(&std::fs::read(snapshot).unwrap()).unwrap();
    assert!(served == snapshot, "the API has changed: renew the snapshot by `enrollment openapi > docs/openapi.json`");
    assert_eq!(app.get("/api/docs").status, 200);
}

#[test]
fn stopping_finishes_what_is_in_flight() {
    let mut app = TestApp::start();
    let (section, student) = (app.open_section(1), app.student("1"));
    // Somebody holds the student's row, so that the enrollment waits in the database.
    let lock = app.database.lock_row("students", &student);
    let waiting = thread::spawn({
        let (client, student) = (app.client().clone(), student.clone());
        move || client.enroll(&student, &section)
    });
    app.database.wait_for_blocked_session();
    let releasing = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        drop(lock);
    });
    app.stop();
    releasing.join().unwrap();
    let answer = waiting.join().unwrap();
    assert_eq!(answer.status, 201, "{:#}", answer.body);
    assert!(app.client().try_send("GET", "/healthz", &[], None).is_none(), "the server is gone");
    assert_eq!(app.database.number(&format!("SELECT count(*) FROM student_courses WHERE student_id = '{student}'")), 1);
}

#[test]
fn a_request_id_is_kept_or_made() {
    let app = TestApp::start();
    let answer = app.send("GET", "/healthz", &[("x-request-id", "from-me")], None);
    assert_eq!(answer.header("x-request-id"), Some("from-me"));
    assert!(app.get("/healthz").header("x-request-id").is_some_and(|id| id.len() == 36));
    assert_eq!(app.get("/api/v1/students").expect(200)["items"], json!([]));
}
