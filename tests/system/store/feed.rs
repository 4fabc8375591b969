//! The feed of events: every event once, in an order that can be followed, while others write.

use super::university::{University, id};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use enrollment_core::ids::{SectionId, StudentId};
use enrollment_core::page::Limit;
use enrollment_core::registration::{Event, HistoryRepository};
use enrollment_tests::Numbers;
use pollster::block_on;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Follows the feed as another system does.
#[derive(Default)]
struct Follower {
    place: i64,
    got: Vec<Event>,
}

impl Follower {
    /// Asks once; whether there was anything.
    fn poll(&mut self, university: &University, limit: u16) -> bool {
        let page = block_on(university.store.feed(self.place, Limit::try_from(limit).unwrap())).unwrap();
        let next = page.next.expect("a cursor is always given");
        assert_eq!(next - self.place, i64::try_from(page.items.len()).unwrap(), "places have no gaps");
        assert!(page.items.len() <= usize::from(limit));
        self.place = next;
        let any = !page.items.is_empty();
        self.got.extend(page.items);
        any
    }
}

/// Writes an event as the store does, by its own hands: under the locks of a student and of a section's seats, and then
/// takes its time to commit, or rolls back. The event counts those of the student and of the section before it.
fn write(university: &University, numbers: &mut Numbers, student: StudentId, section: SectionId) {
    let mut conn = university.connect();
    let pauses = ["0", "0", "0.002", "0.01", "0.05"];
    let mut pause = || pauses[numbers.below(pauses.len())];
    conn.batch_execute(&format!(
        "BEGIN;
         SELECT FROM students WHERE id = '{student}' FOR NO KEY UPDATE;
         SELECT pg_sleep({});
         SELECT FROM seat_pools WHERE id = '{section}' FOR NO KEY UPDATE;
         INSERT INTO registration_events (id, at, actor, student_id, section_id, attempt_id, kind, detail)
         SELECT '{}', now(), 'system:test', '{student}', '{section}', '{}', 'tested', jsonb_build_object(
             'of_student', (SELECT count(*) FROM registration_events WHERE student_id = '{student}'),
             'of_section', (SELECT count(*) FROM registration_events WHERE section_id = '{section}'));
         SELECT pg_sleep({})",
        pause(),
        id(),
        id(),
        pause(),
    ))
    .unwrap();
    let end = if numbers.below(4) == 0 { "ROLLBACK" } else { "COMMIT" };
    conn.batch_execute(end).unwrap();
}

fn stored(university: &University) -> BTreeSet<Uuid> {
    let ids = diesel::sql_query("SELECT id::text FROM registration_events");
    let ids: Vec<IdRow> = ids.load(&mut university.connect()).unwrap();
    ids.into_iter().map(|row| row.id.parse().unwrap()).collect()
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Asserts that the events of one thing come in the order in which they happened: each has counted those before it.
fn assert_in_order<K: Ord + std::fmt::Debug>(events: &[Event], count: &str, key: impl Fn(&Event) -> K) {
    let mut told = BTreeMap::<K, u64>::new();
    for event in events {
        let before = told.entry(key(event)).or_default();
        assert_eq!(event.detail[count].as_u64(), Some(*before), "{count} of {:?}", key(event));
        *before += 1;
    }
}

#[test]
fn followers_get_every_event_once_and_in_order_while_writers_commit_as_they_like() {
    const WRITERS: u64 = 8;
    let university = University::new();
    let students: Vec<StudentId> = (0..6).map(|_| university.student()).collect();
    let sections: Vec<SectionId> = (0..4).map(|_| university.some_section(5)).collect();
    let written = AtomicBool::new(false);
    // One who takes a sequence first and commits last holds up nobody, and is not forgotten.
    let mut late = university.connect();
    let (latest, nobody) = (id(), id());
    late.batch_execute(&format!(
        "BEGIN; INSERT INTO registration_events (id, at, actor, student_id, attempt_id, kind, detail)
             VALUES ('{latest}', now(), 'system:test', '{nobody}', '{latest}', 'tested', '{{\"of_student\": 0, \"of_section\": 0}}')"
    ))
    .unwrap();

    let followers: Vec<Follower> = thread::scope(|scope| {
        let (university, written, students, sections) = (&university, &written, &students, &sections);
        let followers: Vec<_> = [3, 7, 200]
            .map(|limit| {
                scope.spawn(move || {
                    let mut follower = Follower::default();
                    loop {
                        let all_written = written.load(Ordering::SeqCst);
                        if !follower.poll(university, limit) {
                            if all_written {
                                return follower;
                            }
                            thread::sleep(Duration::from_millis(1));
                        }
                    }
                })
            })
            .into_iter()
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    let mut numbers = Numbers::from(writer);
                    for _ in 0..40 {
                        let (student, section) = (numbers.below(students.len()), numbers.below(sections.len()));
                        write(university, &mut numbers, students[student], sections[section]);
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        late.batch_execute("COMMIT").unwrap();
        written.store(true, Ordering::SeqCst);
        followers.into_iter().map(|follower| follower.join().unwrap()).collect()
    });

    let stored = stored(&university);
    assert!(stored.len() > 150, "{}", stored.len());
    for follower in &followers {
        let ids: BTreeSet<Uuid> = follower.got.iter().map(|event| event.id.uuid()).collect();
        assert_eq!((ids.len(), &ids), (follower.got.len(), &stored), "each once");
        assert_in_order(&follower.got, "of_student", |event| event.student_id);
        assert_in_order(&follower.got, "of_section", |event| event.section_id);
        assert_eq!(follower.got, followers[0].got, "the same order for all");
    }
    // That this had something to show: whoever had followed the sequence would have missed events.
    let late = followers[0].got.windows(2).filter(|pair| pair[0].sequence > pair[1].sequence).count();
    assert!(late > 1, "{late}");
    university.check();
}

#[test]
fn a_transaction_that_is_younger_than_the_last_that_has_ended_is_waited_for() {
    let university = University::new();
    let (mut early, mut late) = (university.connect(), university.connect());
    let tested = |number: u128| {
        let id = Uuid::from_u128(number);
        format!(
            "INSERT INTO registration_events (id, at, actor, attempt_id, kind, section_id)
             VALUES ('{id}', now(), 'system:test', '{id}', 'tested', '{id}')"
        )
    };
    // The older transaction takes the greater sequence and ends: what a snapshot knows as the next id is the younger one's, unless
    // another database of the cluster ends one just then.
    early.batch_execute("BEGIN; SELECT pg_current_xact_id()").unwrap();
    late.batch_execute(&format!("BEGIN; {}", tested(1))).unwrap();
    early.batch_execute(&format!("{}; COMMIT", tested(2))).unwrap();
    let mut follower = Follower::default();
    for number in [3, 4] {
        while follower.poll(&university, 50) {}
        early.batch_execute(&tested(number)).unwrap();
    }
    while follower.poll(&university, 50) {}
    late.batch_execute("COMMIT").unwrap();
    while follower.poll(&university, 50) {}
    let told: Vec<u128> = follower.got.iter().map(|event| event.id.uuid().as_u128()).collect();
    assert_eq!(told, [2, 3, 4, 1]);
}

#[test]
fn the_feed_is_read_only_while_nothing_is_new_and_its_mark_follows() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(5));
    let mut follower = Follower::default();
    assert!(!follower.poll(&university, 50));
    let mark = || university.text("SELECT xmin FROM event_feed_mark");
    let untouched = mark();
    assert!(!follower.poll(&university, 50));
    assert_eq!(mark(), untouched);
    // What is looked through for events without a place stays little. Transactions of other databases count, too, so it may
    // have to wait for those of other tests.
    let unsettled =
        || university.text("SELECT count(*) FROM registration_events, event_feed_mark WHERE sequence > settled");
    let began = Instant::now();
    let mut rounds = 0;
    while rounds < 3 || unsettled().parse::<u32>().unwrap() > 2 {
        assert!(began.elapsed() < Duration::from_secs(60), "{} of {rounds} rounds", unsettled());
        let held = university.enrolled(student, section);
        assert!(follower.poll(&university, 50));
        university.drop(student, held.id).unwrap();
        assert!(follower.poll(&university, 50) && !follower.poll(&university, 50));
        rounds += 1;
        thread::sleep(Duration::from_millis(rounds));
    }
    let kinds: Vec<&str> = follower.got.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["enrolled", "dropped"].repeat(kinds.len() / 2));
    university.check();
}

#[test]
fn a_database_that_was_restored_elsewhere_goes_on() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(5));
    let mut follower = Follower::default();
    university.enrolled(student, section);
    assert!(follower.poll(&university, 50));
    // The transaction ids of a cluster that has run for long.
    university.execute("UPDATE event_feed_mark SET seen_before = 9000000000000");
    university.enrolled(university.student(), section);
    assert!(follower.poll(&university, 50));
    assert_eq!(university.text("SELECT seen_before < 9000000000000 AND settled > 0 FROM event_feed_mark"), "true");
    university.check();
}
