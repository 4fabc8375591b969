//! What follows from an attempt, or from a change of a section, in the same transaction: offering seats to those who wait for
//! them, one after the other, and ending what cannot stay.
//!
//! Each is an attempt of its own, decided as every other. What it needs is locked without waiting, because what is locked
//! already may come later in the order of all locks: where somebody else has it, the whole transaction is repeated, and
//! locks that first.

use super::lock::{Beyond, Waiting};
use super::register::{self, Judged, overtaken};
use super::write::{self, Entry};
use crate::StoreError;
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Uuid as SqlUuid};
use enrollment_core::ids::SeatPoolId;
use enrollment_core::registration::section_change::Occupant;
use enrollment_core::registration::{
    Attempt, Cancel, Change, Facts, Judgement, Origin, Promote, Promotion, Receipt, Record, StudentCourse, Verdict,
};
use enrollment_core::text::Reason;
use std::collections::BTreeSet;
use uuid::Uuid;

/// $1 the pool, $2 those who were offered a seat of it already.
const NEXT: &str = "
    SELECT w.id, w.student_id, w.section_id, w.waitlist_swap_from AS swap_from
    FROM seat_pools p
    JOIN sections s ON s.seat_pool_id = p.id AND s.waitlisted > 0
    JOIN student_courses w ON w.section_id = s.id AND w.status = 'waitlisted'
    WHERE p.id = $1 AND p.taken < p.capacity::bigint + p.overload AND w.id <> ALL ($2)
    ORDER BY w.waitlist_priority, w.waitlist_sequence, w.id LIMIT 1";

#[derive(QueryableByName)]
struct Next {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    section_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    swap_from: Option<Uuid>,
}

/// What follows from something, as far as it has come.
pub(super) struct FollowUps {
    origin: Origin,
    /// Numbers the attempts that follow.
    attempts: u32,
    wrote: bool,
    promotions: Vec<Promotion>,
    cancelled: Vec<StudentCourse>,
    unwritten: Vec<Record>,
}

/// What has followed from it.
pub(super) struct Consequences {
    /// Whether the transaction has written something.
    pub(super) wrote: bool,
    /// What became of those who waited.
    pub(super) promotions: Vec<Promotion>,
    /// What was ended.
    pub(super) cancelled: Vec<StudentCourse>,
    /// The records of refusals that are still to be written.
    pub(super) unwritten: Vec<Record>,
}

impl FollowUps {
    pub(super) fn of(origin: Origin) -> Self {
        let (promotions, cancelled, unwritten) = (Vec::new(), Vec::new(), Vec::new());
        Self { origin, attempts: 0, wrote: false, promotions, cancelled, unwritten }
    }

    /// Notes that the transaction has written something.
    pub(super) fn wrote(&mut self) {
        self.wrote = true;
    }

    /// Keeps a record that is to be written after the answer.
    pub(super) fn keep(&mut self, record: Record) {
        self.unwritten.push(record);
    }

    pub(super) fn end(self) -> Consequences {
        let Self { wrote, promotions, cancelled, unwritten, .. } = self;
        Consequences { wrote, promotions, cancelled, unwritten }
    }

    /// Offers the free seats of these pools, and what becomes free by that. Whoever leaves something for the seat may make
    /// another seat free, or be admitted elsewhere now, so then all others are asked again.
    pub(super) fn offer(
        &mut self,
        conn: &mut PgConnection,
        pools: impl IntoIterator<Item = SeatPoolId>,
        beyond: &mut Beyond,
    ) -> Result<(), StoreError> {
        let mut pools: BTreeSet<SeatPoolId> = pools.into_iter().collect();
        let mut offered = Vec::new();
        while let Some(pool) = pools.pop_first() {
            while let Some(next) = next(conn, pool, &offered)? {
                offered.push(next.id);
                let left = self.offer_to(conn, &next, beyond)?;
                if !left.is_empty() {
                    offered.clear();
                    pools.extend(left);
                }
            }
        }
        Ok(())
    }

    /// Offers a seat to who is next. If something was left for it, it tells which pools have to be offered for that.
    fn offer_to(
        &mut self,
        conn: &mut PgConnection,
        next: &Next,
        beyond: &mut Beyond,
    ) -> Result<Vec<SeatPoolId>, StoreError> {
        let promote = Promote {
            student_course_id: next.id.into(),
            section_id: next.section_id.into(),
            swap_from: next.swap_from.map(Into::into),
        };
        beyond.students.push(next.student_id.into());
        beyond.student_courses.push(promote.student_course_id);
        beyond.student_courses.extend(promote.swap_from);
        let attempt = self.origin.promotion(self.attempts, next.student_id.into(), promote);
        let (facts, judgement) = self.judge(conn, &attempt)?;
        self.promotions.extend(register::promotion(&attempt, &facts, &judgement));
        let is_seated = judgement.outcome == Verdict::Accepted;
        let record = Record::of(&attempt, facts, judgement);
        if record.judgement.changes.is_empty() {
            self.unwritten.push(record);
            return Ok(Vec::new());
        }
        let (facts, changes) = self.write(conn, &attempt, record)?;
        let leaves = changes.len() > 1;
        if !is_seated || !leaves {
            return Ok(Vec::new());
        }
        Ok(facts.pools_to_fill().collect())
    }

    /// Ends what a student has, which the caller has seen under the lock of its pool, and tells in which pools there is a seat
    /// for somebody who waits, the student perhaps, whom nothing else may hinder any more.
    pub(super) fn cancel(
        &mut self,
        conn: &mut PgConnection,
        occupant: &Occupant,
        reason: Reason,
        beyond: &mut Beyond,
    ) -> Result<Vec<SeatPoolId>, StoreError> {
        beyond.students.push(occupant.student_id);
        beyond.student_courses.push(occupant.student_course_id);
        let cancel = Cancel { student_course_id: occupant.student_course_id, reason };
        let attempt = self.origin.cancellation(self.attempts, occupant.student_id, cancel);
        let (facts, judgement) = self.judge(conn, &attempt)?;
        if judgement.outcome == Verdict::Refused {
            return Err(overtaken());
        }
        let (facts, changes) = self.write(conn, &attempt, Record::of(&attempt, facts, judgement))?;
        self.cancelled.extend(changes.into_iter().map(Change::into_student_course));
        Ok(facts.pools_to_fill().collect())
    }

    /// Locks and loads what an attempt that follows needs, and judges it.
    fn judge(&mut self, conn: &mut PgConnection, attempt: &Attempt) -> Result<(Facts, Judgement), StoreError> {
        self.attempts += 1;
        match register::judge(conn, attempt, &Beyond::default(), Waiting::Skip)? {
            Judged::Judged(facts, judgement) => Ok((*facts, judgement)),
            Judged::Answered(_) => Err(overtaken()),
        }
    }

    /// Writes what was decided on an attempt that follows, and tells what is known after that.
    fn write(
        &mut self,
        conn: &mut PgConnection,
        attempt: &Attempt,
        record: Record,
    ) -> Result<(Facts, Vec<Change>), StoreError> {
        let receipt = Receipt::of(attempt, &record.judgement);
        write::entries(conn, &[Entry { attempt, idempotency: None, receipt: &receipt, record: &record }])?;
        self.wrote = true;
        let Record { mut facts, judgement, .. } = record;
        facts.apply(&judgement.changes);
        Ok((facts, judgement.changes))
    }
}

fn next(conn: &mut PgConnection, pool: SeatPoolId, offered: &[Uuid]) -> Result<Option<Next>, StoreError> {
    let next = Statement::new(NEXT).bind::<SqlUuid, _>(pool.uuid()).bind::<Array<SqlUuid>, _>(offered);
    Ok(next.get_result(conn).optional()?)
}
