//! The Enrollment server: configuration, telemetry, a PostgreSQL of its own, and the command line.

pub mod postgres;
