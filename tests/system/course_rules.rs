//! What a course asks of those who take it: how often, for how many credits, and with whose consent.

use enrollment_tests::TestApp;
use serde_json::{Value, json};

#[test]
fn a_course_is_taken_as_often_as_its_policy_says() {
    let app = TestApp::start();
    let term = app.term("F26", &json!({}));
    let policies = [
        ("A", json!({}), ["B"].as_slice(), Some("You have passed A with B, and it cannot be repeated for credit.")),
        ("B", json!({}), &["F", "F", "F"], None),
        (
            "C",
            json!({"repeat_policy": "never"}),
            &["F"],
            Some("You have completed C with F, and it cannot be taken again."),
        ),
        ("D", json!({"repeat_policy": {"at_most": 2}}), &["A"], None),
        (
            "E",
            json!({"repeat_policy": {"at_most": 2}}),
            &["F", "A"],
            Some("You have completed E 2 times, and it can be taken 2 times in all."),
        ),
        ("F", json!({"repeatable": true}), &["A", "A", "A"], None),
    ];
    let student = app.student("1");
    for (code, policy, grades, refusal) in policies {
        let course = app.course(code, &policy);
        let section = app.section(&course, &term, "1", 5, &json!({}));
        for grade in grades {
            app.database.credit_from_elsewhere(&student, &course, Some(grade));
        }
        let answer = app.enroll(&student, &section);
        match refusal {
            None => assert_eq!(answer.status, 201, "{code}: {:#}", answer.body),
            Some(message) => {
                let violation = answer.body["violations"][0].clone();
                assert_eq!((&violation["code"], &violation["message"]), (&json!("already_passed"), &json!(message)));
                assert_eq!(violation["facts"]["attempts"], grades.len());
            }
        }
    }
    app.database.assert_invariants();
}

#[test]
fn the_repeat_policy_has_a_short_form() {
    let app = TestApp::start();
    let path = format!("/api/v1/courses/{}", app.course("A", &json!({"repeat_policy": {"at_most": 3}})));
    let policy = |course: &Value| (course["repeat_policy"].clone(), course["repeatable"].clone());
    assert_eq!(policy(&app.get(&path).expect(200)), (json!({"at_most": 3}), json!(true)));
    let change = |body: &Value| policy(&app.patch(&path, body).expect(200));
    assert_eq!(change(&json!({"title": "Algebra"})), (json!({"at_most": 3}), json!(true)));
    assert_eq!(change(&json!({"repeatable": false})), (json!("until_passed"), json!(false)));
    assert_eq!(change(&json!({"repeat_policy": "never"})), (json!("never"), json!(false)));
    assert_eq!(change(&json!({"repeatable": true})), (json!("freely"), json!(true)));
    let wrong = app.patch(&path, &json!({"repeat_policy": "never", "repeatable": true})).expect(422);
    assert_eq!(wrong["errors"][0]["pointer"], "/repeatable");
}
