//! Registration inside another service, on repositories of its own: here, tables in memory behind a lock.
//!
//! ```text
//! cargo run -p enrollment-core --example in_memory
//! ```

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use enrollment_core::access::{Affiliation, Affiliations, Gate, Principal, Role, Seen};
use enrollment_core::actor::Actor;
use enrollment_core::catalog::{
    Catalog, Cause, Course, Entry, GradeScale, Hold, Permit, PermitUse, Repository, Reservation, Section, Student,
    Term, TimeZone, Version, Window,
};
use enrollment_core::clock::Clock;
use enrollment_core::ids::{IdSource, SectionId, StudentCourseId, StudentId, TermId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::registration::{
    Attempt, Change, Facts, HeldCourse, HoldFacts, Mode, Outcome, PermitFacts, Receipt, Registration,
    RegistrationRepository, RequestOptions, ReservationFacts, RosterEntry, RosterKey, RosterName, SeatPool,
    SectionFacts, SectionRef, Status, StudentCourse, StudentCourseFilter, StudentFacts, StudentKey, StudentRef,
    TermFacts, TermRef, TermWindows, TimetableEntry, TimetableTerm, TimetableTerms, Verdict, Waiver,
};
use enrollment_core::text::InstructorNumber;
use enrollment_core::{Error, Subject};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// Entries of one kind, in the order of their ids.
struct Table<E>(Mutex<BTreeMap<Uuid, E>>);

impl<E> Table<E> {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(BTreeMap::new())))
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<Uuid, E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: impl Into<Uuid>, subject: Subject) -> Result<E, Error>
    where
        E: Clone,
    {
        self.rows().get(&id.into()).cloned().ok_or(Error::NotFound(subject))
    }
}

/// A real store would also refuse duplicates and deletions of what is in use, as the port's documentation asks.
#[async_trait]
impl<E: Entry<Id: Into<Uuid>>> Repository<E> for Table<E> {
    async fn insert(&self, entry: E, _cause: Cause) -> Result<E, Error> {
        self.rows().insert(entry.stamp().id.into(), entry.clone());
        Ok(entry)
    }

    async fn find(&self, id: E::Id) -> Result<E, Error> {
        self.get(id, E::SUBJECT)
    }

    async fn update(&self, entry: E, expected: Version, _cause: Cause) -> Result<E, Error> {
        let mut rows = self.rows();
        let current = rows.get_mut(&entry.stamp().id.into()).ok_or(Error::NotFound(E::SUBJECT))?;
        if current.stamp().version != expected {
            return Err(Error::Stale(E::SUBJECT));
        }
        current.clone_from(&entry);
        Ok(entry)
    }

    async fn delete(&self, id: E::Id, _expected: Option<Version>, _cause: Cause) -> Result<(), Error> {
        self.rows().remove(&id.into()).map(|_| ()).ok_or(Error::NotFound(E::SUBJECT))
    }

    async fn list(&self, _filter: E::Filter, page: PageRequest<E::Id>) -> Result<Page<E, E::Id>, Error> {
        let after = page.after.map(Into::into);
        let rows = self.rows();
        let rest = rows.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        let items = rest.map(|(_, entry)| entry.clone()).take(page.limit.get() + 1).collect();
        Ok(Page::cut(items, page.limit, |entry: &E| entry.stamp().id))
    }
}

/// Registrations. The lock over all student courses is this store's transaction: facts are loaded, the attempt decides,
/// and its changes are written, before anybody else can look.
struct Registrations {
    students: Arc<Table<Student>>,
    holds: Arc<Table<Hold>>,
    windows: Arc<Table<Window>>,
    permits: Arc<Table<Permit>>,
    courses: Arc<Table<Course>>,
    terms: Arc<Table<Term>>,
    sections: Arc<Table<Section>>,
    reservations: Arc<Table<Reservation>>,
    student_courses: Mutex<Vec<StudentCourse>>,
}

impl Registrations {
    fn student_courses(&self) -> MutexGuard<'_, Vec<StudentCourse>> {
        self.student_courses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn facts(&self, attempt: &Attempt, all: &[StudentCourse]) -> Result<Facts, Error> {
        let student = self.students.get(attempt.student_id, Subject::Student)?;
        let scope = attempt.scope();
        let named = scope.sections.iter().map(|id| self.sections.get(*id, Subject::Section));
        let mut sections = named.collect::<Result<Vec<Section>, Error>>()?;
        for (course, term) in scope.courses {
            self.courses.get(course, Subject::Course)?;
            let of_course =
                |section: &&Section| section.course_id == course && term.is_none_or(|term| section.term_id == term);
            sections.extend(self.sections.rows().values().filter(of_course).cloned());
        }
        let own = all.iter().filter(|student_course| student_course.student_id == student.id);
        let terms_held = own.clone().filter_map(|student_course| student_course.term.as_ref().map(|term| term.id));
        Ok(Facts {
            student: StudentFacts::from(&student),
            holds: self
                .holds
                .rows()
                .values()
                .filter(|hold| hold.student_id == student.id)
                .map(HoldFacts::from)
                .collect(),
            windows: self.windows_of(student.id, sections.iter().map(|section| section.term_id).chain(terms_held)),
            // More than the scope names does no harm.
            permits: self
                .permits
                .rows()
                .values()
                .filter(|permit| permit.student_id == student.id)
                .map(PermitFacts::from)
                .collect(),
            held: own.map(|student_course| self.held(student_course)).collect::<Result<_, Error>>()?,
            pools: sections.iter().map(|section| seats(section, all)).collect(),
            reservations: sections.iter().flat_map(|section| self.reservations_of(section.id, all)).collect(),
            sections: sections.into_iter().map(|section| self.section_facts(section)).collect::<Result<_, Error>>()?,
            scale: GradeScale::default(),
        })
    }

    fn reservations_of(&self, section: SectionId, all: &[StudentCourse]) -> Vec<ReservationFacts> {
        let rows = self.reservations.rows();
        let of_section = rows.values().filter(|reservation| reservation.section_id == section);
        let facts = of_section.map(|reservation| {
            let seated = all.iter().filter(|one| one.reservation_id == Some(reservation.id) && one.status.holds_seat());
            let taken = u32::try_from(seated.count()).unwrap_or(u32::MAX);
            ReservationFacts { taken, ..ReservationFacts::of(reservation, section.uuid().into()) }
        });
        facts.collect()
    }

    fn windows_of(&self, student: StudentId, terms: impl Iterator<Item = TermId>) -> Vec<TermWindows> {
        let windows = self.windows.rows();
        let terms: BTreeSet<TermId> = terms.collect();
        terms.into_iter().filter_map(|term| TermWindows::of(term, student, windows.values())).collect()
    }

    /// Records what an attempt uses permits for, which is one use of each.
    fn use_permits(&self, attempt: &Attempt, waivers: Vec<Waiver>) {
        let mut permits = self.permits.rows();
        for Waiver { permit_id, student_course_id, rules } in waivers {
            let Some(permit) = permits.get_mut(&permit_id.into()) else { continue };
            let (attempt_id, at, waived) = (attempt.id, attempt.at, rules.into_iter().collect());
            if permit.used_for.iter().all(|used| used.attempt_id != attempt.id) {
                permit.uses += 1;
                permit.version = permit.version.next();
            }
            permit.used_for.push(PermitUse { attempt_id, student_course_id, waived, at });
        }
    }

    fn held(&self, student_course: &StudentCourse) -> Result<HeldCourse, Error> {
        let section = student_course
            .section
            .as_ref()
            .map(|section| self.sections.get(section.id, Subject::Section))
            .transpose()?;
        let term = student_course.term.as_ref().map(|term| self.terms.get(term.id, Subject::Term)).transpose()?;
        Ok(HeldCourse {
            student_course: student_course.clone(),
            seat_pool_id: section.as_ref().map(|section| section.id.uuid().into()),
            meetings: section.map(|section| section.meetings).unwrap_or_default(),
            time_zone: term.as_ref().map_or(TimeZone::UTC, |term| term.time_zone),
            // No course of this example has them.
            linked_components: std::collections::BTreeSet::new(),
            drop_deadline: term.as_ref().and_then(|term| term.drop_deadline),
            withdraw_deadline: term.as_ref().and_then(|term| term.withdraw_deadline),
        })
    }

    fn timetable_entry(&self, student_course: &StudentCourse) -> Result<Option<TimetableEntry>, Error> {
        let Some((section, term)) = student_course.section.as_ref().zip(student_course.term.as_ref()) else {
            return Ok(None);
        };
        let Section { instructor, meetings, .. } = self.sections.get(section.id, Subject::Section)?;
        let Term { id, code, name, time_zone, starts_on, ends_on, .. } = self.terms.get(term.id, Subject::Term)?;
        Ok(Some(TimetableEntry {
            student_course_id: student_course.id,
            course: student_course.course.clone(),
            section: section.clone(),
            term: TimetableTerm { id, code, name, time_zone, starts_on, ends_on },
            instructor,
            meetings,
        }))
    }

    fn section_facts(&self, section: Section) -> Result<SectionFacts, Error> {
        let course = self.courses.get(section.course_id, Subject::Course)?;
        let term = self.terms.get(section.term_id, Subject::Term)?;
        Ok(SectionFacts {
            seat_pool_id: section.id.uuid().into(),
            section: SectionRef { id: section.id, number: section.number, component: section.component },
            status: section.status,
            // No section of this example keeps one.
            waitlist: enrollment_core::registration::WaitlistFacts::default(),
            restriction: section.restriction,
            course: course.into(),
            term: TermFacts {
                term: TermRef { id: term.id, code: term.code },
                time_zone: term.time_zone,
                starts_on: term.starts_on,
                ends_on: term.ends_on,
                max_credits: term.max_credits,
                // A store that knows the student's programme looks its limit up.
                program_max_credits: None,
                audit_counts: term.audit_counts,
                enrollment_opens_at: term.enrollment_opens_at,
                enrollment_closes_at: term.enrollment_closes_at,
                drop_deadline: term.drop_deadline,
                withdraw_deadline: term.withdraw_deadline,
            },
            meetings: section.meetings,
        })
    }
}

/// The seats of a section, each section having a pool of its own.
fn seats(section: &Section, all: &[StudentCourse]) -> SeatPool {
    let seated = all.iter().filter(|one| one.is_in_section(section.id) && one.status.holds_seat());
    let taken = u32::try_from(seated.count()).unwrap_or(u32::MAX);
    SeatPool {
        id: section.id.uuid().into(),
        capacity: section.capacity.get(),
        overload: section.overload.get(),
        taken,
        waiting: 0,
    }
}

fn apply(all: &mut Vec<StudentCourse>, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Start(started) => all.push(started.clone()),
            other => {
                let after = other.student_course();
                all.iter_mut().filter(|one| one.id == after.id).for_each(|one| one.clone_from(after));
            }
        }
    }
}

#[async_trait]
impl RegistrationRepository for Registrations {
    async fn register(&self, attempt: Attempt) -> Result<Receipt, Error> {
        let mut all = self.student_courses();
        let facts = self.facts(&attempt, &all)?;
        if let Some(error) = attempt.contradiction(&facts) {
            return Err(error);
        }
        let judgement = attempt.judge(&facts);
        if attempt.mode == Mode::Commit {
            self.use_permits(&attempt, judgement.permits_used());
            apply(&mut all, &judgement.changes);
        }
        Ok(Receipt::of(&attempt, &judgement))
    }

    async fn register_all(&self, attempts: Vec<Attempt>) -> Result<Vec<Result<Receipt, Error>>, Error> {
        let mut all = self.student_courses();
        let (mut after, mut is_kept) = (all.clone(), true);
        let permits = self.permits.rows().clone();
        let decided = attempts.iter().map(|attempt| {
            let judged = self.facts(attempt, &after).and_then(|facts| match attempt.contradiction(&facts) {
                Some(error) => Err(error),
                None => Ok(attempt.judge(&facts)),
            });
            is_kept &= attempt.mode == Mode::Commit;
            is_kept &= judged.as_ref().is_ok_and(|judgement| judgement.outcome == Verdict::Accepted);
            let judgement = judged?;
            self.use_permits(attempt, judgement.permits_used());
            apply(&mut after, &judgement.changes);
            Ok(Receipt::of(attempt, &judgement))
        });
        let receipts = decided.collect();
        if is_kept {
            *all = after;
        } else {
            *self.permits.rows() = permits;
        }
        Ok(receipts)
    }

    /// Nothing is offered here to those who wait: neither now nor when somebody leaves.
    async fn offer_again(&self, _students: Vec<StudentId>, _cause: Cause) {}

    async fn students_named(
        &self,
        names: Vec<StudentKey>,
        seen: Seen,
    ) -> Result<BTreeMap<StudentKey, StudentId>, Error> {
        let rows = self.students.rows();
        let whom = |name: StudentKey| {
            let is_named = |student: &&Student| match &name {
                StudentKey::Id(id) => student.id == *id,
                StudentKey::Number(number) => student.number == *number,
            };
            let found = rows.values().find(is_named).filter(|student| seen == Seen::Everybody || !student.confidential);
            found.map(|student| student.id).map(|id| (name, id))
        };
        Ok(names.into_iter().filter_map(whom).collect())
    }

    async fn named_in(
        &self,
        section: SectionId,
        names: Vec<RosterName>,
        seen: Seen,
    ) -> Result<Vec<Option<(StudentId, StudentCourseId)>>, Error> {
        self.sections.get(section, Subject::Section)?;
        let students = self.students.rows();
        let all = self.student_courses();
        let is_named = |one: &StudentCourse, name: &RosterName| match name {
            RosterName::StudentCourse(id) => one.id == *id,
            RosterName::Student(id) => one.student_id == *id,
            RosterName::Number(number) => students.get(&one.student_id.uuid()).is_some_and(|own| own.number == *number),
        };
        // What has a seat comes before what has none.
        let find = |name: &RosterName| {
            let is_seen = |one: &StudentCourse| {
                let student = students.get(&one.student_id.uuid());
                seen == Seen::Everybody || student.is_some_and(|student| !student.confidential)
            };
            let own = all.iter().filter(|one| one.is_in_section(section) && is_named(one, name) && is_seen(one));
            own.max_by_key(|one| (one.status.holds_seat(), one.id)).map(|one| (one.student_id, one.id))
        };
        Ok(names.iter().map(find).collect())
    }

    async fn find(&self, student: StudentId, id: StudentCourseId) -> Result<StudentCourse, Error> {
        let all = self.student_courses();
        let found = all.iter().find(|one| one.id == id && one.student_id == student);
        found.cloned().ok_or(Error::NotFound(Subject::StudentCourse))
    }

    async fn courses_of(
        &self,
        student: StudentId,
        filter: StudentCourseFilter,
        page: PageRequest<StudentCourseId>,
    ) -> Result<Page<StudentCourse, StudentCourseId>, Error> {
        self.students.get(student, Subject::Student)?;
        let all = self.student_courses();
        let mut own: Vec<StudentCourse> = all.iter().filter(|one| one.student_id == student).cloned().collect();
        own.retain(|one| filter.term_id.is_none_or(|term| one.is_in_term(term)));
        own.retain(|one| filter.status.is_none_or(|status| one.status == status));
        own.retain(|one| page.after.is_none_or(|after| one.id < after));
        own.sort_by_key(|one| std::cmp::Reverse(one.id));
        Ok(Page::cut(own, page.limit, |one| one.id))
    }

    async fn timetable(&self, student: StudentId, terms: TimetableTerms) -> Result<Vec<TimetableEntry>, Error> {
        self.students.get(student, Subject::Student)?;
        let all = self.student_courses();
        let enrolled = all.iter().filter(|one| one.student_id == student && one.status == Status::Enrolled);
        let entries = enrolled.filter_map(|one| self.timetable_entry(one).transpose());
        let mut entries = entries.collect::<Result<Vec<_>, Error>>()?;
        entries.retain(|entry| match terms {
            TimetableTerms::One(term) => entry.term.id == term,
            TimetableTerms::EndingFrom(day) => entry.term.ends_on >= day,
        });
        Ok(entries)
    }

    async fn roster(
        &self,
        section: SectionId,
        seen: Seen,
        page: PageRequest<RosterKey>,
    ) -> Result<Page<RosterEntry, RosterKey>, Error> {
        self.sections.get(section, Subject::Section)?;
        let key = |entry: &RosterEntry| RosterKey { waitlisted: false, waitlist_order: 0, id: entry.student_course.id };
        let all = self.student_courses();
        let seated = all.iter().filter(|one| one.is_in_section(section) && one.status.holds_seat());
        let mut entries = seated
            .map(|one| {
                let student = self.students.get(one.student_id, Subject::Student)?;
                let is_seen = seen == Seen::Everybody || !student.confidential;
                let Student { id, number, given_name, family_name, .. } = student;
                let student = StudentRef { id, number, given_name, family_name };
                Ok(is_seen.then(|| RosterEntry { student_course: one.clone(), student }))
            })
            .filter_map(Result::transpose)
            .collect::<Result<Vec<_>, Error>>()?;
        entries.retain(|entry| page.after.is_none_or(|after| key(entry) > after));
        entries.sort_by_key(key);
        Ok(Page::cut(entries, page.limit, key))
    }
}

/// Whose records are whose. Nobody teaches here.
#[async_trait]
impl Affiliations for Table<Student> {
    async fn of_student(&self, student: StudentId) -> Result<Option<Affiliation>, Error> {
        let rows = self.rows();
        let found = rows.get(&student.uuid());
        Ok(found.map(|one| Affiliation { program: one.program.clone(), confidential: one.confidential }))
    }

    async fn teaches(&self, _: InstructorNumber, _: SectionId) -> Result<bool, Error> {
        Ok(false)
    }
}

/// A clock that stands still; a service would read the system's.
struct StoppedClock(DateTime<Utc>);

impl Clock for StoppedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

/// Ids that count upwards; a service would mint UUIDs of version 7.
struct Counter(AtomicU64);

impl IdSource for Counter {
    fn next(&self) -> Uuid {
        Uuid::from_u128(self.0.fetch_add(1, Ordering::Relaxed).into())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    pollster::block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let clock: Arc<dyn Clock> = Arc::new(StoppedClock("2026-09-01T08:00:00Z".parse()?));
    let ids: Arc<dyn IdSource> = Arc::new(Counter(AtomicU64::new(1)));
    let (students, courses, terms, sections) = (Table::new(), Table::new(), Table::new(), Table::new());
    // A service would ask an authenticator who it is.
    let registrar = Principal::new(Actor::user("ada"), vec![Role::Registrar]);
    let gate = Gate::new(students.clone());

    let student = Catalog::<Student>::new(students.clone(), gate.clone(), clock.clone(), ids.clone())
        .create(
            &registrar,
            serde_json::from_value(json!({"number": "1001", "given_name": "Ada", "family_name": "Lovelace"}))?,
        )
        .await?;
    let course = Catalog::<Course>::new(courses.clone(), gate.clone(), clock.clone(), ids.clone())
        .create(&registrar, serde_json::from_value(json!({"code": "CS101", "title": "Programming", "credits": 6}))?)
        .await?;
    let term = Catalog::<Term>::new(terms.clone(), gate.clone(), clock.clone(), ids.clone())
        .create(
            &registrar,
            serde_json::from_value(json!({
                "code": "2026-fall", "name": "Fall 2026", "time_zone": "Europe/London",
                "starts_on": "2026-09-01", "ends_on": "2027-01-31"
            }))?,
        )
        .await?;
    let section = Catalog::<Section>::new(sections.clone(), gate.clone(), clock.clone(), ids.clone())
        .create(
            &registrar,
            serde_json::from_value(json!({
                "course_id": course.id, "term_id": term.id, "number": "1", "capacity": 30, "status": "open",
                "meetings": [{"days": ["mon", "wed"], "starts_at": "10:00", "ends_at": "11:15"}]
            }))?,
        )
        .await?;

    let (holds, windows, permits, reservations) = (Table::new(), Table::new(), Table::new(), Table::new());
    let student_courses = Mutex::new(Vec::new());
    let store =
        Registrations { students, holds, windows, permits, courses, terms, sections, reservations, student_courses };
    let registration = Registration::new(Arc::new(store), gate, clock, ids);
    for _ in 0..2 {
        let draft = serde_json::from_value(json!({ "section_id": section.id }))?;
        let receipt = registration.enroll(&registrar, student.id, draft, RequestOptions::default()).await?;
        match receipt.outcome {
            Outcome::Accepted { changes } => println!("accepted: {}", serde_json::to_string_pretty(&changes)?),
            Outcome::Refused { violations } => println!("refused: {}", serde_json::to_string_pretty(&violations)?),
        }
    }
    let page =
        registration.courses_of(&registrar, student.id, StudentCourseFilter::default(), PageRequest::default()).await?;
    println!("{} has {} course(s)", student.given_name, page.items.len());
    for entry in registration.timetable(&registrar, student.id, None).await?.items {
        let meetings: Vec<String> = entry.meetings.iter().map(ToString::to_string).collect();
        println!("{} {}: {}", entry.course.code, entry.course.title, meetings.join(", "));
    }
    Ok(())
}
