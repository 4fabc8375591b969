//! Any requests to a small university, checked after each of them against a naive model.
//!
//! `requests` draws what is asked, `university` carries it out as a store must, deciding by the engine, and `naive` knows what must
//! hold. To add a command: draw it in `requests`, and say in `naive` what must hold of it. To add what can refuse: a field of
//! `Setting`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod naive;
mod requests;
mod university;

use enrollment_core::registration::Record;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use requests::Chance;
use university::{Plain, Pupil, Setting, University, id, section_id, student_id};

/// Course, component and pool of each section. Lectures and labs of the first course are taken together; its first lecture and a
/// section of another course share their seats, as do two sections of two other courses.
const SECTIONS: [(usize, &str, usize); 7] = [
    (1, "lecture", 0),
    (2, "lecture", 0),
    (0, "lecture", 1),
    (0, "lab", 2),
    (2, "lecture", 1),
    (0, "lecture", 3),
    (0, "lab", 2),
];
const POOLS: usize = 4;
const PROGRAMS: [&str; 2] = ["Physics", "Logic"];

/// Numbers below 2⁶⁴, spent one after the other: what begins with small ones is simple.
struct Spent(u64);

impl Chance for Spent {
    fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        let number = self.0 % bound;
        self.0 /= bound;
        usize::try_from(number).unwrap()
    }
}

/// What was done, told when the test fails.
#[derive(Default)]
struct Story(Vec<String>);

impl Story {
    fn tell(&mut self, hours: i64, record: &Record) {
        let changes = record.judgement.changes.iter().map(|change| {
            let own = change.student_course();
            let section = own.section.as_ref().map(|section| section.number.as_str()).unwrap_or_default();
            format!("{} {} in {section}", own.id, change.event())
        });
        let changes: Vec<String> = changes.collect();
        let refusing = record.judgement.steps.iter().flat_map(|step| &step.rules).filter(|finding| finding.refuses());
        let refusing: Vec<String> = refusing.map(|finding| finding.rule.to_string()).collect();
        self.0.push(format!("{hours}h {} {:?}: {changes:?} {refusing:?}", record.student_id, record.command));
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("STORY\n{}", self.0.join("\n"));
        }
    }
}

fn any_plain(index: usize) -> impl Strategy<Value = Plain> {
    let (course, component, pool) = SECTIONS[index];
    let only_for = option::weighted(0.15, select(&PROGRAMS[..]));
    (select(vec![8, 10, 11, 12, 14, 16]), 0_u32..4, only_for).prop_map(move |(hour, waitlist_capacity, only_for)| {
        Plain { id: section_id(index), course, component, pool, hour, waitlist_capacity, only_for }
    })
}

fn any_setting() -> impl Strategy<Value = Setting> {
    let sections = (0..SECTIONS.len()).map(any_plain).collect::<Vec<_>>();
    let hold = option::weighted(0.3, (0_i64..10, 1_i64..10));
    let pupil = (select(&PROGRAMS[..]), hold)
        .prop_map(|(program, hold)| Pupil { program, hold: hold.map(|(from, lasts)| (from, from + lasts)) });
    let reserved = prop_oneof![2 => Just((0, None)), 1 => (1_u32..3, option::of(1_i64..10))];
    let limit = option::of(select(vec![3, 6, 9]));
    let deadlines = (option::of(3_i64..10), option::weighted(0.3, 8_i64..20));
    (sections, vec(0_u32..4, POOLS), vec(pupil, 5), limit, reserved, deadlines).prop_map(
        |(sections, capacities, pupils, max_credits, (seats, until), (drop_deadline, withdraw_deadline))| Setting {
            reserved: (seats.min(capacities[0]), until),
            sections,
            capacities,
            pupils,
            max_credits,
            drop_deadline,
            withdraw_deadline: withdraw_deadline.filter(|last| drop_deadline.is_none_or(|first| first <= *last)),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_every_promise_is_kept(setting in any_setting(), asked in vec(any::<u64>(), 1..50)) {
        let mut university = University::new(setting);
        let mut minted = 0_u128;
        let mut story = Story::default();
        for asked in asked {
            let mut chance = Spent(asked);
            let student = student_id(chance.below(university.setting.pupils.len()));
            let held = university.held_by(student);
            let mut mint = || {
                minted += 1;
                id(1_000_000 + minted)
            };
            let command = requests::command(&mut chance, &university.catalogue(), &held, &mut mint);
            // Time lets holds and deadlines pass, and with them who could not be seated can be.
            university.hours += i64::from(chance.once_in(3));
            let could = naive::admissible(&university);
            let attempt = university.attempt(student, command);
            let decided = university.register(&attempt);
            for one in &decided {
                story.tell(university.hours, &one.record);
                naive::check_step(&university, one);
                naive::check_state(&university.setting, &one.after);
                naive::check_linked(&university.setting, &one.after);
            }
            let left = naive::admissible(&university);
            assert!(left.is_subset(&could), "{left:?} could be seated, and were not before {attempt:?}");
        }
    }
}
