//! A row of `windows`, with the students whom it lists.

use super::json::{FromJson, document};
use super::numeric::{credits, credits_of_hundredths, numeric};
use super::{Corrupt, Place};
use crate::StoreError;
use crate::schema::windows;
use chrono::{DateTime, Utc};
use diesel::data_types::PgNumeric;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Json, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::catalog::{Credits, Window};
use enrollment_core::ids::StudentId;
use enrollment_core::registration::WindowFacts;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The columns of a window `w`.
macro_rules! window_columns {
    () => {
        "w.id, w.term_id, w.action, w.opens_at, w.closes_at, w.programs, w.levels, w.min_earned_credits, w.created_at,
         w.updated_at, w.version,
         (SELECT json_agg(l.student_id) FROM window_students l WHERE l.window_id = w.id) AS students"
    };
}
pub(crate) use window_columns;

/// As [`window_columns!`] selects it.
#[derive(QueryableByName)]
pub(crate) struct WindowRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    term_id: Uuid,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    opens_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    closes_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    programs: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    levels: Option<Value>,
    #[diesel(sql_type = Nullable<Numeric>)]
    min_earned_credits: Option<PgNumeric>,
    #[diesel(sql_type = Nullable<Json>)]
    students: Option<FromJson<BTreeSet<StudentId>>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: DateTime<Utc>,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

impl TryFrom<WindowRow> for Window {
    type Error = Corrupt;

    fn try_from(row: WindowRow) -> Result<Self, Corrupt> {
        let place = Place::new("windows", row.id);
        let least = row.min_earned_credits.as_ref().map(credits).transpose();
        Ok(Self {
            id: row.id.into(),
            term_id: row.term_id.into(),
            action: place.word("action", &row.action)?,
            opens_at: row.opens_at,
            closes_at: row.closes_at,
            programs: row.programs.map(|stored| place.document("programs", stored)).transpose()?,
            levels: row.levels.map(|stored| place.document("levels", stored)).transpose()?,
            min_earned_credits: least.map_err(|reason| place.corrupt("min_earned_credits", reason))?,
            students: place.read_maybe("students", row.students.map(|FromJson(listed)| listed))?,
            version: row.version.into(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// As it is written, without the students whom it lists.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = windows, treat_none_as_null = true)]
pub(crate) struct NewWindow {
    pub(crate) id: Uuid,
    term_id: Uuid,
    action: String,
    opens_at: Option<DateTime<Utc>>,
    closes_at: Option<DateTime<Utc>>,
    programs: Option<Value>,
    levels: Option<Value>,
    min_earned_credits: Option<PgNumeric>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl TryFrom<&Window> for NewWindow {
    type Error = StoreError;

    fn try_from(window: &Window) -> Result<Self, StoreError> {
        Ok(Self {
            id: window.id.uuid(),
            term_id: window.term_id.uuid(),
            action: window.action.to_string(),
            opens_at: window.opens_at,
            closes_at: window.closes_at,
            programs: window.programs.as_ref().map(document).transpose()?,
            levels: window.levels.as_ref().map(document).transpose()?,
            min_earned_credits: window.min_earned_credits.map(numeric),
            created_at: window.created_at,
            updated_at: window.updated_at,
            version: window.version.into(),
        })
    }
}

/// The windows of the terms with these ids, in the order of theirs: a JSON array, of which [`WindowFactsRow`] is an element.
macro_rules! windows_of_terms {
    ($terms:literal) => {
        concat!(
            "(SELECT coalesce(json_agg(json_build_object('term_id', w.term_id, 'id', w.id, 'action', w.action,
                    'opens_at', w.opens_at, 'closes_at', w.closes_at, 'programs', w.programs, 'levels', w.levels,
                    'min_hundredths', (w.min_earned_credits * 100)::int4,
                    'lists_students', EXISTS (SELECT FROM window_students l WHERE l.window_id = w.id)) ORDER BY w.id), '[]')
              FROM windows w WHERE w.term_id IN (",
            $terms,
            "))"
        )
    };
}
pub(crate) use windows_of_terms;

/// What rules ask of a window, as a JSON object within a row.
#[derive(Debug, Deserialize)]
pub(crate) struct WindowFactsRow {
    pub(crate) term_id: Uuid,
    id: Uuid,
    action: String,
    opens_at: Option<DateTime<Utc>>,
    closes_at: Option<DateTime<Utc>>,
    programs: Option<Value>,
    levels: Option<Value>,
    min_hundredths: Option<i32>,
    /// Whether it lists students.
    pub(crate) lists_students: bool,
}

impl TryFrom<WindowFactsRow> for WindowFacts {
    type Error = Corrupt;

    fn try_from(row: WindowFactsRow) -> Result<Self, Corrupt> {
        let place = Place::new("windows", row.id);
        let least: Result<Option<Credits>, _> = row.min_hundredths.map(credits_of_hundredths).transpose();
        Ok(Self {
            id: row.id.into(),
            action: place.word("action", &row.action)?,
            opens_at: row.opens_at,
            closes_at: row.closes_at,
            programs: row.programs.map(|stored| place.document("programs", stored)).transpose()?,
            levels: row.levels.map(|stored| place.document("levels", stored)).transpose()?,
            min_earned_credits: least.map_err(|reason| place.corrupt("min_earned_credits", reason))?,
        })
    }
}
