//! What the store promises of registration windows: as entries of a term, and as facts.

use super::university::{University, cause, codes, dropping, enrolling, id, now};
use enrollment_core::catalog::{
    Draft, Owned, Repository, Stamp, Student, Term, TimeZone, Version, Window, WindowFilter,
};
use enrollment_core::ids::{StudentId, TermId, WindowId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::registration::{Attempt, Code, HistoryRepository, Record, Target, TermWindows};
use enrollment_core::{Error, Subject};
use pollster::block_on;
use serde_json::{Value, json};

fn window(term: TermId, fields: Value) -> Window {
    let draft = Window::draft_of(term, serde_json::from_value(fields).unwrap());
    draft.parse(Stamp::new(id().into(), now())).unwrap()
}

fn list(university: &University, term: TermId) -> Result<Page<Window, WindowId>, Error> {
    let filter = Window::filter_of(term, WindowFilter::default());
    block_on(Repository::<Window>::list(&university.store, filter, PageRequest::default()))
}

fn record(university: &University, attempt: &Attempt) -> Record {
    block_on(university.store.record(attempt.id)).unwrap()
}

#[test]
fn windows_are_kept_with_the_students_whom_they_list() {
    let university = University::new();
    let (fall, spring, nobody) = (university.term("F26"), university.term("S27"), StudentId::from(id()));
    let (ada, grace) = (university.student(), university.student());
    let body = json!({
        "action": "both", "closes_at": now(), "levels": ["1"], "min_earned_credits": 7.25, "students": [ada, grace]
    });
    let first = window(fall, body);
    assert_eq!(university.insert(first.clone()).unwrap(), first);
    assert_eq!(block_on(Repository::<Window>::find(&university.store, first.id)).unwrap(), first);
    assert_eq!(list(&university, fall).unwrap().items, std::slice::from_ref(&first));
    assert_eq!(list(&university, spring).unwrap().items, []);
    assert!(matches!(list(&university, id().into()), Err(Error::NotFound(Subject::Term))));
    let unknown = |term, student| {
        university.insert(window(term, json!({"action": "add", "opens_at": now(), "students": [student]})))
    };
    assert!(matches!(unknown(id().into(), ada), Err(Error::NotFound(Subject::Term))));
    let Err(Error::Invalid(errors)) = unknown(fall, nobody) else { panic!("a student who is not there is listed") };
    assert_eq!(errors.iter().next().unwrap().pointer, "/students");
    assert_eq!(list(&university, fall).unwrap().items.len(), 1, "nothing of it is kept");

    let others = serde_json::from_value(json!([grace])).unwrap();
    let next = Window { students: Some(others), levels: None, version: Version::FIRST.next(), ..first.clone() };
    let update = || block_on(university.store.update(next.clone(), Version::FIRST, cause()));
    assert_eq!(update().unwrap(), next);
    assert!(matches!(update(), Err(Error::Stale(Subject::Window))));
    let everybody = Window { students: None, version: next.version.next(), ..next.clone() };
    assert_eq!(block_on(university.store.update(everybody.clone(), next.version, cause())).unwrap(), everybody);
    let relisted = Window { students: next.students.clone(), version: everybody.version.next(), ..everybody.clone() };
    block_on(university.store.update(relisted.clone(), everybody.version, cause())).unwrap();

    block_on(Repository::<Student>::delete(&university.store, ada, None, cause())).unwrap();
    let listed = block_on(Repository::<Student>::delete(&university.store, grace, None, cause()));
    assert!(matches!(&listed, Err(Error::InUse { by, .. }) if *by == [Subject::Window]), "{listed:?}");
    let used = block_on(Repository::<Term>::delete(&university.store, fall, None, cause()));
    assert!(matches!(&used, Err(Error::InUse { by, .. }) if *by == [Subject::Window]), "{used:?}");
    let delete = |expected| block_on(Repository::<Window>::delete(&university.store, first.id, expected, cause()));
    assert!(matches!(delete(Some(Version::FIRST)), Err(Error::Stale(Subject::Window))));
    delete(Some(relisted.version)).unwrap();
    assert!(matches!(delete(None), Err(Error::NotFound(Subject::Window))));
    block_on(Repository::<Student>::delete(&university.store, grace, None, cause())).unwrap();
    block_on(Repository::<Term>::delete(&university.store, fall, None, cause())).unwrap();
}

#[test]
fn an_attempt_is_decided_by_the_windows_that_may_be_for_the_student_and_no_others() {
    let university = University::new();
    let (fall, spring) = (university.term("F26"), university.term("S27"));
    let section = university.section(university.course("CS101"), fall, 5);
    let (ada, grace) = (university.student(), university.student());
    let add = |term, fields: Value| {
        let mut body = json!({"action": "add", "opens_at": "2026-11-23T12:00:00.123456Z"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        university.insert(window(term, body)).unwrap()
    };
    let attempt = enrolling(ada, Target::Section(section));
    university.register(attempt.clone()).unwrap();
    let free = record(&university, &attempt);
    assert_eq!(free.facts.windows, [], "there are none, and nothing is asked of them");
    let held = free.judgement.changes[0].student_course().clone();

    let logicians = json!({
        "programs": ["Logic"], "levels": ["1", "2"], "min_earned_credits": 0.5, "closes_at": "2026-12-01T00:00:00Z"
    });
    let logic = add(fall, logicians);
    let tickets = add(fall, json!({"students": [grace]}));
    let drops = add(fall, json!({"action": "drop", "students": [grace]}));
    add(spring, json!({}));
    let told = |attempt: &Attempt| record(&university, attempt).facts.windows;

    let ours = enrolling(grace, Target::Section(section));
    assert_eq!(codes(&university.register(ours.clone()).unwrap()), []);
    assert_eq!(told(&ours), [TermWindows::of(fall, grace, [&logic, &tickets, &drops]).unwrap()]);
    let early =
        Attempt { at: now() - chrono::TimeDelta::microseconds(1), ..enrolling(grace, Target::Section(section)) };
    assert_eq!(codes(&university.register(early).unwrap()), [Code::WindowClosed, Code::AlreadyEnrolled]);

    // The student who is not listed: the term has windows, and none of them is one's own.
    let stay = dropping(ada, held.id);
    let receipt = university.register(stay.clone()).unwrap();
    assert_eq!(codes(&receipt), [Code::WindowClosed]);
    university.wait_for_receipts(4);
    let refused = record(&university, &stay);
    let expected = TermWindows::of(fall, ada, [&logic, &tickets, &drops]).unwrap();
    assert_eq!((expected.adding, expected.dropping, expected.windows.len()), (true, true, 1));
    assert_eq!(refused.facts.windows, [expected]);
    assert_eq!(refused.facts.held[0].time_zone, TimeZone::try_from("Europe/Berlin".to_owned()).unwrap());
    assert_eq!(refused.judge_again(), refused.judgement);
    university.check();
}
