//! A row of `holds`.

use super::{Corrupt, Place};
use crate::schema::holds;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use enrollment_core::catalog::Hold;
use enrollment_core::ids::StudentId;
use enrollment_core::registration::HoldFacts;
use serde::Deserialize;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = holds, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct HoldRow {
    pub(crate) id: Uuid,
    student_id: Uuid,
    blocks: String,
    reason: String,
    in_force_from: Option<DateTime<Utc>>,
    in_force_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl From<&Hold> for HoldRow {
    fn from(hold: &Hold) -> Self {
        Self {
            id: hold.id.uuid(),
            student_id: hold.student_id.uuid(),
            blocks: hold.blocks.to_string(),
            reason: hold.reason.to_string(),
            in_force_from: hold.from,
            in_force_until: hold.until,
            created_at: hold.created_at,
            updated_at: hold.updated_at,
            version: hold.version.into(),
        }
    }
}

impl TryFrom<HoldRow> for Hold {
    type Error = Corrupt;

    fn try_from(row: HoldRow) -> Result<Self, Corrupt> {
        let place = Place::new("holds", row.id);
        Ok(Self {
            id: row.id.into(),
            student_id: row.student_id.into(),
            blocks: place.word("blocks", &row.blocks)?,
            reason: place.read("reason", row.reason)?,
            from: row.in_force_from,
            until: row.in_force_until,
            version: row.version.into(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// What rules ask of a hold, as a JSON object within a row.
#[derive(Debug, Deserialize)]
pub(crate) struct HoldFactsRow {
    id: Uuid,
    student_id: Uuid,
    blocks: String,
    reason: String,
    in_force_from: Option<DateTime<Utc>>,
    in_force_until: Option<DateTime<Utc>>,
}

impl HoldFactsRow {
    /// Whose it is.
    pub(crate) fn student_id(&self) -> StudentId {
        self.student_id.into()
    }
}

impl TryFrom<HoldFactsRow> for HoldFacts {
    type Error = Corrupt;

    fn try_from(row: HoldFactsRow) -> Result<Self, Corrupt> {
        let place = Place::new("holds", row.id);
        Ok(Self {
            id: row.id.into(),
            blocks: place.word("blocks", &row.blocks)?,
            reason: place.read("reason", row.reason)?,
            from: row.in_force_from,
            until: row.in_force_until,
        })
    }
}
