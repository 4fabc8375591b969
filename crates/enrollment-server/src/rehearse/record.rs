//! What came of each step.

use super::api::Answer;
use awc::http::StatusCode;
use serde_json::Value;
use std::time::Duration;

/// What came of a step, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The step, by its place in the script.
    pub(super) step: usize,
    /// When the answer was there, from the opening.
    pub(super) answered_at: Duration,
    pub(super) outcome: Outcome,
}

/// What a step led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was done. A student course that was made, where one was.
    Done { made: Option<String> },
    /// Rules refused it: their codes.
    Refused { codes: Vec<String> },
    /// The server had too much to do, and said so.
    TurnedAway,
    /// Any other status.
    Failed { status: u16 },
    /// No answer came.
    Lost { reason: String },
    /// There was nothing to drop or to swap: the student had not got the course, or not yet.
    Nothing,
}

impl Outcome {
    pub(super) fn of(answered: Result<Answer, String>) -> Self {
        match answered {
            Err(reason) => Self::Lost { reason },
            Ok(Answer { status, body }) => Self::of_answer(status, &body),
        }
    }

    fn of_answer(status: StatusCode, body: &Value) -> Self {
        match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Self::TurnedAway,
            StatusCode::CONFLICT => Self::Refused { codes: codes(body) },
            _ if status.is_success() => Self::Done { made: made(body) },
            _ => Self::Failed { status: status.as_u16() },
        }
    }
}

/// The rules that refused; for a conflict of another kind, that.
fn codes(body: &Value) -> Vec<String> {
    let violations = body["violations"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut codes: Vec<String> =
        violations.iter().filter_map(|violation| violation["code"].as_str()).map(str::to_owned).collect();
    codes.dedup();
    if codes.is_empty() {
        codes.push(body["type"].as_str().unwrap_or("conflict").trim_start_matches("/problems/").to_owned());
    }
    codes
}

/// The student course that was made: of an enrollment it is the answer, and of a plan it is among the changes.
fn made(body: &Value) -> Option<String> {
    let started = |change: &Value| change["start"]["id"].as_str().map(str::to_owned);
    match body["changes"].as_array() {
        Some(changes) => changes.iter().find_map(started),
        None => body["id"].as_str().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_tells_its_rules_and_another_conflict_its_type() {
        let refused = |body: Value| match Outcome::of_answer(StatusCode::CONFLICT, &body) {
            Outcome::Refused { codes } => codes,
            other => vec![format!("{other:?}")],
        };
        let body = json!({"violations": [{"code": "section_full"}, {"code": "time_conflict"}]});
        assert_eq!(refused(body), ["section_full", "time_conflict"]);
        assert_eq!(refused(json!({"type": "/problems/version-conflict"})), ["version-conflict"]);
    }

    #[test]
    fn what_was_made_is_told_by_an_enrollment_and_by_a_swap() {
        let done = |status, body: Value| Outcome::of_answer(status, &body);
        let made = || Outcome::Done { made: Some("it".to_owned()) };
        assert_eq!(done(StatusCode::CREATED, json!({"id": "it", "status": "enrolled"})), made());
        assert_eq!(done(StatusCode::OK, json!({"changes": [{"end": {"id": "old"}}, {"start": {"id": "it"}}]})), made());
        assert_eq!(done(StatusCode::SERVICE_UNAVAILABLE, Value::Null), Outcome::TurnedAway);
        assert_eq!(done(StatusCode::INTERNAL_SERVER_ERROR, Value::Null), Outcome::Failed { status: 500 });
    }
}
