//! So many can wait for a seat and no more.

use super::{Case, Code, Violation};
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let waitlist = &case.section.waitlist;
    (case.waits() && waitlist.waiting >= waitlist.capacity).then(|| {
        let name = case.section_name();
        let message = match waitlist.capacity {
            0 => format!("All seats of section {name} are taken, and it keeps no waitlist."),
            all => format!("All seats of section {name} are taken, and so are all {all} places on its waitlist."),
        };
        let pool = case.pool;
        Violation::new(
            Code::WaitlistFull,
            message,
            "Choose another section, or come back in case a seat or a place is freed.",
            json!({
                "section": name, "seats": pool.seats(), "taken": pool.taken,
                "waitlist_capacity": waitlist.capacity, "waiting": waitlist.waiting,
            }),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::catalog::Component;
    use crate::registration::{Code, Status, WaitlistFacts, sample};

    #[test]
    fn there_are_as_many_places_as_the_waitlist_has_and_none_while_a_seat_is_free() {
        use Code::{SectionFull, WaitlistFull};
        // taken of 10, waiting of how many, whether to wait: what becomes of it
        let table = [
            (9, 0, 0, true, Ok(Status::Enrolled)),
            (10, 0, 0, true, Err(WaitlistFull)),
            (10, 0, 2, true, Ok(Status::Waitlisted)),
            (10, 1, 2, true, Ok(Status::Waitlisted)),
            (10, 2, 2, true, Err(WaitlistFull)),
            (10, 3, 2, true, Err(WaitlistFull)),
            (10, 0, 2, false, Err(SectionFull)),
        ];
        for (taken, waiting, capacity, wait, expected) in table {
            let mut facts = sample::facts();
            facts.pools[0].taken = taken;
            let last_sequence = i64::from(waiting);
            facts.sections[0].waitlist =
                WaitlistFacts { capacity, waiting, ahead: waiting, eligible_ahead: 0, last_sequence };
            let decision = sample::waiting_in(1, &facts.sections[0], wait).decide(&facts);
            let outcome = match &decision {
                crate::registration::Decision::Accept(changes) => Ok(changes[0].student_course().status),
                crate::registration::Decision::Refuse(violations) => {
                    assert_eq!(violations.len(), 1);
                    Err(violations[0].code)
                }
            };
            assert_eq!(outcome, expected, "{taken} of 10, {waiting} of {capacity}, {wait}");
            if let (Ok(Status::Waitlisted), Some(change)) = (outcome, decision.changes().first()) {
                let begun = change.student_course();
                let place = begun.waitlist.as_ref().unwrap();
                assert_eq!((begun.waitlist_position, place.sequence), (Some(waiting + 1), last_sequence + 1));
                assert_eq!((begun.enrolled_at, place.eligible_position), (None, Some(1)));
            }
        }
    }

    #[test]
    fn sections_that_are_taken_together_cannot_be_waited_for() {
        let mut facts = sample::facts();
        facts.pools[0].taken = 10;
        facts.sections[0].waitlist.capacity = 5;
        facts.sections[0].course.linked_components = [Component::Lecture, Component::Lab].into();
        let judgement = sample::waiting_in(1, &facts.sections[0], true).judge(&facts);
        let refusing: Vec<Code> =
            judgement.steps[0].rules.iter().filter(|finding| finding.refuses()).map(|finding| finding.rule).collect();
        assert_eq!(refusing, [Code::LinkedSectionMissing, Code::SectionFull]);
    }
}
