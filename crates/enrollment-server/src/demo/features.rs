//! One of each thing that a registrar sets up: seats that are waited for, reserved, shared and added, courses with rules of
//! their own, windows for cohorts, holds and permits of students, and grades.
//!
//! Unlike the rest of the demo it is made as everybody makes it, by the services, so it has receipts. It meets on Saturdays,
//! when nothing else of the demo does, and nothing of it is about the student whom the demo invites to try things.
//!
//! To show a further feature: a function here, called in [`Office::show`], and its line in the test of the demo.

mod exceptions;
mod grading;

use super::{Demo, DemoError};
use chrono::{DateTime, Days, Utc};
use enrollment_core::Error;
use enrollment_core::access::{Gate, Principal};
use enrollment_core::catalog::{
    Catalog, Course, CourseFilter, Hold, Permit, Reservation, Section, Student, StudentFilter, StudentStatus, Term,
    Window,
};
use enrollment_core::clock::Clock;
use enrollment_core::ids::{CourseId, IdSource, SectionId, StudentId, TermId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{Registration, RequestOptions, StudentCourse};
use enrollment_diesel::{PgStore, StoreConfig};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// What is made first, by which the rest is known to be there.
const FIRST: &str = "FILM200";

/// Adds one of each feature to the demo in this database, unless it is there. It waits until that is done, on this thread.
pub fn show_features(config: &StoreConfig, demo: &Demo, clock: Arc<dyn Clock>) -> Result<(), DemoError> {
    let office = Office::new(Arc::new(PgStore::new(config)?), clock);
    actix_web::rt::System::new().block_on(office.show(demo)).map_err(DemoError::Feature)
}

/// Who sets things up.
struct Office {
    students: Catalog<Student>,
    holds: Catalog<Hold>,
    permits: Catalog<Permit>,
    courses: Catalog<Course>,
    terms: Catalog<Term>,
    sections: Catalog<Section>,
    windows: Catalog<Window>,
    reservations: Catalog<Reservation>,
    registration: Registration,
    clock: Arc<dyn Clock>,
}

/// A student who is in a section, or waits for a seat.
type Taken = (StudentId, StudentCourse);

impl Office {
    fn new(store: Arc<PgStore>, clock: Arc<dyn Clock>) -> Self {
        let ids: Arc<dyn IdSource> = Arc::new(crate::ids::SystemIds);
        let gate = Gate::new(store.clone());
        Self {
            students: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
            holds: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
            permits: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
            courses: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
            terms: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
            sections: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
            windows: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
            reservations: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
            registration: Registration::new(store, gate, clock.clone(), ids),
            clock,
        }
    }

    async fn show(&self, demo: &Demo) -> Result<(), Error> {
        let first = CourseFilter { code: FIRST.try_into().ok() };
        if !self.courses.list(&by_demo(), first, PageRequest::default()).await?.items.is_empty() {
            return Ok(());
        }
        let term = self.terms.get(&by_demo(), self.sections.get(&by_demo(), demo.section).await?.term_id).await?;
        let people = self.students.list(&by_demo(), StudentFilter::default(), PageRequest::default()).await?.items;
        let people = people.iter().filter(|one| one.id != demo.student && one.status == StudentStatus::Active);
        let people: Vec<StudentId> = people.map(|one| one.id).collect();
        let film = self.course(json!({"code": FIRST, "title": "Film seminar", "credits": 1})).await?;
        let shared = self.shared_and_added_seats(&term, &people).await?;
        self.waitlist(&term, film, &people, shared).await?;
        self.lecture_and_lab(&term, &people).await?;
        self.reserved_seats(&term, &people).await?;
        let class = self.rules_of_courses(&term, &people).await?;
        self.windows_of_cohorts(&term, film, &people).await?;
        self.holds_and_permits(&term, class, &people).await?;
        self.grades(&term, &people).await
    }

    /// One course under two codes, in sections that share their seats; one seat more than the room has was allowed. Answers
    /// one who got a seat.
    async fn shared_and_added_seats(&self, term: &Term, people: &[StudentId]) -> Result<Option<Taken>, Error> {
        let title = "Data journalism";
        let one =
            self.course(json!({"code": "STAT210", "title": title, "credits": 1, "excludes": ["JOUR210"]})).await?;
        let other =
            self.course(json!({"code": "JOUR210", "title": title, "credits": 1, "excludes": ["STAT210"]})).await?;
        let one = self.section(term.id, one, json!({"capacity": 2, "meetings": saturday("09:00", "10:00")})).await?;
        let sharing = json!({"shares_seats_with": one, "meetings": saturday("09:00", "10:00")});
        let other = self.section(term.id, other, sharing).await?;
        self.some(1, people, &json!({ "section_id": one })).await?;
        let swapping = self.some(1, people, &json!({ "section_id": other })).await?;
        let overload = json!({"overload": 1, "overload_reason": "A chair from the next room"});
        self.sections.change(&by_demo(), one, None, draft(overload)?).await?;
        self.some(1, people, &json!({ "section_id": other })).await?;
        Ok(swapping.into_iter().next())
    }

    /// A section with two seats: one was given up, and went past the first in the queue, who took something else at that hour.
    /// The last in the queue would give up what they have for it.
    async fn waitlist(
        &self,
        term: &Term,
        film: CourseId,
        people: &[StudentId],
        swapping: Option<Taken>,
    ) -> Result<(), Error> {
        let meetings = saturday("14:00", "16:00");
        let seminar = json!({"capacity": 2, "waitlist_capacity": 5, "meetings": meetings});
        let seminar = self.section(term.id, film, seminar).await?;
        let music =
            json!({"code": "MUS210", "title": "Chamber orchestra", "credits": 1, "repeat_policy": {"at_most": 3}});
        let music = self.course(music).await?;
        let rehearsal = self.section(term.id, music, json!({"capacity": 12, "meetings": meetings})).await?;

        let others: Vec<StudentId> = people
            .iter()
            .copied()
            .filter(|one| swapping.as_ref().is_none_or(|(swapping, _)| swapping != one))
            .collect();
        let seated = self.some(2, &others, &json!({ "section_id": seminar })).await?;
        let queue = self.some(2, &others, &json!({"section_id": seminar, "waitlist": true})).await?;
        if let Some((student, held)) = swapping {
            let swap = json!({"section_id": seminar, "waitlist": true, "swap_from": held.id});
            self.some(1, &[student], &swap).await?;
        }
        if let Some((first, _)) = queue.first() {
            self.some(1, &[*first], &json!({ "section_id": rehearsal })).await?;
        }
        if let Some((student, held)) = seated.first() {
            self.registration.drop(&by_demo(), *student, held.id, None, RequestOptions::default()).await?;
        }
        Ok(())
    }

    /// A lecture that is taken together with one of its labs.
    async fn lecture_and_lab(&self, term: &Term, people: &[StudentId]) -> Result<(), Error> {
        let course =
            json!({"code": "CHEM110", "title": "Chemistry", "credits": 2, "linked_components": ["lecture", "lab"]});
        let course = self.course(course).await?;
        let lecture = json!({"capacity": 20, "meetings": saturday("10:15", "11:00")});
        self.section(term.id, course, lecture).await?;
        for (number, (starts_at, ends_at)) in [("L1", ("11:15", "12:00")), ("L2", ("12:15", "13:00"))] {
            let meetings = saturday(starts_at, ends_at);
            let lab = json!({"number": number, "component": "lab", "capacity": 10, "meetings": meetings});
            self.section(term.id, course, lab).await?;
        }
        self.some(3, people, &json!({"course_id": course, "term_id": term.id})).await?;
        Ok(())
    }

    /// Half of the seats are for students of physics until teaching begins.
    async fn reserved_seats(&self, term: &Term, people: &[StudentId]) -> Result<(), Error> {
        let course = self.course(json!({"code": "ASTR110", "title": "Astronomy evenings", "credits": 1})).await?;
        let section = json!({"capacity": 12, "meetings": saturday("20:00", "22:00")});
        let section = self.section(term.id, course, section).await?;
        let release_at = term.time_zone.start_of(term.starts_on);
        let reservation = json!({"seats": 6, "cohort": {"programs": ["BSc Physics"]}, "release_at": release_at});
        self.reservations.of(section).create(&by_demo(), draft(reservation)?).await?;
        // All who are asked, as a registrar does it; whom a rule refuses, it refuses.
        let rows: Vec<_> = people.iter().take(12).collect();
        if !rows.is_empty() {
            self.registration.enroll_all(&by_demo(), section, draft(json!({ "students": rows }))?, false).await?;
        }
        Ok(())
    }

    /// Courses that not everybody may take, or for as many credits as one likes. Answers a section for which consent is needed.
    async fn rules_of_courses(&self, term: &Term, people: &[StudentId]) -> Result<SectionId, Error> {
        let project = json!({
            "code": "PROJ500", "title": "Independent project", "credits": 1, "max_credits": 6,
            "repeat_policy": "freely", "restriction": {"levels": ["graduate"]}
        });
        let project = self.course(project).await?;
        let project = self.section(term.id, project, json!({ "capacity": 30 })).await?;
        self.some(2, people, &json!({"section_id": project, "credits": 2.5, "grading_basis": "pass_fail"})).await?;
        let class = json!({
            "code": "MUS500", "title": "Master class", "credits": 1, "repeat_policy": "never", "restriction": {"consent": true}
        });
        let class = self.course(class).await?;
        self.section(term.id, class, json!({ "capacity": 5 })).await
    }

    /// A short term after the next, for which graduates can register now, and others later.
    async fn windows_of_cohorts(&self, next: &Term, film: CourseId, people: &[StudentId]) -> Result<(), Error> {
        let begins = next.ends_on + Days::new(8);
        let term = json!({
            "code": begins.format("%Y-%m intensive").to_string(), "name": "Intensive weeks", "time_zone": "Asia/Tokyo",
            "starts_on": begins, "ends_on": begins + Days::new(20), "max_credits": 10,
            "program_max_credits": {"BSc Physics": 6}
        });
        let term = self.terms.create(&by_demo(), draft(term)?).await?.id;
        let now: DateTime<Utc> = self.clock.now();
        let later = now + Days::new(7);
        let windows = [
            json!({"action": "add", "opens_at": now, "levels": ["graduate"]}),
            json!({"action": "add", "opens_at": later, "min_earned_credits": 12}),
            json!({"action": "both", "opens_at": later + Days::new(7)}),
        ];
        for window in windows {
            self.windows.of(term).create(&by_demo(), draft(window)?).await?;
        }
        let section = json!({"capacity": 15, "waitlist_capacity": 3, "meetings": saturday("09:00", "12:00")});
        let section = self.section(term, film, section).await?;
        self.some(2, people, &json!({ "section_id": section })).await?;
        Ok(())
    }

    async fn course(&self, course: Value) -> Result<CourseId, Error> {
        Ok(self.courses.create(&by_demo(), draft(course)?).await?.id)
    }

    /// An open section of the course in the term.
    async fn section(&self, term: TermId, course: CourseId, more: Value) -> Result<SectionId, Error> {
        let mut section = json!({"course_id": course, "term_id": term, "number": "1", "status": "open"});
        if let (Some(fields), Value::Object(more)) = (section.as_object_mut(), more) {
            fields.extend(more);
        }
        Ok(self.sections.create(&by_demo(), draft(section)?).await?.id)
    }

    /// So many of these people whom the rules admit, in their order.
    async fn some(&self, count: usize, people: &[StudentId], request: &Value) -> Result<Vec<Taken>, Error> {
        let mut taken = Vec::new();
        for student in people {
            if taken.len() == count {
                break;
            }
            let request = draft(request.clone())?;
            let receipt = self.registration.enroll(&by_demo(), *student, request, RequestOptions::default()).await?;
            taken.extend(receipt.student_course().cloned().map(|held| (*student, held)));
        }
        Ok(taken)
    }
}

fn by_demo() -> Principal {
    Principal::system("demo")
}

fn saturday(starts_at: &str, ends_at: &str) -> Value {
    json!([{"days": ["sat"], "starts_at": starts_at, "ends_at": ends_at, "location": "Old library"}])
}

fn draft<D: DeserializeOwned>(fields: Value) -> Result<D, Error> {
    serde_json::from_value(fields).map_err(|error| Error::Internal(error.into()))
}
