//! The catalogue is kept by the store, as far as rules ask of it, and never wrong.

use super::university::{University, codes, enrolling, id};
use diesel::connection::SimpleConnection;
use enrollment_core::ids::{SectionId, StudentId};
use enrollment_core::registration::{Code, FactsRepository, RegistrationRepository, Scope, Target};
use enrollment_diesel::{PgStore, StoreConfig};
use pollster::block_on;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// What refuses a new student a seat in the section.
fn refusing(university: &University, section: SectionId) -> Vec<Code> {
    codes(&university.enroll(university.student(), section).unwrap())
}

/// Whoever changes it, by whatever way: another process, or a person at the database.
#[test]
fn every_change_of_the_catalogue_is_seen_by_the_next_decision() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("fall"));
    let section = university.section_with(
        course,
        term,
        json!({"capacity": 100, "meetings": [{"days": ["mon"], "starts_at": "08:00", "ends_at": "10:00"}]}),
    );
    let window = id();
    assert_eq!(refusing(&university, section), []);
    for (change, code, back) in [
        ("UPDATE sections SET status = 'closed'", Code::SectionNotOpen, "UPDATE sections SET status = 'open'"),
        (
            r#"UPDATE sections SET restriction = '{"programs": ["Law"]}'"#,
            Code::Restricted,
            "UPDATE sections SET restriction = NULL",
        ),
        (
            r#"UPDATE courses SET restriction = '{"programs": ["Law"]}'"#,
            Code::Restricted,
            "UPDATE courses SET restriction = NULL",
        ),
        (
            r#"UPDATE courses SET requisite = '{"course": "MATH"}'"#,
            Code::PrerequisiteMissing,
            "UPDATE courses SET requisite = NULL",
        ),
        ("UPDATE terms SET max_credits = 1", Code::CreditLimit, "UPDATE terms SET max_credits = NULL"),
        (
            "UPDATE courses SET credits = 5; UPDATE terms SET max_credits = 4",
            Code::CreditLimit,
            "UPDATE courses SET credits = 4",
        ),
        (
            "UPDATE terms SET enrollment_closes_at = '2020-01-01'",
            Code::WindowClosed,
            "UPDATE terms SET enrollment_closes_at = NULL",
        ),
        (
            &format!(
                "INSERT INTO windows (id, term_id, action, closes_at, created_at, updated_at)
                 VALUES ('{window}', '{term}', 'add', '2020-01-01', now(), now())"
            ),
            Code::WindowClosed,
            "UPDATE windows SET closes_at = '2099-01-01'",
        ),
        ("UPDATE windows SET closes_at = '2020-01-01'", Code::WindowClosed, "DELETE FROM windows"),
    ] {
        university.execute(change);
        assert_eq!(refusing(&university, section), [code], "{change}");
        university.execute(back);
        assert_eq!(refusing(&university, section), [], "{back}");
    }
    university.check();
}

#[test]
fn what_rules_ask_of_several_entries_is_that_of_the_moment_too() {
    let university = University::new();
    let term = university.term("fall");
    let meeting = |starts_at: &str, ends_at: &str| json!({"capacity": 100, "meetings": [{"days": ["mon"], "starts_at": starts_at, "ends_at": ends_at}]});
    let (first, second) = (
        university.section_with(university.course("CS1"), term, meeting("08:00", "10:00")),
        university.section_with(university.course("CS2"), term, meeting("10:00", "12:00")),
    );
    let takes_both = || {
        let student = university.student();
        university.enrolled(student, first);
        codes(&university.enroll(student, second).unwrap())
    };
    assert_eq!(takes_both(), []);
    university.execute(&format!("UPDATE meetings SET ends_at = '10:30' WHERE section_id = '{first}'"));
    assert_eq!(takes_both(), [Code::TimeConflict]);
    university.execute(&format!("DELETE FROM meetings WHERE section_id = '{first}'"));
    assert_eq!(takes_both(), []);
    university.execute(&format!(
        "INSERT INTO meetings (section_id, position, days, starts_at, ends_at) VALUES ('{first}', 0, 1, '11:00', '11:30')"
    ));
    assert_eq!(takes_both(), [Code::TimeConflict]);

    let advanced = university.course_with("CS3", json!({"requisite": {"course": "MATH", "min_grade": "B"}}));
    let (math, advanced) = (university.course("MATH"), university.section(advanced, term, 100));
    let with_grade = |grade| {
        let student = university.student();
        university.credit_from_elsewhere(student, math, grade);
        codes(&university.enroll(student, advanced).unwrap())
    };
    assert_eq!((with_grade("B"), with_grade("C")), (vec![], vec![Code::PrerequisiteMissing]));
    university.execute("UPDATE grades SET rank = 85 WHERE grade = 'C'");
    assert_eq!(with_grade("C"), []);
    university.execute("INSERT INTO grades (grade, rank, passing) VALUES ('excellent', 200, true)");
    assert_eq!(with_grade("excellent"), []);
    university.execute("UPDATE courses SET code = 'MATH1' WHERE code = 'MATH'");
    assert_eq!(with_grade("A"), [Code::PrerequisiteMissing]);
}

#[test]
fn whom_a_window_lists_is_looked_up_for_each() {
    let university = University::new();
    let term = university.term("fall");
    let section = university.section(university.course("CS1"), term, 100);
    let (early, late): (StudentId, StudentId) = (university.student(), university.student());
    let window = id();
    assert_eq!(refusing(&university, section), []);
    university.execute(&format!(
        "INSERT INTO windows (id, term_id, action, opens_at, created_at, updated_at) VALUES ('{window}', '{term}', 'add', '2020-01-01', now(), now())"
    ));
    assert_eq!(refusing(&university, section), []);
    university.execute(&format!("INSERT INTO window_students VALUES ('{window}', '{early}')"));
    assert_eq!(refusing(&university, section), [Code::WindowClosed]);
    university.enrolled(early, section);
    university.execute(&format!("INSERT INTO window_students VALUES ('{window}', '{late}')"));
    university.enrolled(late, section);
    university.execute("DELETE FROM window_students");
    assert_eq!(refusing(&university, section), [], "a window that lists nobody is for all");
}

/// Each registration is decided on what was answered before it began, or later: never on less, on whichever server.
#[test]
fn a_change_that_was_answered_counts_for_every_attempt_that_is_made_after_it() {
    const CHANGES: u32 = 100;
    const DECISIONS: u32 = 60;
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("fall"));
    let section = university.section(course, term, 100_000);
    university.execute("UPDATE courses SET credits = 0");
    let other = PgStore::new(&StoreConfig::new(&university.url)).unwrap();
    let (answered, decided, over) = (AtomicU32::new(0), AtomicU32::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let (university, answered, decided, over, other) = (&university, &answered, &decided, &over, &other);
        let students: Vec<_> = (0..6)
            .map(|thread| {
                scope.spawn(move || {
                    let mut last = 0;
                    while !over.load(Ordering::SeqCst) {
                        let student = university.student();
                        let before = answered.load(Ordering::SeqCst).max(last);
                        last = match thread % 3 {
                            0 => university.enrolled(student, section).credits.hundredths() / 100,
                            // By another server, and by a read that locks nothing.
                            1 => {
                                let receipt = block_on(other.register(enrolling(student, Target::Section(section))));
                                receipt.unwrap().student_course().unwrap().credits.hundredths() / 100
                            }
                            _ => {
                                let scope =
                                    Scope { students: vec![student], sections: vec![section], ..Scope::default() };
                                let facts = block_on(university.store.facts(student, scope)).unwrap();
                                facts.sections[0].course.credits.hundredths() / 100
                            }
                        };
                        let most = answered.load(Ordering::SeqCst) + 1;
                        assert!((before..=most).contains(&last), "{last} is not from {before} to {most}");
                        decided.fetch_add(1, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        let mut changer = university.connect();
        // As many as there are credits, if they are decided slowly.
        for n in (1..=999).take_while(|n| *n <= CHANGES || decided.load(Ordering::SeqCst) < DECISIONS) {
            let change = format!("UPDATE courses SET credits = {n}");
            changer.batch_execute(&change).unwrap();
            answered.store(n, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(2));
        }
        over.store(true, Ordering::SeqCst);
        for student in students {
            student.join().unwrap();
        }
    });
    assert!(decided.into_inner() >= DECISIONS);
    university.check();
}

#[test]
fn the_catalogue_has_another_version_after_each_transaction_that_changed_it_and_no_other() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("fall"));
    let section = university.section_with(course, term, json!({"capacity": 1, "waitlist_capacity": 5}));
    let (student, unused) = (university.student(), id());
    let version = || university.text("SELECT version FROM catalogue_versions");
    let changes = |statements: &str| {
        let before = version();
        university.execute(statements);
        version() != before
    };
    for (statements, expected) in [
        ("UPDATE courses SET description = 'new'".to_owned(), true),
        ("UPDATE sections SET waitlist_capacity = 9".to_owned(), true),
        ("UPDATE terms SET audit_counts = true".to_owned(), true),
        ("BEGIN; UPDATE courses SET title = 'C'; ROLLBACK".to_owned(), false),
        (format!("UPDATE students SET family_name = 'Hopper' WHERE id = '{student}'"), false),
        (
            format!(
                "INSERT INTO meetings (section_id, position, days, starts_at, ends_at) VALUES ('{section}', 0, 1, '08:00', '09:00')"
            ),
            true,
        ),
        ("DELETE FROM meetings".to_owned(), true),
        ("UPDATE grades SET rank = rank".to_owned(), true),
        ("INSERT INTO grades (grade, rank, passing) VALUES ('Z', 1, true)".to_owned(), true),
        ("DELETE FROM grades WHERE grade = 'Z'".to_owned(), true),
        (
            format!(
                "INSERT INTO courses (id, code, title, credits, created_at, updated_at) VALUES ('{unused}', 'X', 'X', 1, now(), now())"
            ),
            false,
        ),
        (format!("DELETE FROM courses WHERE id = '{unused}'"), true),
    ] {
        assert_eq!(changes(&statements), expected, "{statements}");
    }
    let before = version();
    university.enrolled(student, section);
    university.enroll(university.student(), section).unwrap();
    university.execute("UPDATE sections SET waitlisted = waitlisted");
    assert_eq!(version(), before, "to enroll or to wait changes nothing of the catalogue");
}
