use super::*;
use crate::access::{Gate, Role, Scope};
use crate::actor::Actor;
use crate::clock::MockClock;
use crate::ids::MockIdSource;
use crate::registration::{Judgement, MockRegistrationRepository, Mode, Verdict};
use chrono::DateTime;
use pollster::block_on;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

fn registration(repository: MockRegistrationRepository) -> Registration {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(DateTime::UNIX_EPOCH);
    let mut ids = MockIdSource::new();
    let mut next = 1_000;
    ids.expect_next().returning(move || {
        next += 1;
        Uuid::from_u128(next)
    });
    Registration::new(Arc::new(repository), Gate::without_affiliations(), Arc::new(clock), Arc::new(ids))
}

fn student(number: u128) -> StudentId {
    Uuid::from_u128(number).into()
}

fn judged(attempt: &Attempt, outcome: Verdict) -> Receipt {
    Receipt::of(attempt, &Judgement { outcome, steps: Vec::new(), changes: Vec::new() })
}

fn unknown_section() -> Error {
    Error::Unknown { subject: Subject::Section, id: Uuid::from_u128(9) }
}

fn enroll_all_by(
    by: &Principal,
    repository: MockRegistrationRepository,
    body: Value,
    dry_run: bool,
) -> Result<Bulk, Error> {
    let draft = serde_json::from_value(body).unwrap();
    block_on(registration(repository).enroll_all(by, Uuid::from_u128(9).into(), draft, dry_run))
}

/// A bulk by somebody who may do everything, on a store that knows who is named by an id.
fn enroll_all(mut repository: MockRegistrationRepository, body: Value, dry_run: bool) -> Result<Bulk, Error> {
    repository.expect_students_named().returning(|names, seen| {
        assert_eq!(seen, Seen::Everybody);
        Ok(by_id(names))
    });
    enroll_all_by(&Principal::anonymous(), repository, body, dry_run)
}

fn by_id(names: Vec<StudentKey>) -> BTreeMap<StudentKey, StudentId> {
    let id = |name: StudentKey| match name {
        StudentKey::Id(id) => Some((name, id)),
        StudentKey::Number(_) => None,
    };
    names.into_iter().filter_map(id).collect()
}

fn body(students: &[u128], atomic: bool) -> Value {
    let students: Vec<String> = students.iter().map(|number| student(*number).to_string()).collect();
    json!({"students": students, "atomic": atomic})
}

fn told(bulk: &Bulk) -> Vec<&'static str> {
    let outcomes = bulk.rows.iter().map(|row| match &row.outcome {
        BulkOutcome::Decided(Receipt { outcome: Outcome::Accepted { .. }, .. }) => "accepted",
        BulkOutcome::Decided(_) => "refused",
        BulkOutcome::Failed(_) => "failed",
        BulkOutcome::NotTried => "not tried",
    });
    outcomes.collect()
}

fn pointers(error: Error) -> Vec<String> {
    match error {
        Error::Invalid(errors) => errors.iter().map(|error| error.pointer.clone()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn row_by_row_one_bad_row_does_not_stop_the_others() {
    let mut repository = MockRegistrationRepository::new();
    repository.expect_register().times(3).returning(|attempt| match attempt.student_id.uuid().as_u128() {
        1 => Ok(judged(&attempt, Verdict::Refused)),
        2 => Err(Error::NotFound(Subject::Student)),
        _ => Ok(judged(&attempt, Verdict::Accepted)),
    });
    let bulk = enroll_all(repository, body(&[1, 2, 3], false), false).unwrap();
    assert_eq!(told(&bulk), ["refused", "failed", "accepted"]);
    assert!(!bulk.is_refused());
}

#[test]
fn when_the_store_fails_the_rest_is_not_tried() {
    let mut repository = MockRegistrationRepository::new();
    repository.expect_register().times(2).returning(|attempt| match attempt.student_id.uuid().as_u128() {
        1 => Ok(judged(&attempt, Verdict::Accepted)),
        _ => Err(Error::Busy),
    });
    let bulk = enroll_all(repository, body(&[1, 2, 3], false), false).unwrap();
    assert_eq!(told(&bulk), ["accepted", "failed", "not tried"]);

    let mut repository = MockRegistrationRepository::new();
    repository.expect_register().once().returning(|_| Err(Error::Busy));
    assert!(matches!(enroll_all(repository, body(&[1, 2], false), false), Err(Error::Busy)));
}

#[test]
fn an_atomic_bulk_and_every_dry_run_are_decided_together() {
    for (atomic, dry_run) in [(true, false), (true, true), (false, true)] {
        let mut repository = MockRegistrationRepository::new();
        let mode = if dry_run { Mode::DryRun } else { Mode::Commit };
        repository
            .expect_register_all()
            .once()
            .withf(move |attempts| attempts.len() == 2 && attempts.iter().all(|attempt| attempt.mode == mode))
            .returning(|attempts| {
                Ok(vec![Ok(judged(&attempts[0], Verdict::Accepted)), Ok(judged(&attempts[1], Verdict::Refused))])
            });
        let bulk = enroll_all(repository, body(&[1, 2], atomic), dry_run).unwrap();
        assert_eq!(told(&bulk), ["accepted", "refused"]);
        assert_eq!(bulk.is_refused(), atomic);
    }
}

#[test]
fn who_does_not_exist_is_a_wrong_field_of_an_atomic_bulk_and_a_row_of_another() {
    let students = json!([student(1).to_string(), {"number": "77"}, student(3).to_string()]);
    let store = || {
        let mut repository = MockRegistrationRepository::new();
        // Students 1 and 2 are not there.
        repository.expect_students_named().once().returning(|names, _| {
            let mut known = by_id(names);
            known.retain(|_, id| *id == student(3));
            Ok(known)
        });
        repository
    };
    let by = Principal::anonymous();
    let atomic = enroll_all_by(&by, store(), json!({"students": students, "atomic": true}), false);
    assert_eq!(pointers(atomic.unwrap_err()), ["/students/0", "/students/1/number"], "and nobody is enrolled");
    let mut one_by_one = store();
    one_by_one.expect_register().once().returning(|attempt| Ok(judged(&attempt, Verdict::Accepted)));
    let by_row = enroll_all_by(&by, one_by_one, json!({"students": students}), false).unwrap();
    assert_eq!(told(&by_row), ["failed", "failed", "accepted"]);
    let ids: Vec<_> = by_row.rows.iter().map(|row| row.student_id).collect();
    assert_eq!(ids, [Some(student(1)), None, Some(student(3))]);
    let mut together = store();
    together.expect_register_all().once().returning(|attempts| {
        assert_eq!(attempts.len(), 1);
        Ok(vec![Ok(judged(&attempts[0], Verdict::Accepted))])
    });
    let dry = enroll_all_by(&by, together, json!({"students": students}), true).unwrap();
    assert_eq!(told(&dry), ["failed", "failed", "accepted"]);
}

#[test]
fn who_is_deleted_meanwhile_is_a_wrong_field_of_an_atomic_bulk() {
    let mut repository = MockRegistrationRepository::new();
    repository.expect_register_all().once().returning(|attempts| {
        Ok(vec![Err(Error::NotFound(Subject::Student)), Ok(judged(&attempts[1], Verdict::Accepted))])
    });
    let atomic = enroll_all(repository, body(&[1, 2], true), false);
    assert_eq!(pointers(atomic.unwrap_err()), ["/students/0"]);
}

#[test]
fn who_may_not_know_of_confidential_students_asks_the_store_for_the_others_alone() {
    for (scopes, expected) in [
        (vec![Scope::RegistrationsWrite], Seen::NotConfidential),
        (vec![Scope::RegistrationsWrite, Scope::ConfidentialRead], Seen::Everybody),
    ] {
        let mut repository = MockRegistrationRepository::new();
        let asked = move |_: &Vec<StudentKey>, seen: &Seen| *seen == expected;
        repository.expect_students_named().once().withf(asked).returning(|_, _| Ok(BTreeMap::new()));
        let service = Principal::new(Actor::system("test"), vec![Role::Service(scopes.into_iter().collect())]);
        assert_eq!(told(&enroll_all_by(&service, repository, body(&[1], false), false).unwrap()), ["failed"]);
    }
}

#[test]
fn a_number_is_looked_up_and_the_same_student_is_not_taken_twice() {
    let mut repository = MockRegistrationRepository::new();
    repository.expect_students_named().once().returning(|names, _| {
        assert_eq!(names.len(), 3);
        Ok(names.into_iter().zip([student(1), student(1), student(2)]).collect())
    });
    let students = json!([student(1).to_string(), {"number": "a"}, {"number": "b"}]);
    let error = enroll_all_by(&Principal::anonymous(), repository, json!({ "students": students }), false).unwrap_err();
    assert_eq!(pointers(error), ["/students/1/number"]);
}

#[test]
fn a_section_that_is_not_there_is_not_found() {
    let mut repository = MockRegistrationRepository::new();
    repository.expect_register().returning(|_| Err(unknown_section()));
    repository.expect_register_all().returning(|_| Ok(vec![Err(unknown_section())]));
    let by_row = enroll_all(repository, body(&[1], false), false);
    assert!(matches!(by_row, Err(Error::NotFound(Subject::Section))));
    let mut repository = MockRegistrationRepository::new();
    repository.expect_register_all().returning(|_| Ok(vec![Err(unknown_section())]));
    let atomic = enroll_all(repository, body(&[1], true), false);
    assert!(matches!(atomic, Err(Error::NotFound(Subject::Section))));
}
