//! Requests that do not say clearly where they begin and end, so that a proxy might read them in another way; and heads without end.

use super::*;
use enrollment_tests::TestApp;
use serde_json::json;

/// What would be a request of its own to whoever takes the one before it to have no body.
fn smuggled() -> String {
    let body = r#"{"code":"SMUGGLED","name":"x","time_zone":"UTC","starts_on":"2026-01-01","ends_on":"2026-02-01"}"#;
    format!(
        "POST /api/v1/terms HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_request_whose_length_is_told_in_two_ways_is_refused() {
    let app = TestApp::start();
    let inner = smuggled();
    let whole = inner.len();
    for fields in [
        format!("content-length: {whole}\r\ntransfer-encoding: chunked"),
        format!("transfer-encoding: chunked\r\ncontent-length: {whole}"),
        format!("content-length: {whole}\r\ncontent-length: 0"),
        format!("content-length: 0\r\ncontent-length: {whole}"),
        format!("content-length: 0, {whole}"),
        "content-length: +0".to_owned(),
        "content-length: -1".to_owned(),
        "content-length: 0x0".to_owned(),
        "content-length: 99999999999999999999999".to_owned(),
        "content-length: 1e1".to_owned(),
        "transfer-encoding: xchunked".to_owned(),
        "transfer-encoding: chunked, identity".to_owned(),
        "transfer-encoding: identity, chunked, chunked".to_owned(),
        "transfer-encoding:\u{b}chunked".to_owned(),
        "transfer-encoding : chunked".to_owned(),
        "content-length : 0".to_owned(),
        "x: y\r\n transfer-encoding: chunked".to_owned(),
        "x: y\nz\rcontent-length: 0".to_owned(),
        "x: a\0b".to_owned(),
        ": empty".to_owned(),
        "no colon".to_owned(),
    ] {
        let request = format!(
            "POST /api/v1/students HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{fields}\r\n\r\n0\r\n\r\n{inner}"
        );
        send(app.address(), request.as_bytes()).assert_refused(&fields);
        assert_eq!(app.get("/api/v1/terms").expect(200)["items"], json!([]), "{fields}: nothing was smuggled in");
    }
    assert_serves(&app);
}

#[test]
fn chunks_that_are_none_are_refused() {
    let app = TestApp::start();
    for chunks in [
        "ffffffffffffffffff\r\n",
        "-1\r\n\r\n",
        "g\r\n",
        "5\r\nabcdefgh\r\n0\r\n\r\n",
        "0x5\r\nabcde\r\n0\r\n\r\n",
        "\r\n\r\n",
    ] {
        let request = format!(
            "POST /api/v1/students HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n{chunks}"
        );
        send(app.address(), request.as_bytes()).assert_refused(chunks);
    }
    assert_serves(&app);
}

#[test]
fn heads_that_are_too_long_or_none_are_refused() {
    let app = TestApp::start();
    let field = |length: usize| format!("x-long: {}\r\n", "x".repeat(length));
    let fields = |count: usize| (0..count).map(|n| format!("x-{n}: y")).collect::<Vec<_>>().join("\r\n") + "\r\n";
    for (what, head) in [
        ("a field of 40 kB", format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", field(40_000))),
        ("a field of 1 MB", format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", field(1_000_000))),
        ("200 fields", format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", fields(200))),
        ("100,000 fields", format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", fields(100_000))),
        ("a path of 10 kB", format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "p".repeat(10_000))),
        ("a path of 100 kB", format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "p".repeat(100_000))),
        ("a path of 1 MB", format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "p".repeat(1_000_000))),
        ("a method of 1 MB", format!("{} / HTTP/1.1\r\nhost: x\r\n\r\n", "M".repeat(1_000_000))),
        // actix-http 3.20 panics at a name of more than 64 KiB. That ends this connection and nothing else, as the next test sees.
        ("a name of 100 kB", format!("GET / HTTP/1.1\r\nhost: x\r\n{}: y\r\n\r\n", "n".repeat(100_000))),
        ("another protocol", "GET / SSH/2.0\r\n\r\n".to_owned()),
        ("a version to come", "GET / HTTP/9.9\r\nhost: x\r\n\r\n".to_owned()),
        ("a handshake of TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}".to_owned()),
        ("nothing but lines", "\r\n".repeat(100_000)),
        ("no path", "GET  HTTP/1.1\r\nhost: x\r\n\r\n".to_owned()),
        ("somebody else's path", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned()),
        ("an absolute path", "GET http://169.254.169.254/latest HTTP/1.1\r\nhost: x\r\n\r\n".to_owned()),
    ] {
        send(app.address(), head.as_bytes()).assert_refused(what);
    }
    assert_serves(&app);
}

#[test]
fn what_fails_below_the_application_costs_one_connection_each_and_no_more() {
    let app = TestApp::start_with(|settings| settings.connections.of_one_address = 8);
    let head = format!("GET / HTTP/1.1\r\nhost: x\r\n{}: y\r\n\r\n", "n".repeat(100_000));
    for _ in 0..20 {
        send(app.address(), head.as_bytes()).assert_refused("a name of 100 kB");
    }
    assert_serves(&app);
}
