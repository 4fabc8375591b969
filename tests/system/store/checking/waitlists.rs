//! The events of waitlists are followed in their order.

use super::{assert_each_is_found, broken_by};
use crate::store::university::{University, attempt, enrolling, id};
use enrollment_core::ids::{SectionId, StudentCourseId, StudentId};
use enrollment_core::registration::{Command, Prioritize, Target};
use serde_json::json;

/// What an event that was changed by hand breaks besides: its receipt would not have been decided like that.
const CHANGED_BY_HAND: &str = "a receipt that is decided again on its facts is decided as it was";

/// Puts a student on a waitlist.
fn waiting(university: &University, student: StudentId, section: SectionId) -> StudentCourseId {
    let mut attempt = enrolling(student, Target::Section(section));
    let Command::Enroll(enroll) = &mut attempt.command else { panic!("it enrolls") };
    enroll.request.waitlist = true;
    university.register(attempt).unwrap().student_course().unwrap().id
}

#[test]
fn each_violation_of_a_waitlist_is_found_and_named() {
    let university = University::new();
    let name = id().simple().to_string();
    let fields = json!({"capacity": 1, "waitlist_capacity": 5});
    let section = university.section_with(university.course(&name), university.term(&name), fields);
    let [first, other] = [university.student(), university.student()];
    let held = university.enrolled(first, section);
    let [seated, waits, last] =
        [university.student(), other, university.student()].map(|student| waiting(&university, student, section));
    assert_eq!(university.drop(first, held.id).unwrap().promotions[0].student_course.id, seated);
    university.check();
    let table = [
        (
            "UPDATE sections SET waitlisted = 1".to_owned(),
            "UPDATE sections SET waitlisted = 2",
            "places that a waitlist counts",
            section.to_string(),
        ),
        (
            "ALTER TABLE sections DROP CONSTRAINT sections_waitlisted_check; UPDATE sections SET waitlist_capacity = 1".to_owned(),
            "UPDATE sections SET waitlist_capacity = 5",
            "no more than it has",
            section.to_string(),
        ),
        (
            format!("DROP INDEX student_courses_waitlist_key; CREATE TABLE kept_waits AS SELECT * FROM student_courses; UPDATE student_courses SET waitlist_sequence = 7, waitlist_priority = (id = '{last}')::int WHERE status = 'waitlisted'"),
            "UPDATE student_courses sc SET waitlist_sequence = k.waitlist_sequence, waitlist_priority = k.waitlist_priority FROM kept_waits k WHERE k.id = sc.id",
            "a number of the own",
            last.to_string(),
        ),
        (
            format!("UPDATE student_courses SET waitlist_swap_from = '{seated}' WHERE id = '{waits}'"),
            "UPDATE student_courses SET waitlist_swap_from = NULL",
            "swaps from a student course of the own",
            waits.to_string(),
        ),
        (
            format!("UPDATE registration_events SET detail = jsonb_set(detail::jsonb, '{{waitlist,priority}}', '-1') WHERE student_course_id = '{waits}'"),
            "UPDATE registration_events SET detail = jsonb_set(detail::jsonb, '{waitlist,priority}', '0') WHERE detail -> 'waitlist' ->> 'priority' = '-1'",
            "a seat goes to who waits first",
            waits.to_string(),
        ),
        (
            "CREATE TABLE kept_receipts AS SELECT * FROM receipts; UPDATE receipts SET decision = jsonb_set(decision::jsonb, '{changes}', '[]')".to_owned(),
            "UPDATE receipts r SET decision = k.decision FROM kept_receipts k WHERE k.attempt_id = r.attempt_id",
            "told by as many events",
            "changes".to_owned(),
        ),
        (
            "UPDATE receipts SET caused_by = NULL".to_owned(),
            "UPDATE receipts r SET caused_by = k.caused_by FROM kept_receipts k WHERE k.attempt_id = r.attempt_id",
            "an offer of a seat tells",
            "attempt_id".to_owned(),
        ),
    ];
    for (breaking, mending, invariant, place) in table {
        assert_each_is_found(&university, &[(&breaking, mending, invariant, &place)]);
    }
    // Who was passed over may be before who got the seat.
    let passed = format!(
        "UPDATE student_courses SET waitlist_priority = -1 WHERE id = '{waits}';
         UPDATE registration_events SET detail = jsonb_set(jsonb_set(detail::jsonb, '{{waitlist,priority}}', '-1'), '{{waitlist,passed_over}}', '{{\"at\": \"2026-11-24T00:00:00Z\", \"violations\": []}}') WHERE student_course_id = '{waits}'"
    );
    let mut broken = broken_by(&university, &passed);
    broken.retain(|broken| !broken.starts_with(CHANGED_BY_HAND));
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn sections_that_share_seats_have_one_order() {
    let university = University::new();
    let term = university.term("T1");
    let fields = json!({"capacity": 1, "waitlist_capacity": 5});
    let cs = university.section_with(university.course("CS1"), term, fields);
    let ee = json!({"shares_seats_with": cs, "waitlist_capacity": 5, "capacity": null});
    let ee = university.section_with(university.course("EE1"), term, ee);
    let [ada, grace, hopper, blocked] = [(); 4].map(|()| university.student());
    let held = university.enrolled(ada, cs);
    let seated = waiting(&university, grace, cs);
    let passed = waiting(&university, blocked, ee);
    let last = waiting(&university, hopper, ee);
    // Somebody cannot have the seat when it comes, and keeps the place.
    let first = Prioritize { student_course_id: passed, priority: -1, expected: None };
    university.register(attempt(blocked, Command::Prioritize(first))).unwrap();
    university.execute(&format!(
        "INSERT INTO holds (id, student_id, blocks, reason, created_at, updated_at)
         VALUES ('{}', '{blocked}', 'enroll', 'Fees', now(), now());
         SET session_replication_role = replica",
        id()
    ));
    university.drop(ada, held.id).unwrap();
    university.check();
    let (told, joined) =
        (format!("WHERE student_course_id = '{passed}'"), format!("WHERE student_course_id = '{last}'"));
    university.execute("CREATE TABLE kept AS SELECT * FROM registration_events");
    let mended = "UPDATE registration_events e SET detail = k.detail FROM kept k WHERE k.id = e.id";
    let row = format!("{mended}; UPDATE student_courses SET waitlist_priority = 0 WHERE id = '{last}'");
    assert_each_is_found(
        &university,
        &[
            (
                &format!(
                    "UPDATE registration_events SET detail = jsonb_set(detail::jsonb, '{{waitlist,priority}}', '-1') {joined}"
                ),
                mended,
                "a seat goes to who waits first",
                &last.to_string(),
            ),
            (
                &format!("UPDATE registration_events SET detail = detail::jsonb #- '{{waitlist,passed_over}}' {told}"),
                mended,
                "a seat goes to who waits first",
                &seated.to_string(),
            ),
            (
                &format!(
                    "UPDATE registration_events SET detail = jsonb_set(detail::jsonb, '{{waitlist,sequence}}', '1') {joined}"
                ),
                mended,
                "who joins a waitlist comes after all",
                &last.to_string(),
            ),
            (
                &format!(
                    "UPDATE registration_events SET detail = jsonb_set(detail::jsonb, '{{waitlist,sequence}}', '9') {told} AND kind = 'passed_over'"
                ),
                mended,
                "keeps the number",
                &passed.to_string(),
            ),
            (
                &format!("UPDATE student_courses SET waitlist_priority = 1 WHERE id = '{last}'"),
                &row,
                "the one that the last event tells",
                &last.to_string(),
            ),
        ],
    );
}

#[test]
fn nobody_walks_past_who_waits() {
    let university = University::new();
    let name = id().simple().to_string();
    let fields = json!({"capacity": 1, "waitlist_capacity": 5});
    let section = university.section_with(university.course(&name), university.term(&name), fields);
    let [seated, waits, walks] = [(); 3].map(|()| university.student());
    let held = university.enrolled(seated, section);
    let place = waiting(&university, waits, section);
    university.execute(&format!(
        "INSERT INTO holds (id, student_id, blocks, reason, created_at, updated_at)
         VALUES ('{}', '{waits}', 'enroll', 'Fees', now(), now())",
        id()
    ));
    university.drop(seated, held.id).unwrap();
    university.enrolled(walks, section);
    university.check();
    university.execute("CREATE TABLE kept AS SELECT * FROM registration_events");
    let mended = "UPDATE registration_events e SET detail = k.detail FROM kept k WHERE k.id = e.id";
    let unknown = format!(
        "UPDATE registration_events SET detail = detail::jsonb #- '{{waitlist,passed_over}}' WHERE student_course_id = '{place}'"
    );
    assert_each_is_found(&university, &[(&unknown, mended, "nobody walks past", &place.to_string())]);
}

#[test]
fn who_changes_within_shared_seats_passes_nobody() {
    let university = University::new();
    let term = university.term("T1");
    let cs = university.section_with(university.course("CS1"), term, json!({"capacity": 1, "waitlist_capacity": 5}));
    let ee = json!({"shares_seats_with": cs, "waitlist_capacity": 5, "capacity": null});
    let ee = university.section_with(university.course("EE1"), term, ee);
    let [ada, waits] = [(); 2].map(|()| university.student());
    let held = university.enrolled(ada, cs);
    waiting(&university, waits, cs);
    let mut swap = enrolling(ada, Target::Section(ee));
    let Command::Enroll(enroll) = &mut swap.command else { panic!("it enrolls") };
    enroll.request.swap_from = Some(held.id);
    assert!(university.register(swap).unwrap().student_course().is_some());
    university.check();
}
