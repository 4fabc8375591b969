//! The server as its users run it: the program, on a PostgreSQL of its own.

use crate::app::Client;
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
    data_dir: PathBuf,
    address: SocketAddr,
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code, unless a signal ended it.
    pub status: Option<i32>,
    /// All that it printed.
    pub output: String,
}

/// Runs a command of the program to its end; what data it has of its own is in this folder.
pub fn run(data_dir: &Path, arguments: &[&str]) -> Ended {
    let output = program(data_dir).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    Ended { status: output.status.code(), output: String::from_utf8_lossy(&text).into_owned() }
}

impl ServerProcess {
    /// A folder for a server's data, which the account that runs PostgreSQL can reach.
    pub fn data_dir() -> TempDir {
        let folder = tempfile::Builder::new().prefix("enrollment-").tempdir().unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        folder
    }

    /// Starts a server and waits until it is ready.
    pub fn start(data_dir: &Path) -> Self {
        // A free port now; that somebody takes it before the server does is possible, and would fail loudly.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut child = program(data_dir)
            .args(["serve", "--listen", &address.to_string(), "--log-format", "text"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = child.stderr.take().unwrap();
        thread::spawn(move || {
            BufReader::new(log).lines().map_while(Result::ok).for_each(|line| eprintln!("[server] {line}"));
        });
        let mut server = Self { child, data_dir: data_dir.to_owned(), address };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&mut self) {
        let client = self.client();
        let deadline = Instant::now() + Duration::from_secs(60);
        while client.try_send("GET", "/readyz", &[], None).is_none_or(|answer| answer.status != 200) {
            assert!(self.child.try_wait().unwrap().is_none(), "the server ended while starting");
            assert!(Instant::now() < deadline, "the server does not become ready");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs another command of the program on the same data, to its end.
    pub fn command(&self, arguments: &[&str]) -> Ended {
        run(&self.data_dir, arguments)
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
fn program(data_dir: &Path) -> Command {
    let mut command = Command::new(built());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ENROLLMENT_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command.env("ENROLLMENT_DATA_DIR", data_dir);
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
