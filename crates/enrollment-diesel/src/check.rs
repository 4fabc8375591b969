//! Looks for what the database holds and must not, whoever wrote it.
//!
//! To add an invariant: a query in `check.sql` that finds its violations.

use crate::StoreError;
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

/// Recomputes every invariant from the rows, as they are at one moment, and answers the violations: none, if all is well.
pub fn check(conn: &mut PgConnection) -> Result<Vec<Broken>, StoreError> {
    transaction(conn, |conn| {
        // It reads every row there is, which may take longer than a request may.
        conn.batch_execute("SET LOCAL statement_timeout = 0")?;
        let rows = Statement::new(include_str!("check.sql")).load::<Row>(conn)?;
        let broken = rows.into_iter().map(|row| Broken { invariant: row.invariant, details: row.details.0 });
        Ok(Ending::RollBack(broken.collect()))
    })
}

impl PgStore {
    /// [`check`], beside whatever else the store does.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`].
    pub async fn check(&self) -> Result<Vec<Broken>, Error> {
        self.read(|conn| Ok(Ok(check(conn)?))).await
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    invariant: String,
    #[diesel(sql_type = Json)]
    details: FromJson<Value>,
}
