//! The store: connections in lanes, and the ports on them.
//!
//! A port's method sends a job to a lane and awaits its answer. Reads have lanes of their own, so that they never wait
//! behind writers who wait for a row; so has the question whose a credential is; the reads that everybody repeats have one in which they are combined; attempts to register
//! have one in which they are; and so has the question whether the database is there. The jobs are functions of a connection,
//! each in the file of its subject.

use crate::access::{KeyUse, key_uses};
use crate::pool::{Pool, Purpose};
use crate::registration::CoursesReader;
use crate::registration::combining::AttemptCombiner;
use crate::workers::{Load, Workers};
use crate::write_behind::WriteBehind;
use crate::{StoreConfig, StoreError, registration};
use diesel::PgConnection;
use enrollment_core::Error;
use enrollment_core::health::{Lane, Refused};
use enrollment_core::registration::Record;
use std::io;
use std::sync::Arc;

/// What a job answers: what its caller can act on is a value; what went wrong with the database is an error, which may
/// still be retried, and becomes the caller's only when it leaves the store.
pub(crate) type Answer<T> = Result<Result<T, Error>, StoreError>;

/// All ports of enrollment-core on one PostgreSQL database. Dropping it finishes what is queued.
pub struct PgStore {
    pub(crate) readers: Workers<PgConnection>,
    /// Students' courses.
    pub(crate) courses: CoursesReader,
    /// Whose credentials are.
    pub(crate) credentials: Workers<PgConnection>,
    /// When keys were last used.
    pub(crate) key_uses: WriteBehind<KeyUse>,
    /// Whether the database is there.
    pub(crate) health: Workers<PgConnection>,
    pub(crate) writers: Workers<PgConnection>,
    /// Attempts to register, many in one transaction.
    pub(crate) attempts: AttemptCombiner,
    /// The records of refusals. Below the writers, so that it is dropped after the last of their jobs has handed over.
    pub(crate) refusals: Arc<WriteBehind<Record>>,
}

impl PgStore {
    /// A store that connects when it is first needed, so it can be made before the database is up.
    ///
    /// # Errors
    /// When its threads cannot be started.
    pub fn new(config: &StoreConfig) -> io::Result<Self> {
        let lane = |name, purpose| {
            let pool = Pool::new(config, purpose);
            Workers::start(name, pool.size() as usize, config.queue, pool)
        };
        let refusals = Arc::new(registration::refusals(config)?);
        let attempts = AttemptCombiner::start(config, &refusals)?;
        Ok(Self {
            attempts,
            readers: lane("store-read", Purpose::Read)?,
            courses: registration::courses_reader(config)?,
            // One connection is enough for those that are not remembered.
            credentials: Workers::start("store-credentials", 1, config.queue, Pool::new(config, Purpose::Read))?,
            key_uses: key_uses(config)?,
            health: lane("store-health", Purpose::Health)?,
            writers: lane("store-write", Purpose::Write)?,
            refusals,
        })
    }

    /// Runs a job that only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut PgConnection) -> Answer<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.run(job).await?
    }

    /// Runs a job that writes. A transaction knows whether it was committing when the connection was lost. A single
    /// statement commits itself, so there is no telling: such jobs go through [`committing`].
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut PgConnection) -> Answer<T> + Send + 'static,
    ) -> Result<T, Error> {
        self.writers.run(job).await?
    }

    /// The lanes, and how busy each is.
    pub(crate) fn lanes(&self) -> Vec<Lane> {
        vec![
            lane("readers", self.readers.load()),
            lane("courses", self.courses.load()),
            lane("credentials", self.credentials.load()),
            Lane { refused: self.attempts.refused(), ..lane("attempts", self.attempts.load()) },
            lane("writers", self.writers.load()),
        ]
    }
}

fn lane(name: &'static str, load: Load) -> Lane {
    let refused = Refused { full: load.refused, ..Refused::default() };
    Lane { name, connections: load.threads, busy: load.busy, queued: load.queued, refused }
}

/// The outcome of a writing statement that is a transaction of its own: when the connection was lost, it may or may not
/// have been committed.
pub(crate) fn committing<T>(outcome: diesel::QueryResult<T>) -> Result<T, StoreError> {
    outcome.map_err(|error| StoreError::from(error).while_committing())
}
