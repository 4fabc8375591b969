//! A row of `courses`.

use super::json::document;
use super::numeric::{credits, numeric};
use super::{Corrupt, Place};
use crate::StoreError;
use crate::schema::courses;
use chrono::{DateTime, Utc};
use diesel::data_types::PgNumeric;
use diesel::prelude::*;
use enrollment_core::catalog::{Course, RepeatPolicy};
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = courses, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct CourseRow {
    pub(crate) id: Uuid,
    code: String,
    title: String,
    description: Option<String>,
    credits: PgNumeric,
    requisite: Option<Value>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
    corequisite: Option<Value>,
    excludes: Value,
    restriction: Option<Value>,
    repeat_policy: Value,
    max_credits: Option<PgNumeric>,
    linked_components: Value,
}

impl TryFrom<&Course> for CourseRow {
    type Error = StoreError;

    fn try_from(course: &Course) -> Result<Self, StoreError> {
        Ok(Self {
            id: course.id.uuid(),
            code: course.code.to_string(),
            title: course.title.to_string(),
            description: course.description.as_ref().map(ToString::to_string),
            credits: numeric(course.credits),
            requisite: course.requisite.as_ref().map(document).transpose()?,
            created_at: course.created_at,
            updated_at: course.updated_at,
            version: course.version.into(),
            corequisite: course.corequisite.as_ref().map(document).transpose()?,
            excludes: document(&course.excludes)?,
            restriction: course.restriction.as_ref().map(document).transpose()?,
            repeat_policy: document(&course.repeat_policy)?,
            max_credits: course.max_credits.map(numeric),
            linked_components: document(&course.linked_components)?,
        })
    }
}

impl TryFrom<CourseRow> for Course {
    type Error = Corrupt;

    fn try_from(row: CourseRow) -> Result<Self, Corrupt> {
        let place = Place::new("courses", row.id);
        let max_credits = row.max_credits.as_ref().map(credits).transpose();
        let repeat_policy: RepeatPolicy = place.document("repeat_policy", row.repeat_policy)?;
        Ok(Self {
            id: row.id.into(),
            code: place.read("code", row.code)?,
            title: place.read("title", row.title)?,
            description: place.read_maybe("description", row.description)?,
            credits: credits(&row.credits).map_err(|reason| place.corrupt("credits", reason))?,
            max_credits: max_credits.map_err(|reason| place.corrupt("max_credits", reason))?,
            repeat_policy,
            repeatable: repeat_policy.is_repeatable(),
            requisite: row.requisite.map(|stored| place.document("requisite", stored)).transpose()?,
            corequisite: row.corequisite.map(|stored| place.document("corequisite", stored)).transpose()?,
            excludes: place.document("excludes", row.excludes)?,
            restriction: row.restriction.map(|stored| place.document("restriction", stored)).transpose()?,
            linked_components: place.document("linked_components", row.linked_components)?,
            version: row.version.into(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
