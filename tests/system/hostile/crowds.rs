//! Many who take their time: 10,000 connections that never finish a request, as far as this process may have that many open.

use super::*;
use enrollment_tests::{Place, ServerProcess};
use std::thread;
use std::time::Instant;

/// How many connections this process may have, with room for the other tests.
fn affordable(wanted: usize) -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft = files.split_whitespace().nth(3).and_then(|number| number.parse().ok()).unwrap_or(usize::MAX);
    wanted.min(soft.saturating_sub(soft / 4).saturating_sub(400)).max(100)
}

#[test]
fn honest_clients_are_served_among_thousands_who_never_finish() {
    let data = ServerProcess::data_dir();
    let place = Place::data_dir(data.path()).with(&[
        ("ENROLLMENT_MAX_CONNECTIONS", "12000"),
        ("ENROLLMENT_MAX_CONNECTIONS_PER_ADDRESS", "12000"),
        ("ENROLLMENT_HEAD_TIMEOUT", "4"),
        ("ENROLLMENT_BODY_TIMEOUT", "4"),
    ]);
    let server = ServerProcess::start_at(&place, ServerProcess::free_address());
    let client = server.client();
    assert_serves(&client);
    let before = resident(server.pid());
    let count = affordable(10_000);
    eprintln!("hostile: {count} slow connections");
    let mut slow: Vec<TcpStream> = Vec::with_capacity(count);
    for number in 0..count {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_nonblocking(true).unwrap();
        // A head, or a body, that goes on byte by byte.
        let begun: &[u8] = match number % 3 {
            0 => b"G",
            1 => b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ",
            _ => b"POST /api/v1/terms HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{",
        };
        let _ = stream.write(begun);
        slow.push(stream);
    }
    let (until, mut slowest, mut grown) = (Instant::now() + Duration::from_secs(3), Duration::ZERO, 0);
    while Instant::now() < until {
        for stream in &mut slow {
            let _ = stream.write(b"x");
        }
        let asked = Instant::now();
        assert_serves(&client);
        slowest = slowest.max(asked.elapsed());
        grown = grown.max(resident(server.pid()).saturating_sub(before));
        thread::sleep(Duration::from_millis(100));
    }
    assert!(slowest < Duration::from_secs(2), "an honest client waited {slowest:?}");
    assert!(grown < 400, "{grown} MiB for {count} connections");
    // All of them are ended in time, though each sent something all the while.
    let deadline = Instant::now() + Duration::from_secs(15);
    while !slow.is_empty() {
        slow.retain_mut(|stream| {
            let mut some = [0; 512];
            loop {
                match stream.read(&mut some) {
                    Ok(1..) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break true,
                    Ok(0) | Err(_) => break false,
                }
            }
        });
        for stream in &mut slow {
            let _ = stream.write(b"x");
        }
        assert!(Instant::now() < deadline, "{} of {count} are still open", slow.len());
        thread::sleep(Duration::from_millis(50));
    }
    assert_serves(&client);
}
