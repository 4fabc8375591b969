//! The password of the database is in nothing that the program says, whatever goes wrong.

use enrollment_tests::{Place, ServerProcess};
use std::fs;
use std::io::Read;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SECRET: &str = "hunter2";

/// URLs at which there is nobody, or which cannot be read.
const URLS: [&str; 4] = [
    "postgres://ada:hunter2@127.0.0.1:1/e?connect_timeout=1",
    "postgres://ada:a@hunter2@127.0.0.1:1/e",
    "postgres://ada:a%hunter2@127.0.0.1:1/e",
    "host=127.0.0.1 port=1 password=a hunter2",
];

#[test]
fn no_command_tells_the_password() {
    for url in URLS {
        // What checks asks for connections for some seconds before it gives up.
        let commands =
            if url == URLS[0] { &[&["check"][..], &["migrate"], &["import", "."]][..] } else { &[&["migrate"][..]] };
        for command in commands {
            let ended = Place::database(url).with(&[("ENROLLMENT_LOG", "trace")]).command(command);
            assert_eq!(ended.status, Some(1), "{command:?}");
            assert!(!ended.output.contains(SECRET), "{command:?} {url}: {}", ended.output);
        }
        let help = Place::database(url).command(&["help", "serve"]);
        assert!(help.output.contains("DATABASE_URL") && !help.output.contains(SECRET), "{}", help.output);
    }
}

#[test]
fn a_server_without_its_database_does_not_tell_the_password_either() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("url");
    fs::write(&file, format!("{}\n", URLS[0])).unwrap();
    let place = Place::default().with(&[
        ("DATABASE_URL_FILE", file.to_str().unwrap()),
        ("ENROLLMENT_MIGRATE", "false"),
        ("ENROLLMENT_LOG", "trace"),
    ]);
    let (address, said) = (ServerProcess::free_address(), folder.path().join("log"));
    let mut server = Running(
        place
            .program()
            .args(["serve", "--listen", &address.to_string()])
            .stdout(Stdio::null())
            .stderr(fs::File::create(&said).unwrap())
            .spawn()
            .unwrap(),
    );
    let client = enrollment_tests::Client::new(address);
    let deadline = Instant::now() + Duration::from_secs(60);
    let answer = loop {
        if let Some(answer) = client.try_send("GET", "/readyz", &[], None) {
            break answer;
        }
        assert!(Instant::now() < deadline && server.0.try_wait().unwrap().is_none(), "it serves");
        thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(answer.status, 503);
    let mut listed = String::new();
    fs::File::open(format!("/proc/{}/cmdline", server.0.id())).unwrap().read_to_string(&mut listed).unwrap();
    drop(server);
    let log = fs::read_to_string(said).unwrap();
    assert!(log.contains("connection to server at"), "the failure is in the log: {log}");
    for text in [log, listed, format!("{answer:?}")] {
        assert!(!text.contains(SECRET), "{text}");
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
