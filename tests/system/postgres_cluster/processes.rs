//! Processes as the system sees them.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// What `ps` says of a process; empty when there is none.
fn ps(column: &str, pid: &str) -> String {
    let output = Command::new("ps").args(["-o", &format!("{column}="), "-p", pid]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Whether a process runs, rather than having ended and waiting to be reaped.
pub(super) fn is_running(pid: i32) -> bool {
    let state = ps("stat", &pid.to_string());
    !state.is_empty() && !state.starts_with('Z')
}

/// The processes that guard a postmaster: those of its group other than itself.
pub(super) fn guards_of(postmaster: i32) -> Vec<String> {
    let group = ps("pgid", &postmaster.to_string());
    let output = Command::new("ps").args(["-A", "-o", "pid=,pgid="]).output().unwrap();
    let all = String::from_utf8(output.stdout).unwrap();
    let pairs = all.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
    let guards = pairs.filter(|(pid, of)| of.trim() == group && *pid != postmaster.to_string());
    guards.map(|(pid, _)| pid.to_owned()).collect()
}

/// Sends a signal to a process, or, by a negative number, to a group.
pub(super) fn send(signal: &str, to: &str) {
    let sent = Command::new("sh").args(["-c", r#"kill -s "$1" -- "$2""#, "sh", signal, to]).status().unwrap();
    assert!(sent.success(), "{signal} to {to}");
}

/// Kills a process, which may have ended with another of its group.
pub(super) fn kill_if_there(pid: &str) {
    if is_running(pid.parse().unwrap()) {
        let _ = Command::new("sh").args(["-c", r#"kill -s KILL "$1" 2>/dev/null"#, "sh", pid]).status().unwrap();
    }
}

pub(super) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
