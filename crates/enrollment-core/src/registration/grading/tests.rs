use super::*;
use crate::access::Gate;
use crate::catalog::Cause;
use crate::clock::MockClock;
use crate::ids::MockIdSource;
use crate::registration::sample::passed;
use crate::registration::{Change, Judgement, MockRegistrationRepository, Mode, Verdict};
use chrono::DateTime;
use pollster::block_on;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

type Named = Option<(StudentId, StudentCourseId)>;

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn draft(body: Value) -> GradesDraft {
    serde_json::from_value(body).unwrap()
}

fn wrong(body: Value) -> Vec<String> {
    draft(body).parse().unwrap_err().iter().map(|error| error.pointer.clone()).collect()
}

fn registration(repository: MockRegistrationRepository) -> Registration {
    let mut clock = MockClock::new();
    clock.expect_now().return_const(DateTime::UNIX_EPOCH);
    let (mut ids, next) = (MockIdSource::new(), AtomicU64::new(1));
    ids.expect_next().returning(move || Uuid::from_u128(next.fetch_add(1, Ordering::Relaxed).into()));
    Registration::new(Arc::new(repository), Gate::without_affiliations(), Arc::new(clock), Arc::new(ids))
}

fn accepted(attempt: &Attempt) -> Receipt {
    Receipt::of(attempt, &Judgement { outcome: Verdict::Accepted, steps: Vec::new(), changes: Vec::new() })
}

/// Grades as many students as these, by their numbers, on a store that finds so many of them.
fn grade(mut repository: MockRegistrationRepository, found: Vec<Named>, dry_run: bool) -> Result<Graded, Error> {
    let rows: Vec<Value> =
        (0..found.len()).map(|row| json!({"student_number": row.to_string(), "grade": "A"})).collect();
    repository.expect_named_in().once().return_once(move |_, _, _| Ok(found));
    let draft = draft(json!({ "grades": rows }));
    block_on(registration(repository).grade(&Principal::anonymous(), id(1), draft, dry_run))
}

#[test]
fn every_error_of_every_row_is_told_with_its_place() {
    let student = id::<StudentId>(7);
    let many: Vec<Value> = (0..1_001).map(|row| json!({"student_number": row.to_string(), "grade": "A"})).collect();
    let table = [
        (json!({}), vec!["/grades"]),
        (json!({"grades": []}), vec!["/grades"]),
        (json!({"grades": many}), vec!["/grades"]),
        (json!({"grades": "A", "grade": 1}), vec!["/grade", "/grades"]),
        (
            json!({"grades": [7, null, {}, {"student_id": "x", "grade": ""}, {"student_id": student, "student_number": "1", "grade": null, "x": 1}]}),
            vec![
                "/grades/0",
                "/grades/1",
                "/grades/2/student_course_id",
                "/grades/2/grade",
                "/grades/3/student_id",
                "/grades/3/grade",
                "/grades/4/x",
                "/grades/4",
            ],
        ),
        (
            json!({"grades": [{"student_id": student, "grade": "A"}, {"student_number": "1", "grade": "A"}, {"student_id": student, "grade": "B"}]}),
            vec!["/grades/2/student_id"],
        ),
    ];
    for (body, pointers) in table {
        assert_eq!(wrong(body.clone()), pointers, "{body}");
    }
}

#[test]
fn each_row_is_an_attempt_of_its_own_and_one_stops_no_other() {
    let mut repository = MockRegistrationRepository::new();
    repository.expect_register().times(3).returning(|attempt| match &attempt.command {
        Command::Grade(give) if give.student_course_id == id(12) => {
            Err(Error::Unknown { subject: Subject::StudentCourse, id: give.student_course_id.uuid() })
        }
        Command::Grade(give) if attempt.mode == Mode::DryRun && give.grade.as_ref().unwrap().as_str() == "A" => {
            Ok(accepted(&attempt))
        }
        other => panic!("{other:?}"),
    });
    let found = vec![Some((id(1), id(11))), None, Some((id(2), id(12))), Some((id(3), id(13)))];
    let graded = grade(repository, found.clone(), true).unwrap();
    assert!(graded.dry_run);
    assert_eq!(graded.rows.iter().map(|row| row.named).collect::<Vec<_>>(), found);
    let outcomes: Vec<&RowOutcome> = graded.rows.iter().map(|row| &row.outcome).collect();
    let [RowOutcome::Decided(first), RowOutcome::NotFound, RowOutcome::NotFound, RowOutcome::Decided(last)] =
        outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert_ne!(first.attempt_id, last.attempt_id);
}

#[test]
fn rows_that_name_one_student_course_in_two_ways_are_refused() {
    let found = vec![Some((id(1), id(11))), None, Some((id(1), id(11)))];
    let Err(Error::Invalid(errors)) = grade(MockRegistrationRepository::new(), found, false) else {
        panic!("it is not valid")
    };
    assert_eq!(errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), ["/grades/2/student_number"]);
}

#[test]
fn a_store_that_fails_ends_it_and_is_the_answer_where_nothing_was_decided() {
    let failing = |good: usize| {
        let (mut repository, calls) = (MockRegistrationRepository::new(), AtomicU64::new(0));
        repository.expect_register().returning(move |attempt| {
            let call = usize::try_from(calls.fetch_add(1, Ordering::Relaxed)).unwrap();
            assert!(call <= good, "it goes on after a failure");
            if call < good { Ok(accepted(&attempt)) } else { Err(Error::Busy) }
        });
        repository
    };
    let found = || vec![Some((id(1), id(11))), Some((id(2), id(12))), Some((id(3), id(13))), None];
    assert!(matches!(grade(failing(0), found(), false), Err(Error::Busy)));
    let rows = grade(failing(1), found(), false).unwrap().rows;
    let outcomes: Vec<RowOutcome> = rows.into_iter().map(|row| row.outcome).collect();
    assert!(
        matches!(
            outcomes[..],
            [RowOutcome::Decided(_), RowOutcome::Failed(Error::Busy), RowOutcome::NotTried, RowOutcome::NotFound]
        ),
        "{outcomes:?}"
    );
}

#[test]
fn those_who_got_a_grade_are_offered_what_they_wait_for_once_for_all_and_not_in_a_dry_run() {
    let deciding = || {
        let mut repository = MockRegistrationRepository::new();
        repository.expect_register().returning(|attempt| {
            let Command::Grade(give) = &attempt.command else { panic!("{attempt:?}") };
            let receipt = accepted(&attempt);
            let changes = match give.student_course_id.uuid().as_u128() {
                12 => Vec::new(),
                _ => vec![Change::Grade(passed(1, Some("A")).student_course)],
            };
            Ok(Receipt { outcome: Outcome::Accepted { changes }, ..receipt })
        });
        repository
    };
    let found = || vec![Some((id(1), id(11))), Some((id(2), id(12))), None, Some((id(3), id(13)))];
    let mut repository = deciding();
    let whom = |students: &Vec<StudentId>, cause: &Cause| {
        *students == [id(1), id(3)] && (cause.actor.as_str(), cause.at) == ("anonymous", DateTime::UNIX_EPOCH)
    };
    repository.expect_offer_again().once().withf(whom).returning(|_, _| ());
    grade(repository, found(), false).unwrap();
    grade(deciding(), found(), true).unwrap();
}
