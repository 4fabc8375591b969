//! Many at once: seats, limits and locks, on real threads.

use super::university::{University, cause, codes, enrolling};
use enrollment_core::Error;
use enrollment_core::catalog::{Draft, Entry, Repository, Section, SectionDraft};
use enrollment_core::ids::{SectionId, StudentId};
use enrollment_core::registration::{Code, Receipt, Target};
use serde_json::json;
use std::sync::Barrier;
use std::thread;

/// Runs `act` for each of these at the same moment.
pub(super) fn at_once<T: Sync, R: Send>(all: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let gate = Barrier::new(all.len());
    thread::scope(|scope| {
        let acting = all.iter().map(|one| {
            scope.spawn(|| {
                gate.wait();
                act(one)
            })
        });
        let acting: Vec<_> = acting.collect();
        acting.into_iter().map(|acting| acting.join().unwrap()).collect()
    })
}

pub(super) fn accepted(receipts: &[Receipt]) -> usize {
    receipts.iter().filter(|receipt| codes(receipt).is_empty()).count()
}

fn students(university: &University, count: usize) -> Vec<StudentId> {
    (0..count).map(|_| university.student()).collect()
}

#[test]
fn of_two_hundred_students_ten_get_the_ten_seats() {
    let university = University::new();
    let students = students(&university, 200);
    // Counts what was tried, also what was rolled back.
    university.execute(
        "CREATE SEQUENCE tried;
         CREATE FUNCTION count_tries() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('tried'); RETURN NEW; END $$;
         CREATE TRIGGER count_tries BEFORE INSERT ON student_courses FOR EACH ROW EXECUTE FUNCTION count_tries();",
    );
    for _ in 0..3 {
        let section = university.some_section(10);
        let receipts = at_once(&students, |student| university.enroll(*student, section).unwrap());
        let full = receipts.iter().filter(|receipt| codes(receipt) == [Code::SectionFull]).count();
        assert_eq!((accepted(&receipts), full), (10, 190));
        assert_eq!(university.seats(section), ("10".into(), "10".into()));
    }
    assert_eq!(university.text("SELECT last_value FROM tried"), "30", "whoever decides holds the pool's lock");
    university.check();
}

#[test]
fn of_a_course_all_seats_of_all_sections_are_taken_and_no_more() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let sections: Vec<SectionId> = [3, 4, 5].map(|capacity| university.section(course, term, capacity)).into();
    let target = Target::Course { course_id: course, term_id: Some(term) };
    let receipts = at_once(&students(&university, 40), |student| {
        university.register(enrolling(*student, target.clone())).unwrap()
    });
    assert_eq!(accepted(&receipts), 12);
    for (section, capacity) in sections.into_iter().zip(["3", "4", "5"]) {
        assert_eq!(university.seats(section), (capacity.into(), capacity.into()));
    }
    university.check();
}

#[test]
fn the_same_student_sixteen_times_at_once_is_enrolled_once() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(100));
    let receipts = at_once(&[student; 16], |student| university.enroll(*student, section).unwrap());
    assert_eq!(accepted(&receipts), 1);
    let others = receipts.iter().filter(|receipt| codes(receipt) == [Code::AlreadyEnrolled]).count();
    assert_eq!(others, 15);
    assert_eq!(university.seats(section), ("1".into(), "1".into()));
    university.check();
}

#[test]
fn two_that_together_break_the_credit_limit_are_not_both_accepted() {
    let university = University::new();
    let term = university.term_with("T1", json!({"max_credits": 5}));
    let sections = ["CS1", "CS2"].map(|code| university.section(university.course(code), term, 100));
    for _ in 0..20 {
        let student = university.student();
        let receipts = at_once(&sections, |section| university.enroll(student, *section).unwrap());
        assert_eq!(accepted(&receipts), 1);
        assert!(receipts.iter().any(|receipt| codes(receipt) == [Code::CreditLimit]));
    }
    university.check();
}

#[test]
fn enrolling_and_dropping_in_any_order_never_deadlocks() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let sections: Vec<SectionId> = (0..4).map(|_| university.section(course, term, 3)).collect();
    let students = students(&university, 12);
    let before = university.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    at_once(&students, |student| {
        for round in 0..15 {
            let target = match round % 3 {
                0 => Target::Course { course_id: course, term_id: Some(term) },
                offset => Target::Section(sections[(round + offset) % sections.len()]),
            };
            let receipt = university.register(enrolling(*student, target.clone())).unwrap();
            if let Some(held) = receipt.student_course() {
                university.drop(*student, held.id).unwrap();
            }
        }
    });
    let after = university.text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    assert_eq!(after, before, "no transaction had to be given up");
    for section in sections {
        assert_eq!(university.seats(section), ("0".into(), "0".into()));
    }
    university.check();
}

#[test]
fn a_capacity_lowered_while_students_enroll_is_never_below_what_is_taken() {
    let university = University::new();
    let section = university.some_section(20);
    let students = students(&university, 20);
    let lowered = thread::scope(|scope| {
        let registrar = scope.spawn(|| {
            (0..20)
                .rev()
                .map(|capacity| {
                    let current: Section = pollster::block_on(university.store.find(section)).unwrap();
                    let draft: SectionDraft = serde_json::from_value(json!({ "capacity": capacity })).unwrap();
                    let changed =
                        draft.over(&current).parse(current.stamp().changed(super::university::now())).unwrap();
                    match pollster::block_on(university.store.update(changed, current.version, cause())) {
                        Ok(_) => true,
                        Err(Error::SeatsTaken { .. }) => false,
                        Err(other) => panic!("{other:?}"),
                    }
                })
                .collect::<Vec<_>>()
        });
        at_once(&students, |student| university.enroll(*student, section).unwrap());
        registrar.join().unwrap()
    });
    assert!(lowered.contains(&true) || lowered.contains(&false));
    university.check();
}
