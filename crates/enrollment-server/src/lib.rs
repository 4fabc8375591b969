//! The Enrollment server: configuration, telemetry, a PostgreSQL of its own, and the command line.
//!
//! This crate is the composition root: the only place where the pieces know each other. A command goes
//! `cli` (what was asked) → `database` (where the data is) → the work.
//!
//! * [`cli`]: the commands and their settings, from flags and the environment. To add a setting: a field there.
//! * [`application`]: the HTTP server, built of the store and the services; also what the system tests start.
//! * [`database`]: the PostgreSQL to use: the one that `DATABASE_URL` names, or one of our own ([`postgres`]).
//! * [`connections`]: how many clients may be connected, and for how long.
//! * [`tls`]: its certificate.
//! * [`clock`], [`ids`], [`chance`] and [`randomness`]: the only readers of the system's clock and randomness.
//! * [`telemetry`]: where logs go.
//! * [`import`]: data from files; [`demo`]: data made up; [`rehearse`]: a registration day made up.

pub mod application;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod connections;
pub mod database;
pub mod demo;
pub mod identity;
pub mod ids;
pub mod import;
pub mod postgres;
pub mod randomness;
pub mod rehearse;
pub mod telemetry;
pub mod tls;
