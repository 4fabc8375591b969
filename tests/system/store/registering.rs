//! Carrying out attempts: what is loaded, decided, written, and refused.

use super::university::{University, cause, codes, dropping, enrolling, id, now};
use enrollment_core::catalog::{Repository, Section};
use enrollment_core::registration::{Attempt, Change, Code, Mode, Outcome, Status, StudentCourse, Target};
use enrollment_core::{Error, Subject};
use pollster::block_on;
use serde_json::json;

#[test]
fn an_enrollment_takes_a_seat_and_leaves_an_event() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(1));
    let attempt = enrolling(student, Target::Section(section));
    let receipt = university.register(attempt.clone()).unwrap();
    let held = receipt.student_course().unwrap().clone();
    assert_eq!((receipt.attempt_id, receipt.replayed, receipt.dry_run), (attempt.id, false, false));
    assert_eq!((held.status, held.enrolled_at), (Status::Enrolled, Some(now())));
    assert_eq!(university.found(student, held.id), held, "it reads back as it was answered");
    assert_eq!(university.seats(section), ("1".into(), "1".into()));
    let event = university.text(&format!(
        "SELECT concat_ws(' ', kind, actor, student_id, section_id, student_course_id, at = '{}') FROM registration_events WHERE attempt_id = '{}'",
        now(), attempt.id
    ));
    assert_eq!(event, format!("enrolled anonymous {student} {section} {} t", held.id));
    let detail = university.text("SELECT detail FROM registration_events");
    assert_eq!(serde_json::from_str::<StudentCourse>(&detail).unwrap(), held);
    university.check();
}

#[test]
fn a_drop_frees_the_seat_for_another() {
    let university = University::new();
    let (ada, grace, section) = (university.student(), university.student(), university.some_section(1));
    let held = university.enrolled(ada, section);
    assert_eq!(codes(&university.enroll(grace, section).unwrap()), [Code::SectionFull]);
    let receipt = university.drop(ada, held.id).unwrap();
    let Outcome::Accepted { changes } = &receipt.outcome else { panic!("{receipt:?}") };
    assert!(
        matches!(&changes[..], [Change::End(ended)] if ended.status == Status::Dropped && ended.ended_at == Some(now()))
    );
    assert_eq!(university.found(ada, held.id), *changes[0].student_course());
    let graces = university.enrolled(grace, section);
    // What has ended stays, and enrolling again makes a new row.
    assert_eq!(codes(&university.drop(ada, held.id).unwrap()), [Code::NotEnrolled]);
    university.drop(grace, graces.id).unwrap();
    assert_ne!(university.enrolled(ada, section).id, held.id);
    assert_eq!(university.seats(section), ("1".into(), "1".into()));
    university.check();
}

#[test]
fn after_the_drop_deadline_it_is_a_withdrawal_and_after_the_last_it_is_too_late() {
    let university = University::new();
    let enrolled = |deadlines| {
        let (student, course) = (university.student(), university.course(&id().simple().to_string()));
        let section = university.section(course, university.term_with(&id().simple().to_string(), deadlines), 1);
        (student, university.enrolled(student, section).id)
    };
    let (student, held) = enrolled(json!({"drop_deadline": "2026-11-01", "withdraw_deadline": "2026-12-01"}));
    let receipt = university.drop(student, held).unwrap();
    assert_eq!(receipt.student_course().unwrap().status, Status::Withdrawn);
    let (student, held) = enrolled(json!({"drop_deadline": "2026-10-20", "withdraw_deadline": "2026-11-01"}));
    assert_eq!(codes(&university.drop(student, held).unwrap()), [Code::DeadlinePassed]);
    university.check();
}

#[test]
fn what_does_not_exist_is_told() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(1));
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let missing = |attempt| match university.register(attempt) {
        Err(Error::NotFound(subject) | Error::Unknown { subject, .. }) => subject,
        other => panic!("{other:?}"),
    };
    let nobody = id().into();
    assert_eq!(missing(enrolling(nobody, Target::Section(section))), Subject::Student);
    assert_eq!(missing(enrolling(student, Target::Section(id().into()))), Subject::Section);
    let no_course = Target::Course { course_id: id().into(), term_id: None };
    assert_eq!(missing(enrolling(student, no_course)), Subject::Course);
    let no_term = Target::Course { course_id: course, term_id: Some(id().into()) };
    assert_eq!(missing(enrolling(student, no_term)), Subject::Term);
    assert_eq!(missing(dropping(student, id().into())), Subject::StudentCourse);
    let other = university.student();
    let others = university.enrolled(other, section);
    assert_eq!(missing(dropping(student, others.id)), Subject::StudentCourse);
    // A course that exists and is not offered is a refusal.
    let not_offered = Target::Course { course_id: course, term_id: Some(term) };
    assert_eq!(codes(&university.register(enrolling(student, not_offered)).unwrap()), [Code::SectionNotOpen]);
}

#[test]
fn every_rule_gets_its_facts() {
    let university = University::new();
    let student = university.student_with(json!({"max_credits": 5}));
    let term = university.term("T1");
    let mondays = json!([{"days": ["mon"], "starts_at": "08:00", "ends_at": "10:00", "weeks": [1, 2]}]);
    let logic = university.course("LOGIC");
    university.enrolled(student, university.section_with(logic, term, json!({ "meetings": mondays })));

    let clashing = json!([{"days": ["mon", "tue"], "starts_at": "09:59", "ends_at": "11:00", "weeks": [2]}]);
    let hard =
        university.course_with("HARD", json!({"credits": 2.01, "requisite": {"course": "BASE", "min_grade": "B"}}));
    let section = university.section_with(hard, term, json!({"capacity": 0, "meetings": clashing, "status": "closed"}));
    university.execute(&format!("UPDATE students SET status = 'inactive' WHERE id = '{student}'"));
    university.execute("UPDATE terms SET enrollment_opens_at = '2027-01-01'");
    let all = [
        Code::StudentNotActive,
        Code::WindowClosed,
        Code::SectionNotOpen,
        Code::PrerequisiteMissing,
        Code::TimeConflict,
        Code::CreditLimit,
        Code::SectionFull,
    ];
    assert_eq!(codes(&university.enroll(student, section).unwrap()), all);

    // Credit from elsewhere, with the grade that it takes.
    let base = university.course("BASE");
    university.credit_from_elsewhere(student, base, "C");
    assert!(codes(&university.enroll(student, section).unwrap()).contains(&Code::PrerequisiteMissing));
    university.credit_from_elsewhere(student, base, "B+");
    university.execute("UPDATE students SET status = 'active'; UPDATE terms SET enrollment_opens_at = NULL; UPDATE sections SET status = 'open'; UPDATE courses SET credits = 2 WHERE code = 'HARD'; UPDATE seat_pools SET capacity = 1 WHERE capacity = 0; UPDATE meetings SET weeks = 1 WHERE weeks = 2");
    university.execute(&format!("UPDATE meetings SET weeks = 4 WHERE section_id = '{section}'"));
    assert_eq!(codes(&university.enroll(student, section).unwrap()), []);
    // Passed with a grade of the scale, and not to be repeated.
    assert_eq!(
        codes(&university.enroll(student, university.section(base, university.term("T2"), 1)).unwrap()),
        [Code::AlreadyPassed]
    );
    let again = university.section(logic, term, 1);
    assert!(codes(&university.enroll(student, again).unwrap()).contains(&Code::AlreadyEnrolled));
}

#[test]
fn of_a_course_the_emptiest_open_section_is_picked() {
    let university = University::new();
    let (course, fall, spring) = (
        university.course("CS1"),
        university.term("fall"),
        university.term_with("spring", json!({"starts_on": "2027-04-01", "ends_on": "2027-09-30"})),
    );
    let small = university.section(course, fall, 2);
    let large = university.section(course, fall, 5);
    university.section_with(course, fall, json!({"capacity": 100, "status": "planned"}));
    let later = university.section(course, spring, 100);
    let pick = |term_id| {
        let target = Target::Course { course_id: course, term_id };
        university
            .register(enrolling(university.student(), target))
            .unwrap()
            .student_course()
            .map(|held| held.section.clone().unwrap().id)
    };
    assert_eq!(pick(None), Some(large), "the earliest term, and there the emptiest");
    assert_eq!(pick(Some(spring)), Some(later));
    let picked: Vec<_> = (0..7).map(|_| pick(Some(fall))).collect();
    assert_eq!(picked.iter().filter(|section| **section == Some(large)).count(), 4);
    assert_eq!(picked.iter().filter(|section| **section == Some(small)).count(), 2);
    assert_eq!(picked[6], None, "when all are full it is a refusal");
    university.execute("UPDATE sections SET status = 'closed'");
    let target = Target::Course { course_id: course, term_id: Some(spring) };
    let refused = university.register(enrolling(university.student(), target)).unwrap();
    assert_eq!(codes(&refused), [Code::SectionNotOpen], "without an open section the others tell why");
    university.check();
}

#[test]
fn a_dry_run_and_a_refusal_write_nothing() {
    let university = University::new();
    let (student, section, full) = (university.student(), university.some_section(1), university.some_section(0));
    let dry = Attempt { mode: Mode::DryRun, ..enrolling(student, Target::Section(section)) };
    let receipt = university.register(super::university::with_key(dry, "key")).unwrap();
    assert!(receipt.dry_run && receipt.student_course().is_some());
    assert_eq!(codes(&university.enroll(student, full).unwrap()), [Code::SectionFull]);
    for table in ["student_courses", "registration_events", "idempotency_keys"] {
        assert_eq!(university.text(&format!("SELECT count(*) FROM {table}")), "0", "{table}");
    }
    assert_eq!(university.seats(section), ("0".into(), "0".into()));
}

#[test]
fn seats_beyond_the_capacity_count_when_they_are_allowed() {
    let university = University::new();
    let section = university.some_section(1);
    university.execute("UPDATE seat_pools SET overload = 1");
    university.enrolled(university.student(), section);
    university.enrolled(university.student(), section);
    assert_eq!(codes(&university.enroll(university.student(), section).unwrap()), [Code::SectionFull]);
    university.check();
}

#[test]
fn cross_listed_sections_share_their_seats() {
    let university = University::new();
    let (term, one) = (university.term("T1"), university.course("CS1"));
    let (cs, ee) = (university.section(one, term, 1), university.section(university.course("EE1"), term, 1));
    university.execute(&format!(
        "UPDATE sections SET seat_pool_id = '{cs}' WHERE id = '{ee}'; DELETE FROM seat_pools WHERE id = '{ee}'"
    ));
    university.enrolled(university.student(), cs);
    assert_eq!(codes(&university.enroll(university.student(), ee).unwrap()), [Code::SectionFull]);
    let enrolled = |id| block_on(Repository::<Section>::find(&university.store, id)).unwrap().enrolled;
    assert_eq!((enrolled(cs), enrolled(ee)), (1, 0), "each section counts its own students");
    // The pool stays with the section that is left.
    block_on(Repository::<Section>::delete(&university.store, ee, None, cause())).unwrap();
    assert_eq!(university.seats(cs), ("1".into(), "1".into()));
    university.check();
}

#[test]
fn a_seat_that_a_script_took_meanwhile_is_a_refusal_and_not_a_failure() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(1));
    // A trigger that takes the last seat once, after the facts were loaded and before the student course is written.
    university.execute(&format!(
        "CREATE SEQUENCE once;
         CREATE FUNCTION overtake() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('once') = 1 THEN UPDATE seat_pools SET taken = 1 WHERE id = '{section}'; END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER overtake BEFORE INSERT ON student_courses FOR EACH ROW EXECUTE FUNCTION overtake();"
    ));
    // What the trigger did is rolled back with the first try, so the second succeeds.
    university.enrolled(student, section);
    assert_eq!(university.text("SELECT last_value FROM once"), "2", "it was decided twice");
    university.check();
}
