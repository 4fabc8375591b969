//! Any requests by several threads at once, the same that the model of the core is tried with, while a registrar changes sections and
//! time moves past a release of seats and a deadline; then everything that was written is checked, decided again and followed.

#[path = "../../../crates/enrollment-core/tests/model/requests.rs"]
mod requests;

use super::university::{Time, University, attempt, cause, id, now};
use chrono::TimeDelta;
use enrollment_core::Error;
use enrollment_core::catalog::{Draft, Entry, Owned, Permit, Repository, Reservation, Section, SectionDraft, Stamp};
use enrollment_core::ids::{CourseId, SeatPoolId, SectionId, StudentCourseId, StudentId};
use enrollment_core::page::Limit;
use enrollment_core::registration::{Attempt, Event, HistoryRepository, Status, StudentCourse};
use enrollment_diesel::{PgStore, StoreConfig};
use enrollment_tests::Numbers;
use pollster::block_on;
use requests::{Catalogue, Chance, Held};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use uuid::Uuid;

const THREADS: u64 = 6;
const REQUESTS: usize = 60;

impl Chance for Numbers {
    fn below(&mut self, bound: usize) -> usize {
        Numbers::below(self, bound)
    }
}

/// The seats of each section, some of which share them.
type Pools = BTreeMap<SectionId, (SeatPoolId, usize)>;

/// The time of the next request: the whole run takes some hours.
fn next_time() -> Time {
    static MINUTES: AtomicU64 = AtomicU64::new(0);
    minutes(MINUTES.fetch_add(1, Ordering::Relaxed))
}

fn minutes(minutes: u64) -> Time {
    now() + TimeDelta::minutes(minutes.cast_signed())
}

/// A course of which a lecture and a lab are taken together, and two others; some of their sections share seats, some meet at
/// once, and not all can be taken.
fn offer(university: &University) -> (Catalogue, Pools) {
    let term = university.term_with("F26", json!({"max_credits": 6, "drop_deadline": minutes(280)}));
    let linked = university.course_with("CS0", json!({"linked_components": ["lecture", "lab"]}));
    let courses = [linked, university.course("CS1"), university.course("CS2")];
    let add = |course: CourseId, component: &str, hour: u32, capacity: u32, waitlist: u32| {
        let meeting =
            json!({"days": ["mon"], "starts_at": format!("{hour:02}:00"), "ends_at": format!("{:02}:00", hour + 2)});
        let fields =
            json!({"component": component, "capacity": capacity, "waitlist_capacity": waitlist, "meetings": [meeting]});
        university.section_with(course, term, fields)
    };
    let (one, other) = (add(courses[1], "lecture", 8, 2, 3), add(courses[2], "lecture", 9, 2, 3));
    let (first, second) = (add(linked, "lecture", 10, 2, 0), add(linked, "lecture", 14, 1, 0));
    let (lab, alone) = (add(linked, "lab", 16, 2, 0), add(courses[2], "lecture", 15, 1, 2));
    let share = |own: SectionId, with: SectionId| {
        university.execute(&format!(
            "UPDATE sections SET seat_pool_id = '{with}' WHERE id = '{own}'; DELETE FROM seat_pools WHERE id = '{own}'"
        ));
    };
    share(other, one);
    share(alone, first);
    let for_physics = json!({"seats": 1, "cohort": {"programs": ["Physics"]}, "release_at": minutes(150)});
    let for_physics = Reservation::draft_of(one, serde_json::from_value(for_physics).unwrap());
    university.insert(for_physics.parse(Stamp::new(id().into(), now())).unwrap()).unwrap();
    let sections = vec![one, other, first, second, lab, alone];
    let pool = |id: &SectionId| {
        let of = |column| {
            format!("SELECT p.{column} FROM seat_pools p JOIN sections s ON s.seat_pool_id = p.id WHERE s.id = '{id}'")
        };
        (*id, (university.text(&of("id")).parse().unwrap(), university.text(&of("capacity")).parse().unwrap()))
    };
    let pools = sections.iter().map(pool).collect();
    let together = vec![vec![first, lab], vec![second, lab]];
    (Catalogue { sections, together, courses: courses.into() }, pools)
}

/// An id that nobody else has, nor anything that is numbered from it: those that are minted differ in more than their last bits.
fn minted<T: From<Uuid>>() -> T {
    static LAST: AtomicU64 = AtomicU64::new(1);
    let number = u128::from(LAST.fetch_add(1, Ordering::Relaxed));
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + (number << 48)).into()
}

fn held_by(university: &University, student: StudentId) -> Held {
    let of = |statuses: &str| -> Vec<StudentCourseId> {
        let held = university.text(&format!(
            "SELECT coalesce(string_agg(id::text, ','), '') FROM student_courses
             WHERE student_id = '{student}' AND status IN ({statuses})"
        ));
        held.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().unwrap()).collect()
    };
    Held { live: of("'waitlisted', 'enrolled'"), completed: of("'completed'") }
}

/// A student of one of two programmes, who may, twice for each course, exceed the credits of the term or take what meets at once.
fn student(university: &University, number: usize, courses: &[CourseId]) -> StudentId {
    let program = ["Physics", "Logic"][number % 2];
    let student = university.student_with(json!({ "program": program }));
    for course in courses {
        let permit = json!({
            "course_id": course, "waives": ["credit_limit", "time_conflict", "already_passed"], "max_uses": 2,
            "granted_by": "Dean", "reason": "Consent",
        });
        let permit = Permit::draft_of(student, serde_json::from_value(permit).unwrap());
        university.insert(permit.parse(Stamp::new(id().into(), now())).unwrap()).unwrap();
    }
    student
}

/// A registrar's change of a section, unless others are in the way.
fn change(university: &University, chance: &mut impl Chance, catalogue: &Catalogue) {
    let section = catalogue.sections[chance.below(catalogue.sections.len())];
    let fields = match chance.below(4) {
        0 => {
            let status = ["open", "closed"][chance.below(2)];
            json!({ "status": status })
        }
        1 => json!({"status": "open", "waitlist_capacity": 2 + chance.below(3)}),
        _ => json!({"status": "open", "capacity": chance.below(4)}),
    };
    let current: Section = block_on(university.store.find(section)).unwrap();
    let draft: SectionDraft = serde_json::from_value(fields).unwrap();
    let changed = draft.over(&current).parse(current.stamp().changed(now())).unwrap();
    match block_on(university.store.update(changed, current.version, cause())) {
        Ok(_) | Err(Error::Stale(_) | Error::SeatsTaken { .. } | Error::SeatsReserved { .. }) => {}
        Err(error) => panic!("{error:?}"),
    }
}

fn feed(university: &University) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        let place = i64::try_from(events.len()).unwrap();
        let page = block_on(university.store.feed(place, Limit::try_from(200).unwrap())).unwrap();
        if page.items.is_empty() {
            return events;
        }
        events.extend(page.items);
    }
}

fn place(own: &StudentCourse) -> (i16, i64) {
    own.waitlist.as_ref().map(|place| (place.priority, place.sequence)).unwrap()
}

/// Follows the events, as another system would: at no time are more seats taken than there are, and a seat goes to who waits
/// first, but for those whom rules refused.
fn follow(events: &[Event], mut pools: Pools) -> usize {
    let mut now: BTreeMap<StudentCourseId, StudentCourse> = BTreeMap::new();
    let mut promoted = 0;
    for event in events {
        if event.student_course_id.is_none() {
            assert_eq!(event.kind, "capacity_changed");
            let after = usize::try_from(event.detail["after"].as_u64().unwrap()).unwrap();
            pools.get_mut(&event.section_id.unwrap()).unwrap().1 = after;
            continue;
        }
        let own: StudentCourse = serde_json::from_value(event.detail.clone()).unwrap();
        let (pool, capacity) = pools[&event.section_id.unwrap()];
        let before = now.insert(own.id, own.clone());
        let of_pool = |other: &&StudentCourse| pools[&other.section.as_ref().unwrap().id].0 == pool;
        let seated = now.values().filter(of_pool).filter(|other| other.status.holds_seat()).count();
        assert!(seated <= capacity || !own.status.holds_seat(), "{seated} of {capacity}: {event:?}");
        let waited = before.filter(|before| before.status == Status::Waitlisted && own.status == Status::Enrolled);
        let Some(before) = waited else { continue };
        promoted += 1;
        let waiting = now.values().filter(of_pool).filter(|other| other.status == Status::Waitlisted);
        for ahead in waiting.filter(|other| place(other) < place(&before)) {
            let passed = ahead.waitlist.as_ref().unwrap().passed_over.is_some();
            assert!(passed, "{ahead:?} comes before {before:?}");
        }
    }
    promoted
}

#[test]
fn whatever_several_threads_ask_every_promise_is_kept() {
    let mut university = University::new();
    let (catalogue, pools) = offer(&university);
    let students: Vec<StudentId> = (0..8).map(|number| student(&university, number, &catalogue.courses)).collect();
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    let before = university.text(deadlocks);
    let ask = |thread: u64| {
        let mut numbers = Numbers::from(thread);
        for _ in 0..REQUESTS {
            if numbers.once_in(12) {
                change(&university, &mut numbers, &catalogue);
            }
            let student = students[Chance::below(&mut numbers, students.len())];
            let held = held_by(&university, student);
            let command = requests::command(&mut numbers, &catalogue, &held, &mut minted);
            university.register(Attempt { id: minted(), at: next_time(), ..attempt(student, command) }).unwrap();
        }
    };
    thread::scope(|scope| {
        let ask = &ask;
        let asking: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || ask(thread))).collect();
        for asking in asking {
            asking.join().unwrap();
        }
    });
    assert_eq!(university.text(deadlocks), before, "no transaction had to be given up");
    university.check();
    let promoted = follow(&feed(&university), pools);
    assert!(promoted > 2, "{promoted} seats went to who waited");

    // The receipts of refusals are written at the latest when the store ends.
    university.store = PgStore::new(&StoreConfig::new(&university.url)).unwrap();
    let report = block_on(university.store.check()).unwrap();
    assert_eq!(report.broken, []);
    assert!(report.replayed > 300, "{}", report.replayed);
    assert_ne!(university.text("SELECT count(*) FROM permit_uses"), "0");
    assert_ne!(university.text("SELECT count(*) FROM student_courses WHERE reservation_id IS NOT NULL"), "0");
}
