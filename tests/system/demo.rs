//! The made-up university: what is promised of it, through the server that a new user meets.

use enrollment_server::application::StoreConfig;
use enrollment_server::clock::SystemClock;
use enrollment_server::demo::{Demo, DemoError, load, load_if_empty, show_features};
use enrollment_tests::{TestApp, TestDatabase};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const STUDENTS: u32 = 200;

#[track_caller]
fn load_into(database: &TestDatabase) -> Demo {
    load(&mut database.connect(), STUDENTS, &SystemClock).unwrap()
}

#[test]
fn the_first_requests_of_a_new_user_succeed() {
    let app = TestApp::start();
    let demo = load_into(&app.database);
    let (student, section) = (demo.student.to_string(), demo.section.to_string());
    assert!(app.courses_of(&student).is_empty());
    app.enroll(&student, &section).expect(201);
    let courses = app.courses_of(&student);
    assert_eq!((courses.len(), &courses[0]["section"]["id"]), (1, &json!(section)));
    let said = demo.first_requests("127.0.0.1:8080");
    assert!(said.contains(&format!("http://127.0.0.1:8080/api/v1/students/{student}/courses")), "{said}");
    assert!(said.contains(&format!("'{{\"section_id\":\"{section}\"}}'")), "{said}");
    app.database.assert_invariants();
}

#[test]
fn what_it_loads_is_legal_and_of_every_kind() {
    let database = TestDatabase::create();
    let demo = load_into(&database);
    database.assert_invariants();
    assert_eq!(demo.summary.students.added, 200);
    for (what, least) in [
        ("SELECT count(*) FROM courses WHERE requisite IS NOT NULL", 20),
        ("SELECT count(*) FROM sections WHERE component = 'lab'", 5),
        ("SELECT count(*) FROM student_courses WHERE status = 'completed' AND grade IS NOT NULL", 100),
        ("SELECT count(*) FROM student_courses WHERE status = 'enrolled'", 50),
        ("SELECT count(*) FROM student_courses WHERE status = 'withdrawn'", 5),
        ("SELECT count(*) FROM student_courses WHERE status = 'dropped'", 5),
        (
            "SELECT count(*) FROM terms WHERE enrollment_opens_at < now() AND enrollment_closes_at > now() AND starts_on > now()",
            1,
        ),
        ("SELECT count(*) FROM terms WHERE ends_on < now()", 1),
        ("SELECT count(*) FROM seat_pools WHERE capacity = 3 AND taken = 2", 1),
        ("SELECT count(*) FROM registration_events WHERE actor = 'system:demo'", 400),
    ] {
        let found = database.number(what);
        assert!(found >= least, "{what}: {found}");
    }
    // Nobody was registered before registration opened, or left before entering.
    let impossible = "SELECT count(*) FROM student_courses sc JOIN terms t ON t.id = sc.term_id
        WHERE sc.enrolled_at < t.enrollment_opens_at OR sc.enrolled_at > now() OR sc.ended_at < sc.enrolled_at";
    assert_eq!(database.number(impossible), 0);
}

#[test]
fn loading_it_again_changes_nothing_whatever_was_done_with_it_since() {
    let app = TestApp::start();
    let first = load_into(&app.database);
    app.enroll(&first.student.to_string(), &first.section.to_string()).expect(201);
    let events = app.database.number("SELECT count(*) FROM registration_events");
    let again = load_into(&app.database);
    assert!(!again.summary.is_change());
    assert_eq!(again.summary.students.unchanged, 200);
    assert_eq!((again.student, again.section), (first.student, first.section));
    assert_eq!(app.database.number("SELECT count(*) FROM registration_events"), events);
    assert!(load_if_empty(&mut app.database.connect(), STUDENTS, &SystemClock).unwrap().is_none());
}

#[test]
fn it_shows_one_of_each_feature_and_shows_it_once() {
    let database = TestDatabase::create();
    let demo = load_into(&database);
    let show = || show_features(&StoreConfig::new(database.url()), &demo, Arc::new(SystemClock)).unwrap();
    show();
    database.assert_invariants();
    for (what, found) in [
        ("SELECT count(*) FROM student_courses WHERE status = 'waitlisted'", 2),
        ("SELECT count(*) FROM student_courses WHERE waitlist_passed_over IS NOT NULL AND status = 'waitlisted'", 1),
        ("SELECT count(*) FROM student_courses WHERE waitlist_swap_from IS NOT NULL AND status = 'waitlisted'", 1),
        ("SELECT count(*) FROM registration_events WHERE actor = 'system:waitlist' AND kind = 'enrolled'", 1),
        (
            "SELECT count(*) FROM student_courses sc JOIN courses c ON c.id = sc.course_id AND c.code = 'CHEM110'
             WHERE sc.status = 'enrolled'",
            6,
        ),
        ("SELECT count(*) FROM reservations WHERE seats = 6 AND release_at > now()", 1),
        ("SELECT count(*) FROM windows", 3),
        ("SELECT count(*) FROM holds", 3),
        ("SELECT count(*) FROM permits WHERE uses = 1", 2),
        ("SELECT count(*) FROM permits WHERE uses = 0 AND expires_at > now()", 1),
        ("SELECT count(*) FROM permit_uses WHERE waived = '[\"hold\", \"restricted\"]'", 1),
        ("SELECT count(*) FROM courses WHERE restriction IS NOT NULL", 2),
        ("SELECT count(*) FROM courses WHERE code IN ('MUS210', 'MUS500', 'PROJ500') AND repeat_policy IS NOT NULL", 3),
        ("SELECT count(*) FROM student_courses WHERE credits = 2.5 AND grading_basis = 'pass_fail'", 2),
        (
            "SELECT count(*) FROM student_courses sc JOIN courses c ON c.id = sc.course_id AND c.code = 'PREP100'
             WHERE sc.status = 'completed' AND coalesce(sc.grade, sc.grading_basis) IN ('A-', 'P', 'audit')",
            3,
        ),
        ("SELECT count(*) FROM registration_events WHERE actor = 'system:demo' AND kind = 'graded'", 1),
        ("SELECT count(*) FROM seat_pools WHERE overload = 1 AND taken = capacity + overload", 1),
        ("SELECT count(*) FROM (SELECT FROM sections GROUP BY seat_pool_id HAVING count(*) = 2) shared", 1),
    ] {
        assert_eq!(database.number(what), found, "{what}");
    }
    let reserved = "SELECT count(*) FROM student_courses WHERE reservation_id IS NOT NULL";
    assert!(database.number(reserved) > 0);
    let early =
        "SELECT count(*) FROM student_courses sc JOIN terms t ON t.id = sc.term_id AND t.code LIKE '%intensive'";
    assert_eq!(database.number(early), 2);
    let of_first = format!("SELECT count(*) FROM student_courses WHERE student_id = '{}'", demo.student);
    assert_eq!(database.number(&of_first), 0);

    let events = database.number("SELECT count(*) FROM registration_events");
    show();
    assert_eq!(database.number("SELECT count(*) FROM registration_events"), events);
}

#[test]
fn even_a_university_of_one_shows_its_features() {
    let database = TestDatabase::create();
    let demo = load(&mut database.connect(), 1, &SystemClock).unwrap();
    show_features(&StoreConfig::new(database.url()), &demo, Arc::new(SystemClock)).unwrap();
    database.assert_invariants();
}

#[test]
fn it_goes_into_no_database_of_somebody_else() {
    let app = TestApp::start();
    app.student("1");
    let connection = &mut app.database.connect();
    assert!(matches!(load(connection, STUDENTS, &SystemClock), Err(DemoError::Occupied)));
    assert!(load_if_empty(connection, STUDENTS, &SystemClock).unwrap().is_none());
    assert_eq!(app.database.number("SELECT count(*) FROM students"), 1);

    // A demo of another size is another demo.
    let database = TestDatabase::create();
    load_into(&database);
    assert!(matches!(load(&mut database.connect(), 10, &SystemClock), Err(DemoError::Occupied)));
}

#[test]
fn a_large_one_is_loaded_in_no_more_than_a_minute() {
    let database = TestDatabase::create();
    let began = Instant::now();
    load(&mut database.connect(), 5_000, &SystemClock).unwrap();
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(database.number("SELECT count(*) FROM students"), 5_000);
    database.assert_invariants();
}
