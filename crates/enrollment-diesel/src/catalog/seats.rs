//! The seats of sections: the pools that they have of their own or share, and the audit of how many there are.
//!
//! A section's own pool has the section's id, unless others stayed in that when it left. Who leaves a pool last deletes it.

use super::reservations::reserved;
use crate::StoreError;
use crate::check::POOL_CHANGED;
use crate::rows::event;
use crate::schema::{registration_events, seat_pools, sections};
use crate::store::Answer;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use enrollment_core::Error;
use enrollment_core::catalog::{Cause, Pooling, Seats, Section};
use enrollment_core::fields::FieldErrors;
use enrollment_core::ids::SectionId;
use serde_json::json;
use uuid::Uuid;

#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = seat_pools)]
pub(super) struct Pool {
    pub(super) id: Uuid,
    capacity: i32,
    overload: i32,
    overload_reason: Option<String>,
    taken: i32,
}

impl Pool {
    /// The seats there are in all.
    pub(super) fn seats(&self) -> u32 {
        self.capacity.unsigned_abs().saturating_add(self.overload.unsigned_abs())
    }
}

/// Locks the pool of a section's seats, as an enrollment does; none when there is no such section.
pub(super) fn lock_pool(conn: &mut PgConnection, section: SectionId) -> QueryResult<Option<Pool>> {
    lock_pools(conn, &[section])?;
    pool_of(conn, section)
}

/// Locks the pools of these sections in the order of their ids.
pub(super) fn lock_pools(conn: &mut PgConnection, of: &[SectionId]) -> QueryResult<()> {
    let of_sections = sections::table.filter(sections::id.eq_any(of.iter().map(|section| section.uuid())));
    let pools = seat_pools::table.filter(seat_pools::id.eq_any(of_sections.select(sections::seat_pool_id)));
    pools.order(seat_pools::id).select(seat_pools::id).for_no_key_update().load::<Uuid>(conn)?;
    Ok(())
}

fn pool_of(conn: &mut PgConnection, section: SectionId) -> QueryResult<Option<Pool>> {
    let of_section = sections::table.find(section.uuid()).select(sections::seat_pool_id);
    let pool = seat_pools::table.filter(seat_pools::id.eq_any(of_section));
    pool.select(Pool::as_select()).for_no_key_update().first(conn).optional()
}

/// The pool for a section that is new.
pub(super) fn pool_for(conn: &mut PgConnection, section: &Section) -> Answer<Uuid> {
    match section.pooling {
        Pooling::Share { with, capacity } => shared(conn, section.id, with, capacity),
        Pooling::Keep | Pooling::Own => Ok(Ok(insert(conn, section.id.uuid(), section)?)),
    }
}

/// The pool that a section will have that has this one, and has it locked.
pub(super) fn next_pool(conn: &mut PgConnection, section: &Section, current: &Pool, cause: &Cause) -> Answer<Uuid> {
    match section.pooling {
        Pooling::Keep => Ok(Ok(current.id)),
        Pooling::Share { with, capacity } => shared(conn, section.id, with, capacity),
        Pooling::Own if section.cross_listed_with.is_empty() => Ok(Ok(current.id)),
        Pooling::Own => {
            let is_taken: bool = select(exists(seat_pools::table.find(section.id.uuid()))).get_result(conn)?;
            let id = if is_taken { cause.attempt_id.uuid() } else { section.id.uuid() };
            Ok(Ok(insert(conn, id, section)?))
        }
    }
}

fn insert(conn: &mut PgConnection, id: Uuid, section: &Section) -> QueryResult<Uuid> {
    diesel::insert_into(seat_pools::table).values((seat_pools::id.eq(id), columns(section))).execute(conn)?;
    Ok(id)
}

type Columns = (
    diesel::dsl::Eq<seat_pools::capacity, i32>,
    diesel::dsl::Eq<seat_pools::overload, i32>,
    diesel::dsl::Eq<seat_pools::overload_reason, Option<String>>,
);

fn columns(section: &Section) -> Columns {
    (
        seat_pools::capacity.eq(section.capacity.get().cast_signed()),
        seat_pools::overload.eq(section.overload.get().cast_signed()),
        seat_pools::overload_reason.eq(section.overload_reason.as_ref().map(ToString::to_string)),
    )
}

fn shared(conn: &mut PgConnection, own: SectionId, with: SectionId, expected: Option<Seats>) -> Answer<Uuid> {
    let wrong = |pointer: &str, detail: String| Error::Invalid(FieldErrors::one(pointer, detail));
    if own == with {
        return Ok(Err(wrong("/shares_seats_with", "must be another section".to_owned())));
    }
    let Some(pool) = lock_pool(conn, with)? else {
        let detail = "names something that does not exist: look the id up again";
        return Ok(Err(wrong("/shares_seats_with", detail.to_owned())));
    };
    let capacity = pool.capacity.unsigned_abs();
    if expected.is_some_and(|expected| expected.get() != capacity) {
        let detail = format!("must be absent, or {capacity} as that of the seats that are shared");
        return Ok(Err(wrong("/capacity", detail)));
    }
    Ok(Ok(pool.id))
}

/// Gives a pool, which is locked, the seats that the section is to have.
pub(super) fn resize(conn: &mut PgConnection, pool: &Pool, section: &Section) -> Answer<()> {
    let (capacity, overload) = (section.capacity.get(), section.overload.get());
    let (seats, taken) = (capacity.saturating_add(overload), pool.taken.unsigned_abs());
    let field = if capacity == pool.capacity.unsigned_abs() { "overload" } else { "capacity" };
    if taken > seats {
        return Ok(Err(Error::SeatsTaken { seats, taken, field }));
    }
    if seats < pool.seats() {
        let reserved = reserved(conn, pool.id, None)?;
        if reserved > seats {
            return Ok(Err(Error::SeatsReserved { seats, reserved, field }));
        }
    }
    let same_reason =
        pool.overload_reason.as_deref() == section.overload_reason.as_ref().map(enrollment_core::text::Reason::as_str);
    if (pool.capacity.unsigned_abs(), pool.overload.unsigned_abs(), same_reason) != (capacity, overload, true) {
        diesel::update(seat_pools::table.find(pool.id)).set(columns(section)).execute(conn)?;
    }
    Ok(Ok(()))
}

/// Deletes a pool that no section has.
pub(super) fn delete_unused(conn: &mut PgConnection, pool: Uuid) -> QueryResult<()> {
    let used = sections::table.filter(sections::seat_pool_id.eq(pool));
    if !select(exists(used)).get_result::<bool>(conn)? {
        diesel::delete(seat_pools::table.find(pool)).execute(conn)?;
    }
    Ok(())
}

/// The seats that a section had.
#[derive(Clone, Copy)]
pub(super) struct Before {
    pub(super) capacity: Seats,
    pub(super) overload: Seats,
    /// The pool, and the one that it has now.
    pub(super) pools: Option<(Uuid, Uuid)>,
}

/// Writes what became of the seats of a section, and of those that had and have the same ones.
pub(super) fn audit(
    conn: &mut PgConnection,
    before: Before,
    after: &Section,
    with: &[SectionId],
    cause: &Cause,
) -> Result<(), StoreError> {
    let changes =
        [("capacity_changed", before.capacity, after.capacity), ("overload_changed", before.overload, after.overload)];
    let told = [&[after.id], with].concat();
    let moved = before.pools.filter(|(before, after)| before != after);
    let moved =
        moved.map(|(before, after_it)| (POOL_CHANGED, after.id, json!({ "before": before, "after": after_it })));
    let told_of = changes.into_iter().filter(|(_, before, after)| before != after);
    let resized = told_of.flat_map(|(kind, before, seats)| {
        let reason = (kind == "overload_changed").then_some(after.overload_reason.as_ref()).flatten();
        let detail = json!({ "before": before, "after": seats, "reason": reason });
        told.iter().map(move |section| (kind, *section, detail.clone()))
    });
    for (position, (kind, section, mut detail)) in (0_u128..).zip(moved.into_iter().chain(resized)) {
        if let Some(reason) = &cause.reason {
            detail["because"] = json!(reason);
        }
        diesel::insert_into(registration_events::table)
            .values((
                registration_events::id.eq(event::id(cause.attempt_id, position)),
                registration_events::at.eq(cause.at),
                registration_events::actor.eq(cause.actor.as_str()),
                registration_events::section_id.eq(section.uuid()),
                registration_events::attempt_id.eq(cause.attempt_id.uuid()),
                registration_events::kind.eq(kind),
                registration_events::detail.eq(detail),
            ))
            .execute(conn)?;
    }
    Ok(())
}
