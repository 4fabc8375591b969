//! What is written in bulk: entries that are valid, changed or new, with ids.

use chrono::{DateTime, Utc};
use enrollment_core::actor::Actor;
use enrollment_core::catalog::{Component, Course, Credits, Section, Student, Term, Version};
use enrollment_core::ids::{AttemptId, CourseId, SectionId, StudentCourseId, StudentId, TermId};
use enrollment_core::registration::{GradingBasis, Status};
use enrollment_core::text::Grade;
use serde::Serialize;

/// Entries to write in one transaction: only those that are new (of the first version) or that differ from what is stored
/// (of the version after the stored one). What is stored and the same does not belong here.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Who writes, for the events.
    pub actor: Actor,
    /// What the events are grouped by: one bulk write is one attempt.
    pub attempt_id: AttemptId,
    /// When, for the events.
    pub at: DateTime<Utc>,
    /// Terms.
    pub terms: Vec<Term>,
    /// Courses.
    pub courses: Vec<Course>,
    /// Students.
    pub students: Vec<Student>,
    /// Sections with their seats and meetings. A new section gets a seat pool of its own.
    pub sections: Vec<Section>,
    /// Student courses.
    pub student_courses: Vec<StudentCourseRow>,
}

impl Batch {
    /// A batch with nothing in it.
    pub fn new(actor: Actor, attempt_id: AttemptId, at: DateTime<Utc>) -> Self {
        let (terms, courses, students, sections, student_courses) = Default::default();
        Self { actor, attempt_id, at, terms, courses, students, sections, student_courses }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
            && self.courses.is_empty()
            && self.students.is_empty()
            && self.sections.is_empty()
            && self.student_courses.is_empty()
    }
}

/// A student course, as its row in the database is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StudentCourseRow {
    /// Its identifier.
    pub id: StudentCourseId,
    /// The student.
    pub student_id: StudentId,
    /// The course.
    pub course_id: CourseId,
    /// The term; none where credit earned elsewhere belongs to no term.
    pub term_id: Option<TermId>,
    /// The section; none for credit earned elsewhere.
    pub section_id: Option<SectionId>,
    /// The section's component.
    pub component: Option<Component>,
    /// Its state as stored; none for a new row.
    #[serde(skip)]
    pub was: Option<Status>,
    /// Its state.
    pub status: Status,
    /// What it is worth; kept as stored when the row exists.
    pub credits: Credits,
    /// How it is graded; kept as stored when the row exists.
    pub grading_basis: GradingBasis,
    /// The grade.
    pub grade: Option<Grade>,
    /// When the student got the seat.
    pub enrolled_at: Option<DateTime<Utc>>,
    /// When it reached its final state.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its version.
    pub version: Version,
    /// When it was made; kept as stored when the row exists.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}
