//! What the server puts up with from the network, over real sockets: heads, slow senders, rates, connections, pages of others, TLS.

pub(crate) mod tls;

use enrollment_server::application::{Edge, Origins, Proxies, Rate, Rates};
use enrollment_tests::{Answer, Client, TestApp};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// A proxy on this machine, so that a test can come from many addresses.
fn behind_a_proxy(rates: Rates) -> TestApp {
    let proxies = Proxies { trusted: vec!["127.0.0.0/8".parse().unwrap()], ..Proxies::default() };
    TestApp::start_with(|settings| settings.edge = Edge { rates, proxies, ..Edge::default() })
}

fn from(client: &Client, address: &str, method: &str, path: &str) -> Answer {
    client.send(method, path, &[("x-forwarded-for", address)], None)
}

fn rate(text: &str) -> Option<Rate> {
    Rate::parse(text).unwrap()
}

#[test]
fn an_address_that_asks_too_often_is_told_when_to_come_again() {
    let app = behind_a_proxy(Rates { address_reads: rate("1/3"), ..Rates::OFF });
    let ask = |address| from(&app, address, "GET", "/api/v1/terms");
    assert_eq!([(); 4].map(|()| ask("192.0.2.1").status), [200, 200, 200, 429]);
    let refused = ask("192.0.2.1");
    assert_eq!(refused.body["type"], "/problems/too-many-requests");
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(wait, 1);
    assert_eq!(ask("192.0.2.2").status, 200, "somebody else");
    assert_eq!(ask("192.0.2.1, 192.0.2.3").status, 200, "what a client says of itself counts for nothing");
    thread::sleep(Duration::from_secs(wait));
    assert_eq!(ask("192.0.2.1").status, 200, "who waits as told is served");
    let metrics = app.get("/metrics").expect(200);
    assert!(metrics.as_str().unwrap().contains("enrollment_rate_limited_total{budget=\"reads\"} 2"), "{metrics}");
}

#[test]
fn a_rush_of_students_behind_one_address_is_not_refused() {
    let app = behind_a_proxy(Rates::default());
    let (section, students) = (app.open_section(1), (0..40).map(|n| app.student(&n.to_string())).collect::<Vec<_>>());
    let statuses: Vec<u16> = thread::scope(|scope| {
        let rush: Vec<_> = students
            .chunks(10)
            .map(|students| {
                let (client, section) = (app.client().clone(), &section);
                scope.spawn(move || {
                    let clicks = students.iter().flat_map(|student| [student; 4]);
                    clicks.map(|student| click(&client, student, section)).collect::<Vec<_>>()
                })
            })
            .collect();
        rush.into_iter().flat_map(|clicks| clicks.join().unwrap()).collect()
    });
    assert_eq!(statuses.len(), 160);
    assert!(statuses.iter().all(|status| matches!(status, 201 | 409)), "{statuses:?}");
}

fn click(client: &Client, student: &str, section: &str) -> u16 {
    let path = format!("/api/v1/students/{student}/courses");
    client.send_json("POST", &path, &[("x-forwarded-for", "192.0.2.1")], &json!({"section_id": section})).status
}

#[test]
fn heads_have_a_size() {
    let app = TestApp::start();
    let long = app.get(&format!("/api/v1/students?number={}", "9".repeat(9_000)));
    assert_eq!((long.status, &long.body["type"]), (414, &json!("/problems/uri-too-long")));
    let large = app.send("GET", "/healthz", &[("x-padding", &"p".repeat(40_000))], None);
    assert_eq!((large.status, &large.body["type"]), (431, &json!("/problems/headers-too-large")));
    let many = app.get(&format!("/api/v1/terms?{}", "a=1&".repeat(500)));
    assert_eq!((many.status, many.body["errors"].as_array().unwrap().len()), (422, 1));
}

#[test]
fn who_sends_a_body_too_slowly_is_told_and_nothing_is_done() {
    let app = TestApp::start_with(|settings| settings.body_time_limit = Duration::from_millis(300));
    let mut slow = TcpStream::connect(app.address()).unwrap();
    write!(
        slow,
        "POST /api/v1/terms HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{\"code\""
    )
    .unwrap();
    let answer = read_all(&mut slow);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("/problems/body-too-slow"), "{answer}");
    assert_eq!(app.get("/api/v1/terms").expect(200)["items"], json!([]));
}

fn read_all(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    let mut answer = Vec::new();
    let mut some = [0; 4096];
    // Until it is closed, or the answer is there.
    while let Ok(count @ 1..) = stream.read(&mut some) {
        answer.extend_from_slice(&some[..count]);
        if answer.ends_with(b"}") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn one_address_does_not_have_all_connections() {
    let app = TestApp::start_with(|settings| settings.connections.of_one_address = 3);
    let first = [(); 3].map(|()| TcpStream::connect(app.address()).unwrap());
    for mut stream in &first {
        write!(stream, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
    }
    let mut further = TcpStream::connect(app.address()).unwrap();
    further.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = write!(further, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(matches!(further.read(&mut [0]), Ok(0) | Err(_)), "it is closed without an answer");
    drop(first);
    let deadline = Instant::now() + Duration::from_secs(5);
    while app.client().try_send("GET", "/healthz", &[], None).is_none_or(|answer| answer.status != 200) {
        assert!(Instant::now() < deadline, "there is room again");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn every_answer_has_the_security_headers() {
    let app = TestApp::start();
    for path in
        ["/healthz", "/api/v1/students", "/api/v1/students/none", "/nowhere", "/metrics", "/api/docs/index.html"]
    {
        let answer = app.get(path);
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer")]
        {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.starts_with("default-src '"), "{path}: {policy}");
        let cached = if path.starts_with("/api/docs") { "max-age=600" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), Some(cached), "{path}");
        assert_eq!(answer.header("strict-transport-security"), None, "not without TLS");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[test]
fn pages_of_others_may_ask_only_where_they_are_named() {
    const PORTAL: &str = "https://portal.example.edu";
    let preflight = |app: &TestApp, origin: &str, method: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", "authorization,content-type,idempotency-key"),
        ];
        app.send("OPTIONS", "/api/v1/terms", &headers, None)
    };
    let closed = TestApp::start();
    assert_eq!(preflight(&closed, PORTAL, "POST").status, 405);
    drop(closed);

    let app = TestApp::start_with(|settings| settings.edge.origins = Origins::new([PORTAL]).unwrap());
    let asked = preflight(&app, PORTAL, "POST");
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (200, Some(PORTAL)));
    let allowed = asked.header("access-control-allow-headers").unwrap().to_lowercase();
    assert!(
        ["authorization", "content-type", "idempotency-key"].iter().all(|name| allowed.contains(name)),
        "{allowed}"
    );
    assert_eq!(asked.header("access-control-allow-credentials"), None);
    for (origin, method) in [("https://evil.example", "POST"), (PORTAL, "TRACE"), ("null", "GET")] {
        let refused = preflight(&app, origin, method);
        assert_eq!(refused.status, 400, "{origin} {method}");
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    }
    let read = app.send("GET", "/api/v1/terms", &[("origin", PORTAL)], None);
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, Some(PORTAL)));
    assert!(read.header("vary").is_some_and(|vary| vary.to_lowercase().contains("origin")));
    let foreign = app.send("GET", "/api/v1/terms", &[("origin", "https://evil.example")], None);
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (200, None));
    let problem = app.send("GET", "/api/v1/terms/none", &[("origin", PORTAL)], None);
    assert_eq!(
        (problem.status, problem.header("access-control-allow-origin")),
        (404, Some(PORTAL)),
        "pages see problems"
    );
}
