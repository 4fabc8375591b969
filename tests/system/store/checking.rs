//! The check finds what must not be, when constraints and triggers were switched off to write it.

mod receipts;
mod waitlists;

use super::university::{University, id};
use enrollment_core::catalog::{Draft, Owned, Permit, Stamp};
use enrollment_core::health::{Health, NotReady};
use enrollment_core::ids::{CourseId, PermitId, StudentId};
use enrollment_diesel::{PgStore, StoreConfig};
use pollster::block_on;
use serde_json::json;
use std::mem::ManuallyDrop;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// What is broken after this SQL, which runs past all triggers and, dropping them first, past constraints.
fn broken_by(university: &University, sql: &str) -> Vec<String> {
    university.execute(&format!("SET session_replication_role = replica; {sql}"));
    block_on(university.store.check()).unwrap().broken.into_iter().map(|broken| broken.to_string()).collect()
}

/// Breaks it in each of these ways, one after the other, and mends it: SQL that does the one and the other, what the check calls
/// the invariant, and what it says of the place.
fn assert_each_is_found(university: &University, table: &[(&str, &str, &str, &str)]) {
    for (breaking, mending, invariant, place) in table {
        let broken = broken_by(university, breaking);
        assert!(broken.iter().any(|line| line.contains(invariant) && line.contains(place)), "{invariant}: {broken:?}");
        university.execute(&format!("SET session_replication_role = replica; {mending}"));
        university.check();
    }
}

/// A permit of a student to take a course that is for graduates only, twice.
fn consent(university: &University, student: StudentId, course: CourseId) -> PermitId {
    let body = json!({"course_id": course, "waives": ["restricted"], "granted_by": "Dean", "reason": "Consent", "max_uses": 2});
    let draft = Permit::draft_of(student, serde_json::from_value(body).unwrap());
    university.insert(draft.parse(Stamp::new(id().into(), super::university::now())).unwrap()).unwrap().id
}

#[test]
fn each_violation_is_found_and_named() {
    let university = University::new();
    let student = university.student();
    let course = university.course_with("CS1", json!({"restriction": {"levels": ["graduate"]}}));
    let section = university.section(course, university.term("T1"), 5);
    let permit = consent(&university, student, course);
    let held = university.enrolled(student, section).id;
    university.check();
    let copy = |columns: &str| {
        format!(
            "ALTER TABLE student_courses ALTER COLUMN elsewhere_course_id DROP EXPRESSION IF EXISTS, ALTER COLUMN elsewhere_term_id DROP EXPRESSION IF EXISTS;
             INSERT INTO student_courses SELECT (jsonb_populate_record(sc, jsonb_build_object('id', '{}') || {columns})).* FROM student_courses sc WHERE id = '{held}'",
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
            "UPDATE permits SET max_uses = 2",
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
fn a_store_is_ready_when_its_database_is_there_and_migrated() {
    let university = University::new();
    block_on(university.store.ready()).unwrap();
    let load = university.store.load();
    assert_eq!(
        load.lanes.iter().map(|lane| lane.name).collect::<Vec<_>>(),
        ["readers", "courses", "credentials", "attempts", "writers"]
    );
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
