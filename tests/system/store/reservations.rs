//! Seats that are kept for a cohort: what the port promises, and who gets a seat when all come at once.

use super::university::{Time, University, cause, codes, enrolling, id, now};
use chrono::TimeDelta;
use enrollment_core::catalog::{
    Draft, Owned, Repository, Reservation, ReservationFilter, Section, SectionDraft, Stamp, Version,
};
use enrollment_core::ids::{SectionId, StudentId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{Attempt, Code, Receipt, Target};
use enrollment_core::{Error, Subject};
use pollster::block_on;
use serde_json::{Value, json};
use std::sync::Barrier;
use std::thread;

fn reservation(section: SectionId, fields: Value) -> Reservation {
    let draft = Reservation::draft_of(section, serde_json::from_value(fields).unwrap());
    draft.parse(Stamp::new(id().into(), now())).unwrap()
}

/// So many seats for the physicists, who are the others' neighbours in every test here.
fn for_physics(section: SectionId, seats: u32, release_at: Option<Time>) -> Reservation {
    reservation(section, json!({"seats": seats, "cohort": {"programs": ["Physics"]}, "release_at": release_at}))
}

fn stored(university: &University, reservation: &Reservation) -> Reservation {
    block_on(Repository::<Reservation>::find(&university.store, reservation.id)).unwrap()
}

fn update(university: &University, next: Reservation, expected: Version) -> Result<Reservation, Error> {
    block_on(university.store.update(next, expected, cause()))
}

fn with_seats(current: &Reservation, seats: u32) -> Reservation {
    Reservation { seats: seats.try_into().unwrap(), version: current.version.next(), ..current.clone() }
}

fn of_program(university: &University, program: &str) -> StudentId {
    university.student_with(json!({ "program": program }))
}

#[test]
fn reservations_are_kept_for_a_section_and_keep_it() {
    let university = University::new();
    let (section, other) = (university.some_section(10), university.some_section(10));
    let first = for_physics(section, 6, Some(now()));
    assert_eq!(university.insert(first.clone()).unwrap(), first);
    assert_eq!(stored(&university, &first), first);
    let nowhere = university.insert(for_physics(id().into(), 1, None));
    assert!(matches!(nowhere, Err(Error::NotFound(Subject::Section))), "{nowhere:?}");

    let list = |section| {
        let filter = Reservation::filter_of(section, ReservationFilter::default());
        block_on(Repository::<Reservation>::list(&university.store, filter, PageRequest::default()))
    };
    assert_eq!(list(section).unwrap().items, std::slice::from_ref(&first));
    assert_eq!(list(other).unwrap().items, []);
    assert!(matches!(list(id().into()), Err(Error::NotFound(Subject::Section))));

    let next = with_seats(&first, 4);
    assert_eq!(update(&university, next.clone(), Version::FIRST).unwrap(), next);
    let stale = update(&university, next.clone(), Version::FIRST);
    assert!(matches!(stale, Err(Error::Stale(Subject::Reservation))), "{stale:?}");
    let used = block_on(Repository::<Section>::delete(&university.store, section, None, cause()));
    assert!(matches!(&used, Err(Error::InUse { by, .. }) if *by == [Subject::Reservation]), "{used:?}");
    let delete = |expected| block_on(Repository::<Reservation>::delete(&university.store, first.id, expected, cause()));
    assert!(matches!(delete(Some(Version::FIRST)), Err(Error::Stale(Subject::Reservation))));
    delete(Some(next.version)).unwrap();
    assert!(matches!(delete(None), Err(Error::NotFound(Subject::Reservation))));
    block_on(Repository::<Section>::delete(&university.store, section, None, cause())).unwrap();
}

#[test]
fn no_more_is_reserved_than_there_is_and_no_less_than_is_taken() {
    let university = University::new();
    let section = university.some_section(10);
    let first = university.insert(for_physics(section, 6, None)).unwrap();
    let too_many = university.insert(for_physics(section, 5, None));
    assert!(matches!(too_many, Err(Error::SeatsReserved { seats: 10, reserved: 11, field: "seats" })), "{too_many:?}");
    university.insert(for_physics(section, 4, None)).unwrap();
    let more = update(&university, with_seats(&first, 7), first.version);
    assert!(matches!(more, Err(Error::SeatsReserved { seats: 10, reserved: 11, field: "seats" })), "{more:?}");

    let student = of_program(&university, "Physics");
    let held = university.enrolled(student, section);
    assert_eq!(held.reservation_id, Some(first.id), "the first that fits");
    assert_eq!(university.found(student, held.id), held);
    assert_eq!(stored(&university, &first).taken, 1);
    let fewer = update(&university, with_seats(&first, 0), first.version);
    assert!(matches!(fewer, Err(Error::SeatsTaken { seats: 0, taken: 1, field: "seats" })), "{fewer:?}");
    let gone = block_on(Repository::<Reservation>::delete(&university.store, first.id, None, cause()));
    assert!(matches!(&gone, Err(Error::InUse { by, .. }) if *by == [Subject::StudentCourse]), "{gone:?}");

    let current: Section = block_on(university.store.find(section)).unwrap();
    let lower: SectionDraft = serde_json::from_value(json!({"capacity": 9})).unwrap();
    let lower =
        lower.over(&current).parse(Stamp { version: current.version.next(), ..Stamp::new(section, now()) }).unwrap();
    let lowered = block_on(university.store.update(lower, current.version, cause()));
    assert!(matches!(lowered, Err(Error::SeatsReserved { seats: 9, reserved: 10, field: "capacity" })), "{lowered:?}");

    university.drop(student, held.id).unwrap();
    assert_eq!(stored(&university, &first).taken, 0);
    assert_eq!(university.found(student, held.id).reservation_id, Some(first.id), "of which it was stays known");
    university.check();
}

#[test]
fn earned_credits_open_a_reservation() {
    let university = University::new();
    let section = university.some_section(1);
    let seniors = json!({"seats": 1, "cohort": {"min_earned_credits": 3}});
    university.insert(reservation(section, seniors)).unwrap();
    let (senior, freshman) = (university.student(), university.student());
    university.credit_from_elsewhere(senior, university.course("CS1"), "B");
    assert_eq!(codes(&university.enroll(freshman, section).unwrap()), [Code::SectionFull]);
    assert!(university.enrolled(senior, section).reservation_id.is_some());
}

/// All at the same moment, at the time that each attempt has.
fn race(university: &University, students: &[StudentId], sections: &[SectionId], at: Time) -> Vec<Receipt> {
    let gate = Barrier::new(students.len());
    thread::scope(|scope| {
        let running: Vec<_> = (students.iter().zip(sections.iter().cycle()))
            .map(|(student, section)| {
                let gate = &gate;
                scope.spawn(move || {
                    let attempt = Attempt { at, ..enrolling(*student, Target::Section(*section)) };
                    gate.wait();
                    university.register(attempt).unwrap()
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn seated(receipts: &[Receipt]) -> usize {
    receipts.iter().filter(|receipt| codes(receipt).is_empty()).count()
}

#[test]
fn of_a_hundred_students_each_program_gets_its_seats_and_the_release_opens_the_rest() {
    let university = University::new();
    let section = university.some_section(10);
    let release = now() + TimeDelta::hours(1);
    let kept = university.insert(for_physics(section, 6, Some(release))).unwrap();
    let logicians: Vec<StudentId> = (0..50).map(|_| of_program(&university, "Logic")).collect();
    let physicists: Vec<StudentId> = (0..50).map(|_| of_program(&university, "Physics")).collect();

    let receipts = race(&university, &logicians, &[section], now());
    assert_eq!(seated(&receipts), 4, "the other six are reserved");
    assert_eq!(university.seats(section), ("4".into(), "4".into()));
    let receipts = race(&university, &physicists[..3], &[section], now());
    assert_eq!((seated(&receipts), stored(&university, &kept).taken), (3, 3));
    university.check();

    // Until the release, the last three are the physicists'; from then on they are anybody's, and there are no more.
    assert_eq!(seated(&race(&university, &logicians[..1], &[section], release - TimeDelta::microseconds(1))), 0);
    let rest = [&logicians[..], &physicists[3..]].concat();
    assert_eq!(seated(&race(&university, &rest, &[section], release)), 3);
    assert_eq!(university.seats(section), ("10".into(), "10".into()));
    assert_eq!(stored(&university, &kept).taken, 3, "a released seat is of no quota");
    university.check();
}

#[test]
fn when_both_programs_come_at_once_six_and_four_get_in() {
    let university = University::new();
    let section = university.some_section(10);
    // The quota is larger than its program, so who gets a seat does not depend on who comes first.
    let kept = university.insert(for_physics(section, 6, None)).unwrap();
    let physicists: Vec<StudentId> = (0..6).map(|_| of_program(&university, "Physics")).collect();
    let logicians: Vec<StudentId> = (0..94).map(|_| of_program(&university, "Logic")).collect();
    let students = [&logicians[..47], &physicists[..], &logicians[47..]].concat();
    let receipts = race(&university, &students, &[section], now());
    assert_eq!(seated(&receipts[47..53]), 6, "every physicist");
    assert_eq!(seated(&receipts), 10);
    assert_eq!(stored(&university, &kept).taken, 6);
    assert_eq!(university.seats(section), ("10".into(), "10".into()));
    university.check();
}

#[test]
fn a_refusal_tells_whose_the_free_seats_are_and_its_receipt_decides_so_again() {
    let university = University::new();
    let section = university.some_section(2);
    university.insert(for_physics(section, 2, None)).unwrap();
    let receipt = university.enroll(of_program(&university, "Logic"), section).unwrap();
    assert_eq!(codes(&receipt), [Code::SectionFull]);
    university.wait_for_receipts(1);
    let history: &dyn enrollment_core::registration::HistoryRepository = &university.store;
    let record = block_on(history.record(receipt.attempt_id)).unwrap();
    assert_eq!(record.facts.reservations.len(), 1);
    assert_eq!(record.judge_again(), record.judgement);
}
