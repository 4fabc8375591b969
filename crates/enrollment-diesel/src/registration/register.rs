//! Carrying out an attempt: lock, load, decide, write, and offer what became free to those who wait for it.

use super::facts::Wanted;
use super::follow_ups::{Consequences, FollowUps};
use super::known::{About, Answered, Known};
use super::lock::{Beyond, Waiting};
use super::write::Entry;
use super::{facts, lock, write};
use crate::StoreError;
use crate::constraint::asks_to_decide_again;
use crate::rows::json;
use crate::store::Answer;
use crate::transaction::{Ending, transaction};
use crate::write_behind::WriteBehind;
use diesel::PgConnection;
use diesel::result::Error as DieselError;
use enrollment_core::registration::{
    Attempt, Facts, Idempotency, Judgement, Mode, Origin, Promotion, Receipt, Record, Scope, Status,
};
use enrollment_core::{Error, Subject};
use std::collections::BTreeSet;

/// How often an attempt is decided, when the database refuses what was decided because somebody else was there first.
const MOST_DECISIONS: u32 = 5;

/// What was decided on an attempt.
pub(super) struct Decided {
    pub(super) receipt: Receipt,
    /// The records of refusals that changed nothing, which are still to be written.
    pub(super) unwritten: Vec<Record>,
}

impl From<Receipt> for Decided {
    /// Of which nothing is left to write.
    fn from(receipt: Receipt) -> Self {
        Self { receipt, unwritten: Vec::new() }
    }
}

/// Carries out an attempt in a transaction of its own. The record of a refusal that changed nothing, not even a key, is handed
/// over to be written later: nobody shall wait for that, least of all whoever wants the same row.
pub(super) fn register(conn: &mut PgConnection, attempt: &Attempt, refusals: &WriteBehind<Record>) -> Answer<Receipt> {
    let decided = decide(conn, attempt)?;
    Ok(decided.map(|Decided { receipt, unwritten }| {
        for record in unwritten {
            refusals.hand_over(record);
        }
        receipt
    }))
}

/// Decides an attempt.
fn decide(conn: &mut PgConnection, attempt: &Attempt) -> Answer<Decided> {
    again_if_overtaken(conn, |conn, beyond| {
        let (wrote, answer) = carry_out(conn, attempt, beyond, Followed::No)?;
        Ok(match answer {
            Ok(decided) if attempt.mode == Mode::DryRun => {
                Ending::RollBack(Ok(Decided { unwritten: Vec::new(), ..decided }))
            }
            // Without something to write, the transaction ends without waiting for a disk.
            answer if !wrote => Ending::RollBack(answer),
            answer => Ending::Commit(answer),
        })
    })
}

/// Runs work that decides, again if somebody was there first. What is noted in the [`Beyond`] is locked in the right order
/// when the transaction is repeated for it.
pub(super) fn again_if_overtaken<T>(
    conn: &mut PgConnection,
    mut work: impl FnMut(&mut PgConnection, &mut Beyond) -> Result<Ending<T>, StoreError>,
) -> Result<T, StoreError> {
    let mut decisions = 1;
    let mut beyond = Beyond::default();
    loop {
        match transaction(conn, |conn| work(conn, &mut beyond)) {
            Err(error) if asks_to_decide_again(&error) && decisions < MOST_DECISIONS => decisions += 1,
            answer => return answer,
        }
    }
}

/// Whether further attempts are decided in the same transaction, on what this one leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Followed {
    No,
    Yes,
}

/// Carries out an attempt in the transaction that is open, and what follows from it; tells whether anything was written. What
/// the follow-ups need is noted in `beyond`.
pub(super) fn carry_out(
    conn: &mut PgConnection,
    attempt: &Attempt,
    beyond: &mut Beyond,
    followed: Followed,
) -> Result<(bool, Result<Decided, Error>), StoreError> {
    let (mut facts, mut judgement) = match judge(conn, attempt, beyond, Waiting::Wait)? {
        Judged::Judged(facts, judgement) => (facts, judgement),
        Judged::Answered(answer) => return Ok((false, answer.map(Decided::from))),
    };
    let mut follow_ups = FollowUps::of(Origin::from(attempt));
    // Who waits comes first; then it is another question what this attempt can have, and from which pool.
    let mut offered = BTreeSet::new();
    loop {
        let mut passed = judgement.pools_passed(&facts);
        passed.retain(|pool| offered.insert(*pool));
        if passed.is_empty() {
            break;
        }
        follow_ups.offer(conn, passed, beyond)?;
        // What it needs is locked already: to wait for more now would be in the wrong order.
        (facts, judgement) = match judge(conn, attempt, &Beyond::default(), Waiting::Skip)? {
            Judged::Judged(facts, judgement) => (facts, judgement),
            Judged::Answered(_) => return Err(overtaken()),
        };
    }
    let record = Record::of(attempt, *facts, judgement);
    let receipt = Receipt::of(attempt, &record.judgement);
    let written = write_or_keep(conn, attempt, record, &receipt, &mut follow_ups, followed)?;
    if let Some(Record { mut facts, judgement, .. }) = written.filter(|_| attempt.command.moves_seats()) {
        facts.apply(&judgement.changes);
        follow_ups.offer(conn, facts.pools_to_fill(), beyond)?;
    }
    let Consequences { wrote, promotions, unwritten, .. } = follow_ups.end();
    Ok((wrote, Ok(Decided { receipt: Receipt { promotions, ..receipt }, unwritten })))
}

/// What came of judging an attempt.
pub(super) enum Judged {
    Judged(Box<Facts>, Judgement),
    /// It needs no judging, or allows none.
    Answered(Result<Receipt, Error>),
}

/// Locks and loads what an attempt needs, and judges it.
pub(super) fn judge(
    conn: &mut PgConnection,
    attempt: &Attempt,
    beyond: &Beyond,
    waiting: Waiting,
) -> Result<Judged, StoreError> {
    let scope = attempt.scope();
    let locked = lock::lock(conn, &scope, beyond, waiting)?;
    let wanted = Wanted::for_attempt(attempt, &scope);
    let mut known = facts::load(conn, &[wanted], locked)?;
    match (judge_on(&mut known, &wanted, attempt)?, waiting) {
        (OnKnown::Judged(facts, judgement), _) => Ok(Judged::Judged(facts, judgement)),
        (OnKnown::Answered(answer), _) => Ok(Judged::Answered(answer)),
        (OnKnown::NoStudent, Waiting::Wait) => Ok(Judged::Answered(Err(Error::NotFound(Subject::Student)))),
        // Somebody else has the lock.
        (OnKnown::NoStudent, Waiting::Skip) | (OnKnown::NotLocked, _) => Err(overtaken()),
    }
}

/// What comes of judging an attempt on what is known.
pub(super) enum OnKnown {
    Judged(Box<Facts>, Judgement),
    /// It needs no judging, or allows none.
    Answered(Result<Receipt, Error>),
    /// The student is not there, or somebody else has the lock.
    NoStudent,
    /// A pool that it needs is not locked.
    NotLocked,
}

/// Judges an attempt on what is known under the locks.
pub(super) fn judge_on(known: &mut Known, wanted: &Wanted<'_>, attempt: &Attempt) -> Result<OnKnown, StoreError> {
    let facts = match known.about(wanted) {
        About::Facts(facts) => facts,
        About::Answered(answered) => return Ok(OnKnown::Answered(replay(attempt, &answered)?)),
        About::Missing(subject, id) => return Ok(OnKnown::Answered(Err(Error::Unknown { subject, id }))),
        About::NoStudent => return Ok(OnKnown::NoStudent),
    };
    if !is_locked(wanted.scope, &facts) {
        return Ok(OnKnown::NotLocked);
    }
    if let Some(error) = attempt.contradiction(&facts) {
        return Ok(OnKnown::Answered(Err(error)));
    }
    let judgement = attempt.judge(&facts);
    Ok(if is_changed_locked(&facts, &judgement) { OnKnown::Judged(facts, judgement) } else { OnKnown::NotLocked })
}

/// The key under which the attempt's answer is kept: a dry run has none.
pub(super) fn idempotency(attempt: &Attempt) -> Option<&Idempotency> {
    attempt.idempotency.as_ref().filter(|_| attempt.mode == Mode::Commit)
}

/// Writes what was decided, or keeps the record of a refusal that is to be written later. A dry run writes only where others are
/// decided on it: those who wait for what it would make free, and the attempts after it. It answers the record of what has
/// changed anything, of which more may follow.
fn write_or_keep(
    conn: &mut PgConnection,
    attempt: &Attempt,
    record: Record,
    receipt: &Receipt,
    follow_ups: &mut FollowUps,
    followed: Followed,
) -> Result<Option<Record>, StoreError> {
    let is_alone = attempt.mode == Mode::DryRun && followed == Followed::No;
    let idempotency = idempotency(attempt);
    let changes_nothing = record.judgement.changes.is_empty();
    if changes_nothing && idempotency.is_none() {
        // Nobody has to wait for that to be written down.
        follow_ups.keep(record);
        return Ok(None);
    }
    if is_alone && record.facts.pools.iter().all(|pool| pool.waiting == 0) {
        return Ok(None);
    }
    write::entries(conn, &[Entry { attempt, idempotency, receipt, record: &record }])?;
    follow_ups.wrote();
    Ok(Some(record).filter(|_| !changes_nothing))
}

/// The answer that was given before, if it was to the same request.
fn replay(attempt: &Attempt, answered: &Answered) -> Answer<Receipt> {
    if !idempotency(attempt).is_some_and(|own| answered.is_for(own.fingerprint.as_bytes())) {
        return Ok(Err(Error::IdempotencyKeyReused));
    }
    let receipt: Receipt = json::read(answered.receipt.clone())?;
    // An attempt may meet its own answer, when the connection was lost after that was committed.
    let replayed = receipt.attempt_id != attempt.id;
    Ok(Ok(Receipt { replayed, ..receipt }))
}

/// Whether the pools of all that may change are locked. A section whose pool was exchanged after the pools were locked has to
/// wait for the next try, which locks the new one; and so has a student who joined a waitlist meanwhile, where seats may be
/// made free.
fn is_locked(scope: &Scope, facts: &Facts) -> bool {
    let is_locked = |id| facts.pools.iter().any(|pool| pool.id == id);
    let leaves = !scope.student_courses.is_empty();
    let waited_for = facts.held.iter().filter(|held| leaves && held.student_course.status == Status::Waitlisted);
    let sections = facts.sections.iter().map(|section| section.seat_pool_id);
    sections.chain(waited_for.filter_map(|held| held.seat_pool_id)).all(is_locked)
}

/// Whether what is changed is locked: what is left for a seat that came may be in a pool that somebody else has, who must not
/// be waited for then.
fn is_changed_locked(facts: &Facts, judgement: &Judgement) -> bool {
    let held = judgement.changes.iter().filter_map(|change| facts.held(change.student_course().id));
    let mut needed = held.filter_map(|held| held.seat_pool_id);
    needed.all(|id| facts.pools.iter().any(|pool| pool.id == id))
}

/// The error for facts that changed although they should have been locked: the transaction is tried again.
pub(super) fn overtaken() -> StoreError {
    StoreError::Conflict(DieselError::RollbackTransaction)
}

/// What became of somebody to whom a seat was offered.
pub(super) fn promotion(attempt: &Attempt, facts: &Facts, judgement: &Judgement) -> Option<Promotion> {
    let promoted = match &attempt.command {
        enrollment_core::registration::Command::Promote(promote) => promote.student_course_id,
        _ => return None,
    };
    let changed = judgement.changes.iter().map(enrollment_core::registration::Change::student_course);
    let after = changed.chain(facts.held(promoted).map(|held| &held.student_course)).find(|own| own.id == promoted);
    after.map(|after| Promotion { attempt_id: attempt.id, outcome: judgement.outcome, student_course: after.clone() })
}
