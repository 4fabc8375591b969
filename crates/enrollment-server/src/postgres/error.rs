//! What can go wrong with the local cluster. Every message says what, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why the local cluster cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No PostgreSQL server programs on this machine.
    #[error(
        "no PostgreSQL server programs (initdb, postgres, psql) were found; looked in {looked_in}. \
         Run `script/bootstrap` to install them, name their folder in ENROLLMENT_POSTGRES_BIN, \
         or set DATABASE_URL to use a database that runs elsewhere"
    )]
    NoBinaries {
        /// The folders looked in, for people.
        looked_in: String,
    },
    /// The folder that was named lacks a program.
    #[error(
        "{} has no `{missing}`; name a folder with initdb, postgres and psql in ENROLLMENT_POSTGRES_BIN, \
         or unset it to have them found", dir.display()
    )]
    IncompleteBinaries {
        /// The folder named.
        dir: PathBuf,
        /// The program it lacks.
        missing: &'static str,
    },
    /// PostgreSQL is there, but none that will do.
    #[error(
        "PostgreSQL {wanted} is needed, but only {found} was found. Run `script/bootstrap`, name the folder of the \
         right one in ENROLLMENT_POSTGRES_BIN, or set DATABASE_URL to use a database that runs elsewhere"
    )]
    WrongVersion {
        /// The version needed, and why.
        wanted: String,
        /// What was found, for people.
        found: String,
    },
    /// There is no home folder to derive the default data folder from.
    #[error("there is no HOME to keep the data in; name a folder in ENROLLMENT_DATA_DIR, or set DATABASE_URL")]
    NoHome,
    /// Root, and nobody to run PostgreSQL as.
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody` to run it as; \
         start this as an ordinary user, or create a user `postgres`"
    )]
    NoAccount,
    /// The data folder belongs to somebody else.
    #[error(
        "{} belongs to `{owner}`, but this runs as `{runner}`; run it as `{owner}`, \
         or choose another folder with ENROLLMENT_DATA_DIR", path.display()
    )]
    ForeignDataDir {
        /// What belongs to somebody else.
        path: PathBuf,
        /// To whom.
        owner: String,
        /// Who is asking.
        runner: String,
    },
    /// The account that PostgreSQL runs as cannot get to its data.
    #[error(
        "PostgreSQL runs as `{account}`, which may not enter {}, so it cannot reach {}; \
         let it in (`chmod a+x {}`), or choose another folder with ENROLLMENT_DATA_DIR",
        blocked.display(), data_dir.display(), blocked.display()
    )]
    Unreachable {
        /// The account.
        account: String,
        /// The first folder on the way that it may not enter.
        blocked: PathBuf,
        /// Where it was going.
        data_dir: PathBuf,
    },
    /// The place of the cluster holds something else.
    #[error(
        "{} is there, but is no PostgreSQL cluster (it has no PG_VERSION); move it away, \
         or choose another folder with ENROLLMENT_DATA_DIR", path.display()
    )]
    NotACluster {
        /// The folder.
        path: PathBuf,
    },
    /// `initdb` failed.
    #[error("initdb could not make a cluster in {}: {output}", path.display())]
    Init {
        /// Where.
        path: PathBuf,
        /// What it said.
        output: String,
    },
    /// Another process owns the cluster.
    #[error(
        "the database in {} is in use by process {pid} (`{purpose}`); stop that first, \
         or choose another folder with ENROLLMENT_DATA_DIR", data_dir.display()
    )]
    Owned {
        /// The process that owns it.
        pid: String,
        /// What it is doing.
        purpose: String,
        /// The data folder.
        data_dir: PathBuf,
    },
    /// Another process owns the cluster, which is neither ready nor gone in time.
    #[error(
        "process {pid} (`{purpose}`) owns the database in {}, which did not become ready within {seconds} s; \
         see {}, and try again when it is", data_dir.display(), log.display()
    )]
    OwnerNotReady {
        /// The process that owns it.
        pid: String,
        /// What it is doing.
        purpose: String,
        /// The data folder.
        data_dir: PathBuf,
        /// The log of PostgreSQL.
        log: PathBuf,
        /// How long was waited.
        seconds: u64,
    },
    /// A postmaster will not stop.
    #[error("process {pid}, PostgreSQL on {}, does not stop; end it (`kill -QUIT {pid}`), then try again", pgdata.display())]
    WillNotStop {
        /// The postmaster.
        pid: i32,
        /// Its cluster.
        pgdata: PathBuf,
    },
    /// Nowhere is a path that a socket can have.
    #[error(
        "{} is too long for a socket's path or has a comma in it, and so has the temporary folder; \
         choose another ENROLLMENT_DATA_DIR or TMPDIR", path.display()
    )]
    NoSocketPath {
        /// Where the socket would be in the data folder.
        path: PathBuf,
    },
    /// The socket's folder cannot be trusted.
    #[error(
        "{} should be a folder that only `{account}` may enter, but is not; remove it, or choose another \
         ENROLLMENT_DATA_DIR", path.display()
    )]
    UnsafeSocketDir {
        /// The folder of the socket.
        path: PathBuf,
        /// The only one who should have access.
        account: String,
    },
    /// PostgreSQL ended before it was ready.
    #[error("PostgreSQL did not start; {} ends with:\n{tail}", log.display())]
    Start {
        /// The log of PostgreSQL.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// PostgreSQL is taking too long.
    #[error(
        "PostgreSQL was not ready within {seconds} s; when it is recovering from a crash, starting again continues \
         that; {} ends with:\n{tail}", log.display()
    )]
    StartTimeout {
        /// How long was waited.
        seconds: u64,
        /// The log of PostgreSQL.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// A database could not be made.
    #[error("the database `{name}` could not be created: {detail}; see {}", log.display())]
    CreateDatabase {
        /// The database.
        name: String,
        /// What PostgreSQL said.
        detail: String,
        /// The log of PostgreSQL.
        log: PathBuf,
    },
    /// The roles of a database could not be made.
    #[error("the roles of the database `{name}` could not be made: {detail}; see {}", log.display())]
    CreateRoles {
        /// The database.
        name: String,
        /// What PostgreSQL said.
        detail: String,
        /// The log of PostgreSQL.
        log: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}; check its permissions and the free space", path.display())]
    Io {
        /// What was being done: "create", "read", …
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Names what an I/O error happened to, for `map_err`.
pub(super) fn io_error(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> ClusterError {
    let path = path.into();
    move |source| ClusterError::Io { doing, path, source }
}
