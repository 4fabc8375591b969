//! One of the writers: takes what it can have from the queue, carries it out in one transaction, and sees to what cannot be.

use super::super::lock::Waiting;
use super::super::together::{self, Carried, Outcome};
use super::super::{MOST_INQUIRIES, register, settle};
use super::apart::{Apart, Due, PROBE};
use super::queue::{Asked, Lane, Queue};
use super::tally::Tally;
use super::teller::{Answer, Teller};
use crate::StoreError;
use crate::error::Waited;
use crate::pool::Pool;
use crate::workers::Lender;
use crate::write_behind::WriteBehind;
use diesel::PgConnection;
use enrollment_core::Error;
use enrollment_core::registration::{Attempt, Record};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use tracing::error;

/// The most attempts of one transaction: enough to share what is shared, and few enough that nobody waits long for the others.
const MOST: usize = 256;

/// How often an attempt is carried out again after the connection was lost while it was committing.
const MOST_LOSSES: u32 = 3;

pub(super) struct Writer {
    pub(super) lane: Lane,
    pub(super) queue: Arc<Queue>,
    pub(super) tally: Arc<Tally>,
    pub(super) apart: Apart,
    pub(super) teller: Teller,
    /// How long an attempt may wait, for its turn and for a lock.
    pub(super) patience: Duration,
    pub(super) pool: Pool,
    pub(super) refusals: Arc<WriteBehind<Record>>,
}

impl Writer {
    /// What the thread does until the queue is closed and empty.
    pub(super) fn run(&mut self) {
        loop {
            let patience = (!self.apart.is_empty()).then_some(PROBE);
            let batch = match self.queue.take(self.lane, MOST, patience) {
                Some(batch) => batch,
                None if self.apart.is_empty() => return,
                None => {
                    thread::sleep(PROBE);
                    Vec::new()
                }
            };
            self.tally.busy.fetch_add(1, Ordering::Relaxed);
            let batch = self.in_time(batch);
            let batch = self.apart.keep(batch);
            self.carry_out(batch, Waiting::Wait);
            self.try_apart();
            self.tally.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Refuses those whose time is up: a caller who has waited for so long has come again.
    fn in_time(&self, batch: Vec<Asked>) -> Vec<Asked> {
        for asked in &batch {
            self.tally.taken_after(asked.since.elapsed());
        }
        let (late, in_time): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|asked| asked.since.elapsed() > self.patience);
        self.refuse_late(late);
        in_time
    }

    fn try_apart(&mut self) {
        if self.apart.is_empty() {
            return;
        }
        let expired = self.apart.expired(self.patience);
        self.refuse_late(expired);
        let Due { batch, gone, waiting } = self.apart.due(MOST);
        self.queue.release(self.lane, &gone);
        self.carry_out(batch, waiting);
    }

    fn refuse_late(&self, late: Vec<Asked>) {
        for _ in &late {
            self.tally.late();
        }
        self.tell(late.into_iter().map(|asked| (asked, Err(Error::Busy))).collect());
    }

    /// Answers attempts, which are out of this writer's hand then.
    fn tell(&self, answers: Vec<Answer>) {
        self.queue.release(self.lane, answers.iter().map(|(asked, _)| asked));
        self.teller.tell(answers);
    }

    /// Tells every caller of a batch what befell all of them.
    fn tell_all(&self, batch: Vec<Asked>, error: &Arc<StoreError>) {
        self.tell(batch.into_iter().map(|asked| (asked, Err(StoreError::Shared(Arc::clone(error)).into()))).collect());
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
            Err(error) => self.tell_all(batch, &Arc::new(error)),
        }
    }

    fn tell_outcomes(&mut self, batch: Vec<Asked>, outcomes: Vec<Outcome>) {
        let (mut answers, mut by_themselves) = (Vec::with_capacity(batch.len()), Vec::new());
        for (asked, outcome) in batch.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Answered(answer) => answers.push((asked, answer)),
                Outcome::ByItself => by_themselves.push(asked),
                Outcome::Locked => self.apart.push(asked),
            }
        }
        self.tell(answers);
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
                self.tell(vec![(asked, answer)]);
            }
            Err(StoreError::Timeout(Waited::Lock, _)) => self.apart.push(asked),
            Err(StoreError::OutcomeUnknown(unknown)) => self.settle(vec![asked], StoreError::OutcomeUnknown(unknown)),
            Err(error) => self.tell(vec![(asked, Err(error.into()))]),
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
        self.tell_all(lost, &unknown);
        let attempts: Vec<&Attempt> = batch.iter().map(|asked| &asked.attempt).collect();
        // The connection is gone; another one can tell.
        let inquire = || self.on_connection(|conn| settle::receipts_of(conn, &attempts));
        let Some(receipts) = (0..MOST_INQUIRIES).find_map(|_| inquire().ok()) else {
            return self.tell_all(batch, &unknown);
        };
        let (mut answers, mut undone) = (Vec::new(), Vec::new());
        for (asked, receipt) in batch.into_iter().zip(receipts) {
            match receipt {
                Some(receipt) => answers.push((asked, Ok(receipt))),
                None => undone.push(asked),
            }
        }
        self.tell(answers);
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
