//! How many clients may be connected, and how long each may take for nothing.
//!
//! A connection that waits costs a few kilobytes, so there can be thousands; what is scarce is the database behind, before which
//! the store has queues of its own. A connection is also an open file: a process may have so many of those, and the limit that
//! it starts with is often far below the one that it may set itself.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{Backlog, listen};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;
use tracing::warn;

/// Bounds of the connections of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// The most that are open at a time; further ones wait in the backlog.
    pub most: usize,
    /// The most that wait to be taken; further ones are turned away by the system.
    pub backlog: u16,
    /// How long one is kept on which nothing is asked.
    pub keep_alive: Duration,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self { most: 8_192, backlog: 4_096, keep_alive: Duration::from_secs(75), head_timeout: Duration::from_secs(10) }
    }
}

/// Files that are open besides connections of clients: logs, connections to the database, what the runtime needs.
const OTHER_FILES: u64 = 256;

impl Connections {
    /// How many each of these threads may have; as many as there are processors unless they are counted.
    pub(crate) fn of_a_thread(&self, threads: Option<usize>) -> usize {
        let threads = threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
        self.most.div_ceil(threads.max(1)).max(1)
    }

    /// Gives a listener this backlog: the standard library does not let it be chosen.
    pub(crate) fn set_backlog(&self, listener: &TcpListener) -> nix::Result<()> {
        listen(listener, Backlog::new(i32::from(self.backlog))?)
    }

    /// Lets this process open as many files as the connections need, or says that they will not be as many.
    pub fn allow_files(&self) {
        let needed = u64::try_from(self.most).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
        let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
        let allowed = needed.min(hard);
        if allowed > soft && setrlimit(Resource::RLIMIT_NOFILE, allowed, hard).is_err() {
            warn!(allowed = soft, needed, "could not raise the number of files that may be open");
        } else if hard < needed {
            warn!(
                allowed = hard,
                needed, "fewer files may be open than the connections need: raise the limit (`ulimit -n`)"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threads_share_the_connections() {
        let connections = Connections { most: 1_000, ..Connections::default() };
        for (threads, each) in [(1, 1_000), (2, 500), (3, 334), (0, 1_000)] {
            assert_eq!(connections.of_a_thread(Some(threads)), each);
        }
        assert!((1..=1_000).contains(&connections.of_a_thread(None)));
    }

    #[test]
    fn a_listener_takes_another_backlog() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Connections::default().set_backlog(&listener).unwrap();
        Connections { backlog: 1, ..Connections::default() }.set_backlog(&listener).unwrap();
    }
}
