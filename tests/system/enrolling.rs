//! Students enroll in courses, see them, and leave them: the promise of the product, over HTTP.

use enrollment_tests::TestApp;
use serde_json::{Value, json};

fn enroll_path(student: &str) -> String {
    format!("/api/v1/students/{student}/courses")
}

#[test]
fn a_student_enrolls_and_sees_the_course() {
    let app = TestApp::start();
    let (section, student) = (app.open_section(2), app.student("1"));
    let answer = app.enroll(&student, &section);
    let location = answer.header("location").unwrap().to_owned();
    let made = answer.expect(201);
    assert_eq!(location, format!("{}/{}", enroll_path(&student), made["id"].as_str().unwrap()));
    let expected = json!({
        "id": made["id"], "student_id": student, "status": "enrolled",
        "course": {"id": made["course"]["id"], "code": "CS101", "title": "About CS101"},
        "section": {"id": section, "number": "1", "component": "lecture"},
        "term": {"id": made["term"]["id"], "code": "F26"},
        "credits": 3, "grading_basis": "graded", "grade": null, "waitlist_position": null, "reservation_id": null,
        "waitlist": null, "enrolled_at": made["enrolled_at"], "ended_at": null, "end_reason": null, "version": 1
    });
    assert_eq!(made, expected);
    assert_eq!(app.courses_of(&student), std::slice::from_ref(&expected));
    assert_eq!(app.get(&location).expect(200), expected);
    let counted = app.get(&format!("/api/v1/sections/{section}")).expect(200);
    assert_eq!((&counted["enrolled"], &counted["waitlisted"]), (&json!(1), &json!(0)));
    app.database.assert_invariants();
}

#[test]
fn a_refusal_names_every_rule_in_the_fixed_order_and_changes_nothing() {
    let app = TestApp::start();
    let term = app.term("F26", &json!({"max_credits": 4, "enrollment_closes_at": "2020-01-01"}));
    let open = app.term("S27", &json!({"max_credits": 4}));
    let meetings = json!([{"days": ["mon"], "starts_at": "10:00", "ends_at": "12:00"}]);
    let first = app.course("CS1", &json!({}));
    let held = app.section(&first, &open, "1", 5, &json!({"meetings": meetings}));
    let asked = app.course("CS2", &json!({"requisite": {"course": "CS0", "min_grade": "C"}}));
    let section = app.section(&asked, &open, "1", 0, &json!({"meetings": meetings, "status": "closed"}));
    let student = app.student("1");
    app.enroll(&student, &held).expect(201);
    let answer = app.enroll(&student, &section);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.body["type"], "/problems/enrollment-refused");
    for violation in answer.body["violations"].as_array().unwrap() {
        assert!(violation["message"].as_str().is_some_and(|text| !text.is_empty()), "{violation}");
        assert!(violation["remedy"].as_str().is_some_and(|text| !text.is_empty()), "{violation}");
        assert!(violation["facts"].is_object(), "{violation}");
    }
    let codes = answer.refused();
    assert_eq!(codes, ["section_not_open", "prerequisite_missing", "time_conflict", "credit_limit", "section_full"]);
    let late = app.section(&first, &term, "1", 5, &json!({}));
    assert_eq!(app.enroll(&student, &late).refused(), ["window_closed"]);
    app.patch(&format!("/api/v1/students/{student}"), &json!({"status": "suspended"})).expect(200);
    assert_eq!(app.enroll(&student, &held).refused(), ["student_not_active", "already_enrolled"]);
    assert_eq!(app.courses_of(&student).len(), 1);
    app.database.assert_invariants();
}

#[test]
fn a_passed_course_opens_the_next_and_closes_itself() {
    let app = TestApp::start();
    let (basics, advanced) =
        (app.course("CS1", &json!({})), app.course("CS2", &json!({"requisite": {"course": "CS1", "min_grade": "B"}})));
    let term = app.term("F26", &json!({}));
    let (again, next) =
        (app.section(&basics, &term, "1", 5, &json!({})), app.section(&advanced, &term, "1", 5, &json!({})));
    for (number, grade, admitted) in [("1", "A-", true), ("2", "B", true), ("3", "B-", false), ("4", "P", false)] {
        let student = app.student(number);
        app.database.credit_from_elsewhere(&student, &basics, Some(grade));
        let answer = app.enroll(&student, &next);
        assert_eq!(answer.status, if admitted { 201 } else { 409 }, "{grade}");
        assert_eq!(app.enroll(&student, &again).refused(), ["already_passed"]);
    }
    app.database.assert_invariants();
}

#[test]
fn leaving_frees_the_seat_and_keeps_the_trace() {
    let app = TestApp::start();
    let section = app.open_section(1);
    let (ada, grace) = (app.student("1"), app.student("2"));
    let made = app.enroll(&ada, &section).expect(201);
    assert_eq!(app.enroll(&grace, &section).refused(), ["section_full"]);
    let path = format!("{}/{}", enroll_path(&ada), made["id"].as_str().unwrap());
    let other = format!("{}/{}", enroll_path(&grace), made["id"].as_str().unwrap());
    app.delete(&other).expect(404);
    let left = app.delete(&path).expect(200);
    assert_eq!((&left["status"], &left["version"]), (&json!("dropped"), &json!(2)));
    assert!(left["ended_at"].is_string());
    let again = app.delete(&path);
    assert_eq!(again.body["type"], "/problems/drop-refused");
    assert_eq!(again.refused(), ["not_enrolled"]);
    app.enroll(&grace, &section).expect(201);
    assert_eq!(app.courses_of(&ada)[0]["status"], "dropped");
    app.database.assert_invariants();
}

#[test]
fn the_date_decides_whether_leaving_is_a_drop_a_withdrawal_or_too_late() {
    let app = TestApp::start();
    let course = app.course("CS1", &json!({}));
    let terms = [
        ("T1", json!({"drop_deadline": "2099-01-01", "withdraw_deadline": "2099-02-01"}), Ok("dropped")),
        ("T2", json!({"drop_deadline": "2020-01-01", "withdraw_deadline": "2099-02-01"}), Ok("withdrawn")),
        (
            "T3",
            json!({"drop_deadline": "2020-01-01", "withdraw_deadline": "2020-02-01"}),
            Err(vec!["deadline_passed".to_owned()]),
        ),
    ];
    let student = app.student("1");
    for (code, deadlines, expected) in terms {
        let term = app.term(code, &deadlines);
        let section = app.section(&course, &term, "1", 1, &json!({}));
        let made = app.enroll(&student, &section).expect(201);
        let answer = app.delete(&format!("{}/{}", enroll_path(&student), made["id"].as_str().unwrap()));
        match expected {
            Ok(status) => assert_eq!(answer.expect(200)["status"], status),
            Err(codes) => assert_eq!(answer.refused(), codes),
        }
    }
    app.database.assert_invariants();
}

#[test]
fn a_course_alone_is_enough_and_the_emptiest_section_is_picked() {
    let app = TestApp::start();
    let course = app.course("CS1", &json!({}));
    let (term, other) = (app.term("F26", &json!({})), app.term("S27", &json!({"starts_on": "2027-02-01"})));
    app.section(&course, &term, "1", 2, &json!({}));
    let larger = app.section(&course, &term, "2", 9, &json!({}));
    let elsewhere = app.section(&course, &other, "1", 50, &json!({}));
    let body = json!({ "course_id": course });
    let picked =
        |student: &str, body: &Value| app.post(&enroll_path(student), body).expect(201)["section"]["id"].clone();
    assert_eq!(picked(&app.student("1"), &body), json!(larger));
    assert_eq!(picked(&app.student("2"), &json!({"course_id": course, "term_id": other})), json!(elsewhere));
    assert_eq!(app.post(&enroll_path(&app.student("4")), &json!({ "course_id": course, "term_id": term })).status, 201);
    let lab = app.section(&course, &term, "L", 99, &json!({"component": "lab"}));
    assert_ne!(
        picked(&app.student("5"), &json!({"course_id": course, "term_id": term})),
        json!(lab),
        "a course is its lecture"
    );
    let unoffered = app.course("CS2", &json!({}));
    let answer = app.post(&enroll_path(&app.student("3")), &json!({ "course_id": unoffered }));
    assert_eq!(answer.refused(), ["section_not_open"]);
}

#[test]
fn wrong_fields_are_named_all_at_once_and_what_does_not_exist_is_a_wrong_field() {
    let app = TestApp::start();
    let student = app.student("1");
    let nowhere = "0190a1b2-0000-7000-8000-000000000000";
    let answer = app
        .post(&enroll_path(&student), &json!({"section_id": 7, "waitlist": 1, "seat": "A1", "grading_basis": "none"}));
    assert_eq!(answer.invalid(), ["/seat", "/section_id", "/waitlist", "/grading_basis"]);
    assert_eq!(app.enroll(&student, nowhere).invalid(), ["/section_id"]);
    let course = app.course("CS1", &json!({}));
    assert_eq!(app.post(&enroll_path(&student), &json!({"course_id": nowhere})).invalid(), ["/course_id"]);
    assert_eq!(
        app.post(&enroll_path(&student), &json!({"course_id": course, "term_id": nowhere})).invalid(),
        ["/term_id"]
    );
    let section = app.open_section(1);
    app.enroll(nowhere, &section).expect(404);
    app.get(&enroll_path(nowhere)).expect(404);
    app.get(&format!("/api/v1/sections/{nowhere}/students")).expect(404);
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let app = TestApp::start();
    let (section, student) = (app.open_section(1), app.student("1"));
    let path = format!("{}?dry_run=true", enroll_path(&student));
    let body = json!({ "section_id": section });
    for _ in 0..2 {
        let would_be = app.send_json("POST", &path, &[("idempotency-key", "k")], &body).expect(200);
        assert_eq!((&would_be["outcome"], &would_be["dry_run"]), (&json!("accepted"), &json!(true)));
        assert_eq!(would_be["changes"][0]["start"]["status"], "enrolled");
        assert!(would_be["steps"][0]["rules"].as_array().unwrap().iter().all(|rule| rule["violation"].is_null()));
    }
    assert!(app.courses_of(&student).is_empty());
    app.send_json("POST", &enroll_path(&student), &[("idempotency-key", "k")], &body).expect(201);
    assert_eq!(app.post(&path, &body).refused(), ["already_enrolled", "section_full"]);
    app.database.assert_invariants();
}

#[test]
fn a_key_replays_the_first_answer_also_a_refusal_and_refuses_another_request() {
    let app = TestApp::start();
    let section = app.open_section(1);
    let (ada, grace) = (app.student("1"), app.student("2"));
    let body = json!({ "section_id": section });
    let send = |student: &str, key: &str, body: &Value| {
        app.send_json("POST", &enroll_path(student), &[("idempotency-key", key)], body)
    };
    let first = send(&ada, "a", &body);
    let refused = send(&grace, "b", &body);
    assert_eq!((first.status, refused.status), (201, 409));
    // The seat is free again, and yet the refusal stands: it is the answer to that request.
    app.delete(&format!("{}/{}", enroll_path(&ada), first.body["id"].as_str().unwrap())).expect(200);
    for (answer, again) in [(&first, send(&ada, "a", &body)), (&refused, send(&grace, "b", &body))] {
        assert_eq!(
            (again.status, &again.body["violations"], &again.body["id"]),
            (answer.status, &answer.body["violations"], &answer.body["id"])
        );
    }
    let other = send(&ada, "a", &json!({ "section_id": section, "grading_basis": "audit" })).expect(422);
    assert_eq!(other["type"], "/problems/idempotency-key-reused");
    assert_eq!(send(&grace, "a", &body).expect(422)["type"], "/problems/idempotency-key-reused");
    send(&grace, "c", &body).expect(201);
    app.database.assert_invariants();
}

#[test]
fn lists_of_courses_are_filtered_and_paged_newest_first() {
    let app = TestApp::start();
    let student = app.student("1");
    let (fall, spring) = (app.term("F26", &json!({})), app.term("S27", &json!({})));
    for number in 0..7 {
        let course = app.course(&format!("CS{number}"), &json!({}));
        let section = app.section(&course, if number < 4 { &fall } else { &spring }, "1", 5, &json!({}));
        let made = app.enroll(&student, &section).expect(201);
        if number == 0 {
            app.delete(&format!("{}/{}", enroll_path(&student), made["id"].as_str().unwrap())).expect(200);
        }
    }
    let codes = |query: &str| -> Vec<String> {
        let mut codes = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = app.get(&format!("{}?limit=2{query}{cursor}", enroll_path(&student))).expect(200);
            codes.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|item| item["course"]["code"].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return codes,
            }
        }
    };
    assert_eq!(codes(""), ["CS6", "CS5", "CS4", "CS3", "CS2", "CS1", "CS0"]);
    assert_eq!(codes(&format!("&term_id={fall}")), ["CS3", "CS2", "CS1", "CS0"]);
    assert_eq!(codes("&status=dropped"), ["CS0"]);
    assert_eq!(codes(&format!("&term_id={fall}&status=enrolled")), ["CS3", "CS2", "CS1"]);
}

#[test]
fn the_roster_lists_who_is_enrolled_in_order() {
    let app = TestApp::start();
    let section = app.open_section(10);
    let students: Vec<String> = (1..=5).map(|number| app.student(&number.to_string())).collect();
    for student in &students {
        app.enroll(student, &section).expect(201);
    }
    let id = app.courses_of(&students[2])[0]["id"].as_str().unwrap().to_owned();
    app.delete(&format!("{}/{id}", enroll_path(&students[2]))).expect(200);
    let path = format!("/api/v1/sections/{section}/students");
    let first = app.get(&format!("{path}?limit=3")).expect(200);
    let rest = app.get(&format!("{path}?limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).expect(200);
    let items = [first["items"].as_array().unwrap().as_slice(), rest["items"].as_array().unwrap()].concat();
    let numbers: Vec<&str> = items.iter().map(|item| item["student"]["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["1", "2", "4", "5"]);
    assert_eq!((&items[0]["course"]["code"], &rest["next_cursor"]), (&json!("CS101"), &Value::Null));
}

#[test]
fn a_course_is_taken_beside_its_corequisite_and_instead_of_what_it_excludes() {
    let app = TestApp::start();
    let (term, later) = (app.term("F26", &json!({})), app.term("S27", &json!({})));
    let lecture = app.course("PH1", &json!({}));
    let lab = app.course("PH1L", &json!({"corequisite": {"course": "PH1"}}));
    let other = app.course("PH2", &json!({"excludes": ["PH1"], "requisite": {"course": "PH1L", "in_progress": true}}));
    let section = |course: &str, term: &str| app.section(course, term, "1", 9, &json!({}));
    let (lecture_now, lab_now, lab_later) = (section(&lecture, &term), section(&lab, &term), section(&lab, &later));
    let other_later = section(&other, &later);
    let student = app.student("1");

    let refused = app.enroll(&student, &lab_now);
    assert_eq!(
        refused.body["violations"][0]["facts"],
        json!({"course": "PH1L", "term": "F26", "missing": {"course": "PH1"}})
    );
    assert_eq!(refused.refused(), ["corequisite_missing"]);
    let taken = app.enroll(&student, &lecture_now).expect(201);
    assert_eq!(app.enroll(&student, &lab_later).refused(), ["corequisite_missing"], "another term is not beside");
    assert_eq!(app.enroll(&student, &other_later).refused(), ["prerequisite_missing", "excluded_course"]);
    app.enroll(&student, &lab_now).expect(201);
    let refused = app.enroll(&student, &other_later);
    assert_eq!(refused.body["violations"][0]["facts"]["held"][0]["student_course_id"], taken["id"]);
    assert_eq!(refused.refused(), ["excluded_course"], "the laboratory is in progress");
    app.delete(&format!("{}/{}", enroll_path(&student), taken["id"].as_str().unwrap())).expect(200);
    app.enroll(&student, &other_later).expect(201);

    let passed = app.student("2");
    app.database.credit_from_elsewhere(&passed, &lecture, Some("B"));
    app.enroll(&passed, &lab_later).expect(201);
    app.database.assert_invariants();
}

#[test]
fn what_is_for_others_is_refused_and_of_a_course_a_section_that_admits_is_picked() {
    let app = TestApp::start();
    let (course, term) =
        (app.course("CS1", &json!({"restriction": {"programs": ["Logic", "Physics"]}})), app.term("F26", &json!({})));
    let honours = app.section(&course, &term, "1", 99, &json!({"restriction": {"levels": ["graduate"]}}));
    let plain = app.section(&course, &term, "2", 1, &json!({}));
    let student = |number: &str, program: &str, level: &str| {
        let student = app.student(number);
        let path = format!("/api/v1/students/{student}");
        app.patch(&path, &json!({"program": program, "level": level})).expect(200);
        student
    };
    let (artist, undergraduate) = (student("1", "Art", "graduate"), student("2", "Physics", "undergraduate"));
    let nobody = app.student("3");

    let refused = app.enroll(&artist, &honours);
    assert_eq!(
        refused.body["violations"][0]["facts"],
        json!({"program": "Art", "level": "graduate", "course": {"programs": ["Logic", "Physics"]}, "section": null})
    );
    assert_eq!(refused.refused(), ["restricted"]);
    assert_eq!(app.enroll(&nobody, &plain).refused(), ["restricted"], "who has no program is in none of them");
    assert_eq!(app.enroll(&undergraduate, &honours).refused(), ["restricted"]);
    let made = app.post(&enroll_path(&undergraduate), &json!({ "course_id": course })).expect(201);
    assert_eq!(made["section"]["id"], json!(plain), "the emptier one is not for them");

    app.patch(&format!("/api/v1/courses/{course}"), &json!({"restriction": null})).expect(200);
    app.enroll(&artist, &honours).expect(201);
    app.database.assert_invariants();
}
