//! Any requests to a small university, checked after each of them against a naive model.
//!
//! `requests` draws what is asked and `changes` what registrars change meanwhile, `university` carries it out as a store must,
//! deciding by the engine, and `naive` knows what must hold. To add a command: draw it in `requests`, and say in `naive` what must hold of it. To add what can refuse: a field of
//! `Setting`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changes;
mod naive;
mod requests;
mod university;

use enrollment_core::catalog::SectionStatus;
use enrollment_core::registration::{Command, Record};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use requests::Chance;
use university::{Plain, Pupil, Setting, Span, University, course_id, id, section_id, student_id};

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
    fn begin(&mut self, hours: i64, what: &str) {
        self.0.push(format!("{hours}h {what}"));
    }

    fn tell(&mut self, hours: i64, record: &Record) {
        let changes = record.judgement.changes.iter().map(|change| {
            let own = change.student_course();
            let section = own.section.as_ref().map(|section| section.number.as_str()).unwrap_or_default();
            format!("{} {} in {section}", own.id, change.event())
        });
        let changes: Vec<String> = changes.collect();
        let refusing = record.judgement.steps.iter().flat_map(|step| &step.rules).filter(|finding| finding.refuses());
        let refusing: Vec<String> = refusing.map(|finding| finding.rule.to_string()).collect();
        self.0.push(format!("    {hours}h {} {:?}: {changes:?} {refusing:?}", record.student_id, record.command));
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
        Plain {
            id: section_id(index),
            course,
            component,
            pool,
            hour,
            waitlist_capacity,
            only_for,
            status: SectionStatus::Open,
        }
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
    (sections, vec(0_u32..4, POOLS), vec(pupil, 5), limit, reserved, deadlines, any_windows()).prop_map(
        |(sections, capacities, pupils, max_credits, (seats, until), (drop_deadline, withdraw_deadline), windows)| {
            Setting {
                reserved: (seats.min(capacities[0]), until),
                sections,
                capacities,
                pupils,
                max_credits,
                drop_deadline,
                windows,
                withdraw_deadline: withdraw_deadline.filter(|last| drop_deadline.is_none_or(|first| first <= *last)),
            }
        },
    )
}

/// Mostly none, so that most requests are in time.
fn any_windows() -> impl Strategy<Value = Vec<Span>> {
    let action = select(vec!["add", "drop", "both"]);
    let only_for = option::weighted(0.4, select(&PROGRAMS[..]));
    let span = (action, only_for, option::weighted(0.3, 0_i64..4), option::weighted(0.5, 4_i64..14))
        .prop_map(|(action, only_for, opens, closes)| Span { action, only_for, opens, closes });
    prop_oneof![3 => Just(Vec::new()), 2 => vec(span, 1..4)]
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
            // Time lets holds and deadlines pass, and with them who could not be seated can be.
            university.hours += i64::from(chance.once_in(3));
            let could = naive::admissible(&university);
            let (decided, what) = if chance.once_in(5) {
                let change = changes::change(&mut chance, &university.setting, &[0, 1, 2].map(course_id));
                (university.change(&change), format!("{change:?}"))
            } else {
                let student = student_id(chance.below(university.setting.pupils.len()));
                let held = university.held_by(student);
                let mut mint = || {
                    minted += 1;
                    id(1_000_000 + minted)
                };
                let command = requests::command(&mut chance, &university.catalogue(), &held, &mut mint);
                let attempt = university.attempt(student, command);
                (university.register(&attempt), format!("{attempt:?}"))
            };
            story.begin(university.hours, &what);
            for one in &decided {
                story.tell(university.hours, &one.record);
                naive::check_step(&university, one);
                naive::check_state(&one.setting, &one.after, &university.waived);
            }
            naive::check_state(&university.setting, &university.rows, &university.waived);
            naive::check_cancelled(&university.setting, &university.rows, &university.waived);
            naive::check_linked(&university.setting, &university.rows);
            // A grade leaves everybody in place; what it lets in is offered a seat before the next who walks in.
            let is_grade = decided.iter().any(|one| matches!(one.record.command, Command::Grade(_)));
            let left = naive::admissible(&university);
            assert!(is_grade || left.is_subset(&could), "{left:?} could be seated, and were not before {what}");
        }
    }
}
