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
