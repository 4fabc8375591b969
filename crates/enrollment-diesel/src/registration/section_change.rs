//! What a change of a section does to students, in the transaction that changes it: ends what cannot stay, and offers the
//! seats that there are then to those who wait.
//!
//! The order of all locks holds here too: first the students, then the pools. So those who may have to leave are looked up
//! before anything is locked. Who came between that and the lock of the pool is locked without waiting, or by the next try.

use super::follow_ups::{Consequences, FollowUps};
use super::lock::{self, Beyond, Waiting};
use super::write;
use crate::StoreError;
use crate::catalog::Table;
use crate::rows::{Corrupt, Place};
use crate::schema::sections;
use crate::statement::Statement;
use crate::store::Answer;
use crate::transaction::{Ending, transaction};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use enrollment_core::Error;
use enrollment_core::catalog::{Cause, Entry, Pooling, Section, SectionStatus, Version};
use enrollment_core::ids::{SeatPoolId, SectionId};
use enrollment_core::registration::section_change::{Occupant, ending};
use enrollment_core::registration::{EntryChange, Mode, Origin, Scope};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Writes a section over the version that is expected, with everything that follows from it; or tells, in a dry run, what would be.
pub(crate) fn carry_out(
    conn: &mut PgConnection,
    section: &Section,
    expected: Version,
    cause: &Cause,
    mode: Mode,
) -> Answer<EntryChange<Section>> {
    let mut beyond = Beyond::default();
    transaction(conn, |conn| {
        lock_ahead(conn, section, &beyond)?;
        let before = pools(conn, section.id)?;
        if let Err(refused) = section.update(conn, expected, cause)? {
            return Ok(Ending::RollBack(Err(refused)));
        }
        let mut follow_ups = FollowUps::of(Origin::of_change(cause, mode));
        follow(conn, section, before, &mut follow_ups, &mut beyond)?;
        shorten_waitlist(conn, section)?;
        let Consequences { promotions, cancelled, unwritten, .. } = follow_ups.end();
        let Some(section) = Section::find(conn, section.id)? else {
            return Ok(Ending::RollBack(Err(Error::NotFound(Section::SUBJECT))));
        };
        let change = EntryChange { entry: Some(section), promotions, cancelled };
        if mode == Mode::DryRun {
            return Ok(Ending::RollBack(Ok(change)));
        }
        // Unlike in a rush on seats, nobody waits for this answer.
        if !unwritten.is_empty() {
            write::refusals(conn, &unwritten)?;
        }
        Ok(Ending::Commit(Ok(change)))
    })
}

/// Locks the students who may have to leave, and those who were in the way before; then the pools of all that may change.
fn lock_ahead(conn: &mut PgConnection, section: &Section, beyond: &Beyond) -> Result<(), StoreError> {
    let leaving = ending(section, &occupants(conn, section)?);
    let mut scope = Scope { sections: vec![section.id], ..Scope::default() };
    if let Pooling::Share { with, .. } = section.pooling {
        scope.sections.push(with);
    }
    for (occupant, _) in leaving {
        scope.students.push(occupant.student_id);
        scope.student_courses.push(occupant.student_course_id);
    }
    lock::lock(conn, &scope, beyond, Waiting::Wait)?;
    Ok(())
}

/// Does what follows from a section's being as it is now. Seats are offered before a waitlist is shortened, so that nobody leaves
/// it for whom there is a seat.
fn follow(
    conn: &mut PgConnection,
    section: &Section,
    before: BTreeSet<SeatPoolId>,
    follow_ups: &mut FollowUps,
    beyond: &mut Beyond,
) -> Result<(), StoreError> {
    let mut free = before;
    free.extend(pools(conn, section.id)?);
    if section.status != SectionStatus::Cancelled {
        follow_ups.offer(conn, std::mem::take(&mut free), beyond)?;
    }
    for (occupant, reason) in ending(section, &occupants(conn, section)?) {
        free.extend(follow_ups.cancel(conn, &occupant, reason, beyond)?);
    }
    follow_ups.offer(conn, free, beyond)
}

/// $1 the section, $2 whether those who have a seat are asked for. Those who wait are in their order.
const OCCUPANTS: &str = "
    SELECT id, student_id, status FROM student_courses
    WHERE section_id = $1 AND (status = 'waitlisted' OR $2 AND status = 'enrolled')
    ORDER BY status, waitlist_priority, waitlist_sequence, id";

#[derive(QueryableByName)]
struct OccupantRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
}

impl TryFrom<OccupantRow> for Occupant {
    type Error = Corrupt;

    fn try_from(row: OccupantRow) -> Result<Self, Corrupt> {
        let status = Place::new("student_courses", row.id).word("status", &row.status)?;
        Ok(Self { student_course_id: row.id.into(), student_id: row.student_id.into(), status })
    }
}

/// Who is in the section, as far as any of them may have to leave.
pub(super) fn occupants(conn: &mut PgConnection, section: &Section) -> Result<Vec<Occupant>, StoreError> {
    let rows = Statement::new(OCCUPANTS)
        .bind::<SqlUuid, _>(section.id.uuid())
        .bind::<Bool, _>(section.status == SectionStatus::Cancelled)
        .load::<OccupantRow>(conn)?;
    Ok(rows.into_iter().map(Occupant::try_from).collect::<Result<_, _>>()?)
}

/// The pool of a section's seats; none when there is no such section.
fn pools(conn: &mut PgConnection, section: SectionId) -> QueryResult<BTreeSet<SeatPoolId>> {
    let pool = sections::table.find(section.uuid()).select(sections::seat_pool_id).load::<Uuid>(conn)?;
    Ok(pool.into_iter().map(SeatPoolId::from).collect())
}

/// Gives the waitlist the places that it is to have, now that no more wait.
fn shorten_waitlist(conn: &mut PgConnection, section: &Section) -> QueryResult<()> {
    let places = section.waitlist_capacity.get().cast_signed();
    let row = sections::table.find(section.id.uuid()).filter(sections::waitlist_capacity.ne(places));
    diesel::update(row).set(sections::waitlist_capacity.eq(places)).execute(conn)?;
    Ok(())
}
