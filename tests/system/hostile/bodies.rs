//! Bodies that are deep, large, ambiguous or endless.

use super::*;
use enrollment_tests::{Place, ServerProcess, TestApp};
use std::thread;

/// 16 KiB of nothing.
const SPACES: [u8; 0x4000] = [b' '; 0x4000];

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn deep_and_ambiguous_json_is_refused() {
    let app = TestApp::start();
    let (student, section) = (app.student("1"), app.open_section(1));
    let paths = [
        ("POST", "/api/v1/students".to_owned()),
        ("POST", "/api/v1/courses".to_owned()),
        ("PATCH", format!("/api/v1/students/{student}")),
        ("POST", format!("/api/v1/students/{student}/courses")),
        ("POST", format!("/api/v1/students/{student}/plan")),
        ("POST", format!("/api/v1/sections/{section}/students")),
        ("PUT", format!("/api/v1/sections/{section}/grades")),
    ];
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    let bodies = [
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{\"requisite\":{}}}", deep("{\"all\":[", "]}")),
        format!("{{\"adds\":{}}}", deep("[", "]")),
        r#"{"number":"1","number":"2"}"#.to_owned(),
        r#"{"section_id":"a","section_id":"b"}"#.to_owned(),
        r#"{"number":"1"} {"number":"2"}"#.to_owned(),
        r#"{"number":1e99999}"#.to_owned(),
        format!(r#"{{"max_credits":{}}}"#, "9".repeat(10_000)),
        r#"{"credits":-1e-400,"capacity":18446744073709551616,"waitlist_capacity":-1}"#.to_owned(),
        r#"{"__proto__":{"a":1},"constructor":{}}"#.to_owned(),
        format!("{{{}}}", (0..20_000).map(|n| format!("\"f{n}\":0")).collect::<Vec<_>>().join(",")),
        "\u{feff}{}".to_owned(),
        "NaN".to_owned(),
        "{\"number\":'1'}".to_owned(),
    ];
    for (method, path) in &paths {
        for body in &bodies {
            let answer = app.send(method, path, &[JSON], Some(body.clone()));
            assert!((400..500).contains(&answer.status), "{method} {path}: {:.100}: {}", body, answer.status);
        }
    }
    assert_serves(&app);
}

/// Sends so many bytes after this head, as far as they are taken.
fn pour(address: SocketAddr, head: &str, piece: &[u8], pieces: usize) -> (Heard, usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let taken = (0..pieces).take_while(|_| stream.write_all(piece).is_ok()).count();
    (listen(&mut stream), taken * piece.len())
}

#[test]
fn a_body_without_end_takes_no_memory() {
    let data = ServerProcess::data_dir();
    let server = ServerProcess::start_at(&Place::data_dir(data.path()), ServerProcess::free_address());
    let (client, address) = (server.client(), server.address());
    assert_serves(&client);
    let before = resident(server.pid());
    let head = |how: &str| {
        format!("POST /api/v1/students HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{how}\r\n\r\n")
    };
    let length = head("content-length: 104857600");
    let (chunked, chunk) = (head("transfer-encoding: chunked"), [&b"4000\r\n"[..], &SPACES, b"\r\n"].concat());
    thread::scope(|scope| {
        let attacks: Vec<_> = (0..8)
            .flat_map(|_| {
                [
                    scope.spawn(|| pour(address, &length, &SPACES, 6_400).0),
                    scope.spawn(|| pour(address, &chunked, &chunk, 6_400).0),
                ]
            })
            .collect();
        while !attacks.iter().all(thread::ScopedJoinHandle::is_finished) {
            assert_serves(&client);
            thread::sleep(Duration::from_millis(20));
        }
        for attack in attacks {
            attack.join().unwrap().assert_refused("100 MB");
        }
    });
    let grown = resident(server.pid()).saturating_sub(before);
    // 16 bodies of at most 256 KiB and their buffers; the bodies would be 1,600 MiB.
    assert!(grown < 64, "{grown} MiB more than before");
}
