//! Looks for what the database holds and must not, whoever wrote it.
//!
//! To add an invariant: a query in `check.sql` that finds its violations.

use crate::rows::json::FromJson;
use crate::statement::Statement;
use crate::store::PgStore;
use crate::transaction::{Ending, transaction};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Json, Text};
use enrollment_core::Error;
use serde_json::Value;
use std::fmt;

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

impl PgStore {
    /// Recomputes every invariant from the rows, at one moment, and answers its violations: none, if all is well.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn check(&self) -> Result<Vec<Broken>, Error> {
        self.read(|conn| {
            transaction(conn, |conn| {
                // It reads every row there is, which may take longer than a request may.
                conn.batch_execute("SET LOCAL statement_timeout = 0")?;
                let rows = Statement::new(include_str!("check.sql")).load::<Row>(conn)?;
                let broken = rows.into_iter().map(|row| Broken { invariant: row.invariant, details: row.details.0 });
                Ok(Ending::RollBack(Ok(broken.collect())))
            })
        })
        .await
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    invariant: String,
    #[diesel(sql_type = Json)]
    details: FromJson<Value>,
}
