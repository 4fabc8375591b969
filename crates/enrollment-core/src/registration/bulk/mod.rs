//! Enrolling many students in one section.
//!
//! Every row is an attempt like any other, and judged by the same rules. Row by row, each is carried out by itself and in the
//! order of the rows, so that seats that are too few go to the first. An atomic bulk is one transaction: all rows, or none. So
//! is a dry run, whatever is asked for: only then does a row find what the rows before it would have left.
//!
//! All students are looked up first, by one question that leaves out whom the caller may not see. So from there on a
//! confidential student is nobody to those without need, and cannot be told from one.

mod request;

pub use request::{BulkDraft, BulkRequest, BulkRow, BulkRowDraft, BulkStudentDraft, StudentKey};

use super::{Attempt, Command, Enroll, Outcome, Receipt, Registration, RequestOptions, disclosure};
use crate::access::{Operation, Principal, Resource, Seen};
use crate::fields::FieldErrors;
use crate::ids::{SectionId, StudentCourseId, StudentId};
use crate::{Error, Subject};
use request::TWICE;
use std::collections::BTreeSet;

/// What came of a bulk.
#[derive(Debug)]
pub struct Bulk {
    /// Whether it was to be all rows or none.
    pub atomic: bool,
    /// Whether it tells only what would be.
    pub dry_run: bool,
    /// What came of each row, in their order.
    pub rows: Vec<BulkAnswer>,
}

/// What came of one row of a bulk.
#[derive(Debug)]
pub struct BulkAnswer {
    /// What the row names the student by.
    pub student: StudentKey,
    /// The student; none where nobody has the number.
    pub student_id: Option<StudentId>,
    /// What came of it.
    pub outcome: BulkOutcome,
}

/// What came of one row of a bulk.
#[derive(Debug)]
pub enum BulkOutcome {
    /// It was decided.
    Decided(Receipt),
    /// It could not be decided.
    Failed(Error),
    /// The store had failed before, so it was left alone.
    NotTried,
}

impl Bulk {
    /// Whether rules refuse a bulk of which all rows or none are taken.
    pub fn is_refused(&self) -> bool {
        self.atomic && self.rows.iter().any(|row| row.outcome.is_refused())
    }
}

impl BulkOutcome {
    /// Whether rules refuse the row.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Decided(Receipt { outcome: Outcome::Refused { .. }, .. }))
    }
}

/// A row whose student was looked up.
struct Row {
    student: StudentKey,
    attempt: Result<Attempt, Error>,
}

impl Registration {
    /// Enrolls students in a section.
    ///
    /// What rules refuse, and row by row also who does not exist, is told of each row. Row by row, a store that fails
    /// when something was decided ends it: the rest is not tried.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field, also when a student of an atomic bulk does not exist, or two rows name the
    /// same one; [`Error::NotFound`] when the section does not exist; and what the port answers.
    pub async fn enroll_all(
        &self,
        by: &Principal,
        section: SectionId,
        draft: BulkDraft,
        dry_run: bool,
    ) -> Result<Bulk, Error> {
        let seen = self.gate.admit_to_many(by, Operation::RegisterMany, Resource::Institution).await?;
        let BulkRequest { rows, atomic } = draft.parse(section)?;
        let ids = self.look_up(&rows, seen).await?;
        let options = RequestOptions { dry_run, idempotency_key: None };
        let rows: Vec<Row> = rows.into_iter().zip(ids).map(|(row, id)| self.row(by, row, id, &options)).collect();
        if atomic {
            require_known(&rows)?;
        }
        let rows =
            if atomic || dry_run { self.together(by, rows, atomic).await? } else { self.one_by_one(by, rows).await? };
        Ok(Bulk { atomic, dry_run, rows })
    }

    /// The ids of the students, as far as they are known.
    async fn look_up(&self, rows: &[BulkRow], seen: Seen) -> Result<Vec<Option<StudentId>>, Error> {
        let names = rows.iter().map(|row| row.student.clone()).collect();
        let known = self.repository.students_named(names, seen).await?;
        let ids: Vec<_> = rows.iter().map(|row| known.get(&row.student).copied()).collect();
        let (mut errors, mut seen) = (FieldErrors::default(), BTreeSet::new());
        for (index, (row, id)) in rows.iter().zip(&ids).enumerate() {
            if id.is_some_and(|id| !seen.insert(id)) {
                errors.add(row.student.pointer(index), TWICE);
            }
        }
        if errors.is_empty() { Ok(ids) } else { Err(errors.into()) }
    }

    fn row(&self, by: &Principal, row: BulkRow, id: Option<StudentId>, options: &RequestOptions) -> Row {
        let BulkRow { student, request } = row;
        let attempt = id.ok_or(Error::NotFound(Subject::Student)).map(|id| {
            let student_course_id = StudentCourseId::mint(&*self.ids);
            let command = Command::Enroll(Enroll { student_course_id, request });
            self.attempt(by, id, command, options.clone(), None)
        });
        Row { student, attempt }
    }

    async fn one_by_one(&self, by: &Principal, rows: Vec<Row>) -> Result<Vec<BulkAnswer>, Error> {
        let (mut answers, mut is_up) = (Vec::with_capacity(rows.len()), true);
        for Row { student, attempt } in rows {
            let student_id = student_id(&student, &attempt);
            let outcome = match attempt {
                Err(error) => BulkOutcome::Failed(error),
                Ok(_) if !is_up => BulkOutcome::NotTried,
                Ok(attempt) => match self.carry_out(by, attempt).await {
                    Ok(receipt) => BulkOutcome::Decided(receipt),
                    Err(Error::Unknown { subject: Subject::Section, .. }) => {
                        return Err(Error::NotFound(Subject::Section));
                    }
                    Err(error) if is_of_the_row(&error) => BulkOutcome::Failed(error),
                    // Nothing was done yet that would have to be told.
                    Err(error) if !any_decided(&answers) => return Err(error),
                    Err(error) => {
                        is_up = false;
                        BulkOutcome::Failed(error)
                    }
                },
            };
            answers.push(BulkAnswer { student, student_id, outcome });
        }
        Ok(answers)
    }

    async fn together(&self, by: &Principal, rows: Vec<Row>, atomic: bool) -> Result<Vec<BulkAnswer>, Error> {
        let attempts = rows.iter().filter_map(|row| row.attempt.as_ref().ok().cloned()).collect();
        let mut decided = self.repository.register_all(attempts).await?.into_iter();
        let (mut answers, mut errors) = (Vec::with_capacity(rows.len()), FieldErrors::default());
        for (index, Row { student, attempt }) in rows.into_iter().enumerate() {
            let student_id = student_id(&student, &attempt);
            let outcome = match attempt.and_then(|_| decided.next().transpose()) {
                Ok(Some(receipt)) => BulkOutcome::Decided(disclosure::receipt(&self.gate, by, receipt).await),
                Ok(None) => BulkOutcome::NotTried,
                Err(Error::Unknown { subject: Subject::Section, .. }) => {
                    return Err(Error::NotFound(Subject::Section));
                }
                Err(error) => {
                    if atomic {
                        errors.add(student.pointer(index), look_up_again(&error));
                    }
                    BulkOutcome::Failed(error)
                }
            };
            answers.push(BulkAnswer { student, student_id, outcome });
        }
        if errors.is_empty() { Ok(answers) } else { Err(errors.into()) }
    }
}

impl StudentKey {
    /// The place of the row that names the student.
    fn pointer(&self, index: usize) -> String {
        match self {
            // A row may be the id itself, or an object that has it.
            Self::Id(_) => format!("/students/{index}"),
            Self::Number(_) => format!("/students/{index}/number"),
        }
    }
}

/// Whom a row is about: whom it names by the id, whether there is such a student or not, or who has the number.
fn student_id(student: &StudentKey, attempt: &Result<Attempt, Error>) -> Option<StudentId> {
    match student {
        StudentKey::Id(id) => Some(*id),
        StudentKey::Number(_) => attempt.as_ref().ok().map(|attempt| attempt.student_id),
    }
}

/// Of rows that are taken together or not at all, everybody must be known before any is tried: a row that is left out would
/// keep nobody else from being enrolled.
fn require_known(rows: &[Row]) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for (index, row) in rows.iter().enumerate() {
        if let Err(error) = &row.attempt {
            errors.add(row.student.pointer(index), look_up_again(error));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn look_up_again(error: &Error) -> String {
    format!("{error}: look the student up again")
}

fn any_decided(answers: &[BulkAnswer]) -> bool {
    answers.iter().any(|answer| matches!(answer.outcome, BulkOutcome::Decided(_)))
}

/// Whether it is only this row that could not be decided, so that another may be.
fn is_of_the_row(error: &Error) -> bool {
    !matches!(error, Error::Busy | Error::Unavailable(_) | Error::OutcomeUnknown(_) | Error::Internal(_))
}

#[cfg(test)]
mod tests;
