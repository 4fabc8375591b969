//! Carrying out many attempts in one transaction: all are kept, or none.

use super::lock::{self, Beyond, Waiting};
use super::register::{Decided, Followed, again_if_overtaken, carry_out};
use super::settle::receipts_of;
use crate::StoreError;
use crate::store::Answer;
use crate::transaction::Ending;
use crate::write_behind::WriteBehind;
use diesel::PgConnection;
use enrollment_core::Error;
use enrollment_core::registration::{Attempt, Mode, Outcome, Receipt, Record};
use std::collections::BTreeSet;

/// What each attempt came to.
type Receipts = Vec<Result<Receipt, Error>>;

/// Carries out attempts in a transaction of their own, each on what the ones before it leave.
pub(super) fn register_all(
    conn: &mut PgConnection,
    attempts: &[Attempt],
    refusals: &WriteBehind<Record>,
) -> Answer<Receipts> {
    let decided = again_if_overtaken(conn, |conn, beyond| {
        let decided = carry_out_all(conn, attempts, beyond)?;
        let is_kept = attempts.iter().all(|attempt| attempt.mode == Mode::Commit) && decided.iter().all(is_accepted);
        Ok(if is_kept { Ending::Commit((true, decided)) } else { Ending::RollBack((false, decided)) })
    });
    let (is_kept, decided) = decided?;
    let asked: BTreeSet<_> =
        attempts.iter().filter(|attempt| attempt.mode == Mode::Commit).map(|attempt| attempt.id).collect();
    let receipts = decided.into_iter().map(|decided| {
        let Decided { receipt, unwritten } = decided?;
        // What followed from what was not kept has not happened.
        for record in unwritten.into_iter().filter(|record| is_kept || asked.contains(&record.attempt_id)) {
            refusals.hand_over(record);
        }
        Ok(receipt)
    });
    Ok(Ok(receipts.collect()))
}

/// Everything is locked before the first attempt is decided. Then the locks that each of them takes are held already, and
/// are taken in no other order than that of all writers.
fn carry_out_all(
    conn: &mut PgConnection,
    attempts: &[Attempt],
    beyond: &mut Beyond,
) -> Result<Vec<Result<Decided, Error>>, StoreError> {
    lock::lock(conn, &lock::all(attempts.iter().map(Attempt::scope)), beyond, Waiting::Wait)?;
    let carried = attempts.iter().map(|attempt| {
        let mut noted = Beyond::default();
        let carried = carry_out(conn, attempt, &mut noted, Followed::Yes);
        beyond.add(noted);
        carried.map(|(_, decided)| decided)
    });
    carried.collect()
}

fn is_accepted(decided: &Result<Decided, Error>) -> bool {
    decided.as_ref().is_ok_and(|decided| matches!(decided.receipt.outcome, Outcome::Accepted { .. }))
}

/// Answers attempts by their receipts, or carries them out if they have left none. Whoever has the locks of their students
/// sees what has become of the transaction that was lost (see [`settle`](super::settle)).
pub(super) fn settle_all(
    conn: &mut PgConnection,
    attempts: &[Attempt],
    refusals: &WriteBehind<Record>,
) -> Answer<Receipts> {
    let receipts = receipts_of(conn, &attempts.iter().collect::<Vec<_>>())?;
    match receipts.into_iter().collect::<Option<Vec<_>>>() {
        None => register_all(conn, attempts, refusals),
        Some(receipts) => Ok(Ok(receipts.into_iter().map(Ok).collect())),
    }
}
