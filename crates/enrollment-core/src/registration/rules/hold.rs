//! A hold blocks enrolling, leaving or both while it is in force. All that do are named.

use super::{Case, Code, Leave, Violation};
use crate::catalog::Blocks;
use crate::registration::facts::{Facts, HoldFacts};
use chrono::{DateTime, Utc};
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    violation(case.facts, case.at, Blocks::enrolling, "enrolling")
}

pub(super) fn check_leave(leave: &Leave<'_>) -> Option<Violation> {
    violation(leave.facts, leave.at, Blocks::dropping, "dropping courses")
}

fn violation(facts: &Facts, at: DateTime<Utc>, blocks: fn(Blocks) -> bool, what: &str) -> Option<Violation> {
    let in_force = |hold: &&HoldFacts| blocks(hold.blocks) && hold.is_in_force(at);
    let holds: Vec<&HoldFacts> = facts.holds.iter().filter(in_force).collect();
    let subject = match holds.len() {
        0 => return None,
        1 => "A hold keeps".to_owned(),
        several => format!("{several} holds keep"),
    };
    let reasons: Vec<&str> = holds.iter().map(|hold| hold.reason.as_str()).collect();
    Some(Violation::new(
        Code::Hold,
        format!("{subject} you from {what}: {}.", reasons.join("; ").trim_end_matches('.')),
        "Settle what the reason names; the registrar's office then ends the hold.",
        json!({ "holds": holds }),
    ))
}

#[cfg(test)]
mod tests {
    use super::{check, check_leave};
    use crate::catalog::Blocks;
    use crate::registration::facts::HoldFacts;
    use crate::registration::rules::Leave;
    use crate::registration::sample::{self, at};
    use crate::registration::{Facts, Status, Violation};
    use serde_json::json;

    fn hold(number: u128, blocks: Blocks, from: Option<&str>, until: Option<&str>) -> HoldFacts {
        HoldFacts { from: from.map(at), until: until.map(at), ..sample::hold(number, blocks) }
    }

    fn leaving(facts: &Facts, now: &str) -> Option<Violation> {
        let held = sample::held(1, &facts.sections[0], Status::Enrolled);
        check_leave(&Leave { at: at(now), facts, held: &held })
    }

    #[test]
    fn a_hold_blocks_what_it_says() {
        for (blocks, may_enroll, may_leave) in
            [(Blocks::Enroll, false, true), (Blocks::Drop, true, false), (Blocks::Both, false, false)]
        {
            let mut facts = sample::facts();
            facts.holds.push(hold(1, blocks, None, None));
            assert_eq!(sample::check(check, sample::now(), &facts).is_none(), may_enroll, "{blocks}");
            assert_eq!(leaving(&facts, "2026-09-01T12:00:00Z").is_none(), may_leave, "{blocks}");
        }
    }

    #[test]
    fn a_hold_is_in_force_from_its_first_instant_until_the_first_at_which_it_is_not() {
        let (from, until) = ("2026-09-01T08:00:00Z", "2026-09-30T22:00:00Z");
        let table = [
            (None, None, "1999-01-01T00:00:00Z", false),
            (Some(from), Some(until), "2026-09-01T07:59:59.999999Z", true),
            (Some(from), Some(until), "2026-09-01T08:00:00Z", false),
            (Some(from), Some(until), "2026-09-30T21:59:59.999999Z", false),
            (Some(from), Some(until), "2026-09-30T22:00:00Z", true),
            (Some(from), None, "2099-01-01T00:00:00Z", false),
            (None, Some(until), "1999-01-01T00:00:00Z", false),
        ];
        for (from, until, now, admitted) in table {
            let mut facts = sample::facts();
            facts.holds.push(hold(1, Blocks::Both, from, until));
            assert_eq!(sample::check(check, at(now), &facts).is_none(), admitted, "{now}");
            assert_eq!(leaving(&facts, now).is_none(), admitted, "{now}");
        }
    }

    #[test]
    fn all_holds_in_force_are_named_and_no_others() {
        let mut facts = sample::facts();
        facts.holds = vec![
            hold(1, Blocks::Enroll, None, None),
            hold(2, Blocks::Drop, None, None),
            hold(3, Blocks::Both, None, Some("2000-01-01T00:00:00Z")),
            hold(4, Blocks::Both, None, Some("2099-01-01T00:00:00Z")),
        ];
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(violation.message, "2 holds keep you from enrolling: Reason 1; Reason 4.");
        let named = |number: u128, blocks, until: Option<&str>| {
            json!({
                "hold_id": uuid::Uuid::from_u128(number), "blocks": blocks, "reason": format!("Reason {number}"),
                "from": null, "until": until
            })
        };
        let until = Some("2099-01-01T00:00:00Z");
        assert_eq!(violation.facts, json!({"holds": [named(1, "enroll", None), named(4, "both", until)]}));
    }
}
