//! Hostile input over real sockets: whatever comes is answered by a 4xx, or its connection is closed; never by a 5xx, and honest clients are
//! served meanwhile.
//!
//! To add an attack: a test in the file of its subject, or a line in a list there.

mod bodies;
mod crowds;
mod framing;
mod strings;

use enrollment_tests::Client;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What came back on a connection until it was closed, or nothing more came for a moment.
struct Heard(String);

/// Sends these bytes on a connection of their own. That the server closes it while it is written to is an answer, too.
fn send(address: SocketAddr, bytes: &[u8]) -> Heard {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    let _ = stream.write_all(bytes);
    listen(&mut stream)
}

fn listen(stream: &mut TcpStream) -> Heard {
    let (mut heard, mut some) = (Vec::new(), [0; 8192]);
    while let Ok(count @ 1..) = stream.read(&mut some) {
        heard.extend_from_slice(&some[..count]);
        // An answer that is whole: what would come after it is another's.
        if some[..count].ends_with(b"}") {
            stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        }
    }
    Heard(String::from_utf8_lossy(&heard).into_owned())
}

impl Heard {
    /// The statuses of the answers.
    fn statuses(&self) -> Vec<u16> {
        self.0.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
    }

    /// Refused by a 4xx, once, or closed without a word.
    #[track_caller]
    fn assert_refused(&self, what: &str) {
        let statuses = self.statuses();
        assert!(statuses.len() <= 1 && statuses.iter().all(|status| (400..500).contains(status)), "{what}: {}", self.0);
    }
}

#[track_caller]
fn assert_serves(client: &Client) {
    assert_eq!(client.get("/healthz").status, 200);
}

/// The memory of a process, in MiB.
fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
