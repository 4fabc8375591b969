//! Only who waits has a place on a waitlist.

use super::{Code, Leave, Violation, fact_of};
use crate::registration::Status;
use serde_json::json;

pub(super) fn check(leave: &Leave<'_>) -> Option<Violation> {
    let held = &leave.held.student_course;
    (held.status != Status::Waitlisted).then(|| {
        Violation::new(
            Code::NotWaitlisted,
            format!("{} is {}, so it has no place on a waitlist.", held.course.code, held.status),
            "Read the section's students again.",
            json!({ "held": fact_of(held) }),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Leave, check};
    use crate::registration::{Status, sample};

    #[test]
    fn only_who_waits_has_a_place() {
        let facts = sample::facts();
        for status in Status::ALL {
            let held = sample::held(1, &sample::section(101, 1), status);
            let leave = Leave { at: sample::now(), facts: &facts, held: &held };
            assert_eq!(check(&leave).is_none(), status == Status::Waitlisted, "{status}");
        }
    }
}
