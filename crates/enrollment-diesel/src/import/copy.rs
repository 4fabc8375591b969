//! New student courses, of which there may be millions: by `COPY`, in PostgreSQL's binary form.
//!
//! One `COPY` is one statement, however many rows it brings, so the triggers that count seats run once for all of them: each pool
//! is updated once a chunk, and not once for every student.

use super::batch::StudentCourseRow;
use crate::StoreError;
use crate::rows::numeric::numeric;
use crate::schema::student_courses;
use chrono::{DateTime, Utc};
use diesel::data_types::PgNumeric;
use diesel::prelude::*;
use uuid::Uuid;

/// Inserts the rows.
pub(super) fn insert(conn: &mut PgConnection, rows: &[&StudentCourseRow]) -> Result<(), StoreError> {
    let rows: Vec<NewStudentCourse> = rows.iter().copied().map(NewStudentCourse::from).collect();
    diesel::copy_from(student_courses::table).from_insertable(&rows).execute(conn)?;
    Ok(())
}

/// The columns that an import knows; the others have their defaults.
#[derive(Insertable)]
#[diesel(table_name = student_courses, treat_none_as_default_value = false)]
struct NewStudentCourse {
    id: Uuid,
    student_id: Uuid,
    course_id: Uuid,
    term_id: Option<Uuid>,
    section_id: Option<Uuid>,
    component: Option<String>,
    status: String,
    credits: PgNumeric,
    grading_basis: String,
    grade: Option<String>,
    enrolled_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

impl From<&StudentCourseRow> for NewStudentCourse {
    fn from(row: &StudentCourseRow) -> Self {
        Self {
            id: row.id.uuid(),
            student_id: row.student_id.uuid(),
            course_id: row.course_id.uuid(),
            term_id: row.term_id.map(Uuid::from),
            section_id: row.section_id.map(Uuid::from),
            component: row.component.map(|component| component.to_string()),
            status: row.status.to_string(),
            credits: numeric(row.credits),
            grading_basis: row.grading_basis.to_string(),
            grade: row.grade.as_ref().map(ToString::to_string),
            enrolled_at: row.enrolled_at,
            ended_at: row.ended_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version.into(),
        }
    }
}
