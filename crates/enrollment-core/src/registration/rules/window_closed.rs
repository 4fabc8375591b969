//! When one may register. The windows of the term that are for adding say it, each for its cohort; a term that has none follows
//! its own beginning and end. One may leave a course at any time until its deadlines, unless the term has windows for dropping.
//!
//! The end is the first instant at which it is over. What is not set does not limit. A waitlist can be left at any time.

use super::{Case, Code, Leave, Violation};
use crate::catalog::{Credits, TimeZone};
use crate::registration::windows::{TermWindows, WindowFacts};
use crate::registration::{Facts, Status};
use crate::text::TermCode;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

pub(super) fn check(case: &Case<'_>) -> Option<Violation> {
    let term = &case.section.term;
    let now = Now { at: case.at, zone: term.time_zone, term: &term.term.code };
    match case.facts.windows_of(term.term.id).filter(|windows| windows.adding) {
        Some(windows) => by_cohort(now, case.facts, Action::Add, windows),
        None => by_term(now, Span { opens_at: term.enrollment_opens_at, closes_at: term.enrollment_closes_at }),
    }
}

pub(super) fn check_leave(leave: &Leave<'_>) -> Option<Violation> {
    let held = &leave.held.student_course;
    let term = held.term.as_ref().filter(|_| held.status == Status::Enrolled)?;
    let now = Now { at: leave.at, zone: leave.held.time_zone, term: &term.code };
    let windows = leave.facts.windows_of(term.id).filter(|windows| windows.dropping)?;
    by_cohort(now, leave.facts, Action::Drop, windows)
}

#[derive(Clone, Copy)]
struct Now<'a> {
    at: DateTime<Utc>,
    zone: TimeZone,
    term: &'a TermCode,
}

#[derive(Clone, Copy)]
enum Action {
    Add,
    Drop,
}

impl Action {
    fn is_in(self, window: &WindowFacts) -> bool {
        match self {
            Self::Add => window.action.adding(),
            Self::Drop => window.action.dropping(),
        }
    }

    fn name(self, term: &TermCode) -> String {
        match self {
            Self::Add => format!("registration for {term}"),
            Self::Drop => format!("dropping courses of {term}"),
        }
    }

    fn remedy_when_over(self) -> &'static str {
        match self {
            Self::Add => "Ask the registrar's office about late registration.",
            Self::Drop => "Ask the registrar's office about dropping late.",
        }
    }
}

/// From when until when.
#[derive(Clone, Copy)]
struct Span {
    opens_at: Option<DateTime<Utc>>,
    closes_at: Option<DateTime<Utc>>,
}

/// What a time is to some spans.
enum Access {
    Open,
    /// The next of them to open.
    Early(DateTime<Utc>, Span),
    /// The last of them to have closed.
    Late(DateTime<Utc>, Span),
    /// There are none.
    Never,
}

impl Access {
    fn at(at: DateTime<Utc>, spans: impl Iterator<Item = Span> + Clone) -> Self {
        let early = |span: Span| span.opens_at.filter(|opens_at| at < *opens_at).map(|opens_at| (opens_at, span));
        let late = |span: Span| span.closes_at.filter(|closes_at| at >= *closes_at).map(|closes_at| (closes_at, span));
        if spans.clone().any(|span| early(span).is_none() && late(span).is_none()) {
            return Self::Open;
        }
        let next = spans.clone().filter_map(early).min_by_key(|(opens_at, _)| *opens_at);
        let last = spans.filter_map(late).max_by_key(|(closes_at, _)| *closes_at);
        match (next, last) {
            (Some((opens_at, span)), _) => Self::Early(opens_at, span),
            (None, Some((closes_at, span))) => Self::Late(closes_at, span),
            (None, None) => Self::Never,
        }
    }
}

fn by_term(now: Now<'_>, span: Span) -> Option<Violation> {
    let (code, zone) = (now.term, now.zone);
    let (message, remedy) = match Access::at(now.at, std::iter::once(span)) {
        Access::Open | Access::Never => return None,
        Access::Early(opens_at, _) => {
            let time = zone.read(opens_at);
            (format!("Registration for {code} opens at {time}."), format!("Come back at {time}."))
        }
        Access::Late(closes_at, _) => {
            let time = zone.read(closes_at);
            (format!("Registration for {code} closed at {time}."), Action::Add.remedy_when_over().to_owned())
        }
    };
    let facts = json!({ "term": code, "opens_at": span.opens_at, "closes_at": span.closes_at, "now": now.at });
    Some(Violation::new(Code::WindowClosed, message, remedy, facts))
}

fn by_cohort(now: Now<'_>, facts: &Facts, action: Action, windows: &TermWindows) -> Option<Violation> {
    let earned = facts.earned_credits();
    let fitting: Vec<&WindowFacts> =
        windows.windows.iter().filter(|window| action.is_in(window) && window.is_for(&facts.student)).collect();
    let own: Vec<&WindowFacts> = fitting.iter().copied().filter(|window| window.is_earned_by(earned)).collect();
    let spans = own.iter().map(|window| Span { opens_at: window.opens_at, closes_at: window.closes_at });
    let name = action.name(now.term);
    let (message, remedy, span) = match Access::at(now.at, spans) {
        Access::Open => return None,
        Access::Early(opens_at, span) => {
            let time = now.zone.read(opens_at);
            (format!("For you, {name} opens at {time}."), format!("Come back at {time}."), Some(span))
        }
        Access::Late(closes_at, span) => {
            let time = now.zone.read(closes_at);
            (format!("For you, {name} closed at {time}."), action.remedy_when_over().to_owned(), Some(span))
        }
        Access::Never => {
            let remedy = "Ask the registrar's office which window is meant for you.".to_owned();
            (none_is_for(&name, &fitting, earned), remedy, None)
        }
    };
    let asks_for_credits = fitting.iter().any(|window| window.min_earned_credits.is_some());
    let facts = json!({
        "term": now.term,
        "opens_at": span.and_then(|span| span.opens_at),
        "closes_at": span.and_then(|span| span.closes_at),
        "now": now.at,
        "windows": own.iter().map(|window| fact_of(window)).collect::<Vec<_>>(),
        "earned_credits": asks_for_credits.then_some(earned),
    });
    Some(Violation::new(Code::WindowClosed, message, remedy, facts))
}

/// That none of these, which all but the credits would fit, is for the student.
fn none_is_for(name: &str, fitting: &[&WindowFacts], earned: Credits) -> String {
    let least = fitting.iter().filter_map(|window| window.min_earned_credits).min();
    let credits =
        least.map(|least| format!(": those that could be ask for {least} earned credits, and you have {earned}"));
    format!("No window for {name} is for you{}.", credits.unwrap_or_default())
}

fn fact_of(window: &WindowFacts) -> Value {
    json!({ "window_id": window.id, "opens_at": window.opens_at, "closes_at": window.closes_at })
}

#[cfg(test)]
mod tests;
