//! Rows of `permits` and `permit_uses`.

use super::{Corrupt, Place};
use crate::schema::{permit_uses, permits};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use enrollment_core::catalog::{Permit, PermitUse};
use enrollment_core::ids::StudentId;
use enrollment_core::registration::PermitFacts;
use serde::Deserialize;
use serde_json::Value;
use std::num::NonZeroU16;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = permits, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct PermitRow {
    pub(crate) id: Uuid,
    student_id: Uuid,
    course_id: Option<Uuid>,
    section_id: Option<Uuid>,
    waives: Value,
    granted_by: String,
    reason: String,
    expires_at: Option<DateTime<Utc>>,
    max_uses: Option<i32>,
    /// A change writes what it has read, which it may because a use makes a new version.
    uses: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl TryFrom<&Permit> for PermitRow {
    type Error = Corrupt;

    fn try_from(permit: &Permit) -> Result<Self, Corrupt> {
        let place = Place::new("permits", permit.id.uuid());
        Ok(Self {
            id: permit.id.uuid(),
            student_id: permit.student_id.uuid(),
            course_id: permit.course_id.map(Uuid::from),
            section_id: permit.section_id.map(Uuid::from),
            waives: serde_json::to_value(&permit.waives).map_err(|reason| place.corrupt("waives", reason))?,
            granted_by: permit.granted_by.to_string(),
            reason: permit.reason.to_string(),
            expires_at: permit.expires_at,
            max_uses: permit.max_uses.map(|most| i32::from(most.get())),
            uses: place.read("uses", permit.uses)?,
            created_at: permit.created_at,
            updated_at: permit.updated_at,
            version: permit.version.into(),
        })
    }
}

impl PermitRow {
    /// The permit, with what it was used for.
    pub(crate) fn permit(self, used_for: Vec<PermitUse>) -> Result<Permit, Corrupt> {
        let place = Place::new("permits", self.id);
        let waives: Vec<_> = place.document("waives", self.waives)?;
        Ok(Permit {
            id: self.id.into(),
            student_id: self.student_id.into(),
            course_id: self.course_id.map(Into::into),
            section_id: self.section_id.map(Into::into),
            waives: place.read("waives", waives)?,
            granted_by: place.read("granted_by", self.granted_by)?,
            reason: place.read("reason", self.reason)?,
            expires_at: self.expires_at,
            max_uses: max_uses(place, self.max_uses)?,
            uses: place.read("uses", self.uses)?,
            used_for,
            version: self.version.into(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn max_uses(place: Place, stored: Option<i32>) -> Result<Option<NonZeroU16>, Corrupt> {
    let most: Option<u16> = place.read_maybe("max_uses", stored)?;
    place.read_maybe("max_uses", most)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = permit_uses)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct PermitUseRow {
    pub(crate) permit_id: Uuid,
    attempt_id: Uuid,
    student_course_id: Uuid,
    waived: Value,
    at: DateTime<Utc>,
}

impl TryFrom<PermitUseRow> for PermitUse {
    type Error = Corrupt;

    fn try_from(row: PermitUseRow) -> Result<Self, Corrupt> {
        Ok(Self {
            attempt_id: row.attempt_id.into(),
            student_course_id: row.student_course_id.into(),
            waived: Place::new("permit_uses", row.permit_id).document("waived", row.waived)?,
            at: row.at,
        })
    }
}

/// What rules ask of a permit, as a JSON object within a row.
#[derive(Debug, Deserialize)]
pub(crate) struct PermitFactsRow {
    id: Uuid,
    student_id: Uuid,
    course_id: Option<Uuid>,
    section_id: Option<Uuid>,
    waives: Value,
    expires_at: Option<DateTime<Utc>>,
    max_uses: Option<i32>,
    uses: i32,
    version: i64,
}

impl PermitFactsRow {
    /// Whose it is.
    pub(crate) fn student_id(&self) -> StudentId {
        self.student_id.into()
    }
}

impl TryFrom<PermitFactsRow> for PermitFacts {
    type Error = Corrupt;

    fn try_from(row: PermitFactsRow) -> Result<Self, Corrupt> {
        let place = Place::new("permits", row.id);
        Ok(Self {
            id: row.id.into(),
            course_id: row.course_id.map(Into::into),
            section_id: row.section_id.map(Into::into),
            waives: place.document("waives", row.waives)?,
            expires_at: row.expires_at,
            max_uses: max_uses(place, row.max_uses)?,
            uses: place.read("uses", row.uses)?,
            version: row.version.into(),
        })
    }
}
