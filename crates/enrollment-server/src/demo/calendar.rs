//! The two terms: one that has ended, and the next, for which registration is open.

use super::entry;
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use enrollment_core::catalog::{Term, TimeZone};
use enrollment_core::fields::FieldErrors;
use enrollment_core::ids::IdSource;
use serde_json::json;

/// The terms.
pub(super) struct Calendar {
    /// It ended some weeks ago.
    pub(super) last: Term,
    /// It begins in some weeks.
    pub(super) next: Term,
}

const WEEK: u64 = 7;

impl Calendar {
    pub(super) fn around(now: DateTime<Utc>, ids: &dyn IdSource) -> Result<Self, FieldErrors> {
        let today = TimeZone::UTC.day_of(now);
        let monday = today - Days::new(today.weekday().num_days_from_monday().into());
        let begins = monday - Days::new(18 * WEEK);
        let last = term(begins, begins - Days::new(4 * WEEK), ids, now)?;
        let next = term(monday + Days::new(4 * WEEK), today - Days::new(WEEK), ids, now)?;
        Ok(Self { last, next })
    }
}

/// Fifteen weeks of teaching. Registration goes on into the second of them.
fn term(
    begins: NaiveDate,
    registration: NaiveDate,
    ids: &dyn IdSource,
    now: DateTime<Utc>,
) -> Result<Term, FieldErrors> {
    let after = |weeks: u64| begins + Days::new(weeks * WEEK);
    let ends = after(15) - Days::new(3);
    let draft = json!({
        "code": begins.format("%Y-%m").to_string(),
        "name": format!("{} to {}", begins.format("%B"), ends.format("%B %Y")),
        "time_zone": "Europe/Lisbon",
        "starts_on": begins,
        "ends_on": ends,
        "max_credits": 30,
        "enrollment_opens_at": registration,
        "enrollment_closes_at": after(2),
        "drop_deadline": after(3),
        "withdraw_deadline": after(9),
    });
    entry(draft, ids, now)
}

#[cfg(test)]
mod tests {
    use super::super::ids::RepeatableIds;
    use super::*;

    #[test]
    fn on_any_day_one_term_is_over_and_the_other_is_open_for_weeks() {
        let first: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        for hours in 0..2_000 {
            let now = first + chrono::TimeDelta::hours(6 * hours);
            let Calendar { last, next } = Calendar::around(now, &RepeatableIds::new(1)).unwrap();
            assert!(last.ends_on < now.date_naive() && next.starts_on > now.date_naive(), "{now}");
            assert_ne!(last.code, next.code);
            assert!(next.enrollment_opens_at.unwrap() < now, "{now}");
            assert!(next.enrollment_closes_at.unwrap() > now + chrono::TimeDelta::weeks(4), "{now}");
        }
    }
}
