//! The API over mocks of the ports: what goes in, what comes out, and nothing of a database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod any_input;
mod api;
mod bodies;
mod bulk;
mod catalogue;
mod document;
mod dropping;
mod enrolling;
mod grades;
mod history;
mod keys;
mod lists;
mod logs;
mod offers;
mod operations;
mod preconditions;
mod problems;
mod receipts;
mod rehearsals;
mod samples;
mod seats;
mod section_grades;
mod timetable;
