//! Combining: attempts that arrive while a transaction is committing queue up, and the next one takes all that has queued.
//!
//! So the flush of the log, the way to the database and back, and the lock of the seats that everybody wants are shared by as
//! many attempts as there are, the more the busier it is. At low load a transaction carries one attempt, at once; only in a rush a writer waits a
//! moment for those who come again. There are two [writers](writer), on a connection each, who take from one [`queue`] what has nothing in common: so where everybody
//! wants the same seats one of them has all, and where not, one loads and decides while the database is busy with the other.
//! The order is that of arrival; the locks, not the queue, decide, so several servers on one database are as right.
//!
//! * What goes wrong for one attempt is tried again in halves, until it stands alone: it takes nobody else down.
//! * What somebody else has locked for longer than a moment is set [`apart`], and the rest goes on without it.
//! * What has to offer seats to those who wait needs locks that only deciding tells, so it has a transaction of its own
//!   ([`register`](super::register)), after the others.
//! * When the connection is lost while committing, the receipts tell what has become of each ([`settle`](super::settle)).
//!
//! A caller waits in a future, not on a thread. One who is gone before the attempt is begun has taken it back.

mod apart;
mod queue;
mod tally;
mod teller;
mod writer;

use crate::pool::{Pool, Purpose};
use crate::workers::Load;
use crate::write_behind::WriteBehind;
use crate::{StoreConfig, StoreError};
use apart::Apart;
use enrollment_core::Error;
use enrollment_core::health::{Attempts, Refused};
use enrollment_core::registration::{Attempt, Receipt, Record};
use queue::{Asked, LANES, Lane, Queue};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use tally::Tally;
use teller::Teller;
use tracing::error;
use writer::Writer;

/// The writers of attempts. Dropping it finishes what is queued, and waits for that.
pub(crate) struct AttemptCombiner {
    queue: Arc<Queue>,
    tally: Arc<Tally>,
    threads: Vec<JoinHandle<()>>,
}

impl AttemptCombiner {
    /// Starts them, each on a connection of its own.
    pub(crate) fn start(config: &StoreConfig, refusals: &Arc<WriteBehind<Record>>) -> io::Result<Self> {
        let tally = Arc::new(Tally::new());
        let queue = Arc::new(Queue::new(config.queue, Arc::clone(&tally)));
        // Made first: if a thread cannot be started, dropping this ends those that were.
        let mut combiner = Self { queue: Arc::clone(&queue), tally: Arc::clone(&tally), threads: Vec::new() };
        for lane in 0..LANES {
            let mut writer = Writer {
                lane: Lane(lane),
                queue: Arc::clone(&queue),
                tally: Arc::clone(&tally),
                apart: Apart::new(Arc::clone(&tally)),
                teller: Teller::start()?,
                patience: config.lock_timeout,
                pool: Pool::new(config, Purpose::Combine),
                refusals: Arc::clone(refusals),
            };
            let thread = thread::Builder::new().name(format!("store-combine-{lane}"));
            combiner.threads.push(thread.spawn(move || writer.run())?);
        }
        Ok(combiner)
    }

    /// Carries out an attempt, with others that come at the same time; or refuses at once when too many wait.
    pub(crate) async fn register(&self, attempt: Attempt) -> Result<Receipt, Error> {
        let (asked, answered) = Asked::new(attempt);
        self.queue.put(asked)?;
        // It is dropped without an answer only by a defect.
        answered.await.unwrap_or(Err(StoreError::Panicked.into()))
    }

    /// How busy it is, for metrics.
    pub(crate) fn load(&self) -> Load {
        let Refused { full, .. } = self.tally.refused();
        Load {
            threads: self.threads.len(),
            busy: self.tally.busy.load(Ordering::Relaxed),
            queued: self.queue.len(),
            refused: full,
        }
    }

    /// How many attempts it turned away.
    pub(crate) fn refused(&self) -> Refused {
        self.tally.refused()
    }

    /// How attempts were carried out.
    pub(crate) fn attempts(&self) -> Attempts {
        self.tally.attempts()
    }
}

impl Drop for AttemptCombiner {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                error!("a thread that combines attempts had panicked");
            }
        }
    }
}
