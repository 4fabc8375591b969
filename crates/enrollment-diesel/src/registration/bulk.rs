//! Carrying out many attempts in one transaction: all are kept, or none.

use super::lock::{self, Beyond, Waiting};
use super::register::{Decided, Followed, again_if_overtaken, carry_out};
use super::settle::record_of;
use crate::StoreError;
use crate::rows::Place;
use crate::schema::students;
use crate::store::Answer;
use crate::transaction::{Ending, transaction};
use crate::write_behind::WriteBehind;
use diesel::PgConnection;
use diesel::prelude::*;
use enrollment_core::Error;
use enrollment_core::ids::StudentId;
use enrollment_core::registration::{Attempt, Mode, Outcome, Receipt, Record, Scope};
use enrollment_core::text::StudentNumber;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

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
    lock::lock(conn, &scope_of(attempts), beyond, Waiting::Wait)?;
    let carried = attempts.iter().map(|attempt| {
        let mut noted = Beyond::default();
        let carried = carry_out(conn, attempt, &mut noted, Followed::Yes);
        beyond.add(noted);
        carried.map(|(_, decided)| decided)
    });
    carried.collect()
}

/// What all of the attempts need.
fn scope_of(attempts: &[Attempt]) -> Scope {
    let mut all = Scope::default();
    for scope in attempts.iter().map(Attempt::scope) {
        all.students.extend(scope.students);
        all.sections.extend(scope.sections);
        all.courses.extend(scope.courses);
        all.student_courses.extend(scope.student_courses);
    }
    all.sections.sort_unstable();
    all.sections.dedup();
    all
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
    let ids: Vec<Uuid> = attempts.iter().map(|attempt| attempt.student_id.uuid()).collect();
    let records = transaction(conn, |conn| {
        let locked = students::table.filter(students::id.eq_any(&ids)).order(students::id).select(students::id);
        locked.for_no_key_update().load::<Uuid>(conn)?;
        let records = attempts.iter().map(|attempt| record_of(conn, attempt)).collect::<Result<Option<Vec<_>>, _>>()?;
        Ok(Ending::RollBack(records))
    })?;
    match records {
        None => register_all(conn, attempts, refusals),
        Some(records) => {
            let receipts = attempts.iter().zip(records).map(|(attempt, record)| Receipt::of(attempt, record.judgement));
            Ok(Ok(receipts.map(Ok).collect()))
        }
    }
}

/// The students who have these numbers.
pub(super) fn students_numbered(
    conn: &mut PgConnection,
    numbers: &[StudentNumber],
) -> Answer<BTreeMap<StudentNumber, StudentId>> {
    let numbers: Vec<&str> = numbers.iter().map(StudentNumber::as_str).collect();
    let known = students::table.filter(students::number.eq_any(numbers)).select((students::id, students::number));
    let known = known.load::<(Uuid, String)>(conn)?.into_iter().map(|(id, number)| {
        let number = Place::new("students", id).read("number", number)?;
        Ok((number, id.into()))
    });
    Ok(Ok(known.collect::<Result<_, StoreError>>()?))
}
