//! Students see when and where their courses meet, in the API and in their calendars.

use enrollment_tests::{Answer, TestApp};
use serde_json::{Value, json};

fn codes(timetable: &Value) -> Vec<&str> {
    timetable["items"].as_array().unwrap().iter().map(|item| item["course"]["code"].as_str().unwrap()).collect()
}

#[test]
fn a_timetable_follows_what_the_student_is_enrolled_in() {
    let app = TestApp::start();
    let student = app.student("1");
    let (past, now) = (
        app.term("F20", &json!({"starts_on": "2020-09-01", "ends_on": "2021-01-31"})),
        app.term("F26", &json!({"starts_on": "2026-10-14"})),
    );
    let enrolled_in = |code: &str, term: &str, more: Value| {
        let section = app.section(&app.course(code, &json!({})), term, "27", 5, &more);
        app.enroll(&student, &section).expect(201)["id"].as_str().unwrap().to_owned()
    };
    let meetings = json!([
        {"days": ["mon", "wed"], "starts_at": "10:00", "ends_at": "11:15", "weeks": [1, 2, 4], "location": "H 101"},
        {"days": ["fri"], "starts_at": "08:00", "ends_at": "09:30"}
    ]);
    let held = enrolled_in("CS2", &now, json!({"meetings": meetings, "instructor": "Grace Hopper"}));
    let left = enrolled_in("CS1", &now, json!({}));
    enrolled_in("CS0", &past, json!({}));

    let path = format!("/api/v1/students/{student}/timetable");
    let timetable = app.get(&path).expect(200);
    assert_eq!(codes(&timetable), ["CS1", "CS2"]);
    let item = &timetable["items"][1];
    assert_eq!((&item["student_course_id"], &item["instructor"]), (&json!(held), &json!("Grace Hopper")));
    assert_eq!(item["section"]["number"], "27");
    assert_eq!(
        (&item["term"]["time_zone"], &item["term"]["starts_on"]),
        (&json!("Europe/Berlin"), &json!("2026-10-14"))
    );
    assert_eq!(
        item["meetings"][0],
        json!(
            {"days": ["mon", "wed"], "starts_at": "10:00", "ends_at": "11:15", "weeks": [1, 2, 4], "location": "H 101"}
        )
    );
    assert_eq!(codes(&app.get(&format!("{path}?term_id={past}")).expect(200)), ["CS0"]);

    app.delete(&format!("/api/v1/students/{student}/courses/{left}")).expect(200);
    assert_eq!(codes(&app.get(&path).expect(200)), ["CS2"]);

    let answer: Answer = app.send("GET", &path, &[("accept", "text/calendar")], None);
    assert_eq!(answer.header("content-type"), Some("text/calendar; charset=utf-8"));
    let body = answer.expect(200);
    let text = body.as_str().unwrap();
    assert_eq!(text.matches("BEGIN:VEVENT\r\n").count(), 2, "{text}");
    assert_eq!(text.matches("BEGIN:VTIMEZONE\r\n").count(), 1, "{text}");
    for line in [
        format!("UID:{held}-0"),
        // Week 1 has the Wednesday on which the term begins, and no Monday.
        "DTSTART;TZID=Europe/Berlin:20261014T100000".to_owned(),
        "DTEND;TZID=Europe/Berlin:20261014T111500".to_owned(),
        // The last one is after clocks have gone back, so an hour later in UTC.
        "RRULE:FREQ=WEEKLY;UNTIL=20261104T090000Z;BYDAY=MO,WE;WKST=MO".to_owned(),
        "EXDATE;TZID=Europe/Berlin:20261026T100000,20261028T100000".to_owned(),
        "SUMMARY:CS2 About CS2 (lecture 27)".to_owned(),
        "LOCATION:H 101".to_owned(),
        "DESCRIPTION:Grace Hopper".to_owned(),
        format!("UID:{held}-1"),
    ] {
        assert!(text.split("\r\n").any(|own| own == line), "{line}\n{text}");
    }

    app.get("/api/v1/students/0190a1b2-0000-7000-8000-000000000000/timetable").expect(404);
    let wrong = app.get(&format!("{path}?term_id=fall&weeks=1")).expect(422);
    let wrong: Vec<&str> =
        wrong["errors"].as_array().unwrap().iter().map(|error| error["parameter"].as_str().unwrap()).collect();
    assert_eq!(wrong, ["term_id", "weeks"]);
}
