//! Connections that are lost while they commit: the caller hears what has become of the attempt all the same.

use super::proxy::{Loss, Proxy};
use super::university::{University, cause, codes, dropping, enrolling, with_key};
use enrollment_core::Error;
use enrollment_core::catalog::{Repository, Student, StudentDraft};
use enrollment_core::registration::{Change, Code, Outcome, Status, Target};
use enrollment_diesel::{PgStore, StoreConfig};
use pollster::block_on;
use serde_json::json;

fn proxied() -> (University, Proxy) {
    let mut university = University::new();
    let proxy = Proxy::before(&university.url);
    university.store = PgStore::new(&StoreConfig::new(&proxy.url)).unwrap();
    (university, proxy)
}

#[test]
fn an_enrollment_that_was_committed_is_told_and_not_repeated() {
    let (university, proxy) = proxied();
    for loss in [Loss::AfterCommit, Loss::CommitLater] {
        let (student, section) = (university.student(), university.some_section(1));
        let attempt = enrolling(student, Target::Section(section));
        proxy.lose(loss);
        let receipt = university.register(attempt.clone()).unwrap();
        assert_eq!((receipt.attempt_id, receipt.at, receipt.replayed), (attempt.id, attempt.at, false));
        let Outcome::Accepted { changes } = &receipt.outcome else { panic!("{receipt:?}") };
        assert!(matches!(&changes[..], [Change::Start(started)] if started.status == Status::Enrolled), "{changes:?}");
        assert_eq!(university.seats(section), ("1".into(), "1".into()));

        proxy.lose(loss);
        let dropped = university.register(dropping(student, changes[0].student_course().id)).unwrap();
        assert_eq!(dropped.student_course().unwrap().status, Status::Dropped);
        assert_eq!(university.seats(section), ("0".into(), "0".into()));
    }
    university.check();
}

#[test]
fn an_enrollment_that_was_not_committed_is_carried_out() {
    let (university, proxy) = proxied();
    let (student, section) = (university.student(), university.some_section(1));
    proxy.lose(Loss::BeforeCommit);
    university.enrolled(student, section);
    assert_eq!(university.seats(section), ("1".into(), "1".into()));
    university.check();
}

#[test]
fn a_refusal_whose_key_was_committed_is_no_repetition() {
    let (university, proxy) = proxied();
    let (student, section) = (university.student(), university.some_section(0));
    proxy.lose(Loss::AfterCommit);
    let attempt = with_key(enrolling(student, Target::Section(section)), "key");
    let receipt = university.register(attempt).unwrap();
    assert_eq!((codes(&receipt), receipt.replayed), (vec![Code::SectionFull], false));
    let again = university.register(with_key(enrolling(student, Target::Section(section)), "key")).unwrap();
    assert!(again.replayed);
}

#[test]
fn an_outcome_that_cannot_be_found_out_is_unknown() {
    let (university, proxy) = proxied();
    let (student, section) = (university.student(), university.some_section(1));
    // Each try is lost, the inquiries' too.
    for _ in 0..8 {
        proxy.lose(Loss::BeforeCommit);
    }
    let answer = university.enroll(student, section);
    assert!(matches!(answer, Err(Error::OutcomeUnknown(_))), "{answer:?}");
    assert_eq!(university.seats(section), ("0".into(), "0".into()));
}

#[test]
fn an_entry_whose_connection_was_lost_is_not_taken_for_unwritten() {
    let (university, _proxy) = proxied();
    university.execute(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW;
         END $$;
         CREATE CONSTRAINT TRIGGER lose AFTER INSERT ON students DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION lose();",
    );
    let student =
        super::university::entry::<StudentDraft>(json!({"number": "1", "given_name": "A", "family_name": "L"}));
    let answer: Result<Student, Error> = block_on(university.store.insert(student, cause()));
    assert!(matches!(answer, Err(Error::OutcomeUnknown(_))), "{answer:?}");
}
