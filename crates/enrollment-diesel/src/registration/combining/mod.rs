//! Combining: attempts that arrive while a transaction is committing queue up, and the next one takes all that has queued.
//!
//! So the flush of the log, the way to the database and back, and the lock of the seats that everybody wants are shared by as
//! many attempts as there are, the more the busier it is. Nobody is held back for it: at low load a transaction carries one
//! attempt. There is one writer, on one connection: a second would only wait for the same seats, and the database is as busy
//! with one. The order is that of arrival; the locks, not the queue, decide, so several servers on one database are as right.
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

use super::lock::Waiting;
use super::together::{self, Carried, Outcome};
use super::{MOST_INQUIRIES, register, settle};
use crate::error::Waited;
use crate::pool::Pool;
use crate::workers::{Lender, Load};
use crate::write_behind::WriteBehind;
use crate::{StoreConfig, StoreError};
use apart::{Apart, PROBE};
use diesel::PgConnection;
use enrollment_core::Error;
use enrollment_core::health::{Attempts, Refused};
use enrollment_core::registration::{Attempt, Receipt, Record};
use queue::{Asked, Queue};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tally::Tally;
use tracing::error;

/// The most attempts of one transaction: enough to share what is shared, and few enough that nobody waits long for the others.
const MOST: usize = 256;

/// How often an attempt is carried out again after the connection was lost while it was committing.
const MOST_LOSSES: u32 = 3;

/// The one writer of attempts. Dropping it finishes what is queued, and waits for that.
pub(crate) struct AttemptCombiner {
    queue: Arc<Queue>,
    tally: Arc<Tally>,
    /// Absent only while dropping.
    thread: Option<JoinHandle<()>>,
}

impl AttemptCombiner {
    /// Starts it on a connection of this pool.
    pub(crate) fn start(config: &StoreConfig, pool: Pool, refusals: Arc<WriteBehind<Record>>) -> io::Result<Self> {
        let tally = Arc::new(Tally::new());
        let queue = Arc::new(Queue::new(config.queue, Arc::clone(&tally)));
        let mut writer = Writer {
            queue: Arc::clone(&queue),
            tally: Arc::clone(&tally),
            apart: Apart::new(Arc::clone(&tally)),
            patience: config.lock_timeout,
            pool,
            refusals,
        };
        let thread = thread::Builder::new().name("store-combine".to_owned()).spawn(move || writer.run())?;
        Ok(Self { queue, tally, thread: Some(thread) })
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
        Load { threads: 1, busy: self.tally.busy.load(Ordering::Relaxed), queued: self.queue.len(), refused: full }
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
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("the thread that combines attempts had panicked");
        }
    }
}

struct Writer {
    queue: Arc<Queue>,
    tally: Arc<Tally>,
    apart: Apart,
    /// How long an attempt may wait, for its turn and for a lock.
    patience: Duration,
    pool: Pool,
    refusals: Arc<WriteBehind<Record>>,
}

impl Writer {
    /// What the thread does until the queue is closed and empty.
    fn run(&mut self) {
        loop {
            let patience = (!self.apart.is_empty()).then_some(PROBE);
            let batch = match self.queue.take(MOST, patience) {
                Some(batch) => batch,
                None if self.apart.is_empty() => return,
                None => {
                    thread::sleep(PROBE);
                    Vec::new()
                }
            };
            self.tally.busy.store(1, Ordering::Relaxed);
            let batch = self.in_time(batch);
            let batch = self.apart.keep(batch);
            self.carry_out(batch, Waiting::Wait);
            self.try_apart();
            self.tally.apart(self.apart.len());
            self.tally.busy.store(0, Ordering::Relaxed);
        }
    }

    /// Refuses those whose time is up: a caller who has waited for so long has come again.
    fn in_time(&self, batch: Vec<Asked>) -> Vec<Asked> {
        for asked in &batch {
            self.tally.taken_after(asked.since.elapsed());
        }
        let (late, in_time): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|asked| asked.since.elapsed() > self.patience);
        for asked in late {
            self.tally.late();
            asked.tell(Err(Error::Busy));
        }
        in_time
    }

    fn try_apart(&mut self) {
        if self.apart.is_empty() {
            return;
        }
        let expired = self.apart.expired(self.patience);
        for asked in expired {
            self.tally.late();
            asked.tell(Err(Error::Busy));
        }
        let (due, waiting) = self.apart.due(MOST);
        self.carry_out(due, waiting);
    }

    /// Carries out attempts together, and answers each.
    fn carry_out(&mut self, batch: Vec<Asked>, waiting: Waiting) {
        if batch.is_empty() {
            return;
        }
        let attempts: Vec<&Attempt> = batch.iter().map(|asked| &asked.attempt).collect();
        let mut carried = self.on_connection(|conn| together::carry_out(conn, &attempts, waiting));
        if let Err(StoreError::Lost(_)) = carried {
            // Nothing was changed, and the next connection may live.
            carried = self.on_connection(|conn| together::carry_out(conn, &attempts, waiting));
        }
        match carried {
            Ok(Carried { outcomes, unwritten, .. }) => {
                self.tally.carried(outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Answered(_))).count());
                for record in unwritten {
                    self.refusals.hand_over(record);
                }
                self.tell_outcomes(batch, outcomes);
            }
            Err(StoreError::Timeout(Waited::Lock, _)) if waiting == Waiting::Wait => {
                self.carry_out(batch, Waiting::Skip);
            }
            Err(StoreError::OutcomeUnknown(unknown)) => self.settle(batch, StoreError::OutcomeUnknown(unknown)),
            Err(error) if error.may_be_of_one_request() => self.carry_out_in_halves(batch, waiting),
            Err(error) => tell_all(batch, &Arc::new(error)),
        }
    }

    fn tell_outcomes(&mut self, batch: Vec<Asked>, outcomes: Vec<Outcome>) {
        let mut by_themselves = Vec::new();
        for (asked, outcome) in batch.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Answered(answer) => asked.tell(answer),
                Outcome::ByItself => by_themselves.push(asked),
                Outcome::Locked => self.apart.push(asked),
            }
        }
        for asked in by_themselves {
            self.carry_out_by_itself(asked);
        }
    }

    fn carry_out_in_halves(&mut self, mut batch: Vec<Asked>, waiting: Waiting) {
        let second = batch.split_off(batch.len() / 2);
        if batch.is_empty() {
            for asked in second {
                self.carry_out_by_itself(asked);
            }
        } else {
            self.carry_out(batch, waiting);
            self.carry_out(second, waiting);
        }
    }

    /// Carries out an attempt in a transaction of its own, with all that follows from it.
    fn carry_out_by_itself(&mut self, asked: Asked) {
        let register = |conn: &mut PgConnection| register::register(conn, &asked.attempt, &self.refusals);
        let mut answer = self.on_connection(register);
        if let Err(StoreError::Lost(_)) = answer {
            answer = self.on_connection(register);
        }
        match answer {
            Ok(answer) => {
                self.tally.carried(1);
                asked.tell(answer);
            }
            Err(StoreError::Timeout(Waited::Lock, _)) => self.apart.push(asked),
            Err(StoreError::OutcomeUnknown(unknown)) => self.settle(vec![asked], StoreError::OutcomeUnknown(unknown)),
            Err(error) => asked.tell(Err(error.into())),
        }
    }

    /// Finds out what has become of attempts when the connection was lost while they were committing, and carries out those of
    /// which nothing has; but not for ever.
    fn settle(&mut self, mut batch: Vec<Asked>, unknown: StoreError) {
        for asked in &mut batch {
            asked.losses += 1;
        }
        let (lost, batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(|asked| asked.losses > MOST_LOSSES);
        let unknown = Arc::new(unknown);
        tell_all(lost, &unknown);
        let attempts: Vec<&Attempt> = batch.iter().map(|asked| &asked.attempt).collect();
        // The connection is gone; another one can tell.
        let inquire = || self.on_connection(|conn| settle::receipts_of(conn, &attempts));
        let Some(receipts) = (0..MOST_INQUIRIES).find_map(|_| inquire().ok()) else { return tell_all(batch, &unknown) };
        let mut undone = Vec::new();
        for (asked, receipt) in batch.into_iter().zip(receipts) {
            match receipt {
                Some(receipt) => asked.tell(Ok(receipt)),
                None => undone.push(asked),
            }
        }
        self.carry_out(undone, Waiting::Wait);
    }

    /// Runs a job on the writer's connection. Nothing that a panic may have left half-done is used again.
    fn on_connection<T>(&self, job: impl FnOnce(&mut PgConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let run = AssertUnwindSafe(|| self.pool.lend(|conn| job(conn?)));
        catch_unwind(run).unwrap_or_else(|_| {
            error!("carrying out attempts panicked");
            Err(StoreError::Panicked)
        })
    }
}

/// Tells every caller of a batch what befell all of them.
fn tell_all(batch: Vec<Asked>, error: &Arc<StoreError>) {
    for asked in batch {
        asked.tell(Err(StoreError::Shared(Arc::clone(error)).into()));
    }
}
