//! How the store speaks to PostgreSQL: in how few round trips, and that each statement is prepared once a connection.

use super::proxy::Proxy;
use super::university::{University, codes};
use enrollment_core::page::PageRequest;
use enrollment_core::registration::{RegistrationRepository, StudentCourseFilter, TimetableTerms};
use enrollment_diesel::{PgStore, StoreConfig};
use pollster::block_on;

/// A university whose store is behind a proxy, on one connection for each purpose, every statement of which is prepared.
fn proxied() -> (University, Proxy) {
    let mut university = University::new();
    let proxy = Proxy::before(&university.url);
    let config = StoreConfig { readers: 1, writers: 1, ..StoreConfig::new(&proxy.url) };
    university.store = PgStore::new(&config).unwrap();
    let (student, section) = (university.student(), university.some_section(10));
    let held = university.enrolled(student, section);
    university.drop(student, held.id).unwrap();
    university.enroll(student, university.some_section(0)).unwrap();
    university.wait_for_receipts(3);
    block_on(university.store.courses_of(student, StudentCourseFilter::default(), PageRequest::default())).unwrap();
    (university, proxy)
}

#[test]
fn an_enrollment_is_five_round_trips_and_a_read_is_one() {
    let (university, proxy) = proxied();
    let (student, section) = (university.student(), university.some_section(1));

    proxy.round_trips();
    let held = university.enrolled(student, section);
    assert_eq!(proxy.round_trips(), 5, "to enroll: begin, lock, facts, write, commit");

    let refused = university.enroll(university.student(), section).unwrap();
    assert!(!codes(&refused).is_empty());
    university.wait_for_receipts(5);
    proxy.round_trips();
    university.enroll(student, section).unwrap();
    assert_eq!(proxy.round_trips(), 4, "to be refused: begin, lock, facts, rollback");
    university.wait_for_receipts(6);
    assert_eq!(proxy.round_trips(), 1, "to write receipts of refusals, behind the answers");

    block_on(university.store.courses_of(student, StudentCourseFilter::default(), PageRequest::default())).unwrap();
    assert_eq!(proxy.round_trips(), 1, "to read a student's courses");

    let term = held.term.unwrap().id;
    block_on(university.store.timetable(student, TimetableTerms::One(term))).unwrap();
    proxy.round_trips();
    block_on(university.store.timetable(student, TimetableTerms::One(term))).unwrap();
    assert_eq!(proxy.round_trips(), 1, "to read a timetable");

    university.drop(student, held.id).unwrap();
    assert_eq!(proxy.round_trips(), 5, "to drop");
}

#[test]
fn every_statement_is_prepared_once_a_connection() {
    let (university, proxy) = proxied();
    let (student, section) = (university.student(), university.some_section(10));
    proxy.statements_parsed();
    let held = university.enrolled(student, section);
    university.enroll(student, section).unwrap();
    university.drop(student, held.id).unwrap();
    university.wait_for_receipts(6);
    block_on(university.store.courses_of(student, StudentCourseFilter::default(), PageRequest::default())).unwrap();
    assert_eq!(proxy.statements_parsed(), 0);
    // That this would show: a statement that the connection has not seen is parsed.
    block_on(university.store.roster(section, PageRequest::default())).unwrap();
    assert_eq!(proxy.statements_parsed(), 1);
}
