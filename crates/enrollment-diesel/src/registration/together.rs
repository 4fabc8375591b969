//! Carrying out many attempts in one transaction, each on what the ones before it leave: locked together, loaded together,
//! decided in memory one after the other, written together, and made durable by one flush of the log.
//!
//! Attempts are of different students, and none has an idempotency key that another has: so what is known of a student, and
//! what was answered before, is not changed by the attempts before.

use super::facts::{self, Wanted};
use super::known::{Known, Left};
use super::lock::{self, Beyond, Waiting};
use super::register::{OnKnown, idempotency, judge_on};
use super::write::{self, Entry};
use crate::StoreError;
use crate::rows::receipt::documents;
use crate::transaction::{Ending, transaction};
use diesel::PgConnection;
use enrollment_core::registration::{Attempt, Facts, Judgement, Mode, Receipt, Record, Scope};
use enrollment_core::{Error, Subject};
use uuid::Uuid;

/// What has come of an attempt.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is answered.
    Answered(Result<Receipt, Error>),
    /// It needs a transaction of its own: others are to be offered a seat before it or after it, whom nobody has locked.
    ByItself,
    /// Somebody else has the lock of what it needs.
    Locked,
}

/// What has come of attempts.
pub(super) struct Carried {
    /// Of each, in their order.
    pub(super) outcomes: Vec<Outcome>,
    /// The records of refusals, which are still to be written.
    pub(super) unwritten: Vec<Record>,
    /// The digests of the documents of receipts that were written.
    documents: Vec<Uuid>,
}

/// Carries out attempts.
pub(super) fn carry_out(
    conn: &mut PgConnection,
    attempts: &[&Attempt],
    waiting: Waiting,
) -> Result<Carried, StoreError> {
    let scopes: Vec<Scope> = attempts.iter().map(|attempt| attempt.scope()).collect();
    let carried = transaction(conn, |conn| {
        let locked = lock::lock(conn, &lock::all(scopes.iter().cloned()), &Beyond::default(), waiting)?;
        let wanted: Vec<Wanted<'_>> =
            attempts.iter().zip(&scopes).map(|(attempt, scope)| Wanted::for_attempt(attempt, scope)).collect();
        let mut known = facts::load(conn, &wanted, locked)?;
        let decided =
            attempts.iter().zip(&wanted).map(|(attempt, wanted)| decide(&mut known, attempt, wanted, waiting));
        write(conn, attempts, decided.collect::<Result<_, _>>()?)
    })?;
    documents::are_there(&carried.documents);
    Ok(carried)
}

/// What was decided on an attempt.
enum Decided {
    /// There is nothing to write.
    Without(Outcome),
    With(Receipt, Box<Record>),
}

fn decide(known: &mut Known, attempt: &Attempt, wanted: &Wanted<'_>, waiting: Waiting) -> Result<Decided, StoreError> {
    let (facts, judgement) = match (judge_on(known, wanted, attempt)?, waiting) {
        (OnKnown::Judged(facts, judgement), _) => (facts, judgement),
        (OnKnown::Answered(answer), _) => return Ok(Decided::Without(Outcome::Answered(answer))),
        (OnKnown::NoStudent, Waiting::Wait) => {
            return Ok(Decided::Without(Outcome::Answered(Err(Error::NotFound(Subject::Student)))));
        }
        (OnKnown::NotLocked, Waiting::Wait) => return Ok(Decided::Without(Outcome::ByItself)),
        (OnKnown::NoStudent | OnKnown::NotLocked, Waiting::Skip) => return Ok(Decided::Without(Outcome::Locked)),
    };
    let left = Left::by(&judgement.changes, &facts);
    if is_followed(attempt, &facts, &judgement, &left) {
        return Ok(Decided::Without(Outcome::ByItself));
    }
    if attempt.mode == Mode::DryRun {
        return Ok(Decided::Without(Outcome::Answered(Ok(Receipt::of(attempt, &judgement)))));
    }
    if !judgement.changes.is_empty() {
        known.take(left);
    }
    let receipt = Receipt::of(attempt, &judgement);
    Ok(Decided::With(receipt, Box::new(Record::of(attempt, *facts, judgement))))
}

/// Whether seats have to be offered to those who wait, before the attempt or after it.
fn is_followed(attempt: &Attempt, facts: &Facts, judgement: &Judgement, left: &Left) -> bool {
    let makes_room = attempt.command.moves_seats() && !judgement.changes.is_empty();
    !judgement.pools_passed(facts).is_empty() || makes_room && left.has_seats_to_fill()
}

/// Writes what has to be durable before it is answered. Without any of that the transaction ends without waiting for a disk.
fn write(conn: &mut PgConnection, attempts: &[&Attempt], decided: Vec<Decided>) -> Result<Ending<Carried>, StoreError> {
    let is_durable =
        |attempt: &Attempt, record: &Record| !record.judgement.changes.is_empty() || idempotency(attempt).is_some();
    let entries: Vec<Entry<'_>> = attempts
        .iter()
        .zip(&decided)
        .filter_map(|(attempt, decided)| match decided {
            Decided::With(receipt, record) if is_durable(attempt, record) => {
                Some(Entry { attempt, idempotency: idempotency(attempt), receipt, record })
            }
            Decided::With(..) | Decided::Without(_) => None,
        })
        .collect();
    let wrote = !entries.is_empty();
    let documents = if wrote { write::entries(conn, &entries)? } else { Vec::new() };
    let mut unwritten = Vec::new();
    let outcomes = attempts.iter().zip(decided).map(|(attempt, decided)| match decided {
        Decided::Without(outcome) => outcome,
        Decided::With(receipt, record) => {
            if !is_durable(attempt, &record) {
                unwritten.push(*record);
            }
            Outcome::Answered(Ok(receipt))
        }
    });
    let outcomes = outcomes.collect();
    let carried = Carried { outcomes, unwritten, documents };
    Ok(if wrote { Ending::Commit(carried) } else { Ending::RollBack(carried) })
}
