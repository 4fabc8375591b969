//! The server as its users run it: the program, on a PostgreSQL of its own or on a database that is named.

use crate::app::Client;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running `enrollment serve`. It is killed when dropped.
pub struct ServerProcess {
    child: Child,
    place: Place,
    address: SocketAddr,
}

/// Where a server's data is, and its other settings.
#[derive(Clone, Debug, Default)]
pub struct Place(Vec<(&'static str, OsString)>);

impl Place {
    /// A PostgreSQL of its own in this folder.
    pub fn data_dir(folder: &Path) -> Self {
        Self(vec![let_everybody_in(), ("ENROLLMENT_DATA_DIR", folder.into())])
    }

    /// This database.
    pub fn database(url: &str) -> Self {
        Self(vec![let_everybody_in(), ("DATABASE_URL", url.into())])
    }

    /// The same, where nobody gets in without a credential.
    #[must_use]
    pub fn guarded(self) -> Self {
        self.with(&[("ENROLLMENT_NO_AUTHENTICATION", "false")])
    }

    /// The same with further settings.
    #[must_use]
    pub fn with(mut self, settings: &[(&'static str, &str)]) -> Self {
        self.0.extend(settings.iter().map(|(name, value)| (*name, OsString::from(value))));
        self
    }

    /// The program there, to be started.
    pub fn program(&self) -> Command {
        program(self)
    }

    /// Runs a command of the program there, to its end.
    pub fn command(&self, arguments: &[&str]) -> Ended {
        let output = program(self).args(arguments).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Ended { status: output.status.code(), output: String::from_utf8_lossy(&text).into_owned() }
    }
}

/// Tests that are not about access need no credentials.
fn let_everybody_in() -> (&'static str, OsString) {
    ("ENROLLMENT_NO_AUTHENTICATION", "true".into())
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code, unless a signal ended it.
    pub status: Option<i32>,
    /// All that it printed.
    pub output: String,
}

impl ServerProcess {
    /// A folder for a server's data, which the account that runs PostgreSQL can reach.
    pub fn data_dir() -> TempDir {
        let folder = tempfile::Builder::new().prefix("enrollment-").tempdir().unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        folder
    }

    /// Starts a server on a PostgreSQL of its own, and waits until it is ready.
    pub fn start(data_dir: &Path) -> Self {
        Self::start_at(&Place::data_dir(data_dir), Self::free_address())
    }

    /// An address that nobody listens on now; that somebody takes it before a server does is possible, and would fail loudly.
    pub fn free_address() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    /// Starts a server that listens there, and waits until it is ready.
    pub fn start_at(place: &Place, address: SocketAddr) -> Self {
        Self::start_and_wait(place, address, |client| {
            client.try_send("GET", "/readyz", &[], None).is_some_and(|answer| answer.status == 200)
        })
    }

    /// The same for a server that tells in another way that it is ready.
    pub fn start_and_wait(place: &Place, address: SocketAddr, is_ready: impl Fn(&Client) -> bool) -> Self {
        let mut child = program(place)
            .args(["serve", "--listen", &address.to_string(), "--log-format", "text"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = child.stderr.take().unwrap();
        thread::spawn(move || {
            BufReader::new(log).lines().map_while(Result::ok).for_each(|line| eprintln!("[server] {line}"));
        });
        let mut server = Self { child, place: place.clone(), address };
        server.wait_until(is_ready);
        server
    }

    fn wait_until(&mut self, is_ready: impl Fn(&Client) -> bool) {
        let client = self.client();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_ready(&client) {
            assert!(self.child.try_wait().unwrap().is_none(), "the server ended while starting");
            assert!(Instant::now() < deadline, "the server does not become ready");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs another command of the program on the same data, to its end.
    pub fn command(&self, arguments: &[&str]) -> Ended {
        self.place.command(arguments)
    }

    /// Kills it as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as an operator does, and waits for its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let told = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// The program on this data, with nothing else of the environment that it would heed.
fn program(place: &Place) -> Command {
    let mut command = Command::new(built());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ENROLLMENT_") || name.to_string_lossy().starts_with("DATABASE_URL") {
            command.env_remove(name);
        }
    }
    command.envs(place.0.iter().map(|(name, value)| (name, value)));
    command
}

/// Builds the program, which a test of another package cannot ask cargo to do beforehand.
fn built() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "enrollment-server", "--bin", "enrollment"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(built.success(), "the program is built");
        // The test binary is in target/debug/deps.
        let deps = std::env::current_exe().unwrap();
        deps.parent().and_then(Path::parent).unwrap().join("enrollment")
    })
}
