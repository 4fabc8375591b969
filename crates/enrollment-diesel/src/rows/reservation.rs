//! A row of `reservations`.

use super::json::document;
use super::{Corrupt, Place};
use crate::StoreError;
use crate::schema::reservations;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use enrollment_core::catalog::Reservation;
use enrollment_core::ids::SeatPoolId;
use enrollment_core::registration::ReservationFacts;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// As it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = reservations)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct ReservationRow {
    id: Uuid,
    section_id: Uuid,
    cohort: Value,
    seats: i32,
    pub(crate) taken: i32,
    release_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    pub(crate) version: i64,
}

/// As it is written: how many seats are taken, the database counts.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = reservations, treat_none_as_null = true)]
pub(crate) struct NewReservation {
    id: Uuid,
    section_id: Uuid,
    cohort: Value,
    seats: i32,
    release_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl TryFrom<&Reservation> for NewReservation {
    type Error = StoreError;

    fn try_from(reservation: &Reservation) -> Result<Self, StoreError> {
        Ok(Self {
            id: reservation.id.uuid(),
            section_id: reservation.section_id.uuid(),
            cohort: document(&reservation.cohort)?,
            seats: reservation.seats.get().cast_signed(),
            release_at: reservation.release_at,
            created_at: reservation.created_at,
            updated_at: reservation.updated_at,
            version: reservation.version.into(),
        })
    }
}

impl TryFrom<ReservationRow> for Reservation {
    type Error = Corrupt;

    fn try_from(row: ReservationRow) -> Result<Self, Corrupt> {
        let place = Place::new("reservations", row.id);
        let seats: u32 = place.read("seats", row.seats)?;
        Ok(Self {
            id: row.id.into(),
            section_id: row.section_id.into(),
            seats: place.read("seats", seats)?,
            cohort: place.document("cohort", row.cohort)?,
            release_at: row.release_at,
            taken: place.read("taken", row.taken)?,
            version: row.version.into(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// What rules ask of a reservation, as a JSON object within a row.
#[derive(Debug, Deserialize)]
pub(crate) struct ReservationFactsRow {
    id: Uuid,
    cohort: Value,
    seats: i32,
    taken: i32,
    release_at: Option<DateTime<Utc>>,
}

impl ReservationFactsRow {
    /// The same, of seats of this pool, which is that of its section.
    pub(crate) fn facts(self, seat_pool_id: SeatPoolId) -> Result<ReservationFacts, Corrupt> {
        let place = Place::new("reservations", self.id);
        Ok(ReservationFacts {
            id: self.id.into(),
            seat_pool_id,
            cohort: place.document("cohort", self.cohort)?,
            seats: place.read("seats", self.seats)?,
            taken: place.read("taken", self.taken)?,
            release_at: self.release_at,
        })
    }
}
