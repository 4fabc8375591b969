//! Sections that change while students come and go.

use super::university::{University, cause, codes, dropping, enrolling, now};
use enrollment_core::Error;
use enrollment_core::catalog::{Draft, Edit, Entry, Repository, Section, SectionDraft};
use enrollment_core::ids::{SectionId, StudentId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{
    Attempt, Code, Command, EntryChange, HistoryRepository, Receipt, Rehearsal, Target,
};
use pollster::block_on;
use serde_json::{Value, json};
use std::sync::Barrier;
use std::thread;

fn found(university: &University, section: SectionId) -> Section {
    block_on(university.store.find(section)).unwrap()
}

fn changed(current: &Section, fields: Value) -> Section {
    let draft: SectionDraft = serde_json::from_value(fields).unwrap();
    draft.over(current).parse(current.stamp().changed(now())).unwrap()
}

/// A registrar's change, which must not be refused.
fn change(university: &University, section: SectionId, fields: Value) -> Section {
    let current = found(university, section);
    block_on(university.store.update(changed(&current, fields), current.version, cause())).unwrap()
}

/// The same with those that are refused.
fn try_to(university: &University, section: SectionId, fields: Value) -> Result<Section, Error> {
    let current = found(university, section);
    block_on(university.store.update(changed(&current, fields), current.version, cause()))
}

fn rehearse(university: &University, section: SectionId, fields: Value) -> EntryChange<Section> {
    let current = found(university, section);
    let edit = Edit::Replace(changed(&current, fields), current.version);
    block_on(university.store.rehearse(edit, cause())).unwrap()
}

fn joining(student: StudentId, section: SectionId) -> Attempt {
    let attempt = enrolling(student, Target::Section(section));
    match attempt.command {
        Command::Enroll(mut enroll) => {
            enroll.request.waitlist = true;
            Attempt { command: Command::Enroll(enroll), ..attempt }
        }
        _ => attempt,
    }
}

fn join(university: &University, student: StudentId, section: SectionId) -> Receipt {
    university.register(joining(student, section)).unwrap()
}

/// How many student courses of a section are in this state.
fn count(university: &University, section: SectionId, status: &str) -> u32 {
    let count = format!("SELECT count(*) FROM student_courses WHERE section_id = '{section}' AND status = '{status}'");
    university.text(&count).parse().unwrap()
}

/// Everything that a change can touch.
fn everything(university: &University) -> Vec<String> {
    ["student_courses", "sections", "seat_pools", "registration_events", "receipts"]
        .map(|table| university.text(&format!("SELECT coalesce(json_agg(t ORDER BY t::text), '[]') FROM {table} t")))
        .into()
}

#[test]
fn the_seats_of_a_cancelled_section_are_for_those_who_wait_in_another_that_shares_them() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let one = university.section_with(course, term, json!({"capacity": 2, "waitlist_capacity": 5}));
    let other = university.section_with(
        university.course("EE1"),
        term,
        json!({"shares_seats_with": one, "capacity": 2, "waitlist_capacity": 5}),
    );
    let [ada, ben, cy, dee] = [(); 4].map(|()| university.student());
    for (student, section) in [(ada, one), (ben, one), (cy, other), (dee, one)] {
        join(&university, student, section);
    }
    assert_eq!((count(&university, one, "waitlisted"), count(&university, other, "waitlisted")), (1, 1));
    // The seats that those leave who are in it are for who waits in the other.
    let before = everything(&university);
    let told = rehearse(&university, one, json!({"status": "cancelled"}));
    assert_eq!(everything(&university), before, "a rehearsal changes nothing");
    let concerned = |change: &EntryChange<Section>| -> (Vec<StudentId>, Vec<StudentId>) {
        let promoted = change.promotions.iter().map(|promotion| promotion.student_course.student_id);
        (promoted.collect(), change.cancelled.iter().map(|ended| ended.student_id).collect())
    };
    assert_eq!(concerned(&told), (vec![cy], vec![ada, ben, dee]));
    let section = told.entry.as_ref().unwrap();
    assert_eq!((section.enrolled, section.seats_taken, section.waitlisted), (0, 1, 0));

    let cancelled = change(&university, one, json!({"status": "cancelled"}));
    assert_eq!((cancelled.enrolled, cancelled.seats_taken, cancelled.waitlisted), (0, 1, 0));
    let held = block_on(HistoryRepository::of_student(&university.store, cy, PageRequest::default())).unwrap();
    assert_eq!(held.items[0].kind, "enrolled");
    let ended = block_on(HistoryRepository::of_student(&university.store, ada, PageRequest::default())).unwrap();
    assert_eq!(
        (ended.items[0].kind.as_str(), &ended.items[0].detail["end_reason"]),
        ("cancelled", &json!("The section was cancelled."))
    );
    assert_eq!(ended.items[0].actor, cause().actor);
    university.check();
}

#[test]
fn a_section_that_opens_again_is_filled_from_its_waitlist() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let section = university.section_with(course, term, json!({"capacity": 1, "waitlist_capacity": 2}));
    let (ada, ben) = (university.student(), university.student());
    let adas = university.enrolled(ada, section);
    join(&university, ben, section);
    change(&university, section, json!({"status": "closed"}));
    university.register(dropping(ada, adas.id)).unwrap();
    assert_eq!(count(&university, section, "waitlisted"), 1, "nobody is taken, and nobody loses the place");
    let opened = change(&university, section, json!({"status": "open"}));
    assert_eq!((opened.enrolled, opened.waitlisted), (1, 0));
    university.check();
}

#[test]
fn who_waited_for_two_is_seated_where_the_cancelled_one_was_in_the_way() {
    let university = University::new();
    let term = university.term_with("T1", json!({"max_credits": 3}));
    let one = university.section(university.course("CS1"), term, 1);
    let other = university.section_with(university.course("EE1"), term, json!({"capacity": 1, "waitlist_capacity": 1}));
    let (ada, ben) = (university.student(), university.student());
    let bens = university.enrolled(ben, other);
    university.enrolled(ada, one);
    // There is no seat, so the limit of credits is not the only thing that keeps Ada waiting.
    university.execute("UPDATE terms SET max_credits = 6");
    join(&university, ada, other);
    university.execute("UPDATE terms SET max_credits = 3");
    university.register(dropping(ben, bens.id)).unwrap();
    assert_eq!(count(&university, other, "waitlisted"), 1, "three credits are all that she can have");
    let change = rehearse(&university, one, json!({"status": "cancelled"}));
    assert_eq!((change.cancelled.len(), change.promotions.len()), (1, 1));
    try_to(&university, one, json!({"status": "cancelled"})).unwrap();
    assert_eq!(count(&university, other, "enrolled"), 1);
    university.check();
}

#[test]
fn while_a_section_is_cancelled_students_enroll_and_afterwards_nobody_is_in_it() {
    let university = University::new();
    for _ in 0..3 {
        let name = super::university::id().simple().to_string();
        let section = university.section_with(
            university.course(&name),
            university.term(&name),
            json!({"capacity": 10, "waitlist_capacity": 10}),
        );
        let students: Vec<StudentId> = (0..40).map(|_| university.student()).collect();
        for student in &students[..8] {
            join(&university, *student, section);
        }
        let gate = Barrier::new(students.len() + 1);
        thread::scope(|scope| {
            for student in &students {
                let (gate, university) = (&gate, &university);
                scope.spawn(move || {
                    gate.wait();
                    let told = codes(&join(university, *student, section));
                    let told: Vec<Code> = told.into_iter().filter(|code| *code != Code::SectionFull).collect();
                    assert!(
                        told.iter().all(|code| matches!(
                            code,
                            Code::SectionNotOpen | Code::AlreadyEnrolled | Code::WaitlistFull
                        )),
                        "{told:?}"
                    );
                });
            }
            gate.wait();
            let cancelled = change(&university, section, json!({"status": "cancelled"}));
            assert_eq!((cancelled.enrolled, cancelled.waitlisted), (0, 0));
        });
        assert_eq!((count(&university, section, "enrolled"), count(&university, section, "waitlisted")), (0, 0));
        assert!(count(&university, section, "cancelled") >= 8);
        assert_eq!(university.seats(section), ("0".into(), "0".into()));
    }
    university.check();
}

#[test]
fn while_seats_come_and_go_no_seat_is_oversold_and_none_is_empty_while_somebody_waits() {
    let university = University::new();
    let name = super::university::id().simple().to_string();
    let section = university.section_with(
        university.course(&name),
        university.term(&name),
        json!({"capacity": 3, "waitlist_capacity": 40}),
    );
    let students: Vec<StudentId> = (0..24).map(|_| university.student()).collect();
    let gate = Barrier::new(students.len() + 1);
    thread::scope(|scope| {
        for (number, student) in students.iter().enumerate() {
            let (gate, university) = (&gate, &university);
            scope.spawn(move || {
                gate.wait();
                for round in 0..4 {
                    let receipt = join(university, *student, section);
                    if let Some(own) = receipt.student_course().filter(|_| (number + round) % 3 > 0) {
                        university.register(dropping(*student, own.id)).unwrap();
                    }
                }
            });
        }
        gate.wait();
        for seats in [8, 2, 12, 4, 9, 1, 6, 10, 3, 7] {
            match try_to(&university, section, json!({"capacity": seats, "waitlist_capacity": 40 - 2 * seats})) {
                Ok(_) | Err(Error::SeatsTaken { .. } | Error::Stale(_) | Error::Busy) => {}
                other => panic!("{other:?}"),
            }
        }
    });
    let Section { capacity, waitlist_capacity, enrolled, waitlisted, .. } = found(&university, section);
    assert!(enrolled <= capacity.get() && waitlisted <= waitlist_capacity.get());
    assert!(enrolled == capacity.get() || waitlisted == 0, "{enrolled} of {capacity:?} while {waitlisted} wait");
    assert_eq!(count(&university, section, "enrolled"), enrolled);
    university.check();
}
