//! What the store promises, by its ports and below them, on a real PostgreSQL.

mod catalogue;
mod checking;
mod combining;
mod combining_reads;
mod feed;
mod floor;
mod grading;
mod history;
mod holds;
mod idempotency;
mod keys;
mod names;
mod permits;
mod proxy;
mod races;
mod reading;
mod receipts;
mod registering;
mod reservations;
mod seats;
mod section_changes;
mod sequences;
mod settling;
mod statements;
mod university;
mod windows;
