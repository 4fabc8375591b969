//! A section has so many seats and no more, and some of them may be reserved for others. Who asks to wait is not refused for that,
//! but asks for a place on the waitlist.

use super::{Case, Code, Violation};
use crate::registration::ReservationFacts;
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let (pool, for_you) = (case.pool, case.free_seats());
    if for_you > 0 || case.waits() {
        return None;
    }
    let name = case.section_name();
    let reserved: Vec<&ReservationFacts> = case.facts.reservations_in_force(pool.id, case.at).collect();
    let message = match pool.free() {
        0 => format!("All {} seats of section {name} are taken.", pool.seats()),
        1 => format!("The one free seat of section {name} is reserved for other students."),
        free => format!("The {free} free seats of section {name} are reserved for other students."),
    };
    let facts = json!({
        "section": name,
        "seats": pool.seats(),
        "taken": pool.taken,
        "for_you": for_you,
        "reserved": reserved.iter().map(|reservation| json!({
            "cohort": reservation.cohort,
            "seats": reservation.seats,
            "taken": reservation.taken,
            "release_at": reservation.release_at,
        })).collect::<Vec<_>>(),
    });
    Some(Violation::new(Code::SectionFull, message, remedy(case, &reserved), facts))
}

/// What can be done: the first of these that is possible.
fn remedy(case: &Case<'_>, reserved: &[&ReservationFacts]) -> String {
    let release = reserved.iter().filter(|reservation| reservation.left() > 0).filter_map(|own| own.release_at).min();
    if let Some(release_at) = release.filter(|_| case.pool.free() > 0) {
        return format!(
            "Choose another section, or come back from {release_at} on, when reserved seats become anybody's."
        );
    }
    let waitlist = &case.section.waitlist;
    let remedy = if !case.section.course.linked_components.is_empty() {
        "Choose other sections: those that are taken together cannot be waited for."
    } else if waitlist.waiting < waitlist.capacity {
        "Choose another section, or ask with `\"waitlist\": true` to wait for a seat."
    } else {
        "Choose another section, or come back in case a seat is freed."
    };
    remedy.to_owned()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::registration::sample::{self, at};
    use crate::registration::{ReservationFacts, SeatPool};
    use serde_json::json;

    #[test]
    fn there_are_as_many_seats_as_the_capacity_and_the_overload() {
        for (capacity, overload, taken, admitted) in
            [(2, 0, 1, true), (2, 0, 2, false), (2, 1, 2, true), (2, 1, 3, false), (0, 0, 0, false)]
        {
            let mut facts = sample::facts();
            facts.pools[0] = SeatPool { capacity, overload, taken, ..facts.pools[0] };
            let violation = sample::check(check, sample::now(), &facts);
            assert_eq!(violation.is_none(), admitted, "{taken} of {capacity} + {overload}");
            if let Some(violation) = violation {
                let seats = capacity + overload;
                let expected =
                    json!({"section": "CS101-1", "seats": seats, "taken": taken, "for_you": 0, "reserved": []});
                assert_eq!(violation.facts, expected);
            }
        }
    }

    #[test]
    fn seats_that_are_reserved_for_others_are_told_with_whose_they_are_and_until_when() {
        let mut facts = sample::facts();
        facts.pools[0] = SeatPool { capacity: 10, taken: 7, ..facts.pools[0] };
        let cohort = json!({"programs": ["Logic"]});
        facts.reservations = vec![ReservationFacts {
            id: sample::id(1),
            seat_pool_id: facts.pools[0].id,
            cohort: serde_json::from_value(cohort.clone()).unwrap(),
            seats: 6,
            taken: 3,
            release_at: Some(at("2026-09-02T08:00:00Z")),
        }];
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(
            violation.facts,
            json!({
                "section": "CS101-1", "seats": 10, "taken": 7, "for_you": 0,
                "reserved": [{"cohort": cohort, "seats": 6, "taken": 3, "release_at": "2026-09-02T08:00:00Z"}]
            })
        );
        assert_eq!(violation.message, "The 3 free seats of section CS101-1 are reserved for other students.");
        assert!(violation.remedy.contains("2026-09-02 08:00:00 UTC"), "{}", violation.remedy);
        facts.student.program = Some("Logic".try_into().unwrap());
        assert_eq!(sample::check(check, sample::now(), &facts), None);
        facts.student.program = None;
        assert_eq!(sample::check(check, at("2026-09-02T08:00:00Z"), &facts), None);
    }
}
