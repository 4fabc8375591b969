//! A proxy before PostgreSQL that counts round trips and loses connections while they commit.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// What happens to the next connection that commits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It is lost before the server hears of the commit.
    BeforeCommit,
    /// It is lost after the server has committed.
    AfterCommit,
    /// It is lost to the client, and a while later the server hears of the commit.
    CommitLater,
}

pub(crate) struct Proxy {
    pub(crate) url: String,
    counts: Arc<Counts>,
    losses: Sender<Loss>,
}

#[derive(Default)]
struct Counts {
    round_trips: AtomicUsize,
    parsed: AtomicUsize,
}

impl Proxy {
    /// A proxy before the database of this URL.
    pub(crate) fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let separator = if url.contains('?') { '&' } else { '?' };
        // Of a parameter that comes twice, libpq takes the last.
        let proxied = format!("{url}{separator}host=127.0.0.1&port={port}&sslmode=disable&gssencmode=disable");
        let (counts, (losses, to_lose)) = (Arc::<Counts>::default(), channel());
        let (counter, to_lose, server) = (Arc::clone(&counts), Arc::new(Mutex::new(to_lose)), Server::of(url));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (counter, to_lose, server) = (Arc::clone(&counter), Arc::clone(&to_lose), server.clone());
                thread::spawn(move || relay(&client.unwrap(), &server, &counter, &to_lose));
            }
        });
        Self { url: proxied, counts, losses }
    }

    /// How many round trips there were since this was last asked.
    pub(crate) fn round_trips(&self) -> usize {
        self.counts.round_trips.swap(0, Ordering::SeqCst)
    }

    /// How many statements the server had to parse since this was last asked, other than `BEGIN` and the like.
    pub(crate) fn statements_parsed(&self) -> usize {
        self.counts.parsed.swap(0, Ordering::SeqCst)
    }

    /// Loses the next connection that commits.
    pub(crate) fn lose(&self, loss: Loss) {
        self.losses.send(loss).unwrap();
    }
}

/// Where PostgreSQL is.
#[derive(Clone)]
enum Server {
    Socket(String),
    Tcp(String),
}

impl Server {
    fn of(url: &str) -> Self {
        let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
        let parameter = |name: &str| {
            parameters
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let port = parameter("port").unwrap_or("5432");
        if let Some(folder) = parameter("host") {
            return Self::Socket(format!("{}/.s.PGSQL.{port}", folder.replace("%2F", "/")));
        }
        let authority = address.split("://").nth(1).unwrap().split('/').next().unwrap();
        let host = authority.rsplit('@').next().unwrap();
        Self::Tcp(if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") })
    }

    fn connect(&self) -> Upstream {
        match self {
            Self::Socket(path) => Upstream::Socket(UnixStream::connect(path).unwrap()),
            Self::Tcp(address) => Upstream::Tcp(TcpStream::connect(address).unwrap()),
        }
    }
}

/// A connection to PostgreSQL.
enum Upstream {
    Socket(UnixStream),
    Tcp(TcpStream),
}

impl Upstream {
    fn reader(&self) -> Box<dyn Read + Send> {
        match self {
            Self::Socket(stream) => Box::new(stream.try_clone().unwrap()),
            Self::Tcp(stream) => Box::new(stream.try_clone().unwrap()),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Socket(stream) => stream.write_all(bytes),
            Self::Tcp(stream) => stream.write_all(bytes),
        }
    }
}

impl Drop for Upstream {
    /// Dropping alone would leave it open, as long as its reader is there.
    fn drop(&mut self) {
        let _ = match self {
            Self::Socket(stream) => stream.shutdown(Shutdown::Both),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

fn relay(client: &TcpStream, server: &Server, counts: &Counts, losses: &Mutex<Receiver<Loss>>) {
    client.set_nodelay(true).unwrap();
    let mut upstream = server.connect();
    let mut from_server = upstream.reader();
    let mut to_client = client.try_clone().unwrap();
    let answers = thread::spawn(move || {
        // Ends when either side is gone.
        let _ = io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut messages = Messages { from: client.try_clone().unwrap(), begun: false };
    while let Ok(message) = messages.next() {
        if message.ends_round_trip() {
            counts.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        if message.kind == Some(b'P') {
            counts.parsed.fetch_add(1, Ordering::SeqCst);
        }
        let loss = if message.commits() { losses.lock().unwrap().try_recv().ok() } else { None };
        if loss == Some(Loss::CommitLater) {
            client.shutdown(Shutdown::Both).unwrap();
            thread::sleep(Duration::from_millis(300));
        }
        if loss == Some(Loss::BeforeCommit) {
            client.shutdown(Shutdown::Both).unwrap();
            break;
        }
        if loss == Some(Loss::AfterCommit) {
            // Deaf, but not gone, until the server has had its time to commit.
            client.shutdown(Shutdown::Write).unwrap();
        }
        if upstream.send(&message.bytes).is_err() {
            break;
        }
        if loss.is_some() {
            thread::sleep(Duration::from_millis(100));
            let _ = client.shutdown(Shutdown::Both);
            break;
        }
    }
    drop(upstream);
    answers.join().unwrap();
}

/// The messages of a client, by the frontend protocol: the first has no type.
struct Messages {
    from: TcpStream,
    begun: bool,
}

struct Message {
    kind: Option<u8>,
    bytes: Vec<u8>,
}

impl Messages {
    fn next(&mut self) -> io::Result<Message> {
        let mut bytes = vec![0; if self.begun { 5 } else { 4 }];
        self.from.read_exact(&mut bytes)?;
        let kind = self.begun.then(|| bytes[0]);
        let length = u32::from_be_bytes(bytes[bytes.len() - 4..].try_into().unwrap());
        let head = bytes.len();
        bytes.resize(head + length as usize - 4, 0);
        self.from.read_exact(&mut bytes[head..])?;
        self.begun = true;
        Ok(Message { kind, bytes })
    }
}

impl Message {
    /// Whether the client now waits for the server: after a simple query, and after a `Sync`.
    fn ends_round_trip(&self) -> bool {
        matches!(self.kind, Some(b'Q' | b'S'))
    }

    fn commits(&self) -> bool {
        self.kind == Some(b'Q') && self.bytes.windows(6).any(|word| word == b"COMMIT")
    }
}
