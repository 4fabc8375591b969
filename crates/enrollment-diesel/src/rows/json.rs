//! JSON in the database: documents that are stored (`jsonb`), and rows within a row, as `json_agg` makes them of a subquery.

use crate::StoreError;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::result::Error as DieselError;
use diesel::sql_types::{Json, Jsonb};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A value that comes as a column of type `json`. Unlike diesel's own, it is read without a tree of JSON in between.
#[derive(Debug)]
pub(crate) struct FromJson<T>(pub(crate) T);

impl<T: DeserializeOwned> FromSql<Json, Pg> for FromJson<T> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }
}

/// The text of a document that is stored as `json` or `jsonb`: for whoever reads it later, or must say that it cannot be read.
#[derive(Debug, FromSqlRow)]
pub(crate) struct DocumentText(pub(crate) String);

impl FromSql<Json, Pg> for DocumentText {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(str::from_utf8(value.as_bytes())?.to_owned()))
    }
}

impl FromSql<Jsonb, Pg> for DocumentText {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        // The text comes after the number of this encoding, of which there is one.
        match value.as_bytes() {
            [1, text @ ..] => Ok(Self(str::from_utf8(text)?.to_owned())),
            _ => Err("jsonb in an unknown encoding".into()),
        }
    }
}

/// A document to store.
pub(crate) fn document(value: &impl Serialize) -> Result<Value, StoreError> {
    serde_json::to_value(value).map_err(|error| StoreError::Database(DieselError::SerializationError(Box::new(error))))
}

/// As long as most documents are not, so that their text is not moved while it grows.
const MOST_DOCUMENTS: usize = 2_048;

/// A document to store, as text, for a statement that casts it.
pub(crate) fn text(value: &impl Serialize) -> Result<String, StoreError> {
    let unfit = |error: BoxedError| StoreError::Database(DieselError::SerializationError(error));
    let mut text = Vec::with_capacity(MOST_DOCUMENTS);
    serde_json::to_writer(&mut text, value).map_err(|error| unfit(Box::new(error)))?;
    String::from_utf8(text).map_err(|error| unfit(Box::new(error)))
}

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// What a stored document says.
pub(crate) fn read<T: DeserializeOwned>(document: Value) -> Result<T, StoreError> {
    serde_json::from_value(document)
        .map_err(|error| StoreError::Database(DieselError::DeserializationError(Box::new(error))))
}
