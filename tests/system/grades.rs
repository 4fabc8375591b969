//! The grade scale is the institution's own: letters, marks, or both.

use enrollment_tests::TestApp;
use serde_json::{Value, json};

fn put(app: &TestApp, grade: &str, worth: &Value) -> (u16, Value) {
    let answer = app.send_json("PUT", &format!("/api/v1/grades/{grade}"), &[], worth);
    (answer.status, answer.body)
}

#[test]
fn grades_are_listed_added_changed_and_deleted() {
    let app = TestApp::start();
    let list = || app.get("/api/v1/grades").expect(200);
    let scale = list();
    assert_eq!(scale["items"][0], json!({"grade": "A+", "rank": 120, "passing": true, "basis": "graded"}));
    assert_eq!((scale["items"].as_array().unwrap().len(), &scale["next_cursor"]), (15, &Value::Null));

    let best = json!({"grade": "学 ★", "rank": 999, "passing": true, "basis": "any"});
    let path = "%E5%AD%A6%20%E2%98%85";
    assert_eq!(put(&app, path, &json!({"rank": 999, "passing": false})).0, 201);
    assert_eq!(put(&app, path, &json!({"rank": 999, "passing": true, "basis": "any"})), (200, best.clone()));
    assert_eq!(list()["items"][0], best);
    app.delete(&format!("/api/v1/grades/{path}")).expect(204);
    app.delete(&format!("/api/v1/grades/{path}")).expect(404);
    assert_eq!(list(), scale);

    assert_eq!(put(&app, "A%2B", &json!({"rank": 120, "passing": true})).0, 200, "not another grade");
    assert_eq!(put(&app, "X", &json!({"rank": "high", "points": 4})).0, 422);
    assert_eq!(put(&app, &"X".repeat(17), &json!({"rank": 1, "passing": true})).0, 404);
    assert_eq!(list(), scale);
}

#[test]
fn a_grade_in_use_stays() {
    let app = TestApp::start();
    let course = app.course("A", &json!({}));
    app.database.credit_from_elsewhere(&app.student("1"), &course, Some("B"));
    app.course("B", &json!({"requisite": {"any": [{"course": "A", "min_grade": "C-"}, {"all": [{"course": "X"}]}]}}));
    app.course("C", &json!({"corequisite": {"course": "A", "min_grade": "D"}}));
    for (grade, by) in [("B", "student_course"), ("C-", "course"), ("D", "course")] {
        let refused = app.delete(&format!("/api/v1/grades/{grade}")).expect(409);
        assert_eq!((&refused["type"], &refused["in_use_by"]), (&json!("/problems/in-use"), &json!([by])), "{grade}");
    }
    app.delete("/api/v1/grades/C").expect(204);
}

#[test]
fn letters_marks_and_passes_meet_requisites_by_their_rank() {
    let app = TestApp::start();
    for (mark, rank, passing) in [("87", 85, true), ("72", 45, true), ("100", 130, true), ("9", -1, false)] {
        assert_eq!(put(&app, mark, &json!({"rank": rank, "passing": passing})).0, 201);
    }
    let term = app.term("F26", &json!({}));
    let basics = app.course("CS0", &json!({}));
    let section = |code: &str, requisite: Value| {
        app.section(&app.course(code, &json!({ "requisite": requisite })), &term, "1", 99, &json!({}))
    };
    let passed = section("CS1", json!({"course": "CS0"}));
    let letter = section("CS2", json!({"course": "CS0", "min_grade": "B"}));
    let mark = section("CS3", json!({"course": "CS0", "min_grade": "87"}));
    let table = [
        ("A", [201, 201, 201]),
        ("B", [201, 201, 409]),
        ("C", [201, 409, 409]),
        ("F", [409, 409, 409]),
        ("P", [201, 409, 409]),
        ("NP", [409, 409, 409]),
        ("100", [201, 201, 201]),
        ("87", [201, 201, 201]),
        ("72", [201, 409, 409]),
        ("9", [409, 409, 409]),
    ];
    for (grade, expected) in table {
        let student = app.student(grade);
        app.database.credit_from_elsewhere(&student, &basics, Some(grade));
        let statuses = [&passed, &letter, &mark].map(|section| app.enroll(&student, section).status);
        assert_eq!(statuses, expected, "{grade}");
    }
    app.database.assert_invariants();
}
