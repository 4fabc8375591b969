//! A course can be left until the term's withdraw deadline: dropped before the drop deadline, withdrawn after it. A
//! deadline is the first instant at which it is too late. A waitlist can be left at any time.

use super::{Code, Leave, Violation};
use crate::registration::Status;
use serde_json::json;

pub(super) fn check(leave: &Leave<'_>) -> Option<Violation> {
    let held = leave.held;
    let deadline = held.withdraw_deadline.filter(|deadline| leave.at >= *deadline)?;
    (held.student_course.status == Status::Enrolled).then(|| {
        Violation::new(
            Code::DeadlinePassed,
            format!("{} could be left until {}.", held.student_course.course.code, held.time_zone.read(deadline)),
            "Ask the registrar's office about a late withdrawal.",
            json!({ "drop_deadline": held.drop_deadline, "withdraw_deadline": deadline, "now": leave.at }),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Leave, check};
    use crate::registration::{Status, sample};

    #[test]
    fn the_withdraw_deadline_is_the_first_instant_that_is_too_late() {
        let facts = sample::facts();
        let mut held = sample::held(1, &sample::section(101, 1), Status::Enrolled);
        assert_eq!(check(&Leave { at: sample::now(), facts: &facts, held: &held }), None);
        held.withdraw_deadline = Some(sample::at("2026-12-01T23:00:00Z"));
        for (at, admitted) in [("2026-12-01T22:59:59.999999Z", true), ("2026-12-01T23:00:00Z", false)] {
            assert_eq!(check(&Leave { at: sample::at(at), facts: &facts, held: &held }).is_none(), admitted, "{at}");
        }
    }

    #[test]
    fn a_waitlist_can_be_left_at_any_time() {
        let facts = sample::facts();
        let mut held = sample::held(1, &sample::section(101, 1), Status::Waitlisted);
        held.withdraw_deadline = Some(sample::now());
        assert_eq!(check(&Leave { at: sample::now(), facts: &facts, held: &held }), None);
    }
}
