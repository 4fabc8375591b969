//! The ports of enrollment-core on PostgreSQL, by diesel.
//!
//! diesel blocks, so nothing here runs on the caller's thread: a port sends a job to [`workers::Workers`] and awaits its
//! answer. From the ground up:
//!
//! * [`schema`] is what `diesel print-schema` writes; [`migrations`] brings a database to it.
//! * [`pool`] lends connections that are alive, bounded in time, and agree on every setting that matters here.
//! * [`workers`] is a bounded queue before a few threads: sets of their own for reads, for writes and for asking whether the
//!   database is there, so that none of them waits behind a writer who waits for a row.
//! * `combine` is a bounded queue before a few threads, each of which takes all that has queued and carries it out as one.
//! * `write_behind` is a queue before one thread that writes in bulk what need not be durable before the answer.
//! * [`transaction`] is the only way to begin one: it retries what the database asks to have repeated, and knows a commit
//!   whose outcome is unknown.
//! * [`error`] sorts the driver's errors by what can be done about them.
//!
//! * [`store`] is [`PgStore`], which has the ports; their methods are functions of a connection in `catalog`,
//!   `registration` and `access`, on the rows of `rows`. Where diesel's query builder ends, `statement` begins.
//! * `constraint` is where what the database refused becomes an error of the domain.
//! * [`mod@check`] looks for what the database holds and must not.
//! * [`import`] reads and writes thousands of entries at once.
//!
//! # To change it
//!
//! * To add a **table**: a migration with every constraint named, `diesel migration run`, and the `schema.rs` that it
//!   writes; its row in `rows`; a line in `constraint` for each constraint that callers can violate.
//! * To add a **column**: the same; for an entry of the catalogue, the field in its row, where `From` writes it and
//!   `TryFrom` reads it. What an invariant says of it goes into `check.sql`.
//! * To add a **fact** that rules ask for: see `registration`.

mod access;
mod catalog;
pub mod check;
mod combine;
mod connection_string;
mod constraint;
pub mod error;
mod health;
mod histogram;
pub mod import;
pub mod migrations;
mod page;
pub mod pool;
pub mod pooler;
mod registration;
pub mod rows;
#[rustfmt::skip] // as generated
pub mod schema;
mod statement;
pub mod store;
pub mod transaction;
pub mod workers;
mod write_behind;

pub use check::{Broken, Report, check};
pub use error::StoreError;
pub use pool::{StoreConfig, connect};
pub use store::PgStore;
