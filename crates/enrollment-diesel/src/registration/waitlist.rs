//! Offering seats to those who wait for them, one after the other, in the transaction that made the seats free.
//!
//! Each is an attempt of its own, decided as every other. What it needs is locked without waiting, because what is locked
//! already may come later in the order of all locks: where somebody else has it, the whole transaction is repeated, and
//! locks that first.

use super::lock::{Beyond, Waiting};
use super::register::{self, Judged, overtaken};
use super::write;
use crate::StoreError;
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Uuid as SqlUuid};
use enrollment_core::ids::SeatPoolId;
use enrollment_core::registration::{Attempt, Promote, Promotion, Receipt, Record, Verdict};
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

/// What follows from an attempt: seats that went to those who waited for them.
pub(super) struct Promotions<'a> {
    cause: &'a Attempt,
    /// Numbers the attempts that follow.
    offers: u32,
    wrote: bool,
    told: Vec<Promotion>,
    unwritten: Vec<Record>,
}

impl<'a> Promotions<'a> {
    pub(super) fn of(cause: &'a Attempt) -> Self {
        Self { cause, offers: 0, wrote: false, told: Vec::new(), unwritten: Vec::new() }
    }

    /// Notes that the transaction has written something.
    pub(super) fn wrote(&mut self) {
        self.wrote = true;
    }

    /// Keeps a record that is to be written after the answer.
    pub(super) fn keep(&mut self, record: Record) {
        self.unwritten.push(record);
    }

    /// Whether anything was written, what became of those who waited, and the records that are still to be written.
    pub(super) fn end(self) -> (bool, Vec<Promotion>, Vec<Record>) {
        (self.wrote, self.told, self.unwritten)
    }

    /// Offers the free seats of these pools, and what becomes free by that. Whoever leaves something for the seat may make
    /// another seat free, or be admitted elsewhere now, so then all others are asked again.
    pub(super) fn offer(
        &mut self,
        conn: &mut PgConnection,
        pools: Vec<SeatPoolId>,
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
        let attempt = self.cause.promotion(self.offers, next.student_id.into(), promote);
        self.offers += 1;
        let nothing_more = Beyond::default();
        let Judged::Judged(facts, judgement) = register::judge(conn, &attempt, &nothing_more, Waiting::Skip)? else {
            return Err(overtaken());
        };
        self.told.extend(register::promotion(&attempt, &facts, &judgement));
        let is_seated = judgement.outcome == Verdict::Accepted;
        let record = Record::of(&attempt, facts, judgement);
        if record.judgement.changes.is_empty() {
            self.unwritten.push(record);
            return Ok(Vec::new());
        }
        let receipt = Receipt::of(&attempt, record.judgement.clone());
        write::changes(conn, &attempt, None, &receipt, &record)?;
        self.wrote = true;
        let leaves = record.judgement.changes.len() > 1;
        if !is_seated || !leaves {
            return Ok(Vec::new());
        }
        let Record { mut facts, judgement, .. } = record;
        facts.apply(&judgement.changes);
        Ok(facts.pools_to_fill().collect())
    }
}

fn next(conn: &mut PgConnection, pool: SeatPoolId, offered: &[Uuid]) -> Result<Option<Next>, StoreError> {
    let next = Statement::new(NEXT).bind::<SqlUuid, _>(pool.uuid()).bind::<Array<SqlUuid>, _>(offered);
    Ok(next.get_result(conn).optional()?)
}
