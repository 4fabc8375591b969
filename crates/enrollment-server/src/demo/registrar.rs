//! Who is in what: every registration of the demo is decided by core's own rules, so the demo holds nothing that the
//! server would have refused.

use super::catalogue::Offered;
use chrono::{DateTime, Utc};
use enrollment_core::actor::Actor;
use enrollment_core::catalog::{Component, GradeScale, Section, SectionStatus, Student, Term, TimeZone, Version};
use enrollment_core::ids::{AttemptId, CourseId, IdSource, SectionId, StudentCourseId, TermId};
use enrollment_core::registration::{
    Attempt, Change, Command, CourseRef, Enroll, EnrollRequest, Facts, GradingBasis, HeldCourse, Mode, SeatPool,
    SectionFacts, SectionRef, Status, StudentCourse, StudentFacts, Target, TermFacts, TermRef, WaitlistFacts,
};
use enrollment_core::text::Grade;
use enrollment_diesel::import::StudentCourseRow;
use std::collections::{BTreeSet, HashMap};

/// The sections of all terms, with their seats.
#[derive(Default)]
pub(super) struct Registrar {
    sections: HashMap<(TermId, CourseId, Component), Vec<SectionFacts>>,
    pools: HashMap<SectionId, SeatPool>,
}

/// A student with everything that the student holds.
pub(super) struct Registrant {
    facts: Facts,
}

impl Registrar {
    /// Takes a section in. That it may be closed by now does not matter: when its students enrolled, it was open.
    pub(super) fn offer(&mut self, section: &Section, offered: &Offered, term: &Term) {
        let id = section.id.uuid().into();
        let pool = SeatPool { id, capacity: section.capacity.get(), overload: 0, taken: 0, waiting: 0 };
        self.pools.insert(section.id, pool);
        let key = (term.id, offered.course.id, section.component);
        self.sections.entry(key).or_default().push(section_facts(section, offered, term));
    }

    /// Enrolls the student in one of a few sections of the course's component, beginning with the `first`; none if the rules
    /// refuse all of them.
    pub(super) fn enroll(
        &mut self,
        registrant: &mut Registrant,
        wanted: (TermId, CourseId, Component),
        first: usize,
        at: DateTime<Utc>,
        ids: &dyn IdSource,
    ) -> Option<StudentCourseId> {
        /// Nobody tries them all.
        const PATIENCE: usize = 6;

        let sections = self.sections.get(&wanted)?;
        let in_turn = sections.iter().cycle().skip(first % sections.len()).take(sections.len().min(PATIENCE));
        for section in in_turn {
            let pool = self.pools.get_mut(&section.section.id)?;
            let Some(change) = registrant.decide(section, *pool, at, ids) else { continue };
            pool.taken += 1;
            let id = change.student_course().id;
            registrant.facts.apply(&[change]);
            return Some(id);
        }
        None
    }

    /// A section that the student could enter now, the emptiest: what the first request of a new user asks for.
    pub(super) fn invitation(
        &self,
        registrant: &Registrant,
        (term, course): (TermId, CourseId),
        at: DateTime<Utc>,
        ids: &dyn IdSource,
    ) -> Option<SectionId> {
        let sections = self.sections.get(&(term, course, Component::Lecture))?;
        let mut registrant = Registrant { facts: registrant.facts.clone() };
        let open = sections.iter().filter_map(|section| {
            let pool = self.pools.get(&section.section.id)?;
            registrant.decide(section, *pool, at, ids)?;
            Some((pool.free(), section.section.id))
        });
        open.max().map(|(_, section)| section)
    }

    /// Gives a seat back.
    fn release(&mut self, section: SectionId) {
        if let Some(pool) = self.pools.get_mut(&section) {
            pool.taken = pool.taken.saturating_sub(1);
        }
    }

    /// Ends what the student holds under this id.
    pub(super) fn end(
        &mut self,
        registrant: &mut Registrant,
        id: StudentCourseId,
        (status, grade): (Status, Option<Grade>),
        at: DateTime<Utc>,
    ) {
        let Some(held) = registrant.facts.held.iter_mut().find(|held| held.student_course.id == id) else { return };
        held.student_course =
            StudentCourse { grade, version: Version::FIRST, ..held.student_course.clone().ended(status, at) };
        if let Some(section) = held.student_course.section.as_ref().filter(|_| !status.holds_seat()) {
            self.release(section.id);
        }
    }
}

impl Registrant {
    pub(super) fn new(student: &Student, scale: &GradeScale) -> Self {
        let student = StudentFacts::from(student);
        let (holds, windows, permits, held, sections, pools, reservations) = Default::default();
        Self {
            facts: Facts {
                student,
                holds,
                windows,
                permits,
                held,
                sections,
                pools,
                reservations,
                scale: scale.clone(),
            },
        }
    }

    /// Gives the student credit for a course that was taken before there was this system.
    pub(super) fn credit(&mut self, offered: &Offered, grade: Option<Grade>, at: DateTime<Utc>, ids: &dyn IdSource) {
        let student_course = StudentCourse {
            id: StudentCourseId::mint(ids),
            student_id: self.facts.student.id,
            status: Status::Completed,
            course: course_ref(offered),
            section: None,
            term: None,
            credits: offered.course.credits,
            grading_basis: GradingBasis::Graded,
            grade,
            waitlist_position: None,
            reservation_id: None,
            waitlist: None,
            enrolled_at: None,
            ended_at: Some(at),
            end_reason: None,
            version: Version::FIRST,
        };
        self.facts.held.push(HeldCourse {
            student_course,
            meetings: Vec::new(),
            time_zone: TimeZone::UTC,
            seat_pool_id: None,
            linked_components: BTreeSet::new(),
            drop_deadline: None,
            withdraw_deadline: None,
        });
    }

    /// What the rules say to enrolling in this section.
    fn decide(
        &mut self,
        section: &SectionFacts,
        pool: SeatPool,
        at: DateTime<Utc>,
        ids: &dyn IdSource,
    ) -> Option<Change> {
        let target = Target::Section(section.section.id);
        let request = EnrollRequest {
            target,
            grading_basis: GradingBasis::Graded,
            credits: None,
            waitlist: false,
            swap_from: None,
        };
        let attempt = Attempt {
            id: AttemptId::mint(ids),
            actor: Actor::system("demo"),
            reason: None,
            at,
            student_id: self.facts.student.id,
            command: Command::Enroll(Enroll { student_course_id: StudentCourseId::mint(ids), request }),
            mode: Mode::Commit,
            idempotency: None,
            caused_by: None,
        };
        self.facts.sections = vec![section.clone()];
        self.facts.pools = vec![pool];
        attempt.decide(&self.facts).changes().first().cloned()
    }

    /// The rows of everything that the student holds.
    pub(super) fn into_rows(self, now: DateTime<Utc>) -> impl Iterator<Item = StudentCourseRow> {
        self.facts.held.into_iter().map(move |held| row(held.student_course, now))
    }
}

fn row(held: StudentCourse, now: DateTime<Utc>) -> StudentCourseRow {
    StudentCourseRow {
        id: held.id,
        student_id: held.student_id,
        course_id: held.course.id,
        term_id: held.term.map(|term| term.id),
        section_id: held.section.as_ref().map(|section| section.id),
        component: held.section.map(|section| section.component),
        was: None,
        status: held.status,
        credits: held.credits,
        grading_basis: held.grading_basis,
        grade: held.grade,
        enrolled_at: held.enrolled_at,
        ended_at: held.ended_at,
        version: held.version,
        created_at: held.enrolled_at.unwrap_or(now),
        updated_at: held.ended_at.or(held.enrolled_at).unwrap_or(now),
    }
}

fn course_ref(offered: &Offered) -> CourseRef {
    let course = &offered.course;
    CourseRef { id: course.id, code: course.code.clone(), title: course.title.clone() }
}

fn section_facts(section: &Section, offered: &Offered, term: &Term) -> SectionFacts {
    SectionFacts {
        section: SectionRef { id: section.id, number: section.number.clone(), component: section.component },
        status: SectionStatus::Open,
        restriction: section.restriction.clone(),
        course: offered.course.clone().into(),
        term: TermFacts {
            term: TermRef { id: term.id, code: term.code.clone() },
            time_zone: term.time_zone,
            starts_on: term.starts_on,
            ends_on: term.ends_on,
            max_credits: term.max_credits,
            // The terms of the demo limit no programme.
            program_max_credits: None,
            audit_counts: term.audit_counts,
            enrollment_opens_at: term.enrollment_opens_at,
            enrollment_closes_at: term.enrollment_closes_at,
            drop_deadline: term.drop_deadline,
            withdraw_deadline: term.withdraw_deadline,
        },
        seat_pool_id: section.id.uuid().into(),
        waitlist: WaitlistFacts::default(),
        meetings: section.meetings.clone(),
    }
}
