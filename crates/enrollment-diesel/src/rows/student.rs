//! A row of `students`.

use super::numeric::{credits, numeric};
use super::{Corrupt, Place};
use crate::schema::students;
use chrono::{DateTime, Utc};
use diesel::data_types::PgNumeric;
use diesel::prelude::*;
use enrollment_core::catalog::Student;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = students, treat_none_as_null = true)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct StudentRow {
    pub(crate) id: Uuid,
    number: String,
    given_name: String,
    family_name: String,
    email: Option<String>,
    program: Option<String>,
    level: Option<String>,
    status: String,
    max_credits: Option<PgNumeric>,
    confidential: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl From<&Student> for StudentRow {
    fn from(student: &Student) -> Self {
        Self {
            id: student.id.uuid(),
            number: student.number.to_string(),
            given_name: student.given_name.to_string(),
            family_name: student.family_name.to_string(),
            email: student.email.as_ref().map(ToString::to_string),
            program: student.program.as_ref().map(ToString::to_string),
            level: student.level.as_ref().map(ToString::to_string),
            status: student.status.to_string(),
            max_credits: student.max_credits.map(numeric),
            confidential: student.confidential,
            created_at: student.created_at,
            updated_at: student.updated_at,
            version: student.version.into(),
        }
    }
}

impl TryFrom<StudentRow> for Student {
    type Error = Corrupt;

    fn try_from(row: StudentRow) -> Result<Self, Corrupt> {
        let place = Place::new("students", row.id);
        let max_credits = row.max_credits.as_ref().map(credits).transpose();
        Ok(Self {
            id: row.id.into(),
            number: place.read("number", row.number)?,
            given_name: place.read("given_name", row.given_name)?,
            family_name: place.read("family_name", row.family_name)?,
            email: place.read_maybe("email", row.email)?,
            program: place.read_maybe("program", row.program)?,
            level: place.read_maybe("level", row.level)?,
            status: place.word("status", &row.status)?,
            max_credits: max_credits.map_err(|reason| place.corrupt("max_credits", reason))?,
            confidential: row.confidential,
            version: row.version.into(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
