//! What the store promises of permits: they are kept for a student, used as often as they allow, and no longer than they hold.

use super::races::{accepted, at_once};
use super::university::{University, cause, codes, dropping, enrolling, id, now};
use diesel::connection::SimpleConnection;
use enrollment_core::catalog::{
    Course, Draft, Entry, Owned, Permit, PermitFilter, Repository, Section, Stamp, Student, Version,
};
use enrollment_core::ids::{CourseId, PermitId, SectionId, StudentId};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{Attempt, Code, Command, HistoryRepository, Mode, Receipt, Target, Verdict};
use enrollment_core::{Error, Subject};
use pollster::block_on;
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// A permit of a student, with these fields over the least that one has.
fn permit(student: StudentId, fields: &Value) -> Permit {
    let mut body = json!({"waives": ["restricted"], "granted_by": "Prof. Hopper", "reason": "Consent"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let draft = Permit::draft_of(student, serde_json::from_value(body).unwrap());
    draft.parse(Stamp::new(id().into(), now())).unwrap()
}

fn granted(university: &University, student: StudentId, fields: &Value) -> PermitId {
    university.insert(permit(student, fields)).unwrap().id
}

fn found(university: &University, id: PermitId) -> Permit {
    block_on(Repository::<Permit>::find(&university.store, id)).unwrap()
}

/// A course for graduates only, and a lecture and a lab of it.
fn restricted(university: &University) -> (CourseId, SectionId, SectionId) {
    let name = id().simple().to_string();
    let course = university.course_with(&name, json!({"restriction": {"levels": ["graduate"]}}));
    let term = university.term(&name);
    let lab = json!({"component": "lab"});
    (course, university.section(course, term, 100), university.section_with(course, term, lab))
}

#[test]
fn permits_are_kept_for_a_student_and_for_what_exists_and_keep_both() {
    let university = University::new();
    let (ada, grace, nobody) = (university.student(), university.student(), StudentId::from(id()));
    let (course, lecture, lab) = restricted(&university);
    let body = json!({"section_id": lab, "expires_at": "2027-01-01T00:00:00Z", "max_uses": null, "waives": ["hold", "restricted"]});
    let first = permit(ada, &body);
    assert_eq!(university.insert(first.clone()).unwrap(), first);
    assert_eq!(found(&university, first.id), first);
    assert!(matches!(university.insert(permit(nobody, &body)), Err(Error::NotFound(Subject::Student))));
    for (fields, pointer) in [(json!({"section_id": id()}), "/section_id"), (json!({"course_id": id()}), "/course_id")]
    {
        let Err(Error::Invalid(errors)) = university.insert(permit(ada, &fields)) else { panic!("{fields}") };
        assert_eq!(errors.iter().next().unwrap().pointer, pointer);
    }

    let list = |student| {
        let filter = Permit::filter_of(student, PermitFilter::default());
        block_on(Repository::<Permit>::list(&university.store, filter, PageRequest::default()))
    };
    assert_eq!(list(ada).unwrap().items, std::slice::from_ref(&first));
    assert_eq!(list(grace).unwrap().items, []);
    assert!(matches!(list(nobody), Err(Error::NotFound(Subject::Student))));

    let next = Permit {
        course_id: Some(course),
        section_id: None,
        max_uses: std::num::NonZeroU16::new(3),
        version: Version::FIRST.next(),
        ..first.clone()
    };
    let update = || block_on(university.store.update(next.clone(), Version::FIRST, cause()));
    assert_eq!(update().unwrap(), next);
    assert!(matches!(update(), Err(Error::Stale(Subject::Permit))));

    granted(&university, ada, &json!({"section_id": lecture}));
    let by_permits = |error| matches!(error, Err(Error::InUse { by, .. }) if by.contains(&Subject::Permit));
    assert!(by_permits(block_on(Repository::<Student>::delete(&university.store, ada, None, cause()))));
    assert!(by_permits(block_on(Repository::<Section>::delete(&university.store, lecture, None, cause()))));
    assert!(by_permits(block_on(Repository::<Course>::delete(&university.store, course, None, cause()))));
    let delete = |expected| block_on(Repository::<Permit>::delete(&university.store, first.id, expected, cause()));
    assert!(matches!(delete(Some(Version::FIRST)), Err(Error::Stale(Subject::Permit))));
    delete(Some(next.version)).unwrap();
    assert!(matches!(delete(None), Err(Error::NotFound(Subject::Permit))));
}

#[test]
fn a_use_is_recorded_with_what_it_admitted_and_keeps_the_permit() {
    let university = University::new();
    let student = university.student();
    let (course, lecture, lab) = restricted(&university);
    assert_eq!(codes(&university.enroll(student, lecture).unwrap()), [Code::Restricted]);
    let permit = granted(&university, student, &json!({"course_id": course}));

    let tried = enrolling(student, Target::Section(lecture));
    let dry = university.register(Attempt { mode: Mode::DryRun, ..tried }).unwrap();
    assert!(codes(&dry).is_empty());
    assert_eq!(found(&university, permit).uses, 0, "a dry run uses nothing");

    let receipt = university.enroll(student, lecture).unwrap();
    let used = found(&university, permit);
    assert_eq!((used.uses, used.version), (1, Version::FIRST.next()));
    let [used_for] = &used.used_for[..] else { panic!("{used:?}") };
    assert_eq!(used_for.attempt_id, receipt.attempt_id);
    assert_eq!(used_for.student_course_id, receipt.student_course().unwrap().id);
    assert_eq!((used_for.waived.clone(), used_for.at), ([Code::Restricted].into(), now()));
    let record = block_on(university.store.record(receipt.attempt_id)).unwrap();
    assert_eq!(record.judge_again(), record.judgement);
    assert_eq!(record.judgement.permits_used()[0].permit_id, permit);

    assert_eq!(codes(&university.enroll(student, lab).unwrap()), [Code::Restricted], "it is used up");
    let delete = block_on(Repository::<Permit>::delete(&university.store, permit, None, cause()));
    assert!(matches!(&delete, Err(Error::InUse { by, .. }) if *by == [Subject::PermitUse]), "{delete:?}");
    let stale = Permit { version: used.version, ..used.clone() };
    let update = block_on(university.store.update(stale, Version::FIRST, cause()));
    assert!(matches!(update, Err(Error::Stale(Subject::Permit))), "a use makes a new version");
    university.check();
}

#[test]
fn leaving_takes_a_permit_for_what_is_left() {
    let university = University::new();
    let student = university.student();
    let term = university.term_with("T1", json!({"withdraw_deadline": "2026-11-01T00:00:00Z"}));
    let [left, kept] = ["CS1", "CS2"].map(|code| university.section(university.course(code), term, 5));
    let held = [left, kept].map(|section| university.enrolled(student, section).id);
    let permit = granted(&university, student, &json!({"section_id": left, "waives": ["deadline_passed"]}));
    assert_eq!(codes(&university.register(dropping(student, held[1])).unwrap()), [Code::DeadlinePassed]);
    assert!(codes(&university.register(dropping(student, held[0])).unwrap()).is_empty());
    assert_eq!(found(&university, permit).used_for[0].student_course_id, held[0]);
    university.check();
}

#[test]
fn of_two_attempts_at_once_one_uses_a_permit_for_one_use() {
    let university = University::new();
    for _ in 0..15 {
        let student = university.student();
        let (course, lecture, lab) = restricted(&university);
        let permit = granted(&university, student, &json!({"course_id": course}));
        let receipts = at_once(&[lecture, lab], |section| university.enroll(student, *section).unwrap());
        assert_eq!(accepted(&receipts), 1);
        assert!(receipts.iter().any(|receipt| codes(receipt) == [Code::Restricted]));
        let used = found(&university, permit);
        assert_eq!((used.uses, used.used_for.len()), (1, 1));
    }
    university.check();
}

/// Enrolls while another transaction has done this to the student's permit, and commits it only when the attempt waits.
fn enrolled_while(university: &University, student: StudentId, section: SectionId, sql: &str) -> Receipt {
    let mut registrar = university.connect();
    registrar.batch_execute(&format!("BEGIN; {sql}")).unwrap();
    thread::scope(|scope| {
        let enrolling = scope.spawn(|| university.enroll(student, section).unwrap());
        let began = Instant::now();
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while university.text(waiting) == "0" {
            assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for the permit");
            thread::sleep(Duration::from_millis(2));
        }
        registrar.batch_execute("COMMIT").unwrap();
        enrolling.join().unwrap()
    })
}

#[test]
fn a_permit_that_is_revoked_meanwhile_waives_nothing() {
    let university = University::new();
    let revocations = [
        "UPDATE permits SET expires_at = '2026-01-01', version = version + 1",
        "UPDATE permits SET waives = '[\"hold\"]', version = version + 1",
        "UPDATE permits SET uses = 1, version = version + 1",
        "DELETE FROM permits",
    ];
    for sql in revocations {
        let student = university.student();
        let (course, lecture, _) = restricted(&university);
        granted(&university, student, &json!({"course_id": course}));
        let sql = format!("{sql} WHERE student_id = '{student}'");
        let receipt = enrolled_while(&university, student, lecture, &sql);
        assert_eq!(codes(&receipt), [Code::Restricted], "{sql}");
        assert_eq!(university.seats(lecture), ("0".into(), "0".into()));
    }
    assert_eq!(university.text("SELECT count(*) FROM permit_uses"), "0");
}

#[test]
fn a_permit_that_is_extended_meanwhile_is_used_as_it_is_then() {
    let university = University::new();
    let student = university.student();
    let (course, lecture, _) = restricted(&university);
    let permit = granted(&university, student, &json!({"course_id": course}));
    let receipt =
        enrolled_while(&university, student, lecture, "UPDATE permits SET max_uses = 2, version = version + 1");
    assert!(codes(&receipt).is_empty());
    assert_eq!((found(&university, permit).uses, found(&university, permit).stamp().version), (1, Version::from(3)));
    university.check();
}

/// Asks for a section, or for a place on its waitlist.
fn waiting_for(student: StudentId, section: SectionId) -> Attempt {
    let mut attempt = enrolling(student, Target::Section(section));
    if let Command::Enroll(enroll) = &mut attempt.command {
        enroll.request.waitlist = true;
    }
    attempt
}

#[test]
fn who_waits_is_let_in_by_a_permit_that_the_seat_uses() {
    let university = University::new();
    let [seated, waiting, next] = [(); 3].map(|()| university.student());
    let course = university.course_with("CS1", json!({"restriction": {"levels": ["graduate"]}}));
    let section =
        university.section_with(course, university.term("T1"), json!({"capacity": 1, "waitlist_capacity": 5}));
    let permits = [seated, waiting, next].map(|student| granted(&university, student, &json!({"course_id": course})));
    let held = university.enrolled(seated, section).id;
    let places = [waiting, next].map(|student| {
        let receipt = university.register(waiting_for(student, section)).unwrap();
        receipt.student_course().unwrap().id
    });
    assert_eq!(found(&university, permits[1]).uses, 0, "the seat uses it, not the place on the waitlist");
    block_on(Repository::<Permit>::delete(&university.store, permits[2], None, cause())).unwrap();

    let promotions = university.drop(seated, held).unwrap().promotions;
    let [promotion] = &promotions[..] else { panic!("{promotions:?}") };
    assert_eq!((promotion.student_course.id, promotion.outcome), (places[0], Verdict::Accepted));
    let used = found(&university, permits[1]).used_for;
    assert_eq!(used.len(), 1);
    assert_eq!((used[0].attempt_id, used[0].student_course_id), (promotion.attempt_id, places[0]));

    let promotions = university.drop(waiting, places[0]).unwrap().promotions;
    let [promotion] = &promotions[..] else { panic!("{promotions:?}") };
    assert_eq!((promotion.student_course.id, promotion.outcome), (places[1], Verdict::Refused), "its permit is gone");
    university.check();
}
