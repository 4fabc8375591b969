//! Many rows in one statement.
//!
//! Rows travel as one JSON text and become rows again by `json_to_recordset`, so a statement has one parameter however many
//! rows and columns there are, and core's entries need no second form: columns have the names of their fields. Fields that
//! a table does not name are left out by PostgreSQL.

use crate::StoreError;
use diesel::prelude::*;
use diesel::sql_types::Text;
use enrollment_core::catalog::Version;
use serde::Serialize;

/// A table as bulk writing sees it.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Every column that is written, with its type.
    pub(super) columns: &'static [(&'static str, &'static str)],
    /// The columns that stay as they are when a row changes.
    pub(super) kept: &'static [&'static str],
}

/// Large enough that round trips do not count, small enough for a statement to be over soon.
const ROWS: usize = 10_000;

impl Table {
    /// Inserts the rows.
    pub(super) fn insert<T: Serialize>(&self, conn: &mut PgConnection, rows: &[T]) -> Result<(), StoreError> {
        execute(conn, &self.insert_sql(), rows).map(drop)
    }

    /// Changes the rows with the ids of these, if each still has the version before; false if one has not.
    pub(super) fn update<T: Serialize>(&self, conn: &mut PgConnection, rows: &[T]) -> Result<bool, StoreError> {
        Ok(execute(conn, &self.update_sql(), rows)? == rows.len())
    }

    /// Inserts those of the first version, and changes the others.
    pub(super) fn write<T: Serialize>(
        &self,
        conn: &mut PgConnection,
        rows: &[T],
        version: fn(&T) -> Version,
    ) -> Result<bool, StoreError> {
        let (new, changed): (Vec<&T>, Vec<&T>) = rows.iter().partition(|row| version(row) == Version::FIRST);
        self.insert(conn, &new)?;
        self.update(conn, &changed)
    }

    fn insert_sql(&self) -> String {
        let Self { name, .. } = self;
        let columns = self.names(|_| true);
        format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {}", self.recordset())
    }

    fn update_sql(&self) -> String {
        let Self { name, .. } = self;
        let is_set = |column: &str| column != "id" && !self.kept.contains(&column);
        let (set, values) = (self.names(is_set), self.names(|column| is_set(column)));
        let values = values.split(", ").map(|column| format!("r.{column}")).collect::<Vec<_>>().join(", ");
        let recordset = self.recordset();
        format!(
            "UPDATE {name} SET ({set}) = ROW({values}) FROM {recordset} WHERE {name}.id = r.id AND {name}.version = r.version - 1"
        )
    }

    fn names(&self, wanted: impl Fn(&str) -> bool) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).filter(|name| wanted(name)).collect();
        names.join(", ")
    }

    fn recordset(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        format!("json_to_recordset($1::json) AS r ({})", columns.join(", "))
    }
}

/// Runs a statement whose one parameter is rows, as often as it takes; the number of rows that it wrote.
pub(super) fn execute<T: Serialize>(conn: &mut PgConnection, statement: &str, rows: &[T]) -> Result<usize, StoreError> {
    let mut written = 0;
    for chunk in rows.chunks(ROWS) {
        let json =
            serde_json::to_string(chunk).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        written += diesel::sql_query(statement).bind::<Text, _>(json).execute(conn)?;
    }
    Ok(written)
}
