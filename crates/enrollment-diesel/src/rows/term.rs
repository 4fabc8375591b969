//! A row of `terms`.

use super::json::document;
use super::numeric::{credits, numeric};
use super::{Corrupt, Place};
use crate::StoreError;
use crate::schema::terms;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::data_types::PgNumeric;
use diesel::prelude::*;
use enrollment_core::catalog::Term;
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = terms, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct TermRow {
    pub(crate) id: Uuid,
    code: String,
    name: String,
    time_zone: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    max_credits: Option<PgNumeric>,
    enrollment_opens_at: Option<DateTime<Utc>>,
    enrollment_closes_at: Option<DateTime<Utc>>,
    drop_deadline: Option<DateTime<Utc>>,
    withdraw_deadline: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
    program_max_credits: Value,
    audit_counts: bool,
}

impl TryFrom<&Term> for TermRow {
    type Error = StoreError;

    fn try_from(term: &Term) -> Result<Self, StoreError> {
        Ok(Self {
            id: term.id.uuid(),
            code: term.code.to_string(),
            name: term.name.to_string(),
            time_zone: term.time_zone.to_string(),
            starts_on: term.starts_on,
            ends_on: term.ends_on,
            max_credits: term.max_credits.map(numeric),
            enrollment_opens_at: term.enrollment_opens_at,
            enrollment_closes_at: term.enrollment_closes_at,
            drop_deadline: term.drop_deadline,
            withdraw_deadline: term.withdraw_deadline,
            created_at: term.created_at,
            updated_at: term.updated_at,
            version: term.version.into(),
            program_max_credits: document(&term.program_max_credits)?,
            audit_counts: term.audit_counts,
        })
    }
}

impl TryFrom<TermRow> for Term {
    type Error = Corrupt;

    fn try_from(row: TermRow) -> Result<Self, Corrupt> {
        let place = Place::new("terms", row.id);
        let max_credits = row.max_credits.as_ref().map(credits).transpose();
        Ok(Self {
            id: row.id.into(),
            code: place.read("code", row.code)?,
            name: place.read("name", row.name)?,
            time_zone: place.read("time_zone", row.time_zone)?,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            max_credits: max_credits.map_err(|reason| place.corrupt("max_credits", reason))?,
            program_max_credits: place.document("program_max_credits", row.program_max_credits)?,
            audit_counts: row.audit_counts,
            enrollment_opens_at: row.enrollment_opens_at,
            enrollment_closes_at: row.enrollment_closes_at,
            drop_deadline: row.drop_deadline,
            withdraw_deadline: row.withdraw_deadline,
            version: row.version.into(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
