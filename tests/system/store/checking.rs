//! The check finds what must not be, when constraints and triggers were switched off to write it.

use super::university::{University, enrolling, id};
use enrollment_core::health::{Health, NotReady};
use enrollment_core::registration::{Command, Target};
use enrollment_diesel::{PgStore, StoreConfig};
use pollster::block_on;
use serde_json::json;
use std::mem::ManuallyDrop;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// What is broken after this SQL, which runs past all triggers and, dropping them first, past constraints.
fn broken_by(university: &University, sql: &str) -> Vec<String> {
    university.execute(&format!("SET session_replication_role = replica; {sql}"));
    block_on(university.store.check()).unwrap().into_iter().map(|broken| broken.to_string()).collect()
}

#[test]
fn each_violation_is_found_and_named() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(5));
    let held = university.enrolled(student, section).id;
    let permit = id();
    university.execute(&format!(
        "INSERT INTO permits (id, student_id, section_id, waives, granted_by, reason, uses, created_at, updated_at)
         VALUES ('{permit}', '{student}', '{section}', '[\"hold\"]', 'Dean', 'Consent', 1, now(), now());
         INSERT INTO permit_uses SELECT '{permit}', attempt_id, '{held}', '[\"hold\"]', now() FROM receipts"
    ));
    university.check();
    let copy = |columns: &str| {
        format!(
            "INSERT INTO student_courses SELECT (jsonb_populate_record(sc, jsonb_build_object('id', '{}') || {columns})).* FROM student_courses sc WHERE id = '{held}'",
            id()
        )
    };
    let cases = [
        ("UPDATE seat_pools SET taken = 2".to_owned(), "UPDATE seat_pools SET taken = 1", "seats that a pool counts", section.to_string()),
        (
            "ALTER TABLE seat_pools DROP CONSTRAINT seat_pools_taken_check; UPDATE seat_pools SET capacity = 0".to_owned(),
            "UPDATE seat_pools SET capacity = 5",
            "no more seats are taken",
            section.to_string(),
        ),
        (
            format!("DROP INDEX student_courses_course_key; DROP INDEX student_courses_section_key; UPDATE seat_pools SET taken = 2; {}", copy("'{}'")),
            "",
            "one seat in each component",
            student.to_string(),
        ),
        (String::new(), "DELETE FROM student_courses WHERE id <> (SELECT min(id::text)::uuid FROM student_courses); UPDATE seat_pools SET taken = 1", "in a section once", student.to_string()),
        (
            "ALTER TABLE student_courses DROP CONSTRAINT student_courses_ended_at_check; UPDATE student_courses SET ended_at = now()".to_owned(),
            "UPDATE student_courses SET ended_at = NULL",
            "dates, grade and place",
            held.to_string(),
        ),
        (
            "UPDATE student_courses SET component = 'lab'".to_owned(),
            "UPDATE student_courses SET component = 'lecture'",
            "course, term and component of its section",
            held.to_string(),
        ),
        (
            "CREATE TABLE kept AS SELECT * FROM registration_events; DELETE FROM registration_events".to_owned(),
            "INSERT INTO registration_events OVERRIDING SYSTEM VALUE SELECT * FROM kept",
            "told by an event",
            held.to_string(),
        ),
        (
            "DELETE FROM registration_events".to_owned(),
            "INSERT INTO registration_events OVERRIDING SYSTEM VALUE SELECT * FROM kept",
            "a receipt says was accepted has happened",
            student.to_string(),
        ),
        (
            "CREATE TABLE kept_receipts AS SELECT * FROM receipts; DELETE FROM receipts".to_owned(),
            "INSERT INTO receipts SELECT * FROM kept_receipts",
            "what was accepted has a receipt",
            "anonymous".to_owned(),
        ),
        (
            "UPDATE event_feed_mark SET settled = 1000".to_owned(),
            "UPDATE event_feed_mark SET settled = 0",
            "the feed has passed",
            "sequence".to_owned(),
        ),
        (
            "INSERT INTO event_feed SELECT 2, sequence FROM registration_events".to_owned(),
            "DELETE FROM event_feed",
            "numbered without gaps",
            "places".to_owned(),
        ),
        ("UPDATE permits SET uses = 2".to_owned(), "UPDATE permits SET uses = 1", "uses that a permit counts", permit.to_string()),
        (
            "ALTER TABLE permits DROP CONSTRAINT permits_uses_check; INSERT INTO permit_uses SELECT permit_id, student_course_id, student_course_id, waived, at FROM permit_uses;
             UPDATE permits SET uses = 2, max_uses = 1".to_owned(),
            "UPDATE permits SET max_uses = NULL",
            "no permit is used more often",
            permit.to_string(),
        ),
        (
            String::new(),
            "DELETE FROM permit_uses WHERE attempt_id = student_course_id; UPDATE permits SET uses = 1",
            "used by attempts of its student",
            permit.to_string(),
        ),
    ];
    for (breaking, mending, invariant, place) in cases {
        let broken = broken_by(&university, &breaking);
        assert!(broken.iter().any(|line| line.contains(invariant) && line.contains(&place)), "{invariant}: {broken:?}");
        university.execute(&format!("SET session_replication_role = replica; {mending}"));
    }
    university.check();
    let lost = broken_by(&university, "DELETE FROM student_courses; UPDATE seat_pools SET taken = 0");
    assert!(lost.len() == 1 && lost[0].contains("has left a student course"), "{lost:?}");
}

#[test]
fn each_violation_of_a_waitlist_is_found_and_named() {
    let university = University::new();
    let name = id().simple().to_string();
    let fields = json!({"capacity": 1, "waitlist_capacity": 5});
    let section = university.section_with(university.course(&name), university.term(&name), fields);
    let [first, other] = [university.student(), university.student()];
    let held = university.enrolled(first, section);
    let [seated, waits, last] = [university.student(), other, university.student()].map(|student| {
        let mut attempt = enrolling(student, Target::Section(section));
        let Command::Enroll(enroll) = &mut attempt.command else { panic!("it enrolls") };
        enroll.request.waitlist = true;
        university.register(attempt).unwrap().student_course().unwrap().id
    });
    assert_eq!(university.drop(first, held.id).unwrap().promotions[0].student_course.id, seated);
    university.check();
    let table = [
        (
            "UPDATE sections SET waitlisted = 1".to_owned(),
            "UPDATE sections SET waitlisted = 2",
            "places that a waitlist counts",
            section.to_string(),
        ),
        (
            "ALTER TABLE sections DROP CONSTRAINT sections_waitlisted_check; UPDATE sections SET waitlist_capacity = 1".to_owned(),
            "UPDATE sections SET waitlist_capacity = 5",
            "no more than it has",
            section.to_string(),
        ),
        (
            format!("DROP INDEX student_courses_waitlist_key; CREATE TABLE kept_waits AS SELECT * FROM student_courses; UPDATE student_courses SET waitlist_sequence = 7, waitlist_priority = (id = '{last}')::int WHERE status = 'waitlisted'"),
            "UPDATE student_courses sc SET waitlist_sequence = k.waitlist_sequence, waitlist_priority = k.waitlist_priority FROM kept_waits k WHERE k.id = sc.id",
            "a number of the own",
            last.to_string(),
        ),
        (
            format!("UPDATE student_courses SET waitlist_swap_from = '{seated}' WHERE id = '{waits}'"),
            "UPDATE student_courses SET waitlist_swap_from = NULL",
            "swaps from a student course of the own",
            waits.to_string(),
        ),
        (
            format!("UPDATE registration_events SET detail = jsonb_set(detail, '{{waitlist,priority}}', '-1') WHERE student_course_id = '{waits}'"),
            "UPDATE registration_events SET detail = jsonb_set(detail, '{waitlist,priority}', '0') WHERE detail -> 'waitlist' ->> 'priority' = '-1'",
            "a seat goes to who waits first",
            waits.to_string(),
        ),
        (
            "CREATE TABLE kept_receipts AS SELECT * FROM receipts; UPDATE receipts SET decision = jsonb_set(decision, '{changes}', '[]')".to_owned(),
            "UPDATE receipts r SET decision = k.decision FROM kept_receipts k WHERE k.attempt_id = r.attempt_id",
            "told by as many events",
            "changes".to_owned(),
        ),
        (
            "UPDATE receipts SET caused_by = NULL".to_owned(),
            "UPDATE receipts r SET caused_by = k.caused_by FROM kept_receipts k WHERE k.attempt_id = r.attempt_id",
            "an offer of a seat tells",
            "attempt_id".to_owned(),
        ),
    ];
    for (breaking, mending, invariant, place) in table {
        let broken = broken_by(&university, &breaking);
        assert!(broken.len() == 1 || invariant.contains("as many events"), "{invariant}: {broken:?}");
        assert!(broken[0].contains(invariant) && broken[0].contains(&place), "{invariant}: {broken:?}");
        university.execute(&format!("SET session_replication_role = replica; {mending}"));
    }
    // Who was passed over may be before who got the seat.
    let passed = format!(
        "UPDATE registration_events SET detail = jsonb_set(jsonb_set(detail, '{{waitlist,priority}}', '-1'), '{{waitlist,passed_over}}', '{{}}') WHERE student_course_id = '{waits}'"
    );
    assert_eq!(broken_by(&university, &passed), Vec::<String>::new());
}

#[test]
fn a_store_is_ready_when_its_database_is_there_and_migrated() {
    let university = University::new();
    block_on(university.store.ready()).unwrap();
    let load = university.store.load();
    assert_eq!(load.lanes.iter().map(|lane| lane.name).collect::<Vec<_>>(), ["readers", "courses", "writers"]);
    university.execute(
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)",
    );
    assert!(matches!(block_on(university.store.ready()), Err(NotReady::Outdated { pending: 1 })));
    let mut nowhere = StoreConfig::new("host=/nonexistent dbname=none");
    nowhere.connect_timeout = Duration::from_millis(50);
    let nowhere = PgStore::new(&nowhere).unwrap();
    assert!(matches!(block_on(nowhere.ready()), Err(NotReady::Unreachable(_))));
}

#[test]
fn a_database_that_does_not_answer_is_not_waited_for() {
    // It takes connections, and never says a word.
    let stuck = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stuck.local_addr().unwrap().port();
    let mut config = StoreConfig::new(format!("host=127.0.0.1 port={port} dbname=stuck sslmode=disable"));
    config.connect_timeout = Duration::from_secs(20);
    // Not dropped, since that would wait for the job that is stuck.
    let store = ManuallyDrop::new(PgStore::new(&config).unwrap());
    let began = Instant::now();
    assert!(matches!(block_on(store.ready()), Err(NotReady::Unreachable(_))));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
