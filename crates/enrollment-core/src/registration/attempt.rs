//! An attempt: one request to change registrations.

use super::{Command, Enroll, Idempotency, Target};
use crate::actor::Actor;
use crate::ids::{AttemptId, CourseId, SectionId, StudentCourseId, StudentId, TermId};
use crate::text::Reason;
use chrono::{DateTime, Utc};

/// One request to change a student's registrations. It carries everything that deciding needs beyond the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its identifier, also that of its receipt.
    pub id: AttemptId,
    /// Who asks.
    pub actor: Actor,
    /// Why, where who asks for another says so.
    pub reason: Option<Reason>,
    /// When: the time that counts for windows and deadlines.
    pub at: DateTime<Utc>,
    /// Whose registrations.
    pub student_id: StudentId,
    /// What.
    pub command: Command,
    /// Whether to write what is decided.
    pub mode: Mode,
    /// How to recognise a repetition.
    pub idempotency: Option<Idempotency>,
    /// The attempt that this one follows from; none where somebody asked for it.
    pub caused_by: Option<AttemptId>,
}

/// Whether what is decided is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Commit,
    /// It is not: the receipt tells what would be. A dry run reads and writes no idempotency key.
    DryRun,
}

/// What a store has to load, and lock, before an attempt can be decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The students, with everything that they hold.
    pub students: Vec<StudentId>,
    /// Sections that are named. Where one does not exist the store answers `Unknown`.
    pub sections: Vec<SectionId>,
    /// Courses of which any section will do, in one term or in all. Of their sections of each component the open ones are
    /// loaded, or all of them when none is open.
    pub courses: Vec<(CourseId, Option<TermId>)>,
    /// Student courses that are named, whatever their state, each with the pool of its seats and those of its siblings: what
    /// the student has of the same course in the same term. Where any is named, the pools of all that the student waits for
    /// come with it, because leaving one section may be what another waited for. Where one does not exist, or is another student's, the store
    /// answers `Unknown`.
    pub student_courses: Vec<StudentCourseId>,
}

impl Attempt {
    /// What deciding this attempt needs to know.
    pub fn scope(&self) -> Scope {
        let mut scope = Scope { students: vec![self.student_id], ..Scope::default() };
        match &self.command {
            Command::Enroll(enroll) => scope.enroll(enroll),
            Command::Drop(drop) => scope.student_courses.push(drop.student_course_id),
            Command::Plan(plan) => {
                plan.adds.iter().chain(&plan.swaps).for_each(|enroll| scope.enroll(enroll));
                scope.student_courses.extend(plan.drops.iter().map(|drop| drop.student_course_id));
            }
            Command::Promote(promote) => {
                scope.sections.push(promote.section_id);
                scope.student_courses.push(promote.student_course_id);
                scope.student_courses.extend(promote.swap_from);
            }
            Command::Prioritize(prioritize) => scope.student_courses.push(prioritize.student_course_id),
            Command::Cancel(cancel) => scope.student_courses.push(cancel.student_course_id),
            Command::Grade(give) => scope.student_courses.push(give.student_course_id),
        }
        scope
    }
}

impl Scope {
    fn enroll(&mut self, enroll: &Enroll) {
        let request = &enroll.request;
        match &request.target {
            Target::Course { course_id, term_id } => self.courses.push((*course_id, *term_id)),
            named => self.sections.extend(named.sections()),
        }
        self.student_courses.extend(request.swap_from);
    }
}
