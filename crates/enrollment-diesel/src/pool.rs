//! Connections: few, alive, bounded in time, and all set up alike.
//!
//! Big pools only lengthen the queue at the row that everybody wants, so a pool has as many connections as there are
//! threads to feed them (see [`workers`](crate::workers)), opened when first needed.
//!
//! r2d2 would test a connection by a round trip each time that it lends one. Here only a connection that has lain idle for
//! a while is tested: under load none is, and after the database was restarted nobody is handed a dead one.

use crate::connection_string::{establish, with_connect_timeout};
use crate::workers::Lender;
use crate::{StoreError, pooler};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{self, Error as SessionError, HandleError, ManageConnection, R2D2Connection};
use secrecy::SecretString;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::warn;

/// How the store reaches its database, and how long it puts up with it.
#[derive(Clone)]
pub struct StoreConfig {
    /// A URL (`postgres://…`) or a connection string of libpq.
    pub url: SecretString,
    /// Connections, and threads, for reading.
    pub readers: u32,
    /// Connections, and threads, that combine the reads which everybody repeats, such as students' courses.
    pub combining_readers: u32,
    /// Connections, and threads, for writing.
    pub writers: u32,
    /// How many jobs may wait before either set of threads; beyond that, the answer is [`StoreError::Busy`].
    pub queue: usize,
    /// How many receipts of refusals may wait to be written behind the answers; beyond that, they are dropped and counted.
    pub refusals: usize,
    /// How long opening a connection may take, and waiting for one.
    pub connect_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How long a statement may wait for one lock.
    pub lock_timeout: Duration,
    /// How long a transaction may do nothing before the server ends it, so that a stuck process holds no rows.
    pub idle_in_transaction_session_timeout: Duration,
    /// Whether sessions are the store's own, so that it may keep statements prepared in them and set them up. If not, the role must
    /// have the settings; the timeouts above are then the role's.
    pub prepared_statements: bool,
}

impl StoreConfig {
    /// Settings for a small machine.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into().into(),
            readers: 4,
            combining_readers: 1,
            writers: 8,
            queue: 4096,
            refusals: 2048,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_session_timeout: Duration::from_secs(10),
            prepared_statements: true,
        }
    }
}

impl fmt::Debug for StoreConfig {
    /// Without the URL, of which nothing could be shown but that it is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("readers", &self.readers)
            .field("combining_readers", &self.combining_readers)
            .field("writers", &self.writers)
            .field("queue", &self.queue)
            .field("refusals", &self.refusals)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field("idle_in_transaction_session_timeout", &self.idle_in_transaction_session_timeout)
            .field("prepared_statements", &self.prepared_statements)
            .finish_non_exhaustive()
    }
}

/// Opens a connection for a command that has the database to itself for a while (migrating, importing, checking): it is in
/// no pool, and nothing that it does is bounded in time.
pub fn connect(url: &SecretString) -> Result<PgConnection, StoreError> {
    let mut connection = establish(url)?;
    connection.batch_execute(&format!("SET application_name = 'enrollment-command'; {SAME_FOR_ALL}"))?;
    Ok(connection)
}

/// What every connection agrees on.
const SAME_FOR_ALL: &str = "
    SET timezone = 'UTC';
    -- What the store's locks and the seat-counting triggers are made for: a statement sees what the lock waited for.
    SET default_transaction_isolation = 'read committed';
    -- The queries are short; compiling one costs more than running it.
    SET jit = off;
    -- Some errors can only be told by their message (see `error`). Not every role may choose its language.
    DO $$ BEGIN
        PERFORM set_config('lc_messages', 'C', false);
    EXCEPTION WHEN insufficient_privilege THEN NULL;
    END $$;";

/// What the connections of a pool are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Their transactions are read-only, so that a write that strays here fails in the first test.
    Read,
    /// As those for reading, for reads that are combined.
    ReadCombined,
    /// One that is asked only whether the database is there, so that the answer never waits behind work.
    Health,
    /// Their transactions may write.
    Write,
    /// Its transactions carry out many attempts: a single thread's, who waits for nobody's lock for long.
    Combine,
    /// Their transactions write what may be lost, behind the answers: a single thread's, and no disk is waited for.
    WriteBehind,
}

/// A pool of connections for one purpose. To clone it is to share it.
#[derive(Clone)]
pub struct Pool {
    sessions: r2d2::Pool<Sessions>,
    /// How long a connection is waited for.
    patience: Duration,
}

/// How long r2d2 itself would wait. It pauses up to half of that between two tries to connect, longer each time; and a database
/// that is there again is to be found soon.
const RECONNECTING: Duration = Duration::from_millis(500);

impl Pool {
    /// A pool that connects when a connection is first needed, so it can be made before the database is up.
    pub fn new(config: &StoreConfig, purpose: Purpose) -> Self {
        let size = match purpose {
            Purpose::Read => config.readers,
            Purpose::ReadCombined => config.combining_readers,
            Purpose::Write => config.writers,
            Purpose::Health | Purpose::Combine | Purpose::WriteBehind => 1,
        };
        let sessions = Sessions {
            url: with_connect_timeout(&config.url, config.connect_timeout),
            settings: config.prepared_statements.then(|| settings(config, purpose)),
            doubted: Mutex::new(Instant::now()),
        };
        let sessions = r2d2::Pool::builder()
            .max_size(size.max(1))
            .min_idle(Some(0))
            // Asks `Sessions::is_valid`, which asks the database only after a rest.
            .test_on_check_out(true)
            .connection_timeout(RECONNECTING)
            .error_handler(Box::new(LogErrors))
            .build_unchecked(sessions);
        Self { sessions, patience: config.connect_timeout }
    }

    /// The most connections that it opens.
    pub fn size(&self) -> u32 {
        self.sessions.max_size()
    }

    /// Open connections, and how many of them are idle.
    pub fn connections(&self) -> Connections {
        let state = self.sessions.state();
        Connections { open: state.connections, idle: state.idle_connections }
    }
}

/// How many connections a [`Pool`] has at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Open ones.
    pub open: u32,
    /// Open ones that nobody uses.
    pub idle: u32,
}

impl Lender for Pool {
    type Item = PgConnection;

    fn lend<R>(&self, job: impl FnOnce(Result<&mut PgConnection, StoreError>) -> R) -> R {
        match self.sessions.get_timeout(self.patience) {
            Ok(mut session) => job(Ok(&mut session.connection)),
            Err(error) => job(Err(error.into())),
        }
    }
}

/// Opens sessions for r2d2, and tells the living from the dead.
struct Sessions {
    url: SecretString,
    /// How a session is set up; none where it is not the store's own.
    settings: Option<String>,
    /// When one was last found broken: those that had rested by then may have been lost with it.
    doubted: Mutex<Instant>,
}

/// A connection, and when it was last given back.
struct Session {
    connection: PgConnection,
    rested_since: Instant,
}

/// A connection that rested longer than this is tested before it is lent again, as is each that rested when another was lost.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

impl ManageConnection for Sessions {
    type Connection = Session;
    type Error = SessionError;

    fn connect(&self) -> Result<Session, SessionError> {
        let mut connection = establish(&self.url).map_err(SessionError::ConnectionError)?;
        match &self.settings {
            Some(settings) => connection.batch_execute(settings).map_err(SessionError::QueryError)?,
            None => pooler::prepare(&mut connection)?,
        }
        Ok(Session { connection, rested_since: Instant::now() })
    }

    fn is_valid(&self, session: &mut Session) -> Result<(), SessionError> {
        let doubted = *self.doubted.lock().unwrap_or_else(PoisonError::into_inner);
        if session.rested_since > doubted && session.rested_since.elapsed() < TRUSTED_FOR {
            return Ok(());
        }
        session.connection.ping().map_err(SessionError::QueryError)
    }

    /// Asked when a connection is given back. diesel knows one that is still in a transaction, or that was lost while a statement
    /// ran, but not one that was lost while a statement was prepared; one given back by a panic may be in any state.
    fn has_broken(&self, session: &mut Session) -> bool {
        session.rested_since = Instant::now();
        let is_broken = std::thread::panicking() || session.connection.is_broken() || is_lost(&mut session.connection);
        if is_broken {
            *self.doubted.lock().unwrap_or_else(PoisonError::into_inner) = session.rested_since;
        }
        is_broken
    }
}

/// Whether a connection is known to be lost. libpq looks at what has arrived, which asks nobody and waits for nothing; it fails where
/// there is no connection any more. Else one that is used often enough never to be tested would be lent for ever.
fn is_lost(connection: &mut PgConnection) -> bool {
    connection.notifications_iter().any(|arrived| arrived.is_err())
}

#[derive(Debug)]
struct LogErrors;

impl HandleError<SessionError> for LogErrors {
    fn handle_error(&self, error: SessionError) {
        warn!(%error, "no connection to the database");
    }
}

/// One batch, so that a new connection costs one round trip more and not ten.
fn settings(config: &StoreConfig, purpose: Purpose) -> String {
    let (name, read_only) = match purpose {
        Purpose::Read | Purpose::ReadCombined => ("enrollment-read", "on"),
        Purpose::Health => ("enrollment-health", "on"),
        Purpose::Write => ("enrollment-write", "off"),
        Purpose::Combine => ("enrollment-combine", "off"),
        Purpose::WriteBehind => ("enrollment-write-behind", "off"),
    };
    let durability = match purpose {
        Purpose::Read | Purpose::ReadCombined | Purpose::Health | Purpose::Write | Purpose::Combine => "",
        Purpose::WriteBehind => "SET synchronous_commit = off;",
    };
    format!(
        "SET application_name = '{name}';
         SET statement_timeout = {statement};
         SET lock_timeout = {lock};
         SET idle_in_transaction_session_timeout = {idle};
         SET default_transaction_read_only = {read_only};
         {durability}
         -- The statements are few and written for one plan each. PostgreSQL, left to itself, would plan most of them anew for
         -- every value, since it takes each array to have ten elements; planning one costs more than running it.
         SET plan_cache_mode = force_generic_plan;
         {plans}
         {SAME_FOR_ALL}",
        statement = config.statement_timeout.as_millis(),
        lock = lock_timeout(config, purpose).as_millis(),
        plans = plans(purpose),
        idle = config.idle_in_transaction_session_timeout.as_millis(),
    )
}

/// Statements that look a few rows up by their keys stay quick only if that is how they are planned, also when a plan is made for
/// tables that are still small, or empty.
fn plans(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Combine => "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;",
        Purpose::Read | Purpose::ReadCombined | Purpose::Health | Purpose::Write | Purpose::WriteBehind => "",
    }
}

/// Who carries out many waits for a moment only, and goes on with the others.
fn lock_timeout(config: &StoreConfig, purpose: Purpose) -> Duration {
    match purpose {
        Purpose::Read | Purpose::ReadCombined | Purpose::Health | Purpose::Write | Purpose::WriteBehind => {
            config.lock_timeout
        }
        Purpose::Combine => config.lock_timeout.min(Duration::from_millis(100)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_shown() {
        let shown = format!("{:?}", StoreConfig::new("postgres://registrar:secret@db/e"));
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn without_a_database_a_job_is_told_so_in_time() {
        let mut config = StoreConfig::new("host=/nonexistent dbname=none");
        config.connect_timeout = Duration::from_millis(50);
        let pool = Pool::new(&config, Purpose::Read);
        let answer = pool.lend(|connection| connection.map(|_| ()));
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
}
