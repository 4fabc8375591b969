//! The HTTP API of Enrollment: actix-web handlers over the services of enrollment-core, and nothing else.
//!
//! # The way of a request
//!
//! ```text
//! observe ─► edge ─► route ─► gate ─► extractors ─► handler ─► one service of enrollment-core
//!    ▲         │               │          │            │
//!    └─────────┴─── Problem ───┴──────────┴────────────┘
//! ```
//!
//! * `observe` is the one middleware: request id, span, metrics, security headers, and the rendering of every [`Problem`].
//! * `edge` turns away what is too large or comes too often, before anything of it is understood.
//! * `caller`, around each route, finds out who asks, and turns away who may not use the endpoint at all.
//! * `time_limit`, around each route, gives up what takes too long.
//! * Extractors parse what HTTP says into what core understands: `path` (ids), `parameters` (query strings), `body` (JSON
//!   into drafts), `precondition` (`If-Match`), `idempotency` (`Idempotency-Key`), `Caller` (who asks).
//! * A handler extracts, awaits one call of a service, and answers by `representation` or `page` (a timetable also by
//!   `icalendar`). It holds no rule.
//! * `problem` is the only place where an error of core becomes HTTP.
//!
//! # To change it
//!
//! * To add an **endpoint**: a handler with its `#[utoipa::path]` in the file of its resource, a line in that file's
//!   `endpoints` that also says who may use it, and its name in the list of `openapi`. A test fails when one of the two lists lacks what the other has.
//! * To add a **query parameter**: one line where the list's filter is read, and one in the handler's `params`.
//! * To add a **kind of error**: a variant of `problem::Kind`, with its type, status, title and remedy in its table.
//! * To add a **metric**: a field of [`Metrics`], registered where it is made.
//!
//! # To run it
//!
//! [`Api`] is made once, of [`Services`] and [`Settings`]; every worker of a server makes its application by [`Api::app`]:
//! `HttpServer::new(move || api.app())`. Tests do the same.

mod api;
mod body;
mod bulk;
mod caller;
mod courses;
mod docs_page;
mod edge;
mod endpoint;
mod events;
mod grades;
mod health;
mod history;
mod holds;
mod icalendar;
mod idempotency;
mod instructors;
mod keys;
mod metrics;
mod oauth;
mod observe;
mod offers;
mod openapi;
mod page;
mod parameters;
mod path;
mod permits;
mod plan;
mod precondition;
mod problem;
mod reason;
mod receipts;
mod rehearsal;
mod representation;
mod request_id;
mod reservations;
mod roster;
mod seats;
mod section_grades;
mod sections;
mod student_courses;
mod students;
mod terms;
mod time_limit;
mod timetable;
mod waitlist;
mod windows;

pub use api::{Api, CatalogRehearsals, Services, Settings};
pub use edge::{Edge, Forwarding, NotARate, NotAnOrigin, Origins, Proxies, Rate, Rates};
pub use metrics::Metrics;
pub use openapi::openapi;
pub use problem::{InputError, Kind, Problem};
