//! A row of `receipts`: the record of an attempt, of which the parts that only people and replays read are documents.

use super::Place;
use super::json;
use crate::StoreError;
use crate::schema::receipts;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use enrollment_core::registration::Record;
use serde_json::Value;
use uuid::Uuid;

/// The row, as it is read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = receipts)]
pub(crate) struct ReceiptRow {
    attempt_id: Uuid,
    at: DateTime<Utc>,
    actor: String,
    student_id: Uuid,
    command: Value,
    facts: Value,
    decision: Value,
    caused_by: Option<Uuid>,
}

impl TryFrom<ReceiptRow> for Record {
    type Error = StoreError;

    fn try_from(row: ReceiptRow) -> Result<Self, StoreError> {
        Ok(Self {
            attempt_id: row.attempt_id.into(),
            at: row.at,
            actor: Place::new("receipts", row.attempt_id).word("actor", &row.actor)?,
            student_id: row.student_id.into(),
            caused_by: row.caused_by.map(Into::into),
            command: json::read(row.command)?,
            judgement: json::read(row.decision)?,
            facts: json::read(row.facts)?,
        })
    }
}

/// The documents of a record, as text: the database parses them anyway, so a tree of JSON in between would be for nothing.
pub(crate) struct Documents {
    pub(crate) command: String,
    pub(crate) facts: String,
    pub(crate) decision: String,
}

impl Documents {
    pub(crate) fn of(record: &Record) -> Result<Self, StoreError> {
        Ok(Self {
            command: json::text(&record.command)?,
            facts: json::text(&record.facts)?,
            decision: json::text(&record.judgement)?,
        })
    }
}
