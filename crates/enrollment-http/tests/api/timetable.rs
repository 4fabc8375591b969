//! `GET /students/{id}/timetable`.

use crate::api::{Answer, Ports};
use crate::samples::*;
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use enrollment_core::registration::{TimetableEntry, TimetableTerms};
use enrollment_core::{Error, Subject};
use serde_json::json;

const PATH: &str = "/api/v1/students/0190a1b2-0000-7000-8000-000000000001/timetable";

async fn asked(accept: Option<&str>) -> Answer {
    let mut ports = Ports::default();
    ports.registration.expect_timetable().once().returning(|_, _| Ok(vec![timetable_entry()]));
    let request = TestRequest::get().uri(PATH);
    let request = match accept {
        Some(accept) => request.insert_header(("accept", accept)),
        None => request,
    };
    ports.api().send(request).await
}

#[actix_web::test]
async fn it_tells_what_meets_when_and_where() {
    let answer = asked(None).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    let expected = json!({
        "student_id": STUDENT,
        "at": "2026-09-01T08:00:00Z",
        "items": [{
            "student_course_id": STUDENT_COURSE,
            "course": {"id": COURSE, "code": "CS101", "title": "Computing"},
            "section": {"id": SECTION, "number": "27", "component": "lecture"},
            "term": {
                "id": TERM, "code": "2026-fall", "name": "Fall", "time_zone": "Asia/Shanghai",
                "starts_on": "2026-09-01", "ends_on": "2027-01-15"
            },
            "instructor": null,
            "meetings": [{
                "days": ["mon", "wed"], "starts_at": "10:00", "ends_at": "11:15", "weeks": [1, 2], "location": null
            }]
        }]
    });
    assert_eq!(answer.json(), expected);
}

#[actix_web::test]
async fn it_is_a_calendar_for_who_asks_for_one() {
    let answer = asked(Some("text/calendar")).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "text/calendar; charset=utf-8"));
    assert_eq!(answer.header("vary"), "Accept");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for line in [
        "UID:0190a1b2-0000-7000-8000-000000000005-0",
        "DTSTAMP:20260901T080000Z",
        "DTSTART;TZID=Asia/Shanghai:20260902T100000",
        "RRULE:FREQ=WEEKLY;UNTIL=20260909T020000Z;BYDAY=MO,WE;WKST=MO",
        "TZID:Asia/Shanghai",
    ] {
        assert!(text.split("\r\n").any(|own| own == line), "{line}\n{text}");
    }
}

#[actix_web::test]
async fn it_is_json_unless_a_calendar_is_wanted_more() {
    let table = [
        (None, false),
        (Some("*/*"), false),
        (Some("application/json, text/calendar"), false),
        (Some("text/calendar;q=0.5, application/json;q=0.9"), false),
        (Some("text/calendar;q=0"), false),
        (Some("text/html"), false),
        (Some("nonsense"), false),
        (Some("TEXT/Calendar;charset=utf-8"), true),
        (Some("text/calendar, application/json;q=0.9"), true),
        (Some("text/calendar, */*;q=0.1"), true),
        (Some("text/calendar, */*"), true),
        (Some("text/*"), true),
    ];
    for (accept, is_calendar) in table {
        let answer = asked(accept).await;
        assert_eq!(answer.header("content-type").starts_with("text/calendar"), is_calendar, "{accept:?}");
        assert_eq!(answer.header("vary"), "Accept");
    }
}

#[actix_web::test]
async fn it_is_of_one_term_or_of_those_that_are_not_over() {
    let mut ports = Ports::default();
    let day_before = now().date_naive().pred_opt().unwrap();
    for terms in [TimetableTerms::One(TERM.parse().unwrap()), TimetableTerms::EndingFrom(day_before)] {
        let expected = move |student: &_, given: &_| *student == STUDENT.parse().unwrap() && *given == terms;
        let mut over = timetable_entry();
        over.term.ends_on = "2026-08-31".parse().unwrap();
        let entries: Vec<TimetableEntry> = vec![over, timetable_entry()];
        ports.registration.expect_timetable().once().withf(expected).returning(move |_, _| Ok(entries.clone()));
    }
    let api = ports.api();
    let of_term = api.get(&format!("{PATH}?term_id={TERM}")).await.json();
    assert_eq!(of_term["items"].as_array().unwrap().len(), 2);
    let current = api.get(PATH).await.json();
    assert_eq!(current["items"].as_array().unwrap().len(), 1, "{current}");
}

#[actix_web::test]
async fn a_student_who_does_not_exist_is_not_found_and_parameters_are_checked() {
    let mut ports = Ports::default();
    ports.registration.expect_timetable().once().returning(|_, _| Err(Error::NotFound(Subject::Student)));
    let api = ports.api();
    let calendar = TestRequest::get().uri(PATH).insert_header(("accept", "text/calendar"));
    api.send(calendar).await.problem(404, "/problems/not-found");
    let wrong = api.get(&format!("{PATH}?term_id=fall&week=3&term=1")).await;
    wrong.problem(422, "/problems/invalid");
    assert_eq!(wrong.wrong(), ["term_id", "week", "term"]);
}
