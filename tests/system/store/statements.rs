//! How the store speaks to PostgreSQL: in how few round trips, and that each statement is prepared once a connection.

use super::proxy::Proxy;
use super::university::{University, codes, enrolling};
use enrollment_core::access::{Gate, Principal, Seen};
use enrollment_core::catalog::SectionFilter;
use enrollment_core::page::{Limit, PageRequest};
use enrollment_core::registration::{
    Command, OfferFilter, Offers, RegistrationRepository, StudentCourseFilter, Target, TimetableTerms,
};
use enrollment_diesel::{PgStore, StoreConfig};
use enrollment_server::clock::SystemClock;
use pollster::block_on;
use serde_json::json;
use std::sync::Arc;

/// A university whose store is behind a proxy, on one connection for each purpose, every statement of which is prepared.
fn proxied() -> (University, Proxy) {
    let mut university = University::new();
    let proxy = Proxy::before(&university.url);
    let config = StoreConfig { readers: 1, writers: 1, ..StoreConfig::new(&proxy.url) };
    university.store = PgStore::new(&config).unwrap();
    let (student, section) = (university.student(), university.some_section(10));
    let held = university.enrolled(student, section);
    university.drop(student, held.id).unwrap();
    // Without a document that receipts share and that may not be there yet, the statement is another one.
    university.enrolled(student, section);
    university.enroll(student, university.some_section(0)).unwrap();
    university.wait_for_receipts(4);
    block_on(university.store.courses_of(student, StudentCourseFilter::default(), PageRequest::default())).unwrap();
    (university, proxy)
}

#[test]
fn an_enrollment_is_five_round_trips_and_a_read_is_one() {
    let (university, proxy) = proxied();
    let (first, student, section) = (university.student(), university.student(), university.some_section(2));

    proxy.round_trips();
    university.enrolled(first, section);
    assert_eq!(proxy.round_trips(), 6, "to enroll first of all in a section, of which nothing is kept yet");
    let held = university.enrolled(student, section);
    assert_eq!(proxy.round_trips(), 5, "to enroll: begin, lock, facts, write, commit");

    let refused = university.enroll(university.student(), section).unwrap();
    assert!(!codes(&refused).is_empty());
    university.wait_for_receipts(7);
    proxy.round_trips();
    university.enroll(student, section).unwrap();
    assert_eq!(proxy.round_trips(), 4, "to be refused: begin, lock, facts, rollback");
    university.wait_for_receipts(8);
    assert_eq!(proxy.round_trips(), 1, "to write receipts of refusals, behind the answers");

    let courses = || {
        block_on(university.store.courses_of(student, StudentCourseFilter::default(), PageRequest::default())).unwrap();
        proxy.round_trips()
    };
    assert_eq!(courses(), 2, "to read a student's courses, and what the new one is called");
    assert_eq!(courses(), 1, "to read a student's courses");

    let term = held.term.unwrap().id;
    block_on(university.store.timetable(student, TimetableTerms::One(term))).unwrap();
    proxy.round_trips();
    block_on(university.store.timetable(student, TimetableTerms::One(term))).unwrap();
    assert_eq!(proxy.round_trips(), 1, "to read a timetable");

    university.drop(student, held.id).unwrap();
    assert_eq!(proxy.round_trips(), 5, "to drop");
}

#[test]
fn who_waits_is_asked_by_one_round_trip_more_where_somebody_does() {
    let (university, proxy) = proxied();
    let course = university.course("wanted");
    let fields = json!({"capacity": 0, "waitlist_capacity": 5});
    let full = university.section_with(course, university.term("wanted"), fields);
    let join = |student| {
        let mut attempt = enrolling(student, Target::Section(full));
        if let Command::Enroll(enroll) = &mut attempt.command {
            enroll.request.waitlist = true;
        }
        university.register(attempt).unwrap().student_course().unwrap().waitlist_position
    };
    let [first, second, third, fourth, fifth] = [(); 5].map(|()| university.student());
    let section = university.some_section(9);
    // What is kept of the catalogue is read by then, and the statement prepared.
    assert_eq!((join(first), join(second)), (Some(1), Some(2)));
    university.enrolled(fourth, section);

    proxy.round_trips();
    assert_eq!((join(third), proxy.round_trips()), (Some(3), 6), "for the same section");
    university.enrolled(first, section);
    assert_eq!(proxy.round_trips(), 6, "while waiting for another");
    university.enrolled(fifth, section);
    assert_eq!(proxy.round_trips(), 5, "where neither is so");
}

#[test]
fn the_sections_that_a_student_could_take_are_three_statements_however_many_they_are() {
    let (mut university, proxy) = proxied();
    let (student, term) = (university.student(), university.term("offers"));
    let mut sections = 0;
    let mut fill = |university: &University, count: u32| {
        for _ in 0..count {
            sections += 1;
            university.section(university.course(&format!("C{sections}")), term, 5);
        }
        sections
    };
    fill(&university, 3);
    let asked = StoreConfig { readers: 1, writers: 1, ..StoreConfig::new(&proxy.url) };
    let store = Arc::new(std::mem::replace(&mut university.store, PgStore::new(&asked).unwrap()));
    let offers = Offers::new(store.clone(), store.clone(), Gate::new(store), Arc::new(SystemClock));
    let asked = |eligible| {
        let sections = SectionFilter { term_id: Some(term), ..SectionFilter::default() };
        let page = PageRequest { limit: Limit::greatest(), after: None };
        block_on(offers.to(&Principal::anonymous(), student, OfferFilter { sections, eligible }, page)).unwrap()
    };
    asked(false);
    proxy.round_trips();
    assert_eq!((asked(false).items.len(), proxy.round_trips()), (3, 3));
    let all = fill(&university, 57);
    // A connection that has rested is tested before it is used.
    asked(false);
    proxy.round_trips();
    assert_eq!((asked(true).items.len(), proxy.round_trips()), (60, 3), "of {all}");
}

#[test]
fn every_statement_is_prepared_once_a_connection() {
    let (university, proxy) = proxied();
    let (student, section) = (university.student(), university.some_section(10));
    proxy.statements_parsed();
    let held = university.enrolled(student, section);
    university.enroll(student, section).unwrap();
    university.drop(student, held.id).unwrap();
    university.wait_for_receipts(7);
    block_on(university.store.courses_of(student, StudentCourseFilter::default(), PageRequest::default())).unwrap();
    assert_eq!(proxy.statements_parsed(), 0);
    // Opens the connection.
    block_on(university.store.find(student, held.id)).unwrap();
    proxy.statements_parsed();
    // That this would show: a statement that the connection has not seen is parsed.
    block_on(university.store.roster(section, Seen::Everybody, PageRequest::default())).unwrap();
    assert_eq!(proxy.statements_parsed(), 1);
}
