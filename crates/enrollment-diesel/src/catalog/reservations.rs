//! Reservations of seats.
//!
//! All of a pool together have no more seats than the pool, so each is written under the pool's lock.

use super::seats::lock_pool;
use super::{Table, in_use, page_of};
use crate::StoreError;
use crate::constraint::not_touched;
use crate::page::rows_for;
use crate::registration::Concerned;
use crate::rows::reservation::{NewReservation, ReservationRow};
use crate::schema::{reservations, sections, student_courses};
use crate::store::Answer;
use diesel::dsl::{exists, select, sum};
use diesel::prelude::*;
use enrollment_core::catalog::{Cause, Reservation, ReservationFilter, Version};
use enrollment_core::ids::{ReservationId, SectionId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::{Error, Subject};
use uuid::Uuid;

impl Table for Reservation {
    fn insert(&self, conn: &mut PgConnection, _: &Cause) -> Answer<Self> {
        if let Err(refused) = has_room(conn, self)? {
            return Ok(Err(refused));
        }
        let insert = diesel::insert_into(reservations::table).values(NewReservation::try_from(self)?);
        let row: ReservationRow = insert.returning(ReservationRow::as_returning()).get_result(conn)?;
        Ok(Ok(row.try_into()?))
    }

    fn find(conn: &mut PgConnection, id: ReservationId) -> Result<Option<Self>, StoreError> {
        let row = row(conn, id)?;
        Ok(row.map(Self::try_from).transpose()?)
    }

    fn update(&self, conn: &mut PgConnection, expected: Version, _: &Cause) -> Answer<Self> {
        if let Err(refused) = can_become(conn, self, expected)? {
            return Ok(Err(refused));
        }
        let stored = reservations::table.find(self.id.uuid()).filter(reservations::version.eq(i64::from(expected)));
        let update = diesel::update(stored).set(NewReservation::try_from(self)?);
        let row: Option<ReservationRow> =
            update.returning(ReservationRow::as_returning()).get_result(conn).optional()?;
        match row {
            Some(row) => Ok(Ok(row.try_into()?)),
            None => Ok(Err(not_touched::<Self>(is_there(conn, self.id)?))),
        }
    }

    fn delete(conn: &mut PgConnection, id: ReservationId, expected: Option<Version>, _: &Cause) -> Answer<()> {
        let Some(current) = Self::find(conn, id)? else { return Ok(Err(Error::NotFound(Subject::Reservation))) };
        lock_pool(conn, current.section_id)?;
        let stored = reservations::table.find(id.uuid());
        let deleted = match expected {
            None => diesel::delete(stored).execute(conn)?,
            Some(version) => {
                diesel::delete(stored.filter(reservations::version.eq(i64::from(version)))).execute(conn)?
            }
        };
        Ok(if deleted == 0 { Err(not_touched::<Self>(is_there(conn, id)?)) } else { Ok(()) })
    }

    fn list(
        conn: &mut PgConnection,
        filter: &ReservationFilter,
        page: &PageRequest<ReservationId>,
    ) -> Answer<Page<Self, ReservationId>> {
        let mut rows = reservations::table.select(ReservationRow::as_select()).order(reservations::id).into_boxed();
        if let Some(section) = filter.section_id {
            rows = rows.filter(reservations::section_id.eq(section.uuid()));
        }
        if let Some(after) = page.after {
            rows = rows.filter(reservations::id.gt(after.uuid()));
        }
        let rows: Vec<ReservationRow> = rows.limit(rows_for(page)).load(conn)?;
        match filter.section_id {
            // Rows prove that the section exists.
            Some(section) if rows.is_empty() && !section_is_there(conn, section)? => {
                Ok(Err(Error::NotFound(Subject::Section)))
            }
            _ => Ok(Ok(page_of(rows, page)?)),
        }
    }

    fn in_use(conn: &mut PgConnection, id: ReservationId) -> QueryResult<Error> {
        let registered = student_courses::table.filter(student_courses::reservation_id.eq(id.uuid()));
        let by = [(select(exists(registered)).get_result(conn)?, Subject::StudentCourse)];
        Ok(in_use(Subject::Reservation, by))
    }

    fn concerned(&self) -> Option<Concerned> {
        Some(Concerned::Section(self.section_id))
    }
}

/// The seats of a pool that are reserved, but for those of one reservation.
pub(super) fn reserved(conn: &mut PgConnection, pool: Uuid, except: Option<ReservationId>) -> QueryResult<u32> {
    let of_pool = reservations::table.inner_join(sections::table).filter(sections::seat_pool_id.eq(pool));
    let others = of_pool.filter(reservations::id.ne(except.map_or(Uuid::nil(), ReservationId::uuid)));
    let reserved: Option<i64> = others.select(sum(reservations::seats)).first(conn)?;
    Ok(u32::try_from(reserved.unwrap_or_default()).unwrap_or(u32::MAX))
}

/// Locks the pool, and says whether it has seats for this reservation beside the others.
fn has_room(conn: &mut PgConnection, reservation: &Reservation) -> Answer<()> {
    let Some(pool) = lock_pool(conn, reservation.section_id)? else {
        return Ok(Err(Error::NotFound(Subject::Section)));
    };
    let others = reserved(conn, pool.id, Some(reservation.id))?;
    let (seats, reserved) = (pool.seats(), others.saturating_add(reservation.seats.get()));
    Ok(if reserved > seats { Err(Error::SeatsReserved { seats, reserved, field: "seats" }) } else { Ok(()) })
}

/// Locks the pool, and says whether what is stored can become this.
fn can_become(conn: &mut PgConnection, reservation: &Reservation, expected: Version) -> Answer<()> {
    if let Err(refused) = has_room(conn, reservation)? {
        return Ok(Err(refused));
    }
    let Some(current) = row(conn, reservation.id)? else { return Ok(Err(Error::NotFound(Subject::Reservation))) };
    if current.version != i64::from(expected) {
        return Ok(Err(Error::Stale(Subject::Reservation)));
    }
    let (seats, taken) = (reservation.seats.get(), current.taken.unsigned_abs());
    Ok(if taken > seats { Err(Error::SeatsTaken { seats, taken, field: "seats" }) } else { Ok(()) })
}

fn row(conn: &mut PgConnection, id: ReservationId) -> QueryResult<Option<ReservationRow>> {
    reservations::table.find(id.uuid()).select(ReservationRow::as_select()).first(conn).optional()
}

fn is_there(conn: &mut PgConnection, id: ReservationId) -> QueryResult<bool> {
    select(exists(reservations::table.find(id.uuid()))).get_result(conn)
}

fn section_is_there(conn: &mut PgConnection, id: SectionId) -> QueryResult<bool> {
    select(exists(sections::table.find(id.uuid()))).get_result(conn)
}
