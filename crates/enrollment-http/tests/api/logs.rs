//! What the log says of a request, and what it does not.

use crate::api::Ports;
use crate::samples::*;
use actix_web::test::TestRequest;
use enrollment_core::Error;
use enrollment_core::page::Page;
use std::io;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// A log that is kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    /// Keeps what this thread logs until the guard is dropped.
    fn keep(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(self.clone()).finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[actix_web::test]
async fn a_cause_is_logged_with_the_request_and_not_told() {
    let mut ports = Ports::default();
    ports.students.expect_find().returning(|_| Err(Error::Internal("relation \"students\" does not exist".into())));
    let api = ports.api();
    let log = Log::default();
    let guard = log.keep();
    let request = TestRequest::get().uri("/api/v1/students/0190a1b2-0000-7000-8000-000000000001");
    let answer = api.send(request.insert_header(("x-request-id", "trace-17"))).await;
    drop(guard);
    let problem = answer.problem(500, "/problems/internal");
    assert!(!problem.to_string().contains("relation"));
    let text = log.text();
    let line = text.lines().find(|line| line.contains("ERROR")).unwrap();
    for part in ["trace-17", "/api/v1/students/{id}", "relation \\\"students\\\" does not exist"] {
        assert!(line.contains(part), "{part}: {line}");
    }
}

#[actix_web::test]
async fn an_answer_is_logged_by_route_and_status_without_what_identifies_a_person() {
    let mut ports = Ports::default();
    ports.students.expect_insert().returning(|entry, _| Ok(entry));
    ports.students.expect_list().returning(|_, _| Ok(Page { items: vec![student()], next: None }));
    let api = ports.api();
    let log = Log::default();
    let guard = log.keep();
    api.post("/api/v1/students", student_body()).await;
    api.get("/api/v1/students?number=11717487").await;
    api.get(&format!("/api/v1/students/{STUDENT}/nothing")).await;
    drop(guard);
    let text = log.text();
    for part in ["route=\"/api/v1/students\"", "status=201", "status=200", "method=POST", "latency_us=", "unmatched"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for private in ["Ada", "Lovelace", "11717487", "ada@example.edu", STUDENT] {
        assert!(!text.contains(private), "{private}: {text}");
    }
}
