//! What is known of everything that some attempts are about, and of that what each of them is decided on.
//!
//! It lives for one transaction, under the locks, and takes in what is decided: so that each attempt is decided on what the
//! ones before it left, without asking the database again.

use super::facts::Wanted;
use enrollment_core::Subject;
use enrollment_core::catalog::{Credits, GradeScale};
use enrollment_core::ids::{CourseId, SeatPoolId, SectionId, StudentId, TermId};
use enrollment_core::registration::{
    Change, Facts, HeldCourse, HoldFacts, PermitFacts, ReservationFacts, SeatPool, SectionFacts, Status, StudentFacts,
    TermWindows, WindowFacts,
};
use enrollment_core::text::Program;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

#[derive(Default)]
pub(super) struct Known {
    /// The students that could be locked.
    pub(super) students: HashMap<StudentId, StudentFacts>,
    pub(super) sections: HashMap<SectionId, SectionFacts>,
    pub(super) terms: HashMap<TermId, OfTerm>,
    /// The sections of courses that are named without one.
    pub(super) offered: HashMap<(CourseId, Option<TermId>), Vec<SectionId>>,
    pub(super) holds: HashMap<StudentId, Vec<HoldFacts>>,
    pub(super) windows: Vec<KnownWindow>,
    /// Each with the course that it is for, or of whose section.
    pub(super) permits: HashMap<StudentId, Vec<(CourseId, PermitFacts)>>,
    pub(super) held: HashMap<StudentId, Vec<HeldCourse>>,
    /// The pools that could be locked.
    pub(super) pools: BTreeMap<SeatPoolId, SeatPool>,
    pub(super) reservations: Vec<ReservationFacts>,
    pub(super) scale: GradeScale,
    pub(super) no_courses: Vec<Uuid>,
    pub(super) no_terms: Vec<Uuid>,
    pub(super) answered: Vec<Answered>,
}

/// What rules ask of a term that depends on the student.
pub(super) struct OfTerm {
    pub(super) program_max_credits: BTreeMap<Program, Credits>,
}

/// A registration window, whoever it is for.
pub(super) struct KnownWindow {
    pub(super) term_id: TermId,
    /// Whether it is for some students by name.
    pub(super) lists_students: bool,
    /// Those of the students asked about whom it lists.
    pub(super) listed: Vec<StudentId>,
    pub(super) window: WindowFacts,
}

/// An answer that was given before, under an actor's key.
#[derive(Debug, Deserialize)]
pub(super) struct Answered {
    actor: String,
    key: String,
    request_hash: String,
    pub(super) receipt: Value,
}

impl Answered {
    /// Whether the request of then said the same.
    pub(super) fn is_for(&self, fingerprint: &[u8]) -> bool {
        let (bytes, rest) = self.request_hash.as_bytes().as_chunks::<2>();
        rest.is_empty()
            && bytes.len() == fingerprint.len()
            && bytes.iter().zip(fingerprint).all(|(digits, byte)| format!("{byte:02x}").as_bytes() == digits)
    }
}

/// What is known of one attempt.
pub(super) enum About {
    /// Everything that deciding it needs.
    Facts(Box<Facts>),
    /// It was answered before.
    Answered(Answered),
    /// What it names is not there.
    Missing(Subject, Uuid),
    /// The student is not there, or somebody else has the lock.
    NoStudent,
}

impl Known {
    /// What is known of an attempt. It is told once: what is the student's own is handed out, not copied.
    pub(super) fn about(&mut self, wanted: &Wanted<'_>) -> About {
        let Some(student) = self.students.remove(&wanted.student) else { return About::NoStudent };
        if let Some(answered) = self.answer_to(wanted) {
            return About::Answered(answered);
        }
        if let Some((subject, id)) = self.missing(wanted) {
            return About::Missing(subject, id);
        }
        About::Facts(Box::new(self.facts(student, wanted)))
    }

    /// Everything that there is of what is asked for; none when there is no such student. It is told once, as above.
    pub(super) fn seen(&mut self, wanted: &Wanted<'_>) -> Option<Facts> {
        let student = self.students.remove(&wanted.student)?;
        Some(self.facts(student, wanted))
    }

    /// Takes in what an attempt, decided on these facts, leaves for those after it. They are of other students.
    pub(super) fn take(&mut self, left: Left) {
        for pool in left.0.pools {
            self.pools.insert(pool.id, pool);
        }
        for section in left.0.sections {
            // Who waits for the seats of a pool stands in one order, also with those who wait for sections that it did not name.
            for known in self.sections.values_mut().filter(|known| known.seat_pool_id == section.seat_pool_id) {
                let last = known.waitlist.last_sequence.max(section.waitlist.last_sequence);
                if known.section.id == section.section.id {
                    known.waitlist = section.waitlist;
                }
                known.waitlist.last_sequence = last;
            }
        }
        for reservation in left.0.reservations {
            if let Some(known) = self.reservations.iter_mut().find(|known| known.id == reservation.id) {
                known.taken = reservation.taken;
            }
        }
    }

    fn answer_to(&mut self, wanted: &Wanted<'_>) -> Option<Answered> {
        let (actor, idempotency) = wanted.answer?;
        let is_to = |answered: &Answered| answered.actor == actor.as_str() && answered.key == idempotency.key.as_str();
        let place = self.answered.iter().position(is_to)?;
        Some(self.answered.swap_remove(place))
    }

    fn missing(&self, wanted: &Wanted<'_>) -> Option<(Subject, Uuid)> {
        let scope = wanted.scope;
        let section = scope.sections.iter().find(|named| !self.sections.contains_key(named));
        let course = scope.courses.iter().find(|(named, _)| self.no_courses.contains(&named.uuid()));
        let terms = || scope.courses.iter().filter_map(|(_, named)| *named);
        let held = self.held_by(wanted.student);
        let student_course =
            scope.student_courses.iter().find(|named| !held.iter().any(|held| held.student_course.id == **named));
        section
            .map(|named| (Subject::Section, named.uuid()))
            .or_else(|| course.map(|(named, _)| (Subject::Course, named.uuid())))
            .or_else(|| {
                terms().map(TermId::uuid).find(|named| self.no_terms.contains(named)).map(|id| (Subject::Term, id))
            })
            .or_else(|| student_course.map(|named| (Subject::StudentCourse, named.uuid())))
    }

    fn held_by(&self, student: StudentId) -> &[HeldCourse] {
        self.held.get(&student).map(Vec::as_slice).unwrap_or_default()
    }

    fn facts(&mut self, student: StudentFacts, wanted: &Wanted<'_>) -> Facts {
        let held = self.held_for(wanted);
        let sections = self.sections_for(&student, wanted);
        let named = || held.iter().filter(|held| wanted.scope.student_courses.contains(&held.student_course.id));
        let terms: BTreeSet<TermId> = sections
            .iter()
            .map(|section| section.term.term.id)
            .chain(named().filter_map(|held| held.student_course.term.as_ref()).map(|term| term.id))
            .collect();
        let courses: BTreeSet<CourseId> = sections
            .iter()
            .map(|section| section.course.course.id)
            .chain(named().map(|held| held.student_course.course.id))
            .collect();
        let pools = self.pools_for(&sections, &held, wanted);
        let is_of_pool = |reservation: &&ReservationFacts| pools.iter().any(|pool| pool.id == reservation.seat_pool_id);
        let permits = self.permits.remove(&student.id).unwrap_or_default().into_iter();
        Facts {
            holds: self.holds.remove(&student.id).unwrap_or_default(),
            windows: terms.into_iter().filter_map(|term| self.windows_of(term, student.id)).collect(),
            permits: permits.filter(|(course, _)| courses.contains(course)).map(|(_, permit)| permit).collect(),
            reservations: self.reservations.iter().filter(is_of_pool).cloned().collect(),
            scale: self.scale.clone(),
            student,
            held,
            sections,
            pools,
        }
    }

    /// What the student holds, and what the attempt names.
    fn held_for(&mut self, wanted: &Wanted<'_>) -> Vec<HeldCourse> {
        let counts = |held: &HeldCourse| {
            matches!(held.student_course.status, Status::Waitlisted | Status::Enrolled | Status::Completed)
                || wanted.scope.student_courses.contains(&held.student_course.id)
        };
        let mut held = self.held.remove(&wanted.student).unwrap_or_default();
        held.retain(counts);
        held
    }

    /// The sections that are named, or that courses are named of, with the limit that is this student's.
    fn sections_for(&self, student: &StudentFacts, wanted: &Wanted<'_>) -> Vec<SectionFacts> {
        let offered = wanted.scope.courses.iter().filter_map(|named| self.offered.get(named)).flatten();
        let ids: BTreeSet<SectionId> = wanted.scope.sections.iter().chain(offered).copied().collect();
        let sections = ids.into_iter().filter_map(|id| self.sections.get(&id)).cloned();
        sections
            .map(|mut section| {
                let term = self.terms.get(&section.term.term.id);
                let limits = term.map(|term| &term.program_max_credits);
                section.term.program_max_credits =
                    student.program.as_ref().and_then(|program| limits?.get(program).copied());
                section
            })
            .collect()
    }

    /// The pools of the sections; and with what is named that of its seat, those of its siblings, and those of all that the
    /// student waits for: what `lock.sql` locks for the attempt.
    fn pools_for(&self, sections: &[SectionFacts], held: &[HeldCourse], wanted: &Wanted<'_>) -> Vec<SeatPool> {
        let named: Vec<&HeldCourse> =
            held.iter().filter(|held| wanted.scope.student_courses.contains(&held.student_course.id)).collect();
        let belongs = |held: &&HeldCourse| {
            let own = &held.student_course;
            named.iter().map(|named| &named.student_course).any(|named| {
                named.id == own.id
                    || own.status == Status::Waitlisted
                    || own.status == Status::Enrolled && own.course.id == named.course.id && own.term == named.term
            })
        };
        let ids: BTreeSet<SeatPoolId> = sections
            .iter()
            .map(|section| section.seat_pool_id)
            .chain(held.iter().filter(belongs).filter_map(|held| held.seat_pool_id))
            .collect();
        ids.iter().filter_map(|id| self.pools.get(id)).copied().collect()
    }

    fn windows_of(&self, term_id: TermId, student: StudentId) -> Option<TermWindows> {
        let of_term = || self.windows.iter().filter(|known| known.term_id == term_id);
        let may_be_for = |known: &&KnownWindow| !known.lists_students || known.listed.contains(&student);
        of_term().next()?;
        Some(TermWindows {
            term_id,
            adding: of_term().any(|known| known.window.action.adding()),
            dropping: of_term().any(|known| known.window.action.dropping()),
            windows: of_term().filter(may_be_for).map(|known| known.window.clone()).collect(),
        })
    }
}

/// What an attempt leaves for others: the seats and the waitlists, and of what the student holds only what it has changed.
pub(super) struct Left(Facts);

impl Left {
    /// What these changes leave of the facts.
    pub(super) fn by(changes: &[Change], facts: &Facts) -> Self {
        let is_changed =
            |held: &&HeldCourse| changes.iter().any(|change| change.student_course().id == held.student_course.id);
        let mut left = Facts {
            student: facts.student.clone(),
            holds: Vec::new(),
            windows: Vec::new(),
            permits: Vec::new(),
            held: facts.held.iter().filter(is_changed).cloned().collect(),
            sections: facts.sections.clone(),
            pools: facts.pools.clone(),
            reservations: facts.reservations.clone(),
            scale: GradeScale::default(),
        };
        left.apply(changes);
        Self(left)
    }

    /// Whether there is a seat for somebody who waits.
    pub(super) fn has_seats_to_fill(&self) -> bool {
        self.0.pools_to_fill().next().is_some()
    }
}
