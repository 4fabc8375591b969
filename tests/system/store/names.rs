//! What courses, sections and terms are called is kept by the store, and never wrong.

use super::university::{University, cause, id, now};
use enrollment_core::catalog::{Course, Repository, Section, Term};
use enrollment_core::ids::StudentId;
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{RegistrationRepository, StudentCourse, StudentCourseFilter};
use enrollment_diesel::PgStore;
use pollster::block_on;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

fn courses(university: &University, student: StudentId) -> Vec<StudentCourse> {
    let page = block_on(university.store.courses_of(student, StudentCourseFilter::default(), PageRequest::default()));
    page.unwrap().items
}

/// Changes an entry, as a request does.
fn change<E>(university: &University, id: E::Id, change: impl FnOnce(&mut E))
where
    PgStore: Repository<E>,
    E: enrollment_core::catalog::Entry,
{
    let mut entry: E = block_on(Repository::find(&university.store, id)).unwrap();
    let version = entry.stamp().version;
    change(&mut entry);
    block_on(university.store.update(entry, version, cause())).unwrap();
}

#[test]
fn a_new_name_is_in_the_next_list() {
    let university = University::new();
    let (term, course) = (university.term("fall"), university.course("CS1"));
    let section = university.section_with(course, term, json!({"number": "1", "capacity": 2}));
    let (student, other) = (university.student(), university.student());
    university.enrolled(student, section);
    university.enrolled(other, section);
    let named = |student| {
        let held = courses(&university, student).remove(0);
        let (section, term) = (held.section.unwrap(), held.term.unwrap());
        format!("{} {} {} {}", held.course.code, held.course.title, section.number, term.code)
    };
    assert_eq!(named(student), "CS1 All about CS1 1 fall");
    change::<Course>(&university, course, |course| course.title = "Anew".try_into().unwrap());
    assert_eq!(named(student), "CS1 Anew 1 fall");
    change::<Course>(&university, course, |course| course.code = "CS2".try_into().unwrap());
    assert_eq!(named(other), "CS2 Anew 1 fall");
    change::<Section>(&university, section, |section| section.number = "7".try_into().unwrap());
    assert_eq!(named(student), "CS2 Anew 7 fall");
    change::<Term>(&university, term, |term| term.code = "autumn".try_into().unwrap());
    assert_eq!(named(student), "CS2 Anew 7 autumn");
    assert_eq!(named(other), "CS2 Anew 7 autumn");
}

/// A reader who was told a title never sees an earlier one, nor one that is older than a change that was answered before.
#[test]
fn a_change_that_was_answered_is_seen_by_every_list_that_is_asked_for_after_it() {
    let university = University::with(|config| config.combining_readers = 2);
    let term = university.term("fall");
    let renamed = university.course("CS0");
    let students: Vec<StudentId> = (0..6)
        .map(|n| {
            let student = university.student();
            university.enrolled(student, university.section(renamed, term, 1));
            university.enrolled(student, university.section(university.course(&format!("OTHER{n}")), term, 1));
            student
        })
        .collect();
    change::<Course>(&university, renamed, |course| course.title = "0".try_into().unwrap());
    let (answered, over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for student in &students {
            scope.spawn(|| {
                let mut last = 0;
                while !over.load(Ordering::Relaxed) {
                    let before = answered.load(Ordering::SeqCst).max(last);
                    let held = courses(&university, *student);
                    let title = held.iter().find(|held| held.course.id == renamed).unwrap().course.title.clone();
                    last = title.as_str().parse().unwrap();
                    let most = answered.load(Ordering::SeqCst) + 1;
                    assert!((before..=most).contains(&last), "{last} is not from {before} to {most}");
                }
                assert!(last > 0, "it was read while it changed");
            });
        }
        for n in 1..=150_u64 {
            change::<Course>(&university, renamed, |course| course.title = n.to_string().try_into().unwrap());
            answered.store(n, Ordering::SeqCst);
        }
        over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn names_have_another_version_after_each_transaction_that_changed_one_and_no_other() {
    let university = University::new();
    let section = university.some_section(5);
    university.enrolled(university.student(), section);
    let version = || university.text("SELECT version FROM names_versions");
    let unused = id();
    let (student, at) = (university.student(), now());
    let changes = |statements: &str| {
        let before = version();
        university.execute(statements);
        version() != before
    };
    for (statements, expected) in [
        ("UPDATE courses SET title = title || '!'".to_owned(), true),
        ("UPDATE courses SET code = code || '!', version = version + 1".to_owned(), true),
        ("UPDATE sections SET number = number || '!'".to_owned(), true),
        ("UPDATE terms SET code = code || '!'".to_owned(), true),
        ("BEGIN; UPDATE courses SET title = 'A'; UPDATE terms SET code = 'B'; COMMIT".to_owned(), true),
        ("BEGIN; UPDATE courses SET title = 'C'; ROLLBACK".to_owned(), false),
        ("UPDATE courses SET title = title, description = 'new', credits = 4, version = version + 1".to_owned(), false),
        ("UPDATE sections SET waitlist_capacity = 9, version = version + 1".to_owned(), false),
        ("UPDATE terms SET name = 'new'".to_owned(), false),
        (
            format!(
                "INSERT INTO courses (id, code, title, credits, created_at, updated_at) VALUES ('{unused}', 'X', 'X', 1, '{at}', '{at}')"
            ),
            false,
        ),
        (format!("DELETE FROM courses WHERE id = '{unused}'"), true),
        (format!("UPDATE students SET family_name = 'Hopper' WHERE id = '{student}'"), false),
        ("ALTER TABLE permit_uses DISABLE TRIGGER permit_uses_append_only; TRUNCATE courses CASCADE".to_owned(), true),
    ] {
        assert_eq!(changes(&statements), expected, "{statements}");
    }
    let enrolling = || drop(university.enrolled(student, university.some_section(1)));
    let before = version();
    enrolling();
    assert_eq!(version(), before, "to enroll changes no name");
}

#[test]
fn without_a_version_of_names_lists_are_right_all_the_same() {
    let university = University::new();
    let student = university.student();
    let held = university.enrolled(student, university.some_section(1));
    university.execute("DELETE FROM names_versions");
    for title in ["One", "Another"] {
        university.execute(&format!("UPDATE courses SET title = '{title}'"));
        let found = courses(&university, student).remove(0);
        assert_eq!((found.id, found.course.title.as_str()), (held.id, title));
    }
}
