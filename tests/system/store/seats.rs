//! The seats of sections: shared by those that are cross-listed, beyond the room where somebody allows it, and audited.

use super::university::{University, cause, codes, enrolling, entry, id, now};
use enrollment_core::catalog::{Cause, Draft, Entry, Repository, Section, SectionDraft};
use enrollment_core::ids::SectionId;
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{Code, Command, Event, HistoryRepository, Target};
use enrollment_core::{Error, Subject};
use pollster::block_on;
use serde_json::{Value, json};
use std::sync::Barrier;
use std::thread;

fn found(university: &University, section: SectionId) -> Section {
    block_on(university.store.find(section)).unwrap()
}

/// A registrar's change.
fn change(university: &University, section: SectionId, fields: Value) -> Result<Section, Error> {
    change_by(university, section, fields, cause())
}

fn change_by(university: &University, section: SectionId, fields: Value, cause: Cause) -> Result<Section, Error> {
    let current = found(university, section);
    let draft: SectionDraft = serde_json::from_value(fields).unwrap();
    let changed = draft.over(&current).parse(current.stamp().changed(now())).unwrap();
    block_on(university.store.update(changed, current.version, cause))
}

fn history(university: &University, section: SectionId) -> Vec<Event> {
    let history: &dyn HistoryRepository = &university.store;
    block_on(history.of_section(section, PageRequest::default())).unwrap().items
}

fn told(university: &University, section: SectionId) -> Vec<(String, Value)> {
    history(university, section).into_iter().map(|event| (event.kind, event.detail)).collect()
}

fn pools(university: &University) -> String {
    university.text("SELECT count(*) FROM seat_pools")
}

fn wrong(answer: Result<Section, Error>) -> String {
    match answer {
        Err(Error::Invalid(errors)) => errors.iter().map(|error| error.pointer.as_str()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_overload_makes_seats_and_an_event_and_cannot_fall_below_what_is_taken() {
    let university = University::new();
    let section = university.some_section(1);
    university.enrolled(university.student(), section);
    assert_eq!(codes(&university.enroll(university.student(), section).unwrap()), [Code::SectionFull]);
    assert_eq!(told(&university, section).len(), 1, "what a section begins with is not told");

    let by = cause();
    let more = json!({"overload": 2, "overload_reason": "Fire marshal agreed"});
    let changed = change_by(&university, section, more, by.clone()).unwrap();
    assert_eq!((changed.capacity.get(), changed.overload.get(), changed.seats_taken), (1, 2, 1));
    assert_eq!(found(&university, section), changed);
    let events = history(&university, section);
    let event = &events[0];
    assert_eq!((event.kind.as_str(), event.student_id, event.section_id), ("overload_changed", None, Some(section)));
    assert_eq!((&event.actor, event.at, event.attempt_id), (&by.actor, by.at, by.attempt_id));
    assert_eq!(event.detail, json!({"before": 0, "after": 2, "reason": "Fire marshal agreed"}));

    university.enrolled(university.student(), section);
    university.enrolled(university.student(), section);
    assert_eq!(codes(&university.enroll(university.student(), section).unwrap()), [Code::SectionFull]);
    let fewer = change(&university, section, json!({"overload": 1}));
    assert!(matches!(fewer, Err(Error::SeatsTaken { seats: 2, taken: 3, field: "overload" })), "{fewer:?}");
    let fewer = change(&university, section, json!({"capacity": 0}));
    assert!(matches!(fewer, Err(Error::SeatsTaken { seats: 2, taken: 3, field: "capacity" })), "{fewer:?}");

    // The room grew: what was beyond it is within.
    change(&university, section, json!({"capacity": 3, "overload": 0})).unwrap();
    let latest: Vec<_> = told(&university, section).into_iter().take(2).collect();
    let expected = [
        ("overload_changed".to_owned(), json!({"before": 2, "after": 0, "reason": null})),
        ("capacity_changed".to_owned(), json!({"before": 1, "after": 3, "reason": null})),
    ];
    assert_eq!(latest, expected);
    change(&university, section, json!({"instructor": "C. Babbage"})).unwrap();
    assert_eq!(told(&university, section).len(), 6, "of seats alone");
    university.check();
}

#[test]
fn who_begins_with_an_overload_is_told_so() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let section =
        university.section_with(course, term, json!({"capacity": 3, "overload": 1, "overload_reason": "Asked for"}));
    let expected = ("overload_changed".to_owned(), json!({"before": 0, "after": 1, "reason": "Asked for"}));
    assert_eq!(told(&university, section), [expected]);
    university.check();
}

#[test]
fn cross_listed_sections_have_one_pool_until_one_leaves() {
    let university = University::new();
    let term = university.term("T1");
    let cs = university.section(university.course("CS1"), term, 4);
    let ee_course = university.course("EE1");
    let ee = university.section_with(ee_course, term, json!({"capacity": 4, "shares_seats_with": cs}));
    let math = university.section(university.course("MATH1"), term, 9);
    assert_eq!(pools(&university), "2");
    assert_eq!(found(&university, cs).cross_listed_with, [ee]);
    let joined = change(&university, math, json!({"shares_seats_with": ee})).unwrap();
    assert_eq!((joined.capacity.get(), joined.cross_listed_with), (4, vec![cs, ee]));
    assert_eq!(pools(&university), "1", "the one that it had is gone");
    let expected = ("capacity_changed".to_owned(), json!({"before": 9, "after": 4, "reason": null}));
    let own = |section: SectionId| format!("(SELECT seat_pool_id FROM sections WHERE id = '{section}')");
    let moved = ("pool_changed".to_owned(), json!({"before": math, "after": university.text(&own(math))}));
    assert_eq!(told(&university, math), [expected, moved]);

    // The one capacity is changed through either, and all are told.
    change(&university, ee, json!({"capacity": 2})).unwrap();
    for section in [cs, ee, math] {
        assert_eq!(found(&university, section).capacity.get(), 2);
        assert_eq!(told(&university, section)[0].1, json!({"before": 4, "after": 2, "reason": null}));
    }

    university.enrolled(university.student(), ee);
    let shown = |section| {
        let Section { enrolled, seats_taken, .. } = found(&university, section);
        (enrolled, seats_taken)
    };
    assert_eq!((shown(cs), shown(ee)), ((0, 1), (1, 1)));
    let leaving = change(&university, ee, json!({"shares_seats_with": null, "capacity": 4}));
    assert!(
        matches!(leaving, Err(Error::Fixed { subject: Subject::Section, field: "shares_seats_with" })),
        "{leaving:?}"
    );

    // The pool is that of the first section, which leaves, and stays with those that stay.
    let left = change(&university, cs, json!({"shares_seats_with": null, "capacity": 7})).unwrap();
    assert_eq!((left.capacity.get(), left.seats_taken, left.cross_listed_with), (7, 0, vec![]));
    assert_eq!(found(&university, ee).cross_listed_with, [math]);
    block_on(Repository::<Section>::delete(&university.store, math, None, cause())).unwrap();
    assert_eq!((found(&university, ee).seats_taken, pools(&university).as_str()), (1, "2"));
    university.check();
}

#[test]
fn seats_are_shared_with_a_section_that_exists_and_has_so_many() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let section = university.section(course, term, 4);
    let other = university.section(course, term, 5);
    assert_eq!(wrong(change(&university, other, json!({"shares_seats_with": section, "capacity": 5}))), "/capacity");
    assert_eq!(wrong(change(&university, other, json!({"shares_seats_with": other}))), "/shares_seats_with");
    let nowhere: SectionId = id().into();
    assert_eq!(wrong(change(&university, other, json!({"shares_seats_with": nowhere}))), "/shares_seats_with");
    let new = json!({"course_id": course, "term_id": term, "number": "3", "shares_seats_with": nowhere});
    assert_eq!(wrong(university.insert::<Section>(entry::<SectionDraft>(new))), "/shares_seats_with");
    assert_eq!(found(&university, other).capacity.get(), 5);
    university.check();
}

#[test]
fn students_who_race_for_both_of_two_cross_listed_sections_never_get_more_than_their_seats() {
    let university = University::new();
    let term = university.term("T1");
    let cs = university.section(university.course("CS1"), term, 10);
    let ee = university.section_with(university.course("EE1"), term, json!({"shares_seats_with": cs}));
    let students: Vec<_> = (0..60).map(|_| university.student()).collect();
    let gate = Barrier::new(students.len());
    let sections = [cs, ee];
    let receipts: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (students.iter().zip(sections.iter().cycle()))
            .map(|(student, section)| {
                let (gate, university) = (&gate, &university);
                scope.spawn(move || {
                    gate.wait();
                    university.register(enrolling(*student, Target::Section(*section))).unwrap()
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let refused = receipts.iter().filter(|receipt| codes(receipt) == [Code::SectionFull]).count();
    assert_eq!(refused, 50);
    assert_eq!(found(&university, cs).seats_taken, 10);
    assert_eq!(found(&university, cs).enrolled + found(&university, ee).enrolled, 10);
    university.check();
}

#[test]
fn those_who_join_waitlists_of_cross_listed_sections_at_once_stand_in_one_order() {
    let university = University::new();
    let term = university.term("T1");
    let waitlist = json!({"capacity": 1, "waitlist_capacity": 40});
    let cs = university.section_with(university.course("CS1"), term, waitlist);
    let ee = json!({"shares_seats_with": cs, "waitlist_capacity": 40, "capacity": null});
    let ee = university.section_with(university.course("EE1"), term, ee);
    university.enrolled(university.student(), cs);
    let students: Vec<_> = (0..40).map(|_| university.student()).collect();
    let gate = Barrier::new(students.len());
    thread::scope(|scope| {
        for (student, section) in students.iter().zip([cs, ee].into_iter().cycle()) {
            let (gate, university) = (&gate, &university);
            scope.spawn(move || {
                let mut attempt = enrolling(*student, Target::Section(section));
                let Command::Enroll(enroll) = &mut attempt.command else { panic!("it enrolls") };
                enroll.request.waitlist = true;
                gate.wait();
                university.register(attempt).unwrap();
            });
        }
    });
    let numbers = "SELECT count(DISTINCT waitlist_sequence) FROM student_courses WHERE status = 'waitlisted'";
    assert_eq!(university.text(numbers), "40");
    university.check();
}
