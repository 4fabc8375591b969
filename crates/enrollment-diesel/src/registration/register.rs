//! Carrying out an attempt: lock, load, decide, write.

use super::facts::Answered;
use super::{facts, lock, write};
use crate::StoreError;
use crate::constraint::asks_to_decide_again;
use crate::rows::json;
use crate::store::Answer;
use crate::transaction::{Ending, transaction};
use crate::write_behind::WriteBehind;
use diesel::PgConnection;
use diesel::result::Error as DieselError;
use enrollment_core::registration::{Attempt, Idempotency, Mode, Receipt, Record, SeatPool, SectionFacts, Verdict};
use enrollment_core::{Error, Subject};

/// How often an attempt is decided, when the database refuses what was decided because somebody else was there first.
const MOST_DECISIONS: u32 = 5;

/// What was decided on an attempt.
pub(super) struct Decided {
    receipt: Receipt,
    /// The record of a refusal, which is still to be written.
    unwritten: Option<Record>,
}

impl From<Receipt> for Decided {
    /// Of which nothing is left to write.
    fn from(receipt: Receipt) -> Self {
        Self { receipt, unwritten: None }
    }
}

/// Carries out an attempt in a transaction of its own. The record of a refusal that changed nothing, not even a key, is handed
/// over to be written later: nobody shall wait for that, least of all whoever wants the same row.
pub(super) fn register(conn: &mut PgConnection, attempt: &Attempt, refusals: &WriteBehind<Record>) -> Answer<Receipt> {
    let decided = decide(conn, attempt)?;
    Ok(decided.map(|Decided { receipt, unwritten }| {
        if let Some(record) = unwritten {
            refusals.hand_over(record);
        }
        receipt
    }))
}

/// Decides an attempt, again if somebody was there first.
fn decide(conn: &mut PgConnection, attempt: &Attempt) -> Answer<Decided> {
    let mut decisions = 1;
    loop {
        match transaction(conn, |conn| carry_out(conn, attempt)) {
            Err(error) if asks_to_decide_again(&error) && decisions < MOST_DECISIONS => decisions += 1,
            answer => return answer,
        }
    }
}

/// Carries out an attempt in the transaction that is open.
pub(super) fn carry_out(
    conn: &mut PgConnection,
    attempt: &Attempt,
) -> Result<Ending<Result<Decided, Error>>, StoreError> {
    let scope = attempt.scope();
    let locked = lock::lock(conn, &scope)?;
    let Some(student) = locked.students.iter().find(|student| student.id == attempt.student_id).cloned() else {
        return Ok(refuse(Error::NotFound(Subject::Student)));
    };
    let idempotency = attempt.idempotency.as_ref().filter(|_| attempt.mode == Mode::Commit);
    let answer = idempotency.map(|idempotency| (&attempt.actor, idempotency));
    let known = facts::load(conn, attempt.student_id, &scope, &locked, answer)?;
    if let (Some(idempotency), Some(answered)) = (idempotency, &known.answered) {
        return Ok(Ending::RollBack(replay(attempt, idempotency, answered)?.map(Decided::from)));
    }
    if let Some(subject) = known.missing {
        return Ok(refuse(Error::NotFound(subject)));
    }
    require_locked(&known.sections, &locked.pools)?;
    let facts = known.facts(student, locked.pools);
    let judgement = attempt.judge(&facts);
    conclude(conn, attempt, idempotency, Record::of(attempt, facts, judgement))
}

/// Writes what was decided, if that is to be written now. Without something to write, the transaction ends without waiting
/// for a disk.
fn conclude(
    conn: &mut PgConnection,
    attempt: &Attempt,
    idempotency: Option<&Idempotency>,
    record: Record,
) -> Result<Ending<Result<Decided, Error>>, StoreError> {
    let receipt = Receipt::of(attempt, record.judgement.clone().decision());
    match (record.judgement.outcome, idempotency) {
        _ if attempt.mode == Mode::DryRun => return Ok(Ending::RollBack(Ok(receipt.into()))),
        (Verdict::Refused, None) => {
            return Ok(Ending::RollBack(Ok(Decided { receipt, unwritten: Some(record) })));
        }
        (Verdict::Refused, Some(idempotency)) => write::remember(conn, attempt, idempotency, &receipt, &record)?,
        (Verdict::Accepted, _) => write::changes(conn, attempt, idempotency, &receipt, &record)?,
    }
    Ok(Ending::Commit(Ok(receipt.into())))
}

fn refuse<T>(error: Error) -> Ending<Result<T, Error>> {
    Ending::RollBack(Err(error))
}

/// The answer that was given before, if it was to the same request.
fn replay(attempt: &Attempt, idempotency: &Idempotency, answered: &Answered) -> Answer<Receipt> {
    if answered.request_hash != idempotency.fingerprint.as_bytes() {
        return Ok(Err(Error::IdempotencyKeyReused));
    }
    let receipt: Receipt = json::read(answered.receipt.clone())?;
    // An attempt may meet its own answer, when the connection was lost after that was committed.
    let replayed = receipt.attempt_id != attempt.id;
    Ok(Ok(Receipt { replayed, ..receipt }))
}

/// A section whose pool was exchanged after the pools were locked has to wait for the next try, which locks the new one.
fn require_locked(sections: &[SectionFacts], pools: &[SeatPool]) -> Result<(), StoreError> {
    let is_locked = |section: &SectionFacts| pools.iter().any(|pool| pool.id == section.seat_pool_id);
    if sections.iter().all(is_locked) { Ok(()) } else { Err(overtaken()) }
}

/// The error for facts that changed although they should have been locked: the transaction is tried again.
pub(super) fn overtaken() -> StoreError {
    StoreError::Conflict(DieselError::RollbackTransaction)
}
