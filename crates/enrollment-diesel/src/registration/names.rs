//! What courses, sections and terms are called in student courses: kept, because it hardly ever changes and everybody asks for
//! it, and never wrong.
//!
//! The database draws a new version of all names in each transaction that changes one (`names_versions`). Whoever has read
//! what is to be named read the version by the same statement, so it is that of the same moment; names are used only if they
//! were read at that version, by a statement that read it too. So a change that was answered before a read began is seen by it;
//! no notice has to arrive in time, and none can be missed.

use crate::StoreError;
use crate::rows::student_course::{HeldRow, course_ref, section_ref, term_ref};
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use enrollment_core::registration::{CourseRef, SectionRef, StudentCourse, TermRef};
use std::collections::HashMap;
use uuid::Uuid;

/// As many names as a thread keeps: those of some hundred terms, in some ten megabytes. Beyond, it begins anew.
const MOST: usize = 100_000;

/// Names as they are at one version.
#[derive(Default)]
pub(super) struct Names {
    version: Option<Uuid>,
    courses: HashMap<Uuid, CourseRef>,
    sections: HashMap<Uuid, SectionRef>,
    terms: HashMap<Uuid, TermRef>,
}

/// A course, and the section and the term if there are.
type Ids = (Uuid, Option<Uuid>, Option<Uuid>);

/// $1 the courses, $2 the sections, $3 the terms.
const NAMES: &str = "
    SELECT (SELECT version FROM names_versions), 'course', id, code, title FROM courses WHERE id = ANY($1)
    UNION ALL
    SELECT (SELECT version FROM names_versions), 'section', id, number, component FROM sections WHERE id = ANY($2)
    UNION ALL
    SELECT (SELECT version FROM names_versions), 'term', id, code, '' FROM terms WHERE id = ANY($3)";

type Columns = (Nullable<SqlUuid>, Text, SqlUuid, Text, Text);
type Row = (Option<Uuid>, String, Uuid, String, String);

impl Names {
    /// Learns what these are called at this version. False when it cannot be told, because names have changed since then.
    pub(super) fn learn(
        &mut self,
        conn: &mut PgConnection,
        version: Option<Uuid>,
        ids: impl Iterator<Item = Ids>,
    ) -> Result<bool, StoreError> {
        if self.version != version || self.len() > MOST {
            *self = Self { version, ..Self::default() };
        }
        let (mut courses, mut sections, mut terms) = (Vec::new(), Vec::new(), Vec::new());
        for (course, section, term) in ids {
            courses.extend(Some(course).filter(|id| !self.courses.contains_key(id)));
            sections.extend(section.filter(|id| !self.sections.contains_key(id)));
            terms.extend(term.filter(|id| !self.terms.contains_key(id)));
        }
        for unknown in [&mut courses, &mut sections, &mut terms] {
            unknown.sort_unstable();
            unknown.dedup();
        }
        let unknown = courses.len() + sections.len() + terms.len();
        if unknown == 0 {
            return Ok(true);
        }
        let rows: Vec<Row> = Statement::<Columns>::answering(NAMES)
            .bind::<Array<SqlUuid>, _>(courses)
            .bind::<Array<SqlUuid>, _>(sections)
            .bind::<Array<SqlUuid>, _>(terms)
            .load(conn)?;
        if version.is_none() || rows.len() < unknown || rows.iter().any(|row| row.0 != version) {
            return Ok(false);
        }
        rows.into_iter().try_for_each(|row| self.keep(row))?;
        Ok(true)
    }

    /// The student course with the names of what it is in, which have been learnt.
    pub(super) fn name(
        &self,
        held: HeldRow,
        course: Uuid,
        section: Option<Uuid>,
        term: Option<Uuid>,
    ) -> Result<StudentCourse, StoreError> {
        let unknown = || StoreError::Database(diesel::result::Error::NotFound);
        let course = self.courses.get(&course).cloned().ok_or_else(unknown)?;
        let section = section.map(|id| self.sections.get(&id).cloned().ok_or_else(unknown)).transpose()?;
        let term = term.map(|id| self.terms.get(&id).cloned().ok_or_else(unknown)).transpose()?;
        Ok(held.student_course(course, section, term)?)
    }

    fn keep(&mut self, (_, kind, id, name, more): Row) -> Result<(), StoreError> {
        match kind.as_str() {
            "course" => drop(self.courses.insert(id, course_ref(id, name, more)?)),
            "section" => drop(self.sections.insert(id, section_ref(id, name, &more)?)),
            _ => drop(self.terms.insert(id, term_ref(id, name)?)),
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.courses.len() + self.sections.len() + self.terms.len()
    }
}
