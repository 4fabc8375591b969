//! What is stored already of that which is about to be written.

use chrono::{DateTime, Utc};
use enrollment_core::catalog::{Component, Course, GradeScale, Section, Student, Term, Version};
use enrollment_core::ids::{CourseId, SectionId, StudentCourseId, StudentId, TermId};
use enrollment_core::registration::{SeatPool, Status};
use enrollment_core::text::{CourseCode, Grade, SectionNumber, StudentNumber, TermCode};
use std::collections::{BTreeSet, HashMap};

/// The natural keys to look for.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Terms.
    pub terms: BTreeSet<TermCode>,
    /// Courses.
    pub courses: BTreeSet<CourseCode>,
    /// Students.
    pub students: BTreeSet<StudentNumber>,
    /// Those of the students whose student courses are wanted, too.
    pub registered: BTreeSet<StudentNumber>,
}

/// What is stored under the keys. Of the sections, those of the terms and courses; of the student courses, those of the
/// students in the courses.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Terms.
    pub terms: HashMap<TermCode, Term>,
    /// Courses.
    pub courses: HashMap<CourseCode, Course>,
    /// Students.
    pub students: HashMap<StudentNumber, Student>,
    /// Sections.
    pub sections: HashMap<SectionKey, KnownSection>,
    /// Student courses, the oldest first.
    pub student_courses: Vec<KnownStudentCourse>,
    /// The grade scale, which is not looked for by keys.
    pub scale: GradeScale,
}

/// What a section is known by among people.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectionKey {
    /// The term.
    pub term: TermCode,
    /// The course.
    pub course: CourseCode,
    /// The number.
    pub number: SectionNumber,
}

/// A section that is stored.
#[derive(Clone, Debug)]
pub struct KnownSection {
    /// The section, with no students in it, so that it compares to what a draft describes.
    pub section: Section,
    /// Its seats.
    pub pool: SeatPool,
    /// Whether students have registered for it, in whatever state that is now: then its component is fixed.
    pub in_use: bool,
}

/// A student course that is stored.
#[derive(Clone, Debug)]
pub struct KnownStudentCourse {
    /// Its identifier.
    pub id: StudentCourseId,
    /// The student.
    pub student_id: StudentId,
    /// The course.
    pub course_id: CourseId,
    /// The term.
    pub term_id: Option<TermId>,
    /// The section.
    pub section_id: Option<SectionId>,
    /// The section's component.
    pub component: Option<Component>,
    /// Its state.
    pub status: Status,
    /// The grade.
    pub grade: Option<Grade>,
    /// When the student got the seat.
    pub enrolled_at: Option<DateTime<Utc>>,
    /// When it reached its final state.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its version.
    pub version: Version,
}
