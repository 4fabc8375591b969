//! The sections that a student could take.

use crate::api::Ports;
use crate::samples::*;
use enrollment_core::page::{Limit, Page};
use enrollment_core::registration::Facts;
use serde_json::json;

/// What is known of a suspended student and of the section.
fn facts() -> Facts {
    let (section, course, term) = (section(), course(), term());
    let value = json!({
        "student": {"id": STUDENT, "status": "suspended", "max_credits": null},
        "holds": [], "held": [], "scale": {"A": {"rank": 110, "passing": true}},
        "pools": [{"id": SECTION, "capacity": 30, "overload": 0, "taken": 28}],
        "sections": [{
            "section": {"id": SECTION, "number": section.number, "component": section.component},
            "status": "open", "restriction": null, "seat_pool_id": SECTION, "meetings": [],
            "course": {
                "id": COURSE, "code": course.code, "title": course.title, "credits": 3, "repeat_policy": course.repeat_policy,
                "requisite": null, "corequisite": null, "excludes": [], "restriction": null
            },
            "term": {
                "id": TERM, "code": term.code, "time_zone": term.time_zone, "starts_on": term.starts_on, "ends_on": term.ends_on,
                "max_credits": null, "enrollment_opens_at": null, "enrollment_closes_at": null,
                "drop_deadline": null, "withdraw_deadline": null
            }
        }]
    });
    serde_json::from_value(value).unwrap()
}

#[actix_web::test]
async fn each_section_comes_with_what_refuses_the_student() {
    let mut ports = Ports::default();
    ports
        .sections
        .expect_list()
        .once()
        .withf(|filter, page| {
            filter.term_id.is_some_and(|term| term.to_string() == TERM)
                && filter.days.is_some_and(|days| days.mask() == 0b101)
                && filter.q.as_ref().is_some_and(|text| text.as_str() == "comp")
                && filter.open
                && page.limit == Limit::try_from(2).unwrap()
        })
        .returning(|_, _| Ok(Page { items: vec![section()], next: Some(section().id) }));
    ports
        .facts
        .expect_facts()
        .once()
        .withf(|student, scope| student.to_string() == STUDENT && scope.sections == [section().id])
        .returning(|_, _| Ok(facts()));
    let path = format!("/api/v1/students/{STUDENT}/sections?term_id={TERM}&days=mon,wed&q=comp&open=true&limit=2");
    let page = ports.api().get(&path).await.json();
    assert_eq!(page["next_cursor"], SECTION);
    let offer = &page["items"][0];
    assert_eq!((&offer["eligible"], &offer["seats_free"]), (&json!(false), &json!(2)));
    assert_eq!(offer["violations"].as_array().unwrap().len(), 1, "{offer:#}");
    assert_eq!(offer["violations"][0]["code"], "student_not_active");
    assert_eq!(offer["section"], serde_json::to_value(section()).unwrap());
    assert_eq!((&offer["course"]["code"], &offer["term"]["id"]), (&json!("CS101"), &json!(TERM)));
}

#[actix_web::test]
async fn of_eligible_sections_as_many_are_asked_about_as_a_page_can_hold() {
    let mut ports = Ports::default();
    let whole = |page: &Limit| *page == Limit::greatest();
    ports
        .sections
        .expect_list()
        .once()
        .withf(move |_, page| whole(&page.limit))
        .returning(|_, _| Ok(Page { items: vec![section()], next: None }));
    ports.facts.expect_facts().once().returning(|_, _| Ok(facts()));
    let path = format!("/api/v1/students/{STUDENT}/sections?term_id={TERM}&eligible=true&limit=2");
    assert_eq!(ports.api().get(&path).await.json(), json!({"items": [], "next_cursor": null}));
}

#[actix_web::test]
async fn a_term_is_required_and_days_are_days() {
    let answer = Ports::default().api().get(&format!("/api/v1/students/{STUDENT}/sections?days=monday&shoe=44")).await;
    answer.problem(422, "/problems/invalid");
    assert_eq!(answer.wrong(), ["term_id", "days", "shoe"]);
}
