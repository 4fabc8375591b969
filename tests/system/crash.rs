//! What a client was told survives a crash: the server, as its users run it, is killed in the middle of a run.

use enrollment_tests::{Client, ServerProcess};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn every_acknowledged_enrollment_survives_kill_nine_of_the_server() {
    let folder = ServerProcess::data_dir();
    let mut server = ServerProcess::start(folder.path());
    let client = server.client();
    let course = client.course("CS101", &json!({}));
    let term = client.term("F26", &json!({}));
    let section = client.section(&course, &term, "1", 10_000, &json!({}));
    let students: Vec<String> = (0..600).map(|number| client.student(&number.to_string())).collect();

    let answered = AtomicUsize::new(0);
    let acknowledged: BTreeSet<String> = thread::scope(|scope| {
        let writers: Vec<_> = students
            .chunks(100)
            .map(|students| {
                let (client, section, answered) = (client.clone(), &section, &answered);
                scope.spawn(move || enroll_until_the_end(&client, students, section, answered))
            })
            .collect();
        while answered.load(Ordering::Relaxed) < 100 {
            thread::sleep(Duration::from_millis(1));
        }
        server.kill();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert!(acknowledged.len() >= 100, "the run was under way");
    assert!(acknowledged.len() < students.len(), "the server was killed in the middle");

    let server = ServerProcess::start(folder.path());
    let client = server.client();
    let mut roster = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/api/v1/sections/{section}/students?limit=200{cursor}")).expect(200);
        roster.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["student_id"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let lost: Vec<&String> = acknowledged.difference(&roster).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert_eq!(server.command(&["check"]).status, Some(0));
}

/// Enrolls one student after the other until the server answers no more, and tells who was told 201.
fn enroll_until_the_end(client: &Client, students: &[String], section: &str, answered: &AtomicUsize) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for student in students {
        let path = format!("/api/v1/students/{student}/courses");
        let body = json!({ "section_id": section }).to_string();
        let Some(answer) = client.try_send("POST", &path, &[("content-type", "application/json")], Some(body)) else {
            break;
        };
        assert_eq!(answer.status, 201, "{:#}", answer.body);
        acknowledged.push(student.clone());
        answered.fetch_add(1, Ordering::Relaxed);
    }
    acknowledged
}

#[test]
fn a_second_server_on_the_same_data_is_told_who_has_it() {
    let folder = ServerProcess::data_dir();
    let server = ServerProcess::start(folder.path());
    let second = server.command(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status, Some(1), "{second:?}");
    assert!(second.output.contains(&server.pid().to_string()), "{second:?}");
    assert_eq!(server.client().get("/healthz").status, 200);
}

#[test]
fn a_server_told_to_stop_ends_cleanly_and_keeps_its_data() {
    let folder = ServerProcess::data_dir();
    let mut server = ServerProcess::start(folder.path());
    let student = server.client().student("1");
    assert_eq!(server.terminate(), Some(0));
    let server = ServerProcess::start(folder.path());
    server.client().get(&format!("/api/v1/students/{student}")).expect(200);
}
