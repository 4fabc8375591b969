//! What is known when an attempt is decided.

use super::{
    Change, Code, CourseRef, GradingBasis, ReservationFacts, SectionRef, Status, StudentCourse, TermRef, TermWindows,
    Waiting, Waiver,
};
use crate::catalog::{
    Blocks, Component, Course, Credits, GradeScale, Hold, Meeting, Permit, RepeatPolicy, Requisite, Restriction,
    SectionStatus, Student, StudentStatus, TimeZone, Version,
};
use crate::ids::{CourseId, HoldId, PermitId, SeatPoolId, SectionId, StudentCourseId, StudentId, TermId};
use crate::text::{CourseCode, Level, Program, Reason};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;

/// Everything that deciding one attempt needs to know, as it was at one moment.
///
/// A store MUST load it while it holds the locks under which the decision is written, so that the facts still hold then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The student.
    pub student: StudentFacts,
    /// The holds on the student, in force or not.
    pub holds: Vec<HoldFacts>,
    /// The registration windows of the terms that the scope is about: those of its sections, and of the student courses that
    /// it names. A term that has none is not here.
    #[serde(default)]
    pub windows: Vec<TermWindows>,
    /// The student's permits for the courses of which the scope names a section or a student course, and for their sections;
    /// in force or not.
    #[serde(default)]
    pub permits: Vec<PermitFacts>,
    /// What the student holds: every student course that is waitlisted, enrolled or completed, and those that the scope
    /// names.
    pub held: Vec<HeldCourse>,
    /// The sections of the scope.
    pub sections: Vec<SectionFacts>,
    /// The seat pools of those sections.
    pub pools: Vec<SeatPool>,
    /// The reservations of seats of those pools, released or not, in the order of their ids.
    #[serde(default)]
    pub reservations: Vec<ReservationFacts>,
    /// The institution's grades.
    pub scale: GradeScale,
}

/// The student, as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentFacts {
    /// Its identifier.
    pub id: StudentId,
    /// Whether the student may register.
    pub status: StudentStatus,
    /// The programme of study.
    pub program: Option<Program>,
    /// The level of study.
    pub level: Option<Level>,
    /// The most credits that this student may take in a term.
    pub max_credits: Option<Credits>,
}

impl From<&Student> for StudentFacts {
    fn from(student: &Student) -> Self {
        let Student { id, status, program, level, max_credits, .. } = student;
        Self { id: *id, status: *status, program: program.clone(), level: level.clone(), max_credits: *max_credits }
    }
}

/// A hold on the student, as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldFacts {
    /// Its identifier.
    #[serde(rename = "hold_id")]
    pub id: HoldId,
    /// What it blocks.
    pub blocks: Blocks,
    /// Why.
    pub reason: Reason,
    /// The first instant at which it blocks.
    pub from: Option<DateTime<Utc>>,
    /// The first instant at which it no longer blocks.
    pub until: Option<DateTime<Utc>>,
}

impl HoldFacts {
    /// Whether it blocks at this time what it blocks at all.
    pub fn is_in_force(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

impl From<&Hold> for HoldFacts {
    fn from(hold: &Hold) -> Self {
        Self { id: hold.id, blocks: hold.blocks, reason: hold.reason.clone(), from: hold.from, until: hold.until }
    }
}

/// A permit of the student, as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitFacts {
    /// Its identifier.
    #[serde(rename = "permit_id")]
    pub id: PermitId,
    /// The course, for any of its sections.
    pub course_id: Option<CourseId>,
    /// The section, where it is for one.
    pub section_id: Option<SectionId>,
    /// The rules that it waives.
    pub waives: BTreeSet<Code>,
    /// The first instant at which it no longer holds.
    pub expires_at: Option<DateTime<Utc>>,
    /// How often it may be used.
    pub max_uses: Option<NonZeroU16>,
    /// How often it was used.
    pub uses: u32,
    /// Its version: whoever writes a use makes sure that it is still this one.
    pub version: Version,
}

impl PermitFacts {
    /// Whether it can be used at this time.
    pub fn is_in_force(&self, at: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| at < expires_at)
            && self.max_uses.is_none_or(|most| self.uses < u32::from(most.get()))
    }

    /// Whether it is for this section, or for the whole course.
    pub fn is_for(&self, course: CourseId, section: Option<SectionId>) -> bool {
        self.course_id == Some(course) || (self.section_id.is_some() && self.section_id == section)
    }

    /// Whether it waives this rule. One that no permit may waive it does not, whoever wrote it there.
    pub fn waives(&self, rule: Code) -> bool {
        self.waives.contains(&rule) && rule.instead_of_a_permit().is_none()
    }
}

impl From<&Permit> for PermitFacts {
    fn from(permit: &Permit) -> Self {
        let Permit { id, course_id, section_id, expires_at, max_uses, uses, version, .. } = *permit;
        let waives = permit.waives.codes().clone();
        Self { id, course_id, section_id, waives, expires_at, max_uses, uses, version }
    }
}

/// A student course, with what rules ask of its section and term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCourse {
    /// The student course.
    pub student_course: StudentCourse,
    /// When its section meets; needed only while it is enrolled.
    pub meetings: Vec<Meeting>,
    /// The time zone of its term.
    #[serde(default = "TimeZone::utc")]
    pub time_zone: TimeZone,
    /// The pool of its seats; none for credit earned elsewhere.
    #[serde(default)]
    pub seat_pool_id: Option<SeatPoolId>,
    /// The components of its course that are taken, and left, together.
    #[serde(default)]
    pub linked_components: BTreeSet<Component>,
    /// The first instant at which leaving is a withdrawal.
    pub drop_deadline: Option<DateTime<Utc>>,
    /// The first instant at which leaving is no longer possible.
    pub withdraw_deadline: Option<DateTime<Utc>>,
}

/// A section, as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionFacts {
    /// The section.
    pub section: SectionRef,
    /// Whether students can enroll.
    pub status: SectionStatus,
    /// The course.
    pub course: CourseFacts,
    /// The term.
    pub term: TermFacts,
    /// Whom it is for.
    pub restriction: Option<Restriction>,
    /// The pool of its seats.
    pub seat_pool_id: SeatPoolId,
    /// Who waits for them.
    #[serde(default)]
    pub waitlist: WaitlistFacts,
    /// When it meets.
    pub meetings: Vec<Meeting>,
}

/// The waitlist of a section, as far as rules ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitlistFacts {
    /// How many can wait.
    pub capacity: u32,
    /// How many wait.
    pub waiting: u32,
    /// How many of them would come before who joins now.
    pub ahead: u32,
    /// How many of those no rule refused when a seat last came.
    pub eligible_ahead: u32,
    /// The greatest sequence of those who wait for a seat of the pool.
    pub last_sequence: i64,
}

/// A course, as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseFacts {
    /// The course.
    #[serde(flatten)]
    pub course: CourseRef,
    /// What it is worth.
    pub credits: Credits,
    /// The most that it can be taken for; none where that is what it is worth.
    #[serde(default)]
    pub max_credits: Option<Credits>,
    /// How often it may be taken.
    #[serde(alias = "repeatable", deserialize_with = "RepeatPolicy::from_either")]
    pub repeat_policy: RepeatPolicy,
    /// What must be passed before.
    pub requisite: Option<Requisite>,
    /// What must be taken together with it.
    pub corequisite: Option<Requisite>,
    /// What keeps one from it who has passed or is taking it.
    pub excludes: BTreeSet<CourseCode>,
    /// Whom it is for.
    pub restriction: Option<Restriction>,
    /// The components of which one section each is taken together; none where each is taken by itself.
    #[serde(default)]
    pub linked_components: BTreeSet<Component>,
}

impl From<Course> for CourseFacts {
    fn from(course: Course) -> Self {
        Self {
            course: CourseRef { id: course.id, code: course.code, title: course.title },
            credits: course.credits,
            max_credits: course.max_credits,
            repeat_policy: course.repeat_policy,
            requisite: course.requisite,
            corequisite: course.corequisite,
            excludes: course.excludes,
            restriction: course.restriction,
            linked_components: course.linked_components,
        }
    }
}

/// A term, as far as rules ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermFacts {
    /// The term.
    #[serde(flatten)]
    pub term: TermRef,
    /// Its time zone.
    pub time_zone: TimeZone,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
    /// The most credits that a student may take in it.
    pub max_credits: Option<Credits>,
    /// The most credits that students of this student's programme may take in it.
    #[serde(default)]
    pub program_max_credits: Option<Credits>,
    /// Whether what is audited counts towards those limits.
    #[serde(default)]
    pub audit_counts: bool,
    /// The first instant of registration.
    pub enrollment_opens_at: Option<DateTime<Utc>>,
    /// The first instant after registration.
    pub enrollment_closes_at: Option<DateTime<Utc>>,
    /// The first instant at which leaving a course is a withdrawal.
    pub drop_deadline: Option<DateTime<Utc>>,
    /// The first instant at which a course can no longer be left.
    pub withdraw_deadline: Option<DateTime<Utc>>,
}

/// A number of seats, and how many of them are taken. Cross-listed sections share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatPool {
    /// Its identifier.
    pub id: SeatPoolId,
    /// The seats.
    pub capacity: u32,
    /// Seats beyond the capacity that a registrar has allowed.
    pub overload: u32,
    /// The seats taken.
    pub taken: u32,
    /// How many wait for one.
    #[serde(default)]
    pub waiting: u32,
}

impl SeatPool {
    /// The seats there are in all.
    pub fn seats(&self) -> u32 {
        self.capacity.saturating_add(self.overload)
    }

    /// The seats that are free.
    pub fn free(&self) -> u32 {
        self.seats().saturating_sub(self.taken)
    }
}

impl Facts {
    /// The pool of a section's seats.
    pub fn pool_of(&self, section: &SectionFacts) -> Option<&SeatPool> {
        self.pools.iter().find(|pool| pool.id == section.seat_pool_id)
    }

    /// What the student holds under this id.
    pub fn held(&self, id: StudentCourseId) -> Option<&HeldCourse> {
        self.held.iter().find(|held| held.student_course.id == id)
    }

    /// The registration windows of a term; nothing when it has none.
    pub fn windows_of(&self, term: TermId) -> Option<&TermWindows> {
        self.windows.iter().find(|windows| windows.term_id == term)
    }

    /// The credits that the student has earned: those of the courses that are completed with a grade that passes. A course
    /// counts once a term, however many of its components (lecture, lab) are completed; what was audited earns nothing.
    pub fn earned_credits(&self) -> Credits {
        let completed = self.held.iter().map(|held| &held.student_course).filter(|held| {
            held.status == Status::Completed
                && held.grading_basis != GradingBasis::Audit
                && self.scale.passes(held.grade.as_ref())
        });
        let mut earned: BTreeMap<_, Credits> = BTreeMap::new();
        for held in completed {
            let credits = earned.entry((held.course.id, held.term.as_ref().map(|term| term.id))).or_default();
            *credits = held.credits.max(*credits);
        }
        earned.into_values().sum()
    }

    /// The pools that have a seat for somebody who waits.
    pub fn pools_to_fill(&self) -> impl Iterator<Item = SeatPoolId> + '_ {
        self.pools.iter().filter(|pool| pool.waiting > 0 && pool.free() > 0).map(|pool| pool.id)
    }

    /// Takes the changes of a decision, so that a further attempt can be decided in the same transaction.
    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            self.take(change.student_course());
        }
    }

    /// Takes a student course as it is after a change.
    fn take(&mut self, changed: &StudentCourse) {
        let known = self.held.iter_mut().find(|held| held.student_course.id == changed.id);
        let (before, pool) = match known {
            Some(held) => (Some(std::mem::replace(&mut held.student_course, changed.clone())), held.seat_pool_id),
            None => (None, self.begin(changed)),
        };
        if let Some(before) = &before {
            self.count_quota(before, |taken| taken.saturating_sub(1));
        }
        self.count_quota(changed, |taken| taken + 1);
        let moved = |number: u32, of: fn(&StudentCourse) -> bool| {
            (number + u32::from(of(changed))).saturating_sub(u32::from(before.as_ref().is_some_and(of)))
        };
        for pool in self.pools.iter_mut().filter(|own| Some(own.id) == pool) {
            pool.taken = moved(pool.taken, |own| own.status.holds_seat());
            pool.waiting = moved(pool.waiting, |own| own.status == Status::Waitlisted);
        }
        // Those who wait for the seats of a pool stand in one order, whichever of its sections they wait for.
        for section in self.sections.iter_mut().filter(|own| Some(own.seat_pool_id) == pool) {
            let waitlist = &mut section.waitlist;
            let sequence = changed.waitlist.as_ref().map_or(0, |waiting| waiting.sequence);
            waitlist.last_sequence = waitlist.last_sequence.max(sequence);
            if changed.is_in_section(section.section.id) {
                waitlist.waiting = moved(waitlist.waiting, |own| own.status == Status::Waitlisted);
                waitlist.ahead = moved(waitlist.ahead, comes_before_new);
                waitlist.eligible_ahead = moved(waitlist.eligible_ahead, comes_before_new_and_is_eligible);
            }
        }
    }

    /// Counts the use of these permits by one attempt, so that a further one can be decided in the same transaction.
    pub fn use_permits(&mut self, waivers: &[Waiver]) {
        let is_used = |permit: &&mut PermitFacts| waivers.iter().any(|waiver| waiver.permit_id == permit.id);
        for permit in self.permits.iter_mut().filter(is_used) {
            permit.uses += 1;
            permit.version = permit.version.next();
        }
    }

    /// Counts the seat of a reservation, where it is one.
    fn count_quota(&mut self, student_course: &StudentCourse, count: fn(u32) -> u32) {
        let quota = student_course.reservation_id.filter(|_| student_course.status.holds_seat());
        for reservation in self.reservations.iter_mut().filter(|reservation| Some(reservation.id) == quota) {
            reservation.taken = count(reservation.taken);
        }
    }

    /// Adds what was not held before, and tells the pool of its seats.
    fn begin(&mut self, started: &StudentCourse) -> Option<SeatPoolId> {
        let section = self.sections.iter().find(|section| started.is_in_section(section.section.id));
        let seat_pool_id = section.map(|section| section.seat_pool_id);
        self.held.push(HeldCourse {
            student_course: started.clone(),
            meetings: section.map(|section| section.meetings.clone()).unwrap_or_default(),
            time_zone: section.map_or(TimeZone::UTC, |section| section.term.time_zone),
            seat_pool_id,
            linked_components: section.map(|section| section.course.linked_components.clone()).unwrap_or_default(),
            drop_deadline: section.and_then(|section| section.term.drop_deadline),
            withdraw_deadline: section.and_then(|section| section.term.withdraw_deadline),
        });
        seat_pool_id
    }
}

/// Whether it waits before who joins now.
fn comes_before_new(student_course: &StudentCourse) -> bool {
    student_course.waitlist.as_ref().is_some_and(|waiting| waiting.priority <= 0)
}

fn comes_before_new_and_is_eligible(student_course: &StudentCourse) -> bool {
    let is_eligible = |waiting: &Waiting| waiting.passed_over.is_none();
    comes_before_new(student_course) && student_course.waitlist.as_ref().is_some_and(is_eligible)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::sample;

    #[test]
    fn receipts_from_before_there_were_repeat_policies_can_be_read() {
        for (repeatable, policy) in [(true, RepeatPolicy::Freely), (false, RepeatPolicy::UntilPassed)] {
            let mut stored = serde_json::to_value(sample::course(101)).unwrap();
            stored.as_object_mut().unwrap().remove("repeat_policy");
            stored["repeatable"] = repeatable.into();
            let read: CourseFacts = serde_json::from_value(stored).unwrap();
            assert_eq!(read, CourseFacts { repeat_policy: policy, ..sample::course(101) });
        }
    }

    #[test]
    fn earned_are_the_credits_of_what_is_passed_each_course_once_a_term() {
        let mut facts = sample::facts();
        let other_credits = |mut held: HeldCourse, credits: u32| {
            held.student_course.credits = sample::credits(credits);
            held
        };
        let mut audited = sample::passed(203, None);
        audited.student_course.grading_basis = GradingBasis::Audit;
        let mut transferred = other_credits(sample::passed(204, None), 5);
        (transferred.student_course.term, transferred.student_course.section) = (None, None);
        facts.held = vec![
            sample::passed(201, Some("A")),
            // Its lab, in the same term, and the lecture again in another.
            other_credits(sample::passed(201, Some("B")), 1),
            other_credits(sample::held(1, &sample::section(201, 1), Status::Completed), 20),
            sample::passed(202, Some("F")),
            audited,
            transferred,
            sample::held(2, &sample::section(205, 1), Status::Enrolled),
            sample::held(3, &sample::section(206, 1), Status::Withdrawn),
        ];
        assert_eq!(facts.earned_credits(), sample::credits(3 + 20 + 5));
    }
}
