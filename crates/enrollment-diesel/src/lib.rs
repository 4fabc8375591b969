//! The ports of enrollment-core on PostgreSQL, by diesel.
//!
//! diesel blocks, so nothing here runs on the caller's thread: a port sends a job to [`workers::Workers`] and awaits its
//! answer. From the ground up:
//!
//! * [`schema`] is what `diesel print-schema` writes; [`migrations`] brings a database to it.
//! * [`pool`] lends connections that are alive, bounded in time, and agree on every setting that matters here.
//! * [`workers`] is a bounded queue before a few threads: one set for reads and one for writes, so that a read never waits
//!   behind a writer who waits for a row.
//! * [`transaction`] is the only way to begin one: it retries what the database asks to have repeated, and knows a commit
//!   whose outcome is unknown.
//! * [`error`] sorts the driver's errors by what can be done about them.
//!
//! To change a table: add a migration, run `diesel migration run`, commit the `schema.rs` that it writes, and map each new
//! constraint's name to a domain error.

pub mod error;
pub mod migrations;
pub mod pool;
#[rustfmt::skip] // as generated
pub mod schema;
pub mod transaction;
pub mod workers;

pub use error::StoreError;
pub use pool::StoreConfig;
