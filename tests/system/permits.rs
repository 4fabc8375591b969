//! Permits: what lets a student past named rules, for one course or section, and what it was used for.

use enrollment_tests::{Answer, TestApp};
use serde_json::{Value, json};

const PAST: &str = "2020-01-01T00:00:00Z";
const FUTURE: &str = "2099-01-01T00:00:00Z";

/// Grants a permit for a section or a course.
fn grant(app: &TestApp, student: &str, fields: &Value) -> Answer {
    let mut body = json!({"granted_by": "Prof. Hopper", "reason": "Consent of the instructor"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    app.post(&format!("/api/v1/students/{student}/permits"), &body)
}

/// The path of a permit that is granted.
#[track_caller]
fn granted(app: &TestApp, student: &str, fields: &Value) -> String {
    let answer = grant(app, student, fields);
    let path = answer.header("location").map(str::to_owned);
    path.unwrap_or_else(|| panic!("no permit: {:#}", answer.body))
}

#[test]
fn a_permit_is_kept_under_its_student_and_under_no_other() {
    let app = TestApp::start();
    let (ada, grace, section) = (app.student("1"), app.student("2"), app.open_section(5));
    let path = granted(
        &app,
        &ada,
        &json!({"section_id": section, "waives": ["hold", "hold", "restricted"], "expires_at": FUTURE}),
    );
    let id = path.rsplit('/').next().unwrap();
    let made = app.get(&path).expect(200);
    let expected = json!({
        "id": id, "student_id": ada, "course_id": null, "section_id": section, "waives": ["hold", "restricted"],
        "granted_by": "Prof. Hopper", "reason": "Consent of the instructor", "expires_at": FUTURE, "max_uses": 1,
        "uses": 0, "used_for": [], "version": 1, "created_at": made["created_at"], "updated_at": made["updated_at"]
    });
    assert_eq!(made, expected);

    let other = format!("/api/v1/students/{grace}/permits/{id}");
    app.get(&other).expect(404);
    app.patch(&other, &json!({"max_uses": null})).expect(404);
    app.delete(&other).expect(404);
    assert_eq!(app.get(&format!("/api/v1/students/{ada}/permits")).expect(200)["items"], json!([made]));
    assert_eq!(app.get(&format!("/api/v1/students/{grace}/permits")).expect(200)["items"], json!([]));

    assert_eq!(app.send_json("PATCH", &path, &[("if-match", "\"2\"")], &json!({})).status, 412);
    let changed = app.patch(&path, &json!({"max_uses": null, "waives": ["time_conflict"]})).expect(200);
    assert_eq!((&changed["max_uses"], &changed["waives"]), (&Value::Null, &json!(["time_conflict"])));
    app.delete(&path).expect(204);
    app.get(&path).expect(404);
}

#[test]
fn there_is_no_permit_for_everything() {
    let app = TestApp::start();
    let (student, section) = (app.student("1"), app.open_section(5));
    let wrong = |fields: Value| grant(&app, &student, &fields).invalid();
    assert_eq!(wrong(json!({"section_id": section})), ["/waives"]);
    assert_eq!(wrong(json!({"section_id": section, "waives": []})), ["/waives"]);
    assert_eq!(wrong(json!({"section_id": section, "waives": ["*"]})), ["/waives"]);
    assert_eq!(wrong(json!({"waives": ["hold"]})), ["/course_id"]);
    let never = json!(["student_not_active", "already_enrolled", "section_full", "not_enrolled", "hold"]);
    let refused = grant(&app, &student, &json!({"section_id": section, "waives": never}));
    assert_eq!(
        refused.body["errors"][2]["detail"],
        "names section_full, which no permit waives: raise the capacity of the section"
    );
    assert_eq!(refused.invalid(), ["/waives/0", "/waives/1", "/waives/2", "/waives/3"]);
}

#[test]
fn a_permit_lets_a_student_past_the_rules_that_it_names_and_past_no_others() {
    let app = TestApp::start();
    let student = app.student("1");
    let course = app.course("CS201", &json!({"requisite": {"course": "CS101"}}));
    let term = app.term("F26", &json!({"enrollment_closes_at": PAST}));
    let section = app.section(&course, &term, "1", 5, &json!({"status": "open"}));
    app.hold(&student, &json!({"blocks": "enroll", "reason": "Fees are due"}));
    assert_eq!(app.enroll(&student, &section).refused(), ["hold", "window_closed", "prerequisite_missing"]);

    let late = granted(&app, &student, &json!({"section_id": section, "waives": ["window_closed", "hold"]}));
    assert_eq!(app.enroll(&student, &section).refused(), ["prerequisite_missing"]);
    assert_eq!(app.get(&late).expect(200)["uses"], 0, "a refusal uses none");

    let passed =
        granted(&app, &student, &json!({"course_id": course, "waives": ["prerequisite_missing"], "max_uses": 5}));
    let dry = app.post(&format!("/api/v1/students/{student}/courses?dry_run=true"), &json!({"section_id": section}));
    dry.expect(200);
    assert_eq!(app.get(&late).expect(200)["uses"], 0, "a dry run uses none");

    let enrolled = app.enroll(&student, &section);
    let attempt = enrolled.header("link").unwrap().split(['/', '>']).nth(4).unwrap().to_owned();
    let held = enrolled.expect(201);
    let used = app.get(&late).expect(200);
    let use_of = |waived: Value| json!({"attempt_id": attempt, "student_course_id": held["id"], "waived": waived, "at": held["enrolled_at"]});
    assert_eq!((&used["uses"], &used["version"]), (&json!(1), &json!(2)));
    assert_eq!(used["used_for"], json!([use_of(json!(["hold", "window_closed"]))]));
    assert_eq!(app.get(&passed).expect(200)["used_for"], json!([use_of(json!(["prerequisite_missing"]))]));

    let receipt = app.get(&format!("/api/v1/receipts/{attempt}")).expect(200);
    let waived: Vec<(&str, &str)> = receipt["steps"][0]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| Some((finding["rule"].as_str()?, finding["waived_by"].as_str()?)))
        .collect();
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    assert_eq!(
        waived,
        [("hold", &id(&late)[..]), ("window_closed", &id(&late)), ("prerequisite_missing", &id(&passed))]
    );

    app.delete(&format!("/api/v1/students/{student}/courses/{}", held["id"].as_str().unwrap())).expect(200);
    assert_eq!(app.enroll(&student, &section).refused(), ["hold", "window_closed"], "the first was for one use");
    app.database.assert_invariants();
}

#[test]
fn a_permit_that_was_used_cannot_be_deleted_but_expire() {
    let app = TestApp::start();
    let (student, section) = (app.student("1"), app.open_section(5));
    app.hold(&student, &json!({"blocks": "both", "reason": "Fees are due"}));
    let path = granted(&app, &student, &json!({"section_id": section, "waives": ["hold"], "max_uses": null}));
    let held = app.enroll(&student, &section).expect(201);
    let refused = app.delete(&path);
    assert_eq!((refused.status, &refused.body["in_use_by"]), (409, &json!(["permit_use"])));
    assert_eq!(app.patch(&path, &json!({"max_uses": 1})).expect(200)["uses"], 1);
    app.patch(&path, &json!({"max_uses": null, "expires_at": PAST})).expect(200);
    let leave = || app.delete(&format!("/api/v1/students/{student}/courses/{}", held["id"].as_str().unwrap()));
    assert_eq!(leave().refused(), ["hold"]);
    app.patch(&path, &json!({"expires_at": FUTURE})).expect(200);
    assert_eq!(leave().expect(200)["status"], "dropped");
    assert_eq!(app.get(&path).expect(200)["uses"], 2);
    app.database.assert_invariants();
}
