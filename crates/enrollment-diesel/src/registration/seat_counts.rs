//! Counting the seats of a term: one statement, which reads what triggers have counted.

use super::read::Line;
use crate::StoreError;
use crate::rows::Place;
use crate::statement::Statement;
use crate::store::PgStore;
use async_trait::async_trait;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Uuid as SqlUuid};
use enrollment_core::ids::TermId;
use enrollment_core::registration::{SeatCount, SeatCounts};
use enrollment_core::{Error, Subject};
use uuid::Uuid;

/// $1 the term.
const SEATS: &str = "
    SELECT s.id, p.capacity::int8 + p.overload AS seats, p.taken, s.waitlisted,
        s.status = 'open' AND p.taken < p.capacity::int8 + p.overload AS open
    FROM terms t LEFT JOIN sections s ON s.term_id = t.id LEFT JOIN seat_pools p ON p.id = s.seat_pool_id
    WHERE t.id = $1 ORDER BY s.id";

#[async_trait]
impl SeatCounts for PgStore {
    async fn of_term(&self, term: TermId) -> Result<Vec<SeatCount>, Error> {
        self.read(move |conn| {
            let lines: Vec<Line<CountRow>> = Statement::new(SEATS).bind::<SqlUuid, _>(term.uuid()).load(conn)?;
            if lines.is_empty() {
                return Ok(Err(Error::NotFound(Subject::Term)));
            }
            let rows = lines.into_iter().filter_map(|line| line.0);
            Ok(Ok(rows.map(CountRow::count).collect::<Result<_, _>>()?))
        })
        .await
    }
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    seats: i64,
    #[diesel(sql_type = Integer)]
    taken: i32,
    #[diesel(sql_type = Integer)]
    waitlisted: i32,
    #[diesel(sql_type = Bool)]
    open: bool,
}

impl CountRow {
    fn count(self) -> Result<SeatCount, StoreError> {
        let place = Place::new("sections", self.id);
        Ok(SeatCount {
            id: self.id.into(),
            seats: place.read("capacity", self.seats)?,
            taken: place.read("taken", self.taken)?,
            waitlisted: place.read("waitlisted", self.waitlisted)?,
            open: self.open,
        })
    }
}
