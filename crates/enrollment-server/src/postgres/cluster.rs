//! The cluster itself: opening it, as its owner or as a guest, using it, and closing it.

use super::binaries::Binaries;
use super::data_dir::DataDir;
use super::error::{ClusterError, io_error};
use super::guard::Guard;
use super::init::{self, SERVER, SUPERUSER};
use super::lock::{self, Claim, Holder, OwnerLock};
use super::log::Log;
use super::postmaster::{self, PidFile};
use super::settings::{self, Durability, PORT};
use super::socket;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What makes the roles, and says what each may do.
const ROLES: &str = include_str!("../../../../docs/roles.sql");

/// How long PostgreSQL may take until it is ready. Recovery after a crash replays what was written since the last
/// checkpoint.
const START: Duration = Duration::from_secs(120);

/// How long a process that has just taken the owner's lock may take to say who it is.
const INTRODUCTION: Duration = Duration::from_secs(1);

/// How long processes of a PostgreSQL that was killed may linger.
const LINGERING: Duration = Duration::from_secs(10);

/// How often is looked when waiting.
const TICK: Duration = Duration::from_millis(5);

/// What a local cluster needs to know.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// The data folder; see [`default_data_dir`](super::default_data_dir).
    pub data_dir: PathBuf,
    /// The folder of PostgreSQL's programs; found when not given.
    pub binaries: Option<PathBuf>,
    /// What this process is doing, for the message to a second owner: `enrollment serve`.
    pub purpose: String,
    /// Whether what was committed has to survive a crash.
    pub durability: Durability,
}

/// How the cluster is to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Alone: run it, and refuse when another process does. For `serve`.
    Own,
    /// Along with the process that runs it; when there is none, run it for the moment. For `import`, `check` and others
    /// that may be run beside the server. One that runs it for the moment waits for the guests before it stops it.
    Share,
}

/// A running PostgreSQL cluster on this machine. When dropped by its owner, it is stopped.
#[derive(Debug)]
pub struct LocalCluster {
    data_dir: DataDir,
    binaries: Binaries,
    socket_dir: PathBuf,
    postmaster: i32,
    role: Role,
}

#[derive(Debug)]
enum Role {
    Owner { guard: Guard, _lock: OwnerLock, access: Access },
    Guest { _among_guests: File },
}

impl LocalCluster {
    /// Opens the cluster: makes it if there is none, starts it, and waits until it is ready; or joins the process that
    /// runs it, if `access` allows.
    pub fn open(config: &ClusterConfig, access: Access) -> Result<Self, ClusterError> {
        let data_dir = DataDir::prepare(&config.data_dir)?;
        let binaries = Binaries::find(config.binaries.as_deref(), data_dir.cluster_version()?)?;
        match admit(&data_dir, &config.purpose, access)? {
            Admission::Owner(lock) => Self::start(data_dir, binaries, config.durability, lock, access),
            Admission::Guest { postmaster, socket_dir, among_guests } => {
                let role = Role::Guest { _among_guests: among_guests };
                Ok(Self { data_dir, binaries, socket_dir, postmaster, role })
            }
        }
    }

    fn start(
        data_dir: DataDir,
        binaries: Binaries,
        durability: Durability,
        mut lock: OwnerLock,
        access: Access,
    ) -> Result<Self, ClusterError> {
        init::ensure_cluster(&data_dir, &binaries, durability)?;
        let pgdata = data_dir.pgdata();
        postmaster::clear_the_way(&pgdata)?;
        let socket_dir = socket::prepare(&data_dir)?;
        let arguments = settings::arguments(&pgdata, &socket_dir, durability);
        let began = Instant::now();
        let guard = loop {
            let (log, file) = Log::open(data_dir.log())?;
            let mut guard = Guard::start(data_dir.account(), &binaries.postgres(), &arguments, &pgdata, file)?;
            match wait_until_ready(&mut guard, &pgdata, &log) {
                Ok(()) => break guard,
                Err(ClusterError::Start { tail, .. }) if lingers(&tail) && began.elapsed() < LINGERING => {
                    thread::sleep(TICK);
                }
                Err(error) => return Err(error),
            }
        };
        let postmaster = guard.postmaster();
        lock.announce(postmaster)?;
        Ok(Self { data_dir, binaries, socket_dir, postmaster, role: Role::Owner { guard, _lock: lock, access } })
    }

    /// Whether this process runs the cluster, rather than being the guest of one that does.
    pub fn is_owner(&self) -> bool {
        matches!(self.role, Role::Owner { .. })
    }

    /// Whether PostgreSQL still runs. One that died is not started again: what killed it should be looked into first.
    pub fn is_running(&self) -> bool {
        postmaster::is_postmaster_of(self.postmaster, &self.data_dir.pgdata())
    }

    /// The process number of PostgreSQL.
    pub fn pid(&self) -> i32 {
        self.postmaster
    }

    /// The data folder, with all links resolved.
    pub fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    /// The log of PostgreSQL.
    pub fn log(&self) -> PathBuf {
        self.data_dir.log()
    }

    /// PostgreSQL's programs.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The URL of a database in this cluster, for libpq, as the owner of everything.
    pub fn url(&self, database: &str) -> String {
        self.url_as(SUPERUSER, database)
    }

    /// The same as the role that serves, once [`ensure_roles`](Self::ensure_roles) has made it.
    pub fn server_url(&self, database: &str) -> String {
        self.url_as(SERVER, database)
    }

    fn url_as(&self, role: &str, database: &str) -> String {
        let host = percent_encoded(self.socket_dir.as_os_str());
        // The port, too, since PGPORT would otherwise name the socket.
        format!("postgresql://{role}@/{}?host={host}&port={PORT}", percent_encoded(OsStr::new(database)))
    }

    /// Creates a database unless there is one.
    pub fn ensure_database(&self, name: &str) -> Result<(), ClusterError> {
        /// What PostgreSQL answers when the database is there.
        const DUPLICATE_DATABASE: &str = "42P04";
        /// What it answers when another process is creating it at this moment.
        const UNIQUE_VIOLATION: &str = "23505";

        let mut psql = self.psql("postgres");
        psql.args([
            "--set",
            "VERBOSITY=sqlstate",
            "--command",
            &format!("CREATE DATABASE {}", quoted_identifier(name)),
        ]);
        let output = psql.output().map_err(io_error("run", self.binaries.psql()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() || said.contains(DUPLICATE_DATABASE) || said.contains(UNIQUE_VIOLATION) {
            return Ok(());
        }
        Err(ClusterError::CreateDatabase { name: name.to_owned(), detail: said.trim().to_owned(), log: self.log() })
    }

    /// Gives a database the role that serves it, which may not do all that the owner may: the same as for any other PostgreSQL.
    pub fn ensure_roles(&self, database: &str) -> Result<(), ClusterError> {
        let failed = |detail: String| ClusterError::CreateRoles { name: database.to_owned(), detail, log: self.log() };
        let mut psql = self.psql(database);
        psql.args(["--set", &format!("owner={SUPERUSER}"), "--set", &format!("server={SERVER}"), "--file", "-"]);
        psql.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut running = psql.spawn().map_err(io_error("run", self.binaries.psql()))?;
        // It fits into a pipe, so it is taken before psql says anything; if psql has ended, its own words say why.
        let _ = running.stdin.take().map(|mut input| input.write_all(ROLES.as_bytes()));
        let output = running.wait_with_output().map_err(io_error("run", self.binaries.psql()))?;
        if output.status.success() {
            return Ok(());
        }
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = self.data_dir.account().command(self.binaries.psql());
        psql.args(["--no-psqlrc", "--quiet", "--dbname", &self.url(database)]);
        psql
    }

    /// Stops PostgreSQL when this process runs it, as dropping does, and says what went wrong.
    pub fn close(mut self) -> Result<(), ClusterError> {
        self.stop()
    }

    fn stop(&mut self) -> Result<(), ClusterError> {
        let Role::Owner { guard, access, .. } = &mut self.role else { return Ok(()) };
        // The server goes when it is told to; a command that ran the cluster by chance does not take it from others.
        let _none_come = match access {
            Access::Own => None,
            Access::Share => Some(lock::see_guests_off(&self.data_dir)?),
        };
        guard.stop()?;
        socket::tidy(&self.data_dir, &self.socket_dir);
        Ok(())
    }
}

impl Drop for LocalCluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!("{error}");
        }
    }
}

/// In which role this process may use the cluster.
enum Admission {
    Owner(OwnerLock),
    Guest { postmaster: i32, socket_dir: PathBuf, among_guests: File },
}

/// Waits for a role. An owner's lock is granted or refused; a guest waits until the owner is ready, or gone.
fn admit(data_dir: &DataDir, purpose: &str, access: Access) -> Result<Admission, ClusterError> {
    let began = Instant::now();
    loop {
        let holder = match OwnerLock::claim(data_dir, purpose)? {
            Claim::Granted(lock) => return Ok(Admission::Owner(lock)),
            Claim::Taken(holder) => holder,
        };
        match access {
            Access::Own if holder.is_some() || began.elapsed() > INTRODUCTION => {
                return Err(owned(data_dir, holder));
            }
            Access::Own => {}
            Access::Share => {
                if let Some(guest) = visit(data_dir, holder.as_ref())? {
                    return Ok(guest);
                }
                if began.elapsed() > START {
                    return Err(owner_not_ready(data_dir, holder));
                }
            }
        }
        thread::sleep(TICK);
    }
}

/// Joins the owner's guests, if its PostgreSQL is ready.
fn visit(data_dir: &DataDir, holder: Option<&Holder>) -> Result<Option<Admission>, ClusterError> {
    let Some(postmaster) = holder.and_then(|holder| holder.ready) else { return Ok(None) };
    // First among the guests, then a look whether it is still there: the other way round, it could go in between.
    let Some(among_guests) = lock::join_guests(data_dir)? else { return Ok(None) };
    let file = PidFile::read(&data_dir.pgdata())?.filter(|file| file.ready && file.pid == postmaster);
    Ok(file.map(|file| Admission::Guest { postmaster, socket_dir: file.socket_dir, among_guests }))
}

fn wait_until_ready(guard: &mut Guard, pgdata: &Path, log: &Log) -> Result<(), ClusterError> {
    let deadline = Instant::now() + START;
    loop {
        // A lock file that a crash left may say "ready", too, but not by this number.
        if PidFile::read(pgdata)?.is_some_and(|file| file.ready && file.pid == guard.postmaster()) {
            return Ok(());
        }
        if guard.has_ended()? {
            return Err(ClusterError::Start { log: log.path().to_owned(), tail: log.tail() });
        }
        if Instant::now() >= deadline {
            return Err(ClusterError::StartTimeout {
                seconds: START.as_secs(),
                log: log.path().to_owned(),
                tail: log.tail(),
            });
        }
        thread::sleep(TICK);
    }
}

/// Whether PostgreSQL refused to start because processes of its predecessor, which was killed, have yet to notice.
fn lingers(tail: &str) -> bool {
    tail.contains("is still in use") || tail.contains("lock file \"postmaster.pid\" already exists")
}

fn owned(data_dir: &DataDir, holder: Option<Holder>) -> ClusterError {
    let (pid, purpose) = introduce(holder);
    ClusterError::Owned { pid, purpose, data_dir: data_dir.path().to_owned() }
}

fn owner_not_ready(data_dir: &DataDir, holder: Option<Holder>) -> ClusterError {
    let (pid, purpose) = introduce(holder);
    let (log, seconds) = (data_dir.log(), START.as_secs());
    ClusterError::OwnerNotReady { pid, purpose, data_dir: data_dir.path().to_owned(), log, seconds }
}

fn introduce(holder: Option<Holder>) -> (String, String) {
    let unknown = || ("of unknown number".to_owned(), "unknown".to_owned());
    holder.map_or_else(unknown, |holder| (holder.pid.to_string(), holder.purpose))
}

/// Fit for a place in a URL.
fn percent_encoded(text: &OsStr) -> String {
    text.as_encoded_bytes().iter().fold(String::new(), |mut encoded, &byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn quoted_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_encoded_for_a_url() {
        assert_eq!(percent_encoded(OsStr::new("/srv/a b/学/run")), "%2Fsrv%2Fa%20b%2F%E5%AD%A6%2Frun");
    }

    #[test]
    fn a_name_is_quoted_for_sql() {
        assert_eq!(quoted_identifier(r#"a"b"#), r#""a""b""#);
    }

    #[test]
    fn only_what_passes_by_itself_is_tried_again() {
        assert!(lingers("FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use"));
        assert!(lingers("FATAL:  lock file \"postmaster.pid\" already exists"));
        assert!(!lingers("FATAL:  could not access file \"base\": No such file or directory"));
    }
}
