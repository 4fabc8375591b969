//! Receipts are decided again, and permits were used for what the receipts say.

use super::{assert_each_is_found, consent};
use crate::store::university::{University, now};
use pollster::block_on;
use serde_json::json;
use std::time::Duration;

/// A student who has used a permit twice.
struct Used {
    university: University,
    student: String,
    permit: String,
    /// The second of the two attempts.
    attempt: String,
}

impl Used {
    fn new() -> Self {
        let university = University::new();
        let student = university.student();
        let course = university.course_with("CS1", json!({"restriction": {"levels": ["graduate"]}}));
        let term = university.term("T1");
        let lecture = university.section(course, term, 5);
        let lab = university.section_with(course, term, json!({"component": "lab"}));
        let permit = consent(&university, student, course);
        university.enrolled(student, lecture);
        let attempt = university.enroll(student, lab).unwrap().attempt_id;
        Self { university, student: student.to_string(), permit: permit.to_string(), attempt: attempt.to_string() }
    }
}

#[test]
fn every_receipt_is_decided_again() {
    let Used { university, student, attempt, .. } = Used::new();
    let report = block_on(university.store.check()).unwrap();
    assert_eq!((report.broken, report.replayed), (vec![], 2));
    let since = |time| block_on(university.store.check_since(Some(time))).unwrap().replayed;
    assert_eq!([since(now()), since(now() + Duration::from_secs(1))], [2, 0]);

    university.execute("CREATE TABLE kept AS SELECT * FROM receipts");
    let mended =
        "UPDATE receipts r SET facts = k.facts, decision = k.decision FROM kept k WHERE k.attempt_id = r.attempt_id";
    let again = "decided again on its facts is decided as it was";
    assert_each_is_found(
        &university,
        &[
            (
                r#"UPDATE receipts SET facts = jsonb_set(facts::jsonb, '{student,status}', '"inactive"')"#,
                mended,
                again,
                &student,
            ),
            (
                r#"UPDATE receipts SET decision = jsonb_set(decision::jsonb, '{outcome}', '"refused"')"#,
                mended,
                again,
                &attempt,
            ),
            (
                "UPDATE receipts SET decision = jsonb_set(decision::jsonb, '{changes,0}', '\"move\"')",
                mended,
                again,
                r#""differs_in":["changes"]"#,
            ),
            (
                "UPDATE registration_events SET detail = jsonb_set(detail::jsonb, '{version}', '7') WHERE kind = 'enrolled'",
                "UPDATE registration_events SET detail = jsonb_set(detail::jsonb, '{version}', '1') WHERE kind = 'enrolled'",
                again,
                r#""differs_in":["changes"]"#,
            ),
            (
                "CREATE TABLE kept_events AS SELECT * FROM registration_events; DELETE FROM registration_events",
                "INSERT INTO registration_events OVERRIDING SYSTEM VALUE SELECT * FROM kept_events",
                "a receipt can be read",
                "is not there",
            ),
            (
                "UPDATE receipts SET decision = jsonb_set(decision::jsonb, '{steps,0,rules}', '\"00000000-0000-0000-0000-000000000000\"')",
                mended,
                "a receipt can be read",
                "is not there",
            ),
            ("UPDATE receipts SET facts = facts::jsonb - 'student'", mended, "a receipt can be read", &attempt),
            (
                "UPDATE receipts SET facts = facts::jsonb || '{\"scale\": \"00000000-0000-0000-0000-000000000000\"}'",
                mended,
                "a receipt can be read",
                "is not there",
            ),
        ],
    );
}

#[test]
fn permits_are_used_for_what_receipts_say_and_the_other_way_round() {
    let Used { university, permit, attempt, .. } = Used::new();
    university
        .execute("CREATE TABLE kept AS SELECT * FROM receipts; CREATE TABLE kept_uses AS SELECT * FROM permit_uses");
    let mended =
        "UPDATE receipts r SET facts = k.facts, decision = k.decision FROM kept k WHERE k.attempt_id = r.attempt_id;
        DELETE FROM permit_uses; INSERT INTO permit_uses SELECT * FROM kept_uses; UPDATE permits SET uses = 2";
    let told = "what permits are recorded to be used for is what the receipts say";
    let recorded = "what a receipt says permits were used for is recorded";
    let named = "a permit is used for what it names, while it is in force";
    let forgotten = format!("DELETE FROM permit_uses WHERE attempt_id = '{attempt}'; UPDATE permits SET uses = 1");
    let more = r#"UPDATE permit_uses SET waived = '["hold", "restricted"]'"#;
    assert_each_is_found(
        &university,
        &[
            (&forgotten, mended, recorded, &attempt),
            (more, mended, recorded, &permit),
            (more, mended, told, &permit),
            (more, mended, named, &permit),
            ("UPDATE permit_uses SET student_course_id = attempt_id", mended, told, &attempt),
            (
                r#"UPDATE receipts SET facts = jsonb_set(facts::jsonb, '{permits,0,waives}', '["hold"]')"#,
                mended,
                named,
                &permit,
            ),
            ("UPDATE receipts SET facts = jsonb_set(facts::jsonb, '{permits,0,uses}', '2')", mended, named, &permit),
            ("UPDATE receipts SET facts = jsonb_set(facts::jsonb, '{permits}', '[]')", mended, named, &permit),
            (
                "UPDATE receipts SET facts = jsonb_set(facts::jsonb, '{permits,0,version}', '1')",
                mended,
                "no two attempts use the same version",
                &permit,
            ),
        ],
    );
}
