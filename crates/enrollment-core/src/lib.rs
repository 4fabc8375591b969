//! Course registration as a pure library.
//!
//! This crate knows **students**, **courses**, **terms** and **sections**, and the relation that everything is about: the
//! **student course**, one student in one section of a course. It holds validated types, rules, one decision function
//! and the *ports* (traits) behind which a database lives. It does no I/O, reads no clock and needs no runtime.
//!
//! # The way of an enrollment
//!
//! ```text
//! draft ─parse─► Attempt ─► RegistrationRepository::register ─► [ lock, load Facts ─► Attempt::decide ─► apply ] ─► Receipt
//! ```
//!
//! A request becomes an [`Attempt`](registration::Attempt). The store behind the port locks and loads the
//! [`Facts`](registration::Facts) that the attempt's [`Scope`](registration::Scope) names, asks the attempt to decide,
//! and writes the changes. Deciding is pure: the same facts always give the same decision, and a refusal names *every*
//! rule that refuses.
//!
//! # Input becomes valid values
//!
//! ```
//! use chrono::DateTime;
//! use enrollment_core::catalog::{Draft, Stamp, StudentDraft};
//!
//! let stamp = Stamp::new(uuid::Uuid::nil().into(), DateTime::UNIX_EPOCH);
//! let draft: StudentDraft = serde_json::from_str(r#"{"number": "", "given_name": "李", "email": "nobody"}"#)?;
//! let errors = draft.parse(stamp).unwrap_err();
//! let wrong: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
//! assert_eq!(wrong, ["/number", "/family_name", "/email"]);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! # Where things are
//!
//! * [`access`]: who may do what, in one table, and the gate that every service asks.
//! * [`catalog`]: what is offered and to whom, with one generic port ([`catalog::Repository`]) and service ([`catalog::Catalog`]).
//! * [`registration`]: the relation, the commands that change it, the facts, the rules and the decision.
//! * [`fields`] and [`text`]: how input becomes values that are valid because they exist.
//! * [`health`]: the port by which a store tells whether it can serve.
//! * [`error`]: everything that can go wrong, as what the caller can do about it.
//!
//! # To change it
//!
//! * To add a **rule**: one file in `registration/rules/`, one line in its table, one row in `docs/API.md`.
//! * To add a **field** to a catalogue entry: the entry, its draft, the draft's `over` and `parse`; then the column.
//! * To bring a **store of your own**: implement [`catalog::Repository`] for every entry and
//!   [`registration::RegistrationRepository`]; `examples/in_memory.rs` does so in one file.
//!
//! # Features
//!
//! * `mocks`: `mockall` mocks of every port.
//! * `openapi`: `utoipa::ToSchema` on what is part of the HTTP API.

pub mod access;
pub mod actor;
pub mod catalog;
pub mod chance;
pub mod clock;
pub mod error;
pub mod fields;
pub mod health;
pub mod ids;
pub mod page;
pub mod registration;
pub mod text;

pub use error::{Error, Subject};
