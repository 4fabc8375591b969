//! The whole system, over real HTTP, on a real PostgreSQL: one binary, a module for each subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod architecture;
mod as_of;
mod bulk;
mod catalog_api;
mod course_rules;
mod crash;
mod database_tls;
mod deadlines;
mod demo;
mod edge;
mod enrolling;
mod faults;
mod grades;
mod grading;
mod holds;
mod hostile;
mod import;
mod offers;
mod overload;
mod permits;
mod pgbouncer;
mod plans;
mod postgres_cluster;
mod problems;
mod races;
mod receipts;
mod registration_day;
mod rehearsals;
mod reservations;
mod roles;
mod rush;
mod schema;
mod seat_feed;
mod seats;
mod secrets;
mod section_changes;
mod server;
mod store;
mod timetable;
mod waitlists;
mod windows;
