//! Seats as one student sees them: which of the free ones are reserved for others, and of which quota one would be.
//!
//! A quota holds back as many seats as it has and are not taken of it, until it is released. Where more is held back than is
//! free (the seats were taken before the quota was made), it gets what is free, and every seat that is given back. The seats
//! of a pool are shared by its sections, and so are the quotas of all of them.

use super::facts::{Facts, SeatPool};
use crate::catalog::{Cohort, Reservation};
use crate::ids::{ReservationId, SeatPoolId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Seats that are kept for a cohort, as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationFacts {
    /// Its identifier.
    #[serde(rename = "reservation_id")]
    pub id: ReservationId,
    /// The pool of whose seats they are.
    pub seat_pool_id: SeatPoolId,
    /// For whom.
    pub cohort: Cohort,
    /// How many.
    pub seats: u32,
    /// How many of them are taken.
    pub taken: u32,
    /// The first instant from which they are anybody's.
    pub release_at: Option<DateTime<Utc>>,
}

impl ReservationFacts {
    /// A reservation of seats of this pool.
    pub fn of(reservation: &Reservation, seat_pool_id: SeatPoolId) -> Self {
        let Reservation { id, seats, taken, release_at, .. } = *reservation;
        Self { id, seat_pool_id, cohort: reservation.cohort.clone(), seats: seats.get(), taken, release_at }
    }

    /// Whether the seats are anybody's at this time.
    pub fn is_released(&self, at: DateTime<Utc>) -> bool {
        self.release_at.is_some_and(|release_at| at >= release_at)
    }

    /// The seats that it still keeps.
    pub fn left(&self) -> u32 {
        self.seats.saturating_sub(self.taken)
    }
}

impl Facts {
    /// The reservations of a pool's seats that are not released yet, in the order of their ids.
    pub fn reservations_in_force(
        &self,
        pool: SeatPoolId,
        at: DateTime<Utc>,
    ) -> impl Iterator<Item = &ReservationFacts> {
        self.reservations.iter().filter(move |own| own.seat_pool_id == pool && !own.is_released(at))
    }

    /// The free seats of the pool that this student could take: not those that are kept for others.
    pub fn free_for_student(&self, pool: &SeatPool, at: DateTime<Utc>) -> u32 {
        let others = self.reservations_in_force(pool.id, at).filter(|reservation| !self.is_for_student(reservation));
        others.map(ReservationFacts::left).fold(pool.free(), u32::saturating_sub)
    }

    /// The reservation of which the student's seat in this pool would be; none where it would be a seat for anybody.
    pub fn quota_for_student(&self, pool: &SeatPool, at: DateTime<Utc>) -> Option<ReservationId> {
        let with_room = self.reservations_in_force(pool.id, at).filter(|reservation| reservation.left() > 0);
        with_room.filter(|reservation| self.is_for_student(reservation)).map(|reservation| reservation.id).min()
    }

    fn is_for_student(&self, reservation: &ReservationFacts) -> bool {
        let student = &self.student;
        reservation.cohort.has(student.program.as_ref(), student.level.as_ref(), self.earned_credits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::sample::{self, at};
    use crate::registration::{Change, Status};
    use serde_json::json;

    /// Seats of the first section for a program.
    fn quota(number: u128, program: &str, seats: u32, taken: u32) -> ReservationFacts {
        ReservationFacts {
            id: sample::id(number),
            seat_pool_id: sample::facts().pools[0].id,
            cohort: serde_json::from_value(json!({ "programs": [program] })).unwrap(),
            seats,
            taken,
            release_at: None,
        }
    }

    fn facts(taken: u32, reservations: Vec<ReservationFacts>) -> Facts {
        let mut facts = Facts { reservations, ..sample::facts() };
        facts.student.program = Some("Physics".try_into().unwrap());
        facts.pools[0].taken = taken;
        facts
    }

    #[test]
    fn what_others_have_reserved_and_not_taken_is_not_free() {
        let (own, others) = ("Physics", "Logic");
        let table = [
            // Ten seats, some taken: what is free for the student, and the quota of the seat.
            (0, vec![], 10, None),
            (0, vec![quota(1, own, 6, 0)], 10, Some(1)),
            (0, vec![quota(1, others, 6, 0)], 4, None),
            (4, vec![quota(1, others, 6, 0)], 0, None),
            (5, vec![quota(1, others, 6, 1)], 0, None),
            (5, vec![quota(1, others, 6, 2)], 1, None),
            (6, vec![quota(1, own, 6, 6)], 4, None),
            // More is reserved than is free.
            (9, vec![quota(1, others, 6, 0)], 0, None),
            (9, vec![quota(1, own, 6, 0)], 1, Some(1)),
            (
                2,
                vec![quota(1, others, 3, 0), quota(3, own, 2, 0), quota(2, own, 2, 1), quota(4, others, 1, 0)],
                4,
                Some(2),
            ),
            (2, vec![quota(3, own, 2, 0), quota(2, own, 2, 2)], 8, Some(3)),
        ];
        for (taken, quotas, free, quota) in table {
            let facts = facts(taken, quotas);
            let pool = facts.pools[0];
            let got = (facts.free_for_student(&pool, sample::now()), facts.quota_for_student(&pool, sample::now()));
            assert_eq!(got, (free, quota.map(sample::id)), "{taken} taken, {:?}", facts.reservations);
        }
    }

    #[test]
    fn from_the_release_on_the_seats_are_anybodys_and_no_quotas() {
        let release_at = Some(at("2026-09-01T08:00:00Z"));
        for (program, free_before) in [("Logic", 4), ("Physics", 10)] {
            let facts = facts(0, vec![ReservationFacts { release_at, ..quota(1, program, 6, 0) }]);
            let pool = facts.pools[0];
            let (before, then) = (at("2026-09-01T07:59:59.999999Z"), at("2026-09-01T08:00:00Z"));
            assert_eq!(facts.free_for_student(&pool, before), free_before);
            assert_eq!(facts.free_for_student(&pool, then), 10);
            assert_eq!(facts.quota_for_student(&pool, before).is_some(), program == "Physics");
            assert_eq!(facts.quota_for_student(&pool, then), None);
        }
    }

    #[test]
    fn quotas_of_another_pool_keep_nothing_here() {
        let elsewhere = ReservationFacts { seat_pool_id: sample::id(7), ..quota(1, "Logic", 6, 0) };
        let facts = facts(4, vec![elsewhere]);
        assert_eq!(facts.free_for_student(&facts.pools[0], sample::now()), 6);
    }

    #[test]
    fn a_seat_is_taken_of_its_quota_and_given_back_to_it() {
        let mut facts = facts(0, vec![quota(1, "Physics", 1, 0)]);
        let decision = sample::enroll_in(1, &facts.sections[0]).decide(&facts);
        let started = decision.changes()[0].student_course().clone();
        assert_eq!(started.reservation_id, Some(sample::id(1)));
        facts.apply(decision.changes());
        assert_eq!((facts.pools[0].taken, facts.reservations[0].taken), (1, 1));
        facts.apply(&[Change::End(started.ended(Status::Dropped, sample::now()))]);
        assert_eq!((facts.pools[0].taken, facts.reservations[0].taken), (0, 0));
    }
}
