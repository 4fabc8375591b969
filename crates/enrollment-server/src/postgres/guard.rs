//! Runs `postgres` so that it ends with its owner, however the owner ends.
//!
//! The owner holds one end of a pipe. A shell holds the other; when the pipe closes, because the owner closed it, exited,
//! crashed or was killed, the shell stops PostgreSQL. No other process has the owner's end: the standard library marks it
//! to be closed on exec. Shell and PostgreSQL are a process group of their own, which Ctrl-C at the terminal does not
//! reach, so that the server can finish what is in flight before its database goes.

use super::account::Account;
use super::error::{ClusterError, io_error};
use super::postmaster;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::time::Duration;

/// How long PostgreSQL may take for its last checkpoint after the pipe is closed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the shell runs, with the command line of PostgreSQL as its arguments. It writes PostgreSQL's process number, and
/// ends when PostgreSQL ends.
///
/// The signal is repeated because one that comes before PostgreSQL has set up its handlers is lost: shells start
/// commands in the background with SIGINT ignored. The last `kill` is for the watcher and what it runs, which are what is
/// left of the group.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- >&2 &
postmaster=$!
{ cat <&3; while kill -INT "$postmaster"; do sleep 1; done; } >/dev/null 2>&1 &
exec 3<&-
echo "$postmaster"
wait "$postmaster"
status=$?
trap : TERM
kill -TERM 0
exit "$status"
"#;

/// A running PostgreSQL that ends when this is dropped or its process ends.
#[derive(Debug)]
pub(super) struct Guard {
    shell: Child,
    /// Closing it stops PostgreSQL.
    pipe: Option<ChildStdin>,
    postmaster: i32,
    pgdata: PathBuf,
}

impl Guard {
    /// Starts PostgreSQL; it is not ready yet.
    pub(super) fn start(
        account: &Account,
        postgres: &Path,
        arguments: &[OsString],
        pgdata: &Path,
        log: File,
    ) -> Result<Self, ClusterError> {
        let mut command = account.command("/bin/sh");
        command.args(["-c", SCRIPT, "sh"]).arg(postgres).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).process_group(0);
        let mut shell = command.spawn().map_err(io_error("run", "/bin/sh"))?;
        let pipe = shell.stdin.take();
        let mut line = String::new();
        if let Some(output) = shell.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(io_error("read the output of", "/bin/sh"))?;
        }
        // Without a number, the shell did not get as far as starting anything. No process has number zero.
        let postmaster = line.trim().parse().unwrap_or(0);
        Ok(Self { shell, pipe, postmaster, pgdata: pgdata.to_owned() })
    }

    /// The process number of PostgreSQL.
    pub(super) fn postmaster(&self) -> i32 {
        self.postmaster
    }

    /// Whether PostgreSQL ended.
    pub(super) fn has_ended(&mut self) -> Result<bool, ClusterError> {
        Ok(self.shell.try_wait().map_err(io_error("wait for", "/bin/sh"))?.is_some())
    }

    /// Stops PostgreSQL and waits until it has ended.
    pub(super) fn stop(&mut self) -> Result<(), ClusterError> {
        if self.pipe.take().is_none() {
            return Ok(());
        }
        if !postmaster::ends_within(self.postmaster, &self.pgdata, PATIENCE) {
            postmaster::stop(self.postmaster, &self.pgdata)?;
        }
        self.shell.wait().map(|_| ()).map_err(io_error("wait for", "/bin/sh"))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!("{error}");
        }
    }
}
