//! What `Repository` promises for entries that belong to another: the holds of a student.

use super::university::{University, cause, id, now};
use enrollment_core::catalog::{Draft, Entry, Hold, HoldFilter, Owned, Repository, Stamp, Student, Version};
use enrollment_core::ids::StudentId;
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::{Error, Subject};
use pollster::block_on;
use serde_json::{Value, json};

fn hold(student: StudentId, fields: Value) -> Hold {
    let draft = Hold::draft_of(student, serde_json::from_value(fields).unwrap());
    draft.parse(Stamp::new(id().into(), now())).unwrap()
}

fn list(university: &University, student: StudentId) -> Result<Page<Hold, <Hold as Entry>::Id>, Error> {
    let filter = Hold::filter_of(student, HoldFilter::default());
    block_on(Repository::<Hold>::list(&university.store, filter, PageRequest::default()))
}

#[test]
fn holds_are_kept_for_a_student_who_exists_and_keep_that_student() {
    let university = University::new();
    let (ada, grace, nobody) = (university.student(), university.student(), StudentId::from(id()));
    let body = json!({"blocks": "drop", "reason": "Beratung", "from": "2026-09-01T08:00:00Z", "until": null});
    let first = hold(ada, body.clone());
    assert_eq!(university.insert(first.clone()).unwrap(), first);
    assert_eq!(block_on(Repository::<Hold>::find(&university.store, first.id)).unwrap(), first);
    assert!(matches!(university.insert(hold(nobody, body)), Err(Error::NotFound(Subject::Student))));

    assert_eq!(list(&university, ada).unwrap().items, std::slice::from_ref(&first));
    assert_eq!(list(&university, grace).unwrap().items, []);
    assert!(matches!(list(&university, nobody), Err(Error::NotFound(Subject::Student))));

    let next = Hold { until: Some(now()), from: None, version: Version::FIRST.next(), ..first.clone() };
    let update = || block_on(university.store.update(next.clone(), Version::FIRST, cause()));
    assert_eq!(update().unwrap(), next);
    assert!(matches!(update(), Err(Error::Stale(Subject::Hold))));

    let used = block_on(Repository::<Student>::delete(&university.store, ada, None, cause()));
    assert!(matches!(&used, Err(Error::InUse { by, .. }) if *by == [Subject::Hold]), "{used:?}");
    let delete = |expected| block_on(Repository::<Hold>::delete(&university.store, first.id, expected, cause()));
    assert!(matches!(delete(Some(Version::FIRST)), Err(Error::Stale(Subject::Hold))));
    delete(Some(next.version)).unwrap();
    assert!(matches!(delete(None), Err(Error::NotFound(Subject::Hold))));
    block_on(Repository::<Student>::delete(&university.store, ada, None, cause())).unwrap();
}
