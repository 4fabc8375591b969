//! Registration has a beginning and an end. The end is the first instant at which it is over. What is not set does not
//! limit.

use super::{Case, Code, Violation};
use serde_json::json;

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let term = &case.section.term;
    let (opens_at, closes_at) = (term.enrollment_opens_at, term.enrollment_closes_at);
    let code = &term.term.code;
    let early = opens_at.filter(|opens_at| case.at < *opens_at);
    let late = closes_at.filter(|closes_at| case.at >= *closes_at);
    let (message, remedy) = match (early, late) {
        (None, None) => return None,
        (Some(opens_at), _) => {
            let time = term.time_zone.read(opens_at);
            (format!("Registration for {code} opens at {time}."), format!("Come back at {time}."))
        }
        (None, Some(closes_at)) => {
            let time = term.time_zone.read(closes_at);
            (
                format!("Registration for {code} closed at {time}."),
                "Ask the registrar's office about late registration.".to_owned(),
            )
        }
    };
    let facts = json!({ "term": code, "opens_at": opens_at, "closes_at": closes_at, "now": case.at });
    Some(Violation::new(Code::WindowClosed, message, remedy, facts))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::registration::sample::{self, at};

    #[test]
    fn the_window_is_exact_at_both_ends_and_open_where_it_has_none() {
        let (open, close) = ("2026-09-01T08:00:00Z", "2026-09-30T22:00:00Z");
        let table = [
            (None, None, "1999-01-01T00:00:00Z", true),
            (Some(open), Some(close), "2026-09-01T07:59:59.999999Z", false),
            (Some(open), Some(close), "2026-09-01T08:00:00Z", true),
            (Some(open), Some(close), "2026-09-30T21:59:59.999999Z", true),
            (Some(open), Some(close), "2026-09-30T22:00:00Z", false),
            (Some(open), None, "2099-01-01T00:00:00Z", true),
            (None, Some(close), "1999-01-01T00:00:00Z", true),
        ];
        for (opens, closes, now, admitted) in table {
            let mut facts = sample::facts();
            facts.sections[0].term.enrollment_opens_at = opens.map(at);
            facts.sections[0].term.enrollment_closes_at = closes.map(at);
            assert_eq!(sample::check(check, at(now), &facts).is_none(), admitted, "{now}");
        }
    }

    #[test]
    fn times_are_told_as_the_clocks_of_the_term_show_them() {
        let mut facts = sample::facts();
        facts.sections[0].term.time_zone = "Europe/Berlin".to_owned().try_into().unwrap();
        facts.sections[0].term.enrollment_opens_at = Some(at("2026-09-02T06:00:00Z"));
        let violation = sample::check(check, sample::now(), &facts).unwrap();
        assert_eq!(violation.message, "Registration for F26 opens at 2026-09-02 08:00 CEST.");
    }
}
