//! Looks for what the database holds and must not, whoever wrote it.
//!
//! Most invariants are queries over the rows (`check.sql`). What only the engine can say is asked of it: every receipt is decided
//! again on its facts (`replay`), the uses of permits are compared with what the receipts say (`permit_uses`), and the events of
//! waitlists are followed in their order (`waitlists`). All of it sees one moment, in one transaction that locks nothing, and
//! reads page by page, so that it takes no more memory for a million receipts than for a thousand.
//!
//! To add an invariant: a query in `check.sql` that finds its violations; or, where rows alone do not tell, a module beside those.
//! Then a line in `tests/system/store/checking.rs` that breaks it.

mod permit_uses;
mod replay;
mod waitlists;

use crate::StoreError;
use crate::rows::json::FromJson;
use crate::statement::Statement;
use crate::store::PgStore;
use crate::transaction::{Ending, transaction};
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Json, Text};
use enrollment_core::Error;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

pub(crate) use waitlists::POOL_CHANGED;

/// A violation of an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What must always be so, and is not.
    pub invariant: String,
    /// Where: ids and what is wrong.
    pub details: Value,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.details)
    }
}

/// What a check has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The violations: none, if all is well.
    pub broken: Vec<Broken>,
    /// How many receipts were decided again.
    pub replayed: u64,
}

/// Recomputes every invariant as it is at one moment. Receipts from before `since` are not decided again: other rules may have
/// been in force then.
pub fn check(conn: &mut PgConnection, since: Option<DateTime<Utc>>) -> Result<Report, StoreError> {
    transaction(conn, |conn| {
        // It reads every row there is, which may take longer than a request may.
        conn.batch_execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0",
        )?;
        let mut found = Found::default();
        waitlists::follow(conn, &mut found)?;
        permit_uses::compare(conn, &mut found)?;
        let replayed = replay::replay(conn, since, &mut found)?;
        // Whole tables are compared here: a plan that was made for what the tables held when they were last counted would go
        // through one of them for each row of another.
        conn.batch_execute("SET LOCAL enable_nestloop = off")?;
        let rows = Statement::new(include_str!("check.sql")).load::<Row>(conn)?;
        let mut broken: Vec<_> =
            rows.into_iter().map(|row| Broken { invariant: row.invariant, details: row.details.0 }).collect();
        broken.extend(found.end());
        Ok(Ending::RollBack(Report { broken, replayed }))
    })
}

impl PgStore {
    /// [`check`], beside whatever else the store does.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn check(&self) -> Result<Report, Error> {
        self.check_since(None).await
    }

    /// The same, without deciding receipts from before this time again.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn check_since(&self, since: Option<DateTime<Utc>>) -> Result<Report, Error> {
        self.read(move |conn| Ok(Ok(check(conn, since)?))).await
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    invariant: String,
    #[diesel(sql_type = Json)]
    details: FromJson<Value>,
}

/// Violations as they are found. Of one invariant no more are kept than anybody reads; the rest is counted.
#[derive(Default)]
struct Found {
    broken: Vec<Broken>,
    counts: BTreeMap<&'static str, usize>,
}

impl Found {
    /// The most that are kept of one invariant.
    const MOST: usize = 100;

    fn add(&mut self, invariant: &'static str, details: Value) {
        let count = self.counts.entry(invariant).or_default();
        *count += 1;
        if *count <= Self::MOST {
            self.broken.push(Broken { invariant: invariant.to_owned(), details });
        }
    }

    fn end(mut self) -> Vec<Broken> {
        for (invariant, count) in self.counts.into_iter().filter(|(_, count)| *count > Self::MOST) {
            let details = json!({ "more": count - Self::MOST });
            self.broken.push(Broken { invariant: invariant.to_owned(), details });
        }
        self.broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_to_read_is_counted() {
        let mut found = Found::default();
        found.add("another", json!({}));
        (0..250).for_each(|number| found.add("one", json!({ "number": number })));
        let broken = found.end();
        assert_eq!(broken.len(), 1 + 100 + 1);
        assert_eq!(broken[101].to_string(), r#"one: {"more":150}"#);
    }
}
