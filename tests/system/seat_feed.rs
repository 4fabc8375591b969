//! The seats of a term, to poll and to follow, over HTTP.

use enrollment_tests::{ServerProcess, TestApp};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Who follows the seats of a term.
struct Listener(BufReader<TcpStream>);

impl Listener {
    fn of(address: SocketAddr, term: &str) -> Self {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(connection, "GET /api/v1/terms/{term}/seats/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        Self(BufReader::new(connection))
    }

    /// The next event, as its name and data; none when the stream has ended.
    fn next(&mut self) -> Option<(String, Value)> {
        let mut event = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // Each event is a chunk of its own, so no line of it is divided.
            if let Some(name) = line.strip_prefix("event: ") {
                name.trim_end().clone_into(&mut event);
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((event, serde_json::from_str(data).unwrap()));
            }
        }
    }

    fn expect(&mut self, event: &str) -> Value {
        let (name, data) = self.next().expect("the stream goes on");
        assert_eq!(name, event, "{data}");
        data
    }

    /// What is told of a section, as soon as so many of its seats are taken.
    fn until_taken(&mut self, section: &str, taken: u64) -> Value {
        loop {
            let (_, data) = self.next().expect("the stream goes on");
            let told = data["sections"].as_array().unwrap().iter().find(|told| told["id"] == section);
            if let Some(told) = told.filter(|told| told["taken"] == taken) {
                return told.clone();
            }
        }
    }
}

#[test]
fn the_seats_of_a_term_are_counted_in_one_list() {
    let app = TestApp::start();
    let (course, term) = (app.course("CS1", &json!({})), app.term("F26", &json!({})));
    let full = app.section(&course, &term, "1", 1, &json!({"waitlist_capacity": 5}));
    let shared = app.section(&course, &term, "2", 8, &json!({}));
    let sharing =
        app.section(&app.course("CS2", &json!({})), &term, "1", 8, &json!({"shares_seats_with": shared.as_str()}));
    let closed =
        app.section(&course, &term, "3", 4, &json!({"status": "planned", "overload": 2, "overload_reason": "chairs"}));
    app.section(&course, &app.term("S27", &json!({})), "1", 9, &json!({}));
    app.enroll(&app.student("1"), &full).expect(201);
    let waits = json!({"section_id": full, "waitlist": true});
    app.post(&format!("/api/v1/students/{}/courses", app.student("2")), &waits).expect(201);
    app.enroll(&app.student("3"), &sharing).expect(201);

    let path = format!("/api/v1/terms/{term}/seats");
    let seats = app.get(&path);
    let tag = seats.header("etag").unwrap().to_owned();
    let count = |id: &str, seats: u32, taken: u32, waitlisted: u32, open: bool| json!({"id": id, "seats": seats, "taken": taken, "waitlisted": waitlisted, "open": open});
    let expected = [
        count(&full, 1, 1, 1, false),
        count(&shared, 8, 1, 0, true),
        count(&sharing, 8, 1, 0, true),
        count(&closed, 6, 0, 0, false),
    ];
    assert_eq!(seats.expect(200), json!({"term_id": term, "sections": expected}));
    let unless = |tag: &str| app.send("GET", &path, &[("if-none-match", tag)], None);
    assert_eq!(unless(&tag).status, 304);
    app.enroll(&app.student("4"), &shared).expect(201);
    std::thread::sleep(Duration::from_millis(300));
    let changed = unless(&tag);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    assert_eq!(changed.expect(200)["sections"][1]["taken"], 2);

    let empty = app.term("S28", &json!({}));
    assert_eq!(app.get(&format!("/api/v1/terms/{empty}/seats")).expect(200)["sections"], json!([]));
    assert_eq!(app.get(&format!("/api/v1/terms/{}/seats", app.student("5"))).status, 404);
}

#[test]
fn a_thousand_listeners_hear_of_an_enrollment_within_a_second() {
    let app = TestApp::start();
    let (course, term) = (app.course("CS1", &json!({})), app.term("F26", &json!({})));
    let section = app.section(&course, &term, "1", 10, &json!({}));
    let student = app.student("1");
    let mut listeners: Vec<Listener> = (0..1_000).map(|_| Listener::of(app.address(), &term)).collect();
    for listener in &mut listeners {
        assert_eq!(listener.expect("seats")["sections"][0]["taken"], 0);
    }
    let reads = || app.database.number("SELECT seq_scan + idx_scan FROM pg_stat_user_tables WHERE relname = 'terms'");
    let (began, before) = (Instant::now(), reads());
    app.enroll(&student, &section).expect(201);
    let enrolled = Instant::now();
    let told = listeners[0].until_taken(&section, 1);
    let took = enrolled.elapsed();
    assert_eq!(told, json!({"id": section, "seats": 10, "taken": 1, "waitlisted": 0, "open": true}));
    assert!(took < Duration::from_secs(1), "it took {took:?}");
    for listener in &mut listeners[1..] {
        listener.until_taken(&section, 1);
    }
    let took = enrolled.elapsed();
    assert!(took < Duration::from_secs(3), "all were told in {took:?}");
    let reads = reads() - before;
    assert!(reads < 100, "{reads} reads of the term in {:?}, for a thousand listeners", began.elapsed());
}

#[test]
fn who_does_not_read_holds_nobody_up_and_is_told_the_newest() {
    let app = TestApp::start();
    let (course, term) = (app.course("CS1", &json!({})), app.term("F26", &json!({})));
    let sections: Vec<String> = (0..300).map(|n| app.section(&course, &term, &n.to_string(), 10, &json!({}))).collect();
    let (mut idle, mut quick) = (Listener::of(app.address(), &term), Listener::of(app.address(), &term));
    idle.expect("seats");
    quick.expect("seats");
    for taken in 1..=5 {
        app.database.execute("UPDATE seat_pools SET capacity = capacity + 1");
        loop {
            let (_, data) = quick.next().unwrap();
            if data["sections"].as_array().unwrap().iter().any(|told| told["seats"] == 10 + taken) {
                break;
            }
        }
    }
    let last = loop {
        let (_, data) = idle.next().unwrap();
        if let Some(told) = data["sections"].as_array().unwrap().iter().find(|told| told["id"] == sections[0].as_str())
            && told["seats"] == 15
        {
            break told.clone();
        }
    };
    assert_eq!(last["taken"], 0);
}

#[test]
fn streams_end_at_once_when_the_server_stops() {
    let mut app = TestApp::start();
    let term = app.term("F26", &json!({}));
    let mut listener = Listener::of(app.address(), &term);
    listener.expect("seats");
    let began = Instant::now();
    app.stop();
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
    assert_eq!(listener.next(), None);
}

#[test]
fn a_signal_ends_streams_too() {
    let folder = ServerProcess::data_dir();
    let mut server = ServerProcess::start(folder.path());
    let term = server.client().term("F26", &json!({}));
    let mut listener = Listener::of(server.address(), &term);
    listener.expect("seats");
    let began = Instant::now();
    assert_eq!(server.terminate(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(15), "it took {:?}", began.elapsed());
    assert_eq!(listener.next(), None);
}
