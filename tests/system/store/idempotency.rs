//! The same request twice, also at the same time.

use super::university::{University, codes, enrolling, with_key};
use enrollment_core::actor::Actor;
use enrollment_core::registration::{Attempt, Code, Receipt, Target};
use enrollment_core::{Error, Subject};
use std::sync::Barrier;
use std::thread;

fn keyed(attempt: Attempt) -> Attempt {
    with_key(attempt, "key")
}

/// The receipt as it was first given.
fn first(receipt: &Receipt) -> Receipt {
    Receipt { replayed: false, ..receipt.clone() }
}

#[test]
fn a_repetition_is_answered_as_before_and_has_no_effect() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(10));
    let ask = || university.register(keyed(enrolling(student, Target::Section(section)))).unwrap();
    let (one, two) = (ask(), ask());
    assert!(!one.replayed && two.replayed);
    assert_eq!(first(&two), one);
    assert_eq!(university.seats(section), ("1".into(), "1".into()));
    // Another actor's key is another key.
    let other = Attempt { actor: Actor::system("demo"), ..keyed(enrolling(student, Target::Section(section))) };
    assert_eq!(codes(&university.register(other).unwrap()), [Code::AlreadyEnrolled]);
    university.check();
}

#[test]
fn a_refusal_is_repeated_even_when_it_would_now_be_accepted() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(0));
    let ask = || university.register(keyed(enrolling(student, Target::Section(section)))).unwrap();
    assert_eq!(codes(&ask()), [Code::SectionFull]);
    university.execute("UPDATE seat_pools SET capacity = 1");
    let again = ask();
    assert!(again.replayed);
    assert_eq!(codes(&again), [Code::SectionFull]);
    university.enrolled(student, section);
}

#[test]
fn a_key_is_for_one_request() {
    let university = University::new();
    let (student, one, two) = (university.student(), university.some_section(1), university.some_section(1));
    university.register(keyed(enrolling(student, Target::Section(one)))).unwrap();
    let other = university.register(keyed(enrolling(student, Target::Section(two))));
    assert!(matches!(other, Err(Error::IdempotencyKeyReused)), "{other:?}");
    // What failed for want of a section has no answer to repeat.
    let missing = with_key(enrolling(student, Target::Section(super::university::id().into())), "other key");
    assert!(matches!(university.register(missing), Err(Error::Unknown { subject: Subject::Section, .. })));
    university.register(with_key(enrolling(student, Target::Section(two)), "other key")).unwrap();
}

#[test]
fn sixteen_at_once_have_one_effect_and_one_answer() {
    let university = University::new();
    let (student, section, gate) = (university.student(), university.some_section(10), Barrier::new(16));
    let receipts: Vec<Receipt> = thread::scope(|scope| {
        let ask = || {
            gate.wait();
            university.register(keyed(enrolling(student, Target::Section(section)))).unwrap()
        };
        let asking: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    assert_eq!(receipts.iter().filter(|receipt| !receipt.replayed).count(), 1);
    assert!(receipts.iter().all(|receipt| first(receipt) == first(&receipts[0])));
    assert_eq!(university.seats(section), ("1".into(), "1".into()));
    university.check();
}

#[test]
fn of_many_students_under_one_key_one_is_served() {
    let university = University::new();
    for _ in 0..5 {
        let (section, gate) = (university.some_section(10), Barrier::new(8));
        let key = section.to_string();
        let answers: Vec<_> = thread::scope(|scope| {
            let ask = || {
                let attempt = with_key(enrolling(university.student(), Target::Section(section)), &key);
                gate.wait();
                university.register(attempt)
            };
            let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|asking| asking.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert_eq!(
            answers.iter().filter(|answer| matches!(answer, Err(Error::IdempotencyKeyReused))).count(),
            7,
            "{answers:?}"
        );
        assert_eq!(university.seats(section), ("1".into(), "1".into()));
    }
    university.check();
}
