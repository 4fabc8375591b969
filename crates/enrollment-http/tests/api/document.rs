//! What is answered is what the document says.

use crate::samples::*;
use enrollment_core::registration::{Code, SeatChanges, Violation};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

fn schema(name: &str) -> Value {
    let document = serde_json::to_value(enrollment_http::openapi()).unwrap();
    document["components"]["schemas"][name].clone()
}

fn names(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap().to_owned()).collect(),
        other => panic!("{other}"),
    }
}

fn is_as_told(name: &str, answer: impl Serialize) {
    let (schema, answer) = (schema(name), serde_json::to_value(answer).unwrap());
    assert_eq!(names(&schema["properties"]), names(&answer), "{name}");
    assert_eq!(names(&schema["required"]), names(&answer), "{name}");
}

#[test]
fn every_member_of_an_answer_is_told_and_required() {
    is_as_told("Student", student());
    is_as_told("Hold", hold());
    is_as_told("Reservation", reservation());
    is_as_told("Window", window());
    is_as_told("Permit", permit());
    is_as_told("PermitUse", &permit().used_for[0]);
    is_as_told("Course", course());
    is_as_told("Term", term());
    is_as_told("Section", section());
    is_as_told("Meeting", &section().meetings[0]);
    is_as_told("StudentCourse", student_course());
    is_as_told("CourseRef", student_course().course);
    is_as_told("SectionRef", student_course().section);
    is_as_told("TermRef", student_course().term);
    is_as_told("StudentRef", roster_entry().student);
    is_as_told("TimetableEntry", timetable_entry());
    is_as_told("TimetableTerm", timetable_entry().term);
    is_as_told("StepJudgement", &record().judgement.steps[0]);
    is_as_told("Event", event());
    is_as_told("SeatChanges", SeatChanges::default());
    is_as_told("Judgement", record().judgement);
    is_as_told("Finding", &record().judgement.steps[0].rules[0]);
}

#[test]
fn a_violation_has_a_pointer_only_where_the_request_has_parts() {
    let alone = violation(Code::SectionFull);
    let in_a_plan = Violation { pointer: Some("/adds/0".to_owned()), ..alone.clone() };
    let told = schema("Violation");
    assert_eq!(names(&told["required"]), names(&serde_json::to_value(alone).unwrap()));
    assert_eq!(names(&told["properties"]), names(&serde_json::to_value(in_a_plan).unwrap()));
}

#[test]
fn every_field_of_a_sample_body_is_told() {
    for (name, body) in [
        ("StudentDraft", student_body()),
        ("HoldDraft", hold_body()),
        ("ReservationDraft", reservation_body()),
        ("WindowDraft", window_body()),
        ("PermitDraft", permit_body()),
        ("CourseDraft", course_body()),
        ("TermDraft", term_body()),
        ("SectionDraft", section_body()),
        ("MeetingDraft", section_body()["meetings"][0].clone()),
    ] {
        let schema = schema(name);
        assert!(names(&body).is_subset(&names(&schema["properties"])), "{name}");
        if name != "MeetingDraft" {
            assert!(names(&schema["required"]).is_subset(&names(&body)), "{name}");
        }
    }
}

#[test]
fn headers_are_text_and_never_null() {
    let document = serde_json::to_value(enrollment_http::openapi()).unwrap();
    let enroll = &document["paths"]["/api/v1/students/{id}/courses"]["post"]["parameters"];
    let key = enroll.as_array().unwrap().iter().find(|parameter| parameter["name"] == "Idempotency-Key").unwrap();
    assert_eq!(
        (&key["in"], &key["required"], &key["schema"]["type"]),
        (&"header".into(), &false.into(), &"string".into())
    );
}
