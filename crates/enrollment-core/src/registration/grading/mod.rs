//! The grades of a section's roster, given in one call.
//!
//! Each row is an attempt of its own, judged by the rules for grades and carried out by itself, in the order of the rows. So a
//! row that is refused stops no other, and whoever has lost the answer sends the same rows again: what has its grade already
//! stays as it is.
//!
//! A grade may be what somebody lacked who waits for a seat elsewhere. So when all are given, the seats for which the students
//! wait who got one are offered again, once for all.

mod request;

pub use request::{GradeRowDraft, GradesDraft, RosterName};

use super::{Attempt, Command, GiveGrade, Outcome, Receipt, Registration, RequestOptions};
use crate::access::{Operation, Principal, Resource};
use crate::fields::FieldErrors;
use crate::ids::{SectionId, StudentCourseId, StudentId};
use crate::{Error, Subject};
use request::{GradeRow, names_twice};
use std::collections::BTreeMap;

/// What came of the grades of a roster.
#[derive(Debug)]
pub struct Graded {
    /// Whether it tells only what would be.
    pub dry_run: bool,
    /// What came of each row, in their order.
    pub rows: Vec<GradedRow>,
}

/// What came of one row.
#[derive(Debug)]
pub struct GradedRow {
    /// The student and the student course that the row names; none where the section has no such student.
    pub named: Option<(StudentId, StudentCourseId)>,
    /// What came of it.
    pub outcome: RowOutcome,
}

/// What came of one row.
#[derive(Debug)]
pub enum RowOutcome {
    /// It was decided. Where it was accepted without a change, it had the grade already.
    Decided(Receipt),
    /// There is no such student in the section.
    NotFound,
    /// The store failed, so it could not be decided.
    Failed(Error),
    /// The store had failed before, so it was left alone.
    NotTried,
}

impl Registration {
    /// Gives grades to students of a section: completes what they are enrolled in, and corrects what is completed.
    ///
    /// What rules refuse and who is not in the section is told of each row. A store that fails ends it: the rest is not tried.
    /// Then free seats are offered to those who wait for them and may have lacked the grade.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field, also when two rows name the same student course; [`Error::NotFound`] when the
    /// section does not exist; and what the port answers before any row was decided.
    pub async fn grade(
        &self,
        by: &Principal,
        section: SectionId,
        draft: GradesDraft,
        dry_run: bool,
    ) -> Result<Graded, Error> {
        let seen = self.gate.admit_to_many(by, Operation::Grade, Resource::Section(section)).await?;
        let rows = draft.parse()?;
        let asked = rows.iter().map(|row| row.name.clone()).collect();
        let named = self.repository.named_in(section, asked, seen).await?;
        require_distinct(&rows, &named)?;
        let mut graded = Vec::with_capacity(rows.len());
        for (row, named) in rows.into_iter().zip(named) {
            let attempt = named.map(|(student, id)| self.grading(by, student, id, row, dry_run));
            let outcome = match attempt {
                None => RowOutcome::NotFound,
                Some(_) if has_failed(&graded) => RowOutcome::NotTried,
                Some(attempt) => self.grade_one(by, attempt).await,
            };
            match outcome {
                RowOutcome::Failed(error) if !was_decided(&graded) => return Err(error),
                outcome => graded.push(GradedRow { named, outcome }),
            }
        }
        let students = changed(&graded);
        if !dry_run && !students.is_empty() {
            self.repository.offer_again(students, self.cause(by)).await;
        }
        Ok(Graded { dry_run, rows: graded })
    }

    fn grading(
        &self,
        by: &Principal,
        student: StudentId,
        student_course_id: StudentCourseId,
        row: GradeRow,
        dry_run: bool,
    ) -> Attempt {
        let command = Command::Grade(GiveGrade { student_course_id, grade: row.grade });
        let options = RequestOptions { dry_run, idempotency_key: None };
        self.attempt(by, student, command, options, None)
    }

    async fn grade_one(&self, by: &Principal, attempt: Attempt) -> RowOutcome {
        match self.carry_out(by, attempt).await {
            Ok(receipt) => RowOutcome::Decided(receipt),
            // It was deleted since it was looked up.
            Err(Error::NotFound(_) | Error::Unknown { subject: Subject::StudentCourse, .. }) => RowOutcome::NotFound,
            Err(error) => RowOutcome::Failed(error),
        }
    }
}

/// The students of whom something was changed.
fn changed(graded: &[GradedRow]) -> Vec<StudentId> {
    let is_changed = |row: &&GradedRow| match &row.outcome {
        RowOutcome::Decided(Receipt { outcome: Outcome::Accepted { changes }, .. }) => !changes.is_empty(),
        _ => false,
    };
    graded.iter().filter(is_changed).filter_map(|row| row.named.map(|(student, _)| student)).collect()
}

fn has_failed(graded: &[GradedRow]) -> bool {
    graded.iter().any(|row| matches!(row.outcome, RowOutcome::Failed(_)))
}

fn was_decided(graded: &[GradedRow]) -> bool {
    graded.iter().any(|row| matches!(row.outcome, RowOutcome::Decided(_)))
}

/// Rows may name one student course in different ways, which is known only when they are looked up.
fn require_distinct(rows: &[GradeRow], named: &[Option<(StudentId, StudentCourseId)>]) -> Result<(), FieldErrors> {
    let (mut errors, mut seen) = (FieldErrors::default(), BTreeMap::new());
    for (index, (row, named)) in rows.iter().zip(named).enumerate() {
        let Some((_, id)) = named else { continue };
        if let Some(first) = seen.insert(id, index) {
            errors.add(row.name.pointer(index), names_twice(first));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

#[cfg(test)]
mod tests;
