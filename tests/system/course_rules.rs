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

#[test]
fn a_course_is_taken_for_the_credits_that_are_asked_for() {
    let app = TestApp::start();
    let term = app.term("F26", &json!({"max_credits": 10}));
    let (fixed, thesis) = (app.course("A", &json!({})), app.course("B", &json!({"max_credits": 7.5})));
    let [fixed, thesis] = [fixed, thesis].map(|course| app.section(&course, &term, "1", 5, &json!({})));
    let student = app.student("1");
    let enroll = |section: &str, credits: Value| {
        app.post(&format!("/api/v1/students/{student}/courses"), &json!({"section_id": section, "credits": credits}))
    };
    assert_eq!(enroll(&fixed, json!(4)).refused(), ["credits_out_of_range"]);
    assert_eq!(enroll(&thesis, json!(8)).refused(), ["credits_out_of_range"]);
    assert_eq!(enroll(&thesis, json!("many")).expect(422)["errors"][0]["pointer"], "/credits");
    assert_eq!(enroll(&fixed, json!(3)).expect(201)["credits"], 3);
    let refused = enroll(&thesis, json!(7.25));
    assert_eq!(refused.body["violations"][0]["facts"]["asked"], 7.25);
    assert_eq!(refused.refused(), ["credit_limit"]);
    let made = enroll(&thesis, json!(7)).expect(201);
    assert_eq!(made["credits"], 7);
    assert_eq!(app.courses_of(&student)[0], made);
    let path = format!("/api/v1/courses/{}", made["course"]["id"].as_str().unwrap());
    assert_eq!(app.patch(&path, &json!({"max_credits": 2})).expect(422)["errors"][0]["pointer"], "/max_credits");
    app.database.assert_invariants();
}

#[test]
fn a_programme_has_a_limit_of_its_own_and_an_audit_counts_where_the_term_says_so() {
    let app = TestApp::start();
    let (short, long) = ("BSc \"Physics\"", "MSc Физика");
    let term = app.term("F26", &json!({"max_credits": 9, "program_max_credits": {short: 4.5, long: 12}}));
    let sections: Vec<String> = ["A", "B", "C", "D"]
        .iter()
        .map(|code| app.section(&app.course(code, &json!({})), &term, "1", 9, &json!({})))
        .collect();
    let student = |number: &str, program: Option<&str>| {
        let student = app.student(number);
        app.patch(&format!("/api/v1/students/{student}"), &json!({"program": program})).expect(200);
        student
    };
    let table = [
        ("1", Some(short), 1, "program"),
        ("2", Some(long), 3, "term"),
        ("3", None, 3, "term"),
        ("4", Some("MSc"), 3, "term"),
    ];
    for (number, program, courses, limited_by) in table {
        let student = student(number, program);
        for section in &sections[..courses] {
            app.enroll(&student, section).expect(201);
        }
        let refused = app.enroll(&student, &sections[courses]);
        assert_eq!(refused.body["violations"][0]["facts"]["limited_by"], limited_by, "{number}");
        assert_eq!(refused.refused(), ["credit_limit"]);
    }

    let auditor = student("5", Some(short));
    app.enroll(&auditor, &sections[0]).expect(201);
    let audit = |section: &str| {
        let body = json!({"section_id": section, "grading_basis": "audit"});
        app.post(&format!("/api/v1/students/{auditor}/courses"), &body)
    };
    audit(&sections[1]).expect(201);
    app.patch(&format!("/api/v1/terms/{term}"), &json!({"audit_counts": true})).expect(200);
    assert_eq!(audit(&sections[2]).refused(), ["credit_limit"]);
    app.database.assert_invariants();
}

#[test]
fn a_course_with_consent_lets_nobody_in_without_a_permit() {
    let app = TestApp::start();
    let consent = json!({"restriction": {"consent": true}});
    let (seminar, plain) = (app.course("A", &consent), app.course("B", &json!({})));
    let term = app.term("F26", &json!({}));
    let student = app.student("1");
    for section in [app.section(&seminar, &term, "1", 5, &json!({})), app.section(&plain, &term, "1", 5, &consent)] {
        let refused = app.enroll(&student, &section);
        let violation = &refused.body["violations"][0];
        assert_eq!(violation["remedy"], "Ask the instructor for a permit that waives `restricted`.");
        assert_eq!(refused.refused(), ["restricted"]);
    }
    app.enroll(&student, &app.section(&plain, &term, "2", 5, &json!({}))).expect(201);
}
