//! How many clients may be connected, and how long each may take for nothing.
//!
//! A connection that waits costs a few kilobytes, so there can be thousands; what is scarce is the database behind, before which
//! the store has queues of its own. A connection is also an open file: a process may have so many of those, and the limit that
//! it starts with is often far below the one that it may set itself.

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use enrollment_http::Proxies;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{Backlog, Shutdown, listen, shutdown};
#[cfg(target_os = "linux")]
use nix::sys::socket::{setsockopt, sockopt::TcpUserTimeout};
use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tracing::warn;

/// Bounds of the connections of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// The most that are open at a time; further ones wait in the backlog.
    pub most: usize,
    /// The most that are open from one address.
    pub of_one_address: usize,
    /// The most that wait to be taken; further ones are turned away by the system.
    pub backlog: u16,
    /// How long one is kept on which nothing is asked.
    pub keep_alive: Duration,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            most: 8_192,
            of_one_address: 4_096,
            backlog: 4_096,
            keep_alive: Duration::from_secs(75),
            head_timeout: Duration::from_secs(10),
        }
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

/// How many connections each address has.
#[derive(Clone)]
pub(crate) struct Crowd {
    most: usize,
    /// Those who stand between count for nobody: behind them are all others.
    proxies: Proxies,
    of_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection that counts, until this is dropped with it.
struct Counted {
    address: IpAddr,
    of_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Crowd {
    pub(crate) fn new(most: usize, proxies: Proxies) -> Self {
        Self { most, proxies, of_address: Arc::default() }
    }

    /// Counts a new connection, and ends it where its address has too many: nothing was asked on it, so there is nothing to answer.
    pub(crate) fn admit(&self, connection: &dyn Any, data: &mut Extensions) {
        let by_tls = || connection.downcast_ref::<TlsStream<TcpStream>>().map(|stream| stream.get_ref().0);
        let Some(stream) = connection.downcast_ref::<TcpStream>().or_else(by_tls) else { return };
        let Ok(peer) = stream.peer_addr() else { return };
        end_when_unread(stream);
        let address = peer.ip().to_canonical();
        if self.proxies.trust(address) {
            return;
        }
        match self.count(address) {
            Some(counted) => drop(data.insert(counted)),
            None => drop(shutdown(stream.as_raw_fd(), Shutdown::Both)),
        }
    }

    fn count(&self, address: IpAddr) -> Option<Counted> {
        let mut connections = self.of_address.lock().unwrap_or_else(PoisonError::into_inner);
        let own = connections.entry(address).or_default();
        if *own >= self.most {
            return None;
        }
        *own += 1;
        Some(Counted { address, of_address: Arc::clone(&self.of_address) })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut connections = self.of_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut own) = connections.entry(self.address) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

/// How long a client may leave an answer unread before its connection is ended.
#[cfg(target_os = "linux")]
const UNREAD: u32 = 30_000;

/// Whoever asks for much and reads nothing would keep the answer in memory for ever.
fn end_when_unread(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    // One that has just been closed has no options, and needs none.
    let _ = setsockopt(stream, TcpUserTimeout, &UNREAD);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
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
    fn an_address_has_so_many_connections_and_no_more() {
        let crowd = Crowd::new(2, Proxies::default());
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().unwrap());
        let (first, second) = (crowd.count(one), crowd.count(one));
        assert!(first.is_some() && second.is_some() && crowd.count(one).is_none());
        assert!(crowd.count(other).is_some());
        drop(first);
        assert!(crowd.count(one).is_some(), "one has gone");
        drop(second);
        assert!(crowd.of_address.lock().unwrap().is_empty(), "nobody is remembered who is not there");
    }

    #[test]
    fn a_listener_takes_another_backlog() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Connections::default().set_backlog(&listener).unwrap();
        Connections { backlog: 1, ..Connections::default() }.set_backlog(&listener).unwrap();
    }
}
