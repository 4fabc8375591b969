//! What the system tests stand on: databases, a server in this process, and the server as a program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)]

mod app;
mod clock;
mod database;
mod documented;
mod numbers;
mod process;

pub use app::{Answer, Client, TestApp};
pub use clock::TestClock;
pub use database::{RowLock, TestDatabase};
pub use numbers::Numbers;
pub use process::{Ended, Place, ServerProcess};
