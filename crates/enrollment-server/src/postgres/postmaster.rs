//! The postmaster, PostgreSQL's first process, as seen from outside: its lock file and its process.

use super::error::{ClusterError, io_error};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// How long a postmaster may take for its last checkpoint before it is stopped without one. Nothing is lost then, but the
/// next start replays what the checkpoint would have written.
const FAST_STOP: Duration = Duration::from_secs(20);

/// How long it may take to stop without one.
const IMMEDIATE_STOP: Duration = Duration::from_secs(10);

/// How long until a signal is repeated.
const REPEAT: Duration = Duration::from_secs(1);

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) socket_dir: PathBuf,
    pub(super) ready: bool,
}

impl PidFile {
    /// Reads that of a cluster; `None` when there is none, or it is still being written.
    pub(super) fn read(pgdata: &Path) -> Result<Option<Self>, ClusterError> {
        let path = pgdata.join("postmaster.pid");
        match fs::read(&path) {
            Ok(bytes) => Ok(Self::parse(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("read", path)(error)),
        }
    }

    /// Its lines are: process, data folder, start, port, socket folder, address, shared memory, status. They come one
    /// by one as PostgreSQL starts.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.split(|&byte| byte == b'\n');
        let pid = std::str::from_utf8(lines.next()?).ok()?.trim().parse().ok()?;
        let socket_dir = lines.nth(3).unwrap_or_default().to_vec();
        let status = lines.nth(2).unwrap_or_default();
        Some(Self {
            pid,
            socket_dir: PathBuf::from(OsString::from_vec(socket_dir)),
            ready: status.trim_ascii() == b"ready",
        })
    }
}

/// Whether there is a process of this number, of whomever.
pub(super) fn is_alive(pid: i32) -> bool {
    // Numbers below one address groups of processes.
    pid > 0 && matches!(kill(Pid::from_raw(pid), None), Ok(()) | Err(Errno::EPERM))
}

/// Whether this process is the postmaster of this cluster: numbers are used again, and `postmaster.pid` outlives a
/// crash. One that ended and waits to be reaped is not.
pub(super) fn is_postmaster_of(pid: i32, pgdata: &Path) -> bool {
    pid > 0 && command_line(pid).is_some_and(|arguments| runs_cluster(&arguments, pgdata))
}

/// Whether a command line is that of `postgres` on this cluster.
fn runs_cluster(arguments: &[OsString], pgdata: &Path) -> bool {
    // The children of a postmaster replace all of theirs by one string, "postgres: …".
    let Some(program) = arguments.first().and_then(|program| Path::new(program).file_name()) else { return false };
    let data_dir = arguments.windows(2).find(|pair| pair[0] == "-D").map(|pair| Path::new(&pair[1]));
    (program == "postgres" || program == "postmaster")
        && data_dir.is_some_and(|dir| dir == pgdata || dir.canonicalize().is_ok_and(|dir| dir == pgdata))
}

/// The command line of a process, from `/proc` or, on systems without, from `ps`.
fn command_line(pid: i32) -> Option<Vec<OsString>> {
    if Path::new("/proc/self/cmdline").exists() {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        return Some(bytes.split(|&byte| byte == 0).map(|part| OsString::from_vec(part.to_vec())).collect());
    }
    let output = Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output().ok()?;
    Some(split_command(&output.stdout))
}

/// Takes a command line of ours apart again: `ps` joins it by spaces, of which the data folder may have some.
fn split_command(joined: &[u8]) -> Vec<OsString> {
    let joined = joined.trim_ascii();
    let find = |from: usize, part: &[u8]| joined[from..].windows(part.len()).position(|window| window == part);
    let Some(option) = find(0, b" -D ") else { return vec![OsString::from_vec(joined.to_vec())] };
    let dir = option + " -D ".len();
    let end = find(dir, b" -c ").map_or(joined.len(), |length| dir + length);
    [&joined[..option], b"-D", &joined[dir..end]].map(|part| OsString::from_vec(part.to_vec())).into()
}

/// Stops a postmaster that an earlier owner left behind, and clears away a lock file that would keep a new one from
/// starting. Only for the owner of the cluster.
pub(super) fn clear_the_way(pgdata: &Path) -> Result<(), ClusterError> {
    let Some(file) = PidFile::read(pgdata)? else { return Ok(()) };
    if is_postmaster_of(file.pid, pgdata) {
        tracing::warn!(pid = file.pid, "stopping the PostgreSQL that an earlier owner left behind");
        return stop(file.pid, pgdata);
    }
    // PostgreSQL clears a stale lock file itself, except when the number now belongs to another process of the same
    // account. In containers, where numbers start small at every start, that is common.
    if is_alive(file.pid) && !may_be_postmaster(file.pid) {
        let path = pgdata.join("postmaster.pid");
        fs::remove_file(&path).map_err(io_error("remove", path))?;
    }
    Ok(())
}

/// Whether it cannot be excluded that this process is a postmaster, of whichever cluster. Then it is left to PostgreSQL
/// to tell, which knows its shared memory.
fn may_be_postmaster(pid: i32) -> bool {
    let program = command_line(pid).and_then(|arguments| arguments.into_iter().next());
    let program = program.as_deref().map(Path::new).and_then(Path::file_name);
    program.is_some_and(|program| program == "postgres" || program == "postmaster")
}

/// Stops a postmaster: first fast, which breaks connections and writes a checkpoint, then at once.
pub(super) fn stop(pid: i32, pgdata: &Path) -> Result<(), ClusterError> {
    for (signal, patience) in [(Signal::SIGINT, FAST_STOP), (Signal::SIGQUIT, IMMEDIATE_STOP)] {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            // Repeated, since one that has only just started loses it. A failure shows in that it does not end.
            let _ = kill(Pid::from_raw(pid), signal);
            if ends_within(pid, pgdata, REPEAT) {
                return Ok(());
            }
        }
        tracing::warn!(pid, %signal, "PostgreSQL did not stop in time");
    }
    Err(ClusterError::WillNotStop { pid, pgdata: pgdata.to_owned() })
}

/// Waits for a postmaster to end by itself.
pub(super) fn ends_within(pid: i32, pgdata: &Path, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    while is_postmaster_of(pid, pgdata) {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const READY: &str = "4242\n/data/postgres\n1700000000\n5432\n/data/run\n\n  1234  56\nready   \n";

    #[test]
    fn the_lock_file_of_a_ready_postmaster_is_read() {
        let expected = PidFile { pid: 4242, socket_dir: "/data/run".into(), ready: true };
        assert_eq!(PidFile::parse(READY.as_bytes()), Some(expected));
    }

    #[test]
    fn a_postmaster_is_ready_only_when_it_says_so() {
        for status in ["starting", "stopping", "standby", ""] {
            let text = READY.replace("ready   ", status);
            assert!(!PidFile::parse(text.as_bytes()).unwrap().ready, "{status}");
        }
        assert!(!PidFile::parse(b"4242\n/data/postgres\n").unwrap().ready);
        assert_eq!(PidFile::parse(b""), None);
    }

    fn arguments(parts: &[&str]) -> Vec<OsString> {
        parts.iter().map(OsString::from).collect()
    }

    #[test]
    fn only_postgres_on_this_cluster_is_its_postmaster() {
        let pgdata = Path::new("/no/such/postgres");
        let runs = |parts: &[&str]| runs_cluster(&arguments(parts), pgdata);
        assert!(runs(&["/usr/lib/postgresql/15/bin/postgres", "-D", "/no/such/postgres", "-c", "fsync=on"]));
        assert!(!runs(&["/usr/lib/postgresql/15/bin/postgres", "-D", "/no/such/other"]));
        assert!(!runs(&["postgres: checkpointer ", ""]));
        assert!(!runs(&["sleep", "-D", "/no/such/postgres"]));
        assert!(!runs(&[""]));
    }

    #[test]
    fn what_ps_joins_is_taken_apart_again() {
        let joined =
            b"/opt/homebrew/bin/postgres -D /Users/ada/Application Support/postgres -c fsync=on -c port=5432\n";
        let expected = ["/opt/homebrew/bin/postgres", "-D", "/Users/ada/Application Support/postgres"];
        assert_eq!(split_command(joined), arguments(&expected));
        assert_eq!(split_command(b"sleep 5\n"), arguments(&["sleep 5"]));
    }

    #[test]
    fn this_process_is_alive_and_no_postmaster() {
        let pid = std::process::id().cast_signed();
        assert!(is_alive(pid));
        assert!(!is_postmaster_of(pid, Path::new("/data/postgres")));
        assert!(!is_alive(0) && !is_alive(-1));
    }
}
