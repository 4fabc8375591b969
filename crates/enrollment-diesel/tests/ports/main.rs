//! What the ports of the store promise, on a real PostgreSQL.
//!
//! Each test has a schema of its own in the database that `TEST_DATABASE_URL` names. The system tests start such a server
//! and run these on it; by hand: `TEST_DATABASE_URL=… cargo test -p enrollment-diesel -- --ignored`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod catalogue;
mod checking;
mod history;
mod holds;
mod idempotency;
mod proxy;
mod races;
mod reading;
mod receipts;
mod registering;
mod settling;
mod statements;
mod university;
