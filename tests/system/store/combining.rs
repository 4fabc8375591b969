//! Attempts that come together: they share transactions, and nothing else.

use super::races::{accepted, at_once};
use super::university::{University, codes, enrolling, with_key};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use enrollment_core::Error;
use enrollment_core::ids::{SectionId, StudentId};
use enrollment_core::registration::{Code, Receipt, Target};
use std::thread;
use std::time::Duration;

/// A transaction of somebody else, who has locked the row with this id.
struct Foreign(PgConnection);

impl Foreign {
    fn locks(university: &University, table: &str, id: impl std::fmt::Display) -> Self {
        let mut conn = university.connect();
        conn.batch_execute(&format!("BEGIN; SELECT 1 FROM {table} WHERE id = '{id}' FOR UPDATE")).unwrap();
        Self(conn)
    }

    fn lets_go(mut self) {
        self.0.batch_execute("ROLLBACK").unwrap();
    }
}

fn pool(university: &University, section: SectionId) -> String {
    university.text(&format!("SELECT seat_pool_id::text FROM sections WHERE id = '{section}'"))
}

fn students(university: &University, count: usize) -> Vec<StudentId> {
    (0..count).map(|_| university.student()).collect()
}

/// Enrolls these at once, while the writer is held up by somebody who has locked a student, so that they queue.
fn enroll_queued(university: &University, all: &[StudentId], section: SectionId) -> Vec<Result<Receipt, Error>> {
    let (held_up, elsewhere) = (university.student(), university.some_section(1));
    let foreign = Foreign::locks(university, "students", held_up);
    let answers = thread::scope(|scope| {
        let waiting = scope.spawn(|| university.enroll(held_up, elsewhere));
        thread::sleep(Duration::from_millis(20));
        let answers = at_once(all, |student| university.enroll(*student, section));
        foreign.lets_go();
        waiting.join().unwrap().unwrap();
        answers
    });
    assert_eq!(university.seats(elsewhere), ("1".into(), "1".into()));
    answers
}

#[test]
fn what_queues_while_the_writer_is_busy_is_carried_out_together() {
    let university = University::new();
    let (all, section) = (students(&university, 60), university.some_section(50));
    let answers: Vec<Receipt> = enroll_queued(&university, &all, section).into_iter().map(Result::unwrap).collect();
    assert_eq!(accepted(&answers), 50);
    assert_eq!(university.seats(section), ("50".into(), "50".into()));
    let written =
        format!("SELECT count(DISTINCT xmin::text)::int4::text FROM student_courses WHERE section_id = '{section}'");
    let transactions: u32 = university.text(&written).parse().unwrap();
    assert!(transactions < 25, "50 enrollments in {transactions} transactions");
    university.check();
}

#[test]
fn one_that_fails_takes_nobody_else_down() {
    let university = University::new();
    let (all, section) = (students(&university, 20), university.some_section(20));
    // The database refuses the one, and of the other there is something that cannot be.
    university.execute(&format!(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
         CREATE TRIGGER fail BEFORE INSERT ON student_courses FOR EACH ROW WHEN (NEW.student_id = '{}')
             EXECUTE FUNCTION fail();
         ALTER TABLE students DROP CONSTRAINT students_level_check;
         UPDATE students SET level = '' WHERE id = '{}';",
        all[7], all[13],
    ));
    let answers = enroll_queued(&university, &all, section);
    let failed: Vec<usize> = (0..20).filter(|place| matches!(answers[*place], Err(Error::Internal(_)))).collect();
    assert_eq!(failed, [7, 13]);
    assert_eq!(accepted(&answers.into_iter().filter_map(Result::ok).collect::<Vec<_>>()), 18);
    assert_eq!(university.seats(section), ("18".into(), "18".into()));
    university.check();
}

#[test]
fn what_is_held_up_while_it_is_written_is_carried_out_all_the_same_with_all_behind_it() {
    let university = University::new();
    let (first, all, section) = (university.student(), students(&university, 40), university.some_section(30));
    // The foreign key waits for it, when all is decided; for longer than the writers wait for a lock.
    let foreign = Foreign::locks(&university, "sections", section);
    let answers: Vec<Receipt> = thread::scope(|scope| {
        let writing = scope.spawn(|| university.enrolled(first, section));
        thread::sleep(Duration::from_millis(20));
        let others = scope.spawn(|| at_once(&all, |student| university.enroll(*student, section).unwrap()));
        thread::sleep(Duration::from_millis(400));
        foreign.lets_go();
        writing.join().unwrap();
        others.join().unwrap()
    });
    assert_eq!(accepted(&answers), 29);
    assert_eq!(university.seats(section), ("30".into(), "30".into()));
    university.check();
}

#[test]
fn who_waits_for_what_somebody_else_has_locked_holds_up_nobody_else() {
    let university = University::new();
    let (wanted, others) = (university.some_section(5), university.some_section(50));
    let foreign = Foreign::locks(&university, "seat_pools", pool(&university, wanted));
    let (waiting, free) = (students(&university, 5), students(&university, 20));
    let answers = thread::scope(|scope| {
        let waiting = scope.spawn(|| at_once(&waiting, |student| university.enroll(*student, wanted).unwrap()));
        for student in &free {
            // Each is answered while the lock is held.
            university.enrolled(*student, others);
        }
        assert!(!waiting.is_finished());
        foreign.lets_go();
        waiting.join().unwrap()
    });
    assert_eq!(accepted(&answers), 5);
    university.check();
}

#[test]
fn a_lock_that_is_held_for_too_long_is_a_queue_like_any_other() {
    let university = University::with(|config| config.lock_timeout = Duration::from_millis(300));
    let section = university.some_section(5);
    let foreign = Foreign::locks(&university, "seat_pools", pool(&university, section));
    let answer = university.enroll(university.student(), section);
    assert!(matches!(answer, Err(Error::Busy)), "{answer:?}");
    foreign.lets_go();
    university.enrolled(university.student(), section);
}

#[test]
fn a_storm_of_one_student_leaves_room_for_others() {
    let university = University::with(|config| config.queue = 64);
    let (stormy, section) = (university.student(), university.some_section(5));
    let foreign = Foreign::locks(&university, "students", stormy);
    thread::scope(|scope| {
        let storm =
            scope.spawn(|| at_once(&[(); 200], |()| matches!(university.enroll(stormy, section), Err(Error::Busy))));
        for _ in 0..4 {
            university.enrolled(university.student(), section);
        }
        foreign.lets_go();
        let busy = storm.join().unwrap().into_iter().filter(|busy| *busy).count();
        assert!(busy >= 100, "{busy} of 200 were told to come again");
    });
    assert_eq!(university.seats(section), ("5".into(), "5".into()));
    university.check();
}

#[test]
fn double_clicks_have_one_effect() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(5));
    let clicks = at_once(&[(); 8], |()| university.enroll(student, section).unwrap());
    assert_eq!(accepted(&clicks), 1);
    let others: Vec<_> = clicks.iter().map(codes).filter(|codes| !codes.is_empty()).collect();
    assert!(others.iter().all(|codes| codes.contains(&Code::AlreadyEnrolled)), "{others:?}");

    for (section, is_full) in [(university.some_section(5), false), (university.some_section(0), true)] {
        let key = format!("key of {section}");
        let click = || university.register(with_key(enrolling(student, Target::Section(section)), &key)).unwrap();
        let clicks = at_once(&[(); 8], |()| click());
        assert_eq!(clicks.iter().filter(|receipt| !receipt.replayed).count(), 1);
        assert!(clicks.iter().all(|receipt| receipt.attempt_id == clicks[0].attempt_id));
        assert!(clicks.iter().all(|receipt| codes(receipt).contains(&Code::SectionFull) == is_full));
    }
    university.check();
}
