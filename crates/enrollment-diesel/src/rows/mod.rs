//! Rows as they are stored, and how they become the core's types and back.
//!
//! The database's own checks are as strict as the core's types where SQL can be, so a row that the core refuses was written
//! by somebody else, or by a defect. It is an error that names the row ([`Corrupt`]), never a panic, and never passed on.

pub(crate) mod access_token;
pub(crate) mod api_key;
pub(crate) mod course;
pub(crate) mod event;
pub(crate) mod hold;
pub(crate) mod json;
pub(crate) mod meeting;
pub(crate) mod numeric;
pub(crate) mod permit;
pub(crate) mod receipt;
pub(crate) mod reservation;
pub(crate) mod section;
pub(crate) mod student;
pub(crate) mod student_course;
pub(crate) mod term;
pub(crate) mod window;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::Value;
use std::fmt::Display;
use thiserror::Error;
use uuid::Uuid;

/// A stored value that the core's types refuse.
#[derive(Debug, Error)]
#[error("{table} {id} has a {column} that cannot be: {reason}")]
pub struct Corrupt {
    table: &'static str,
    id: Uuid,
    column: &'static str,
    reason: String,
}

impl Corrupt {
    /// The row's.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }
}

/// Where a stored value is, to say so if it is corrupt.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    table: &'static str,
    id: Uuid,
}

impl Place {
    pub(crate) fn new(table: &'static str, id: Uuid) -> Self {
        Self { table, id }
    }

    /// The core's value for what a column holds.
    pub(crate) fn read<T, S>(self, column: &'static str, stored: S) -> Result<T, Corrupt>
    where
        T: TryFrom<S>,
        T::Error: Display,
    {
        stored.try_into().map_err(|reason| self.corrupt(column, reason))
    }

    /// The same for a column that may be null.
    pub(crate) fn read_maybe<T, S>(self, column: &'static str, stored: Option<S>) -> Result<Option<T>, Corrupt>
    where
        T: TryFrom<S>,
        T::Error: Display,
    {
        stored.map(|stored| self.read(column, stored)).transpose()
    }

    /// One of the words of an enum, as the core writes it.
    pub(crate) fn word<T: DeserializeOwned>(self, column: &'static str, stored: &str) -> Result<T, Corrupt> {
        let word: StrDeserializer<'_, serde::de::value::Error> = stored.into_deserializer();
        T::deserialize(word).map_err(|reason| self.corrupt(column, reason))
    }

    /// What a document says.
    pub(crate) fn document<T: DeserializeOwned>(self, column: &'static str, stored: Value) -> Result<T, Corrupt> {
        serde_json::from_value(stored).map_err(|reason| self.corrupt(column, reason))
    }

    pub(crate) fn corrupt(self, column: &'static str, reason: impl Display) -> Corrupt {
        Corrupt { table: self.table, id: self.id, column, reason: reason.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enrollment_core::registration::Status;
    use enrollment_core::text::Title;

    #[test]
    fn a_corrupt_row_is_named() {
        let place = Place::new("courses", Uuid::from_u128(7));
        let error = place.read::<Title, _>("title", String::new()).unwrap_err().to_string();
        assert!(
            error.starts_with("courses 00000000-0000-0000-0000-000000000007 has a title that cannot be: "),
            "{error}"
        );
        let error = place.word::<Status>("status", "asleep").unwrap_err().to_string();
        assert!(error.contains("unknown variant `asleep`"), "{error}");
    }

    #[test]
    fn every_state_reads_as_it_is_written() {
        let place = Place::new("student_courses", Uuid::nil());
        for status in Status::ALL {
            assert_eq!(place.word::<Status>("status", &status.to_string()).unwrap(), status);
        }
    }
}
