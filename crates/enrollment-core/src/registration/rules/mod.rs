//! The rules: what can refuse an attempt.
//!
//! A rule is a pure function from a `Case` to at most one [`Violation`], in a file of its own. All rules are evaluated and
//! all violations come back, in the fixed order of the table `RULES`, which is part of the API: see [`Code`].
//!
//! To add a rule: a file here with its function and its tests, a [`Code`] in its place in the order, one line in the
//! table, whether a permit can waive it (`waiver.rs`), and one row in `docs/API.md`. What it needs to know beyond the
//! [`Facts`] that there are becomes a field there, for the store to load.

mod already_enrolled;
mod already_passed;
mod corequisite_missing;
mod credit_limit;
mod credits_out_of_range;
mod deadline_passed;
mod excluded_course;
mod grade_unfit;
mod grade_unknown;
mod hold;
mod linked_section_missing;
pub(super) mod not_enrolled;
mod not_gradable;
mod not_waitlisted;
mod prerequisite_missing;
mod restricted;
mod section_full;
mod section_not_open;
mod student_not_active;
mod time_conflict;
mod waitlist_full;
mod waiver;
mod window_closed;

use super::decision::Asked;
use super::facts::{Facts, HeldCourse, SeatPool, SectionFacts};
use super::{Finding, GradingBasis, Status, StudentCourse};
use crate::catalog::{Credits, RequiredCourse};
use crate::ids::ReservationId;
use crate::text::{CourseCode, Grade};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// The name of a rule, in the order in which violations are told. Stable: callers match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The student may not register at all.
    StudentNotActive,
    /// A hold on the student blocks it.
    Hold,
    /// It is not the time to register, or to leave.
    WindowClosed,
    /// The section takes no students.
    SectionNotOpen,
    /// The student is in this section, or in the same component of the course in this term.
    AlreadyEnrolled,
    /// The student has completed the course, and it cannot be taken again.
    AlreadyPassed,
    /// A course that must be passed before is not.
    PrerequisiteMissing,
    /// A course that must be taken together with it is neither passed nor taken.
    CorequisiteMissing,
    /// The student has, or is taking, a course that excludes it.
    ExcludedCourse,
    /// It is for students of other programs or levels, or asks for the consent of the instructor.
    Restricted,
    /// The section meets while another section of the student does.
    TimeConflict,
    /// The course cannot be taken for so many credits.
    CreditsOutOfRange,
    /// The student would take more credits than are allowed in the term.
    CreditLimit,
    /// A component of the course that is taken together with it is not.
    LinkedSectionMissing,
    /// No seat is free.
    SectionFull,
    /// No seat is free, and no place on the waitlist either.
    WaitlistFull,
    /// There is nothing to leave.
    NotEnrolled,
    /// It does not wait for a seat.
    NotWaitlisted,
    /// It is too late to leave.
    DeadlinePassed,
    /// It is neither enrolled in nor completed, so it gets no grade.
    NotGradable,
    /// The grade is not on the grade scale.
    GradeUnknown,
    /// What is taken in this way does not end with such a grade.
    GradeUnfit,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Why a rule refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Violation {
    /// The rule.
    pub code: Code,
    /// What is in the way, for a person.
    pub message: String,
    /// What can be done about it, for a person.
    pub remedy: String,
    /// What the rule looked at, for a program; its fields depend on the rule.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub facts: Value,
    /// Which part of the request it is about, as a JSON pointer; absent where the request has only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Violation {
    pub(super) fn new(code: Code, message: impl Into<String>, remedy: impl Into<String>, facts: Value) -> Self {
        Self { code, message: message.into(), remedy: remedy.into(), facts, pointer: None }
    }
}

/// One student, one section, one moment: what a rule for enrolling judges.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) at: DateTime<Utc>,
    pub(super) facts: &'a Facts,
    pub(super) section: &'a SectionFacts,
    pub(super) pool: &'a SeatPool,
    /// How it is asked for.
    pub(super) asked: &'a Asked,
    /// The sections that are taken in the same request.
    pub(super) beside: &'a [&'a SectionFacts],
}

impl<'a> Case<'a> {
    /// What the course would be worth: what is asked for, or what the catalogue says.
    pub(super) fn credits(&self) -> Credits {
        self.asked.credits.unwrap_or(self.section.course.credits)
    }

    /// Whether this would be a place on the waitlist: no seat is free, and waiting is asked for. Sections that are taken
    /// together cannot be waited for, since one of them may come without the other.
    pub(super) fn waits(&self) -> bool {
        self.asked.may_wait && self.free_seats() == 0 && self.section.course.linked_components.is_empty()
    }

    /// Whether a course is taken in the same request, in the term of the section.
    fn is_taken_beside(&self, code: &CourseCode) -> bool {
        let term = self.section.term.term.id;
        self.beside.iter().any(|other| other.term.term.id == term && other.course.course.code == *code)
    }

    /// The student's courses in a state.
    fn held_as(&self, status: Status) -> impl Iterator<Item = &'a HeldCourse> {
        self.facts.held.iter().filter(move |held| held.student_course.status == status)
    }

    /// What the student is enrolled in, in the term of the section.
    fn enrolled_in_term(&self) -> impl Iterator<Item = &'a HeldCourse> {
        let term = self.section.term.term.id;
        self.held_as(Status::Enrolled).filter(move |held| held.student_course.is_in_term(term))
    }

    /// Whether the student has passed a course as a requisite asks for it, or is taking it where that suffices.
    fn meets(&self, required: &RequiredCourse) -> bool {
        let held = self.facts.held.iter().map(|held| &held.student_course);
        held.filter(|held| held.course.code == required.course).any(|held| match held.status {
            Status::Completed => self.is_passed(held, required.min_grade.as_ref()),
            Status::Enrolled => required.in_progress,
            Status::Waitlisted | Status::Dropped | Status::Withdrawn | Status::Cancelled => false,
        })
    }

    /// Whether a completed course is passed, and with at least this grade where one is asked for. Who audits a course gets
    /// no credit for it, so that is never passed.
    fn is_passed(&self, completed: &StudentCourse, least: Option<&Grade>) -> bool {
        let (scale, grade) = (&self.facts.scale, completed.grade.as_ref());
        completed.grading_basis != GradingBasis::Audit
            && least.map_or_else(|| scale.passes(grade), |least| scale.reaches(grade, least))
    }

    /// The seats that the student could take.
    pub(super) fn free_seats(&self) -> u32 {
        self.facts.free_for_student(self.pool, self.at)
    }

    /// The reservation of which the student's seat would be.
    pub(super) fn quota(&self) -> Option<ReservationId> {
        self.facts.quota_for_student(self.pool, self.at)
    }

    /// How people call the section: `CS101-1`.
    fn section_name(&self) -> String {
        format!("{}-{}", self.section.course.course.code, self.section.section.number)
    }
}

/// One student course to leave at one moment: what a rule for leaving judges.
#[derive(Clone, Copy)]
pub(super) struct Leave<'a> {
    pub(super) at: DateTime<Utc>,
    pub(super) facts: &'a Facts,
    pub(super) held: &'a HeldCourse,
}

/// One student course to grade: what a rule for grades judges.
#[derive(Clone, Copy)]
pub(super) struct Grading<'a> {
    pub(super) facts: &'a Facts,
    pub(super) own: &'a StudentCourse,
    /// None to complete it without one.
    pub(super) grade: Option<&'a Grade>,
}

type Rule = for<'a> fn(&Case<'a>) -> Option<Violation>;
type LeaveRule = for<'a> fn(&Leave<'a>) -> Option<Violation>;
type GradeRule = for<'a> fn(&Grading<'a>) -> Option<Violation>;

/// The rules for enrolling, in their fixed order.
const RULES: [(Code, Rule); 16] = [
    (Code::StudentNotActive, student_not_active::check),
    (Code::Hold, hold::check),
    (Code::WindowClosed, window_closed::check),
    (Code::SectionNotOpen, section_not_open::check),
    (Code::AlreadyEnrolled, already_enrolled::check),
    (Code::AlreadyPassed, already_passed::check),
    (Code::PrerequisiteMissing, prerequisite_missing::check),
    (Code::CorequisiteMissing, corequisite_missing::check),
    (Code::ExcludedCourse, excluded_course::check),
    (Code::Restricted, restricted::check),
    (Code::TimeConflict, time_conflict::check),
    (Code::CreditsOutOfRange, credits_out_of_range::check),
    (Code::CreditLimit, credit_limit::check),
    (Code::LinkedSectionMissing, linked_section_missing::check),
    (Code::SectionFull, section_full::check),
    (Code::WaitlistFull, waitlist_full::check),
];

/// The rules to which it matters what else is taken in the same request.
const RULES_BESIDE: [(Code, Rule); 2] = [
    (Code::CorequisiteMissing, corequisite_missing::check),
    (Code::LinkedSectionMissing, linked_section_missing::check),
];

/// The rules for leaving, in their fixed order.
const LEAVE_RULES: [(Code, LeaveRule); 4] = [
    (Code::Hold, hold::check_leave),
    (Code::WindowClosed, window_closed::check_leave),
    (Code::NotEnrolled, not_enrolled::check),
    (Code::DeadlinePassed, deadline_passed::check),
];

/// The rules for grades, in their fixed order.
const GRADE_RULES: [(Code, GradeRule); 3] = [
    (Code::NotGradable, not_gradable::check),
    (Code::GradeUnknown, grade_unknown::check),
    (Code::GradeUnfit, grade_unfit::check),
];

/// What each rule says to enrolling, and which permit waives it where it would refuse.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    waived(case, RULES.iter().map(|(rule, check)| (*rule, check(case))))
}

/// The same, where all that has become known since the rules said this is what else is taken in the same request. What was in
/// the way stays so: what is beside a section can only become less than it could have been.
pub(super) fn findings_beside(case: &Case<'_>, said: &[Finding]) -> Vec<Finding> {
    let check = |rule: Code| RULES_BESIDE.iter().find(|(own, _)| *own == rule).and_then(|(_, check)| check(case));
    let again = said.iter().map(|finding| (finding.rule, finding.violation.clone().or_else(|| check(finding.rule))));
    waived(case, again)
}

fn waived(case: &Case<'_>, said: impl Iterator<Item = (Code, Option<Violation>)>) -> Vec<Finding> {
    let (course, section) = (case.section.course.course.id, case.section.section.id);
    waiver::waive(said, &waiver::permits(case.facts, case.at, course, Some(section)))
}

/// What is asked of a student course that the institution ends.
pub(super) fn cancel_finding(leave: &Leave<'_>) -> Finding {
    Finding { rule: Code::NotEnrolled, violation: not_enrolled::check(leave), waived_by: None }
}

/// What is asked of a student course that shall have another place on the waitlist.
pub(super) fn waiting_finding(leave: &Leave<'_>) -> Finding {
    Finding { rule: Code::NotWaitlisted, violation: not_waitlisted::check(leave), waived_by: None }
}

/// What each rule says to leaving, and which permit waives it where it would refuse.
pub(super) fn leave_findings(leave: &Leave<'_>) -> Vec<Finding> {
    let held = &leave.held.student_course;
    let permits =
        waiver::permits(leave.facts, leave.at, held.course.id, held.section.as_ref().map(|section| section.id));
    waiver::waive(LEAVE_RULES.iter().map(|(rule, check)| (*rule, check(leave))), &permits)
}

/// What each rule says to a grade.
pub(super) fn grade_findings(grading: &Grading<'_>) -> Vec<Finding> {
    GRADE_RULES
        .iter()
        .map(|(rule, check)| Finding { rule: *rule, violation: check(grading), waived_by: None })
        .collect()
}

/// A student course as facts name it.
fn fact_of(held: &StudentCourse) -> Value {
    json!({
        "student_course_id": held.id,
        "course": held.course.code,
        "section": held.section.as_ref().map(|section| &section.number),
        "status": held.status,
    })
}
