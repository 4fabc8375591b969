//! Behind a pooler that shares sessions between transactions: PgBouncer in transaction mode, over fewer sessions than the server has
//! connections, so that each transaction meets another one's session.

use enrollment_tests::{Answer, Place, ServerProcess, TestDatabase};
use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// PgBouncer before one database. It is killed when dropped.
struct PgBouncer {
    process: Child,
    address: SocketAddr,
    database: String,
    _home: TempDir,
}

impl PgBouncer {
    /// None, and a line that says so, where the program is not installed, or PostgreSQL is not ours.
    fn start(database: &TestDatabase) -> Option<Self> {
        let url = database.server_url();
        let Some(socket_dir) = parameter(url, "host").filter(|host| host.starts_with('/')) else {
            eprintln!("SKIPPED: PgBouncer is tried only before a PostgreSQL that the tests have started");
            return None;
        };
        let user = role(database);
        let port = parameter(url, "port").unwrap_or_else(|| "5432".to_owned());
        let name = database.name();
        let (home, address) = (ServerProcess::data_dir(), ServerProcess::free_address());
        let file = home.path().join("pgbouncer.ini");
        let configuration = format!(
            "[databases]\n{name} = host={socket_dir} port={port} dbname={name} user={user}\n\
             [pgbouncer]\nlisten_addr = {}\nlisten_port = {}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 4\nmax_client_conn = 100\n",
            address.ip(),
            address.port()
        );
        fs::write(&file, configuration).unwrap();
        // The folder of the socket is open to its owner only; and PgBouncer refuses root.
        let owner = fs::metadata(&socket_dir).unwrap();
        let own = fs::metadata(home.path()).unwrap();
        let mut command = Command::new("pgbouncer");
        command.arg("--quiet").arg(&file).current_dir("/").stdin(Stdio::null());
        if own.uid() != owner.uid() {
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
            command.uid(owner.uid()).gid(owner.gid());
        }
        match command.env("PATH", path()).spawn() {
            Ok(process) => Some(Self { process, address, database: name.to_owned(), _home: home }.ready()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!(
                    "SKIPPED: `pgbouncer` is not installed, so nothing is said about poolers (Debian: apt install pgbouncer)"
                );
                None
            }
            Err(error) => panic!("pgbouncer: {error}"),
        }
    }

    fn ready(mut self) -> Self {
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(self.address).is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "PgBouncer ended while starting");
            assert!(Instant::now() < deadline, "PgBouncer does not start");
            thread::sleep(Duration::from_millis(20));
        }
        self
    }

    fn place(&self) -> Place {
        let url = format!("postgres://enrollment@{}/{}", self.address, self.database);
        Place::database(&url).with(&[("ENROLLMENT_PREPARED_STATEMENTS", "off")])
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// With the folder where Debian keeps programs of the system, which is not on everybody's path.
fn path() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default())
}

/// The role that serves.
fn role(database: &TestDatabase) -> &str {
    let (_, address) = database.server_url().split_once("://").unwrap();
    address.split('@').next().unwrap()
}

/// A parameter in the query of a URL.
fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.replace("%2F", "/").replace("%2f", "/"))
}

/// What docs/OPERATIONS.md asks to be set for the role, here in one database only: the tests share the roles.
fn set_up_role(database: &TestDatabase) {
    let (role, name) = (role(database), database.name());
    for setting in [
        "default_transaction_isolation = 'read committed'",
        "statement_timeout = '10s'",
        "lock_timeout = '1s'",
        "idle_in_transaction_session_timeout = '10s'",
        "lc_messages = 'C'",
        "plan_cache_mode = force_generic_plan",
        "jit = off",
    ] {
        database.execute(&format!("ALTER ROLE {role} IN DATABASE {name} SET {setting}"));
    }
}

#[test]
fn a_rush_behind_a_pooler_is_answered_and_nothing_is_lost() {
    const STUDENTS: usize = 60;
    const SEATS: u32 = 40;
    let database = TestDatabase::create();
    let Some(pooler) = PgBouncer::start(&database) else { return };
    set_up_role(&database);
    let server = ServerProcess::start_at(&pooler.place(), ServerProcess::free_address());
    let client = server.client();
    let section = client.open_section(SEATS);
    let students: Vec<String> = (0..STUDENTS).map(|number| client.student(&number.to_string())).collect();
    let rush: Vec<_> = students
        .into_iter()
        .map(|student| {
            let (client, section) = (client.clone(), section.clone());
            thread::spawn(move || -> (Answer, usize) {
                (client.enroll(&student, &section), client.courses_of(&student).len())
            })
        })
        .collect();
    let answers: Vec<_> = rush.into_iter().map(|asked| asked.join().unwrap()).collect();
    for (answer, courses) in &answers {
        assert_eq!(*courses, usize::from(answer.status == 201), "{:#}", answer.body);
    }
    let of_status = |status| answers.iter().filter(|(answer, _)| answer.status == status).count();
    assert_eq!((of_status(201), of_status(409)), (SEATS as usize, STUDENTS - SEATS as usize));
    drop(server);
    database.assert_invariants();
}

#[test]
fn a_role_without_the_settings_is_not_served() {
    let database = TestDatabase::create();
    let Some(pooler) = PgBouncer::start(&database) else { return };
    let mut program = pooler.place().program();
    program
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut server = program.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while server.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            server.kill().unwrap();
            server.wait().unwrap();
            panic!("it serves, or tries to");
        }
        thread::sleep(Duration::from_millis(20));
    }
    let ended = server.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success());
    for told_of in ["ALTER ROLE", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"] {
        assert!(told.contains(told_of), "{told}");
    }
}
