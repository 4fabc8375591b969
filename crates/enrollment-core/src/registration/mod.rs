//! The relation between students and courses, and everything that changes it.
//!
//! A request is an [`Attempt`]: who, when, for which student, what ([`Command`]). A store loads the [`Facts`] that the
//! attempt's [`Scope`] names, [`Attempt::decide`] makes a [`Decision`] of them, the store writes its [`Change`]s, and the
//! caller gets a [`Receipt`], and the [`Record`] of it all is kept. The decision is pure, so it can be made again after a retry, made without writing (a dry
//! run), or made for many attempts in a row on facts that take each other's changes ([`Facts::apply`]).
//!
//! To add a rule: see [`rules`]. To add a command: see `decision`.

pub mod attempt;
pub mod bulk;
pub mod command;
mod contradiction;
pub mod decision;
mod disclosure;
pub mod facts;
pub mod grading;
pub mod history;
pub mod idempotency;
pub mod judgement;
pub mod offers;
pub mod origin;
pub mod receipt;
pub mod record;
pub mod rehearsal;
pub mod repository;
pub mod rules;
pub mod seat_counts;
pub mod seats;
pub mod section_change;
pub mod service;
pub mod student_course;
pub mod timetable;
pub mod windows;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;

pub use attempt::{Attempt, Mode, Scope};
pub use bulk::{
    Bulk, BulkAnswer, BulkDraft, BulkOutcome, BulkRequest, BulkRow, BulkRowDraft, BulkStudentDraft, StudentKey,
};
pub use command::{
    Cancel, Command, Drop, Enroll, EnrollDraft, EnrollRequest, GiveGrade, Plan, PlanDraft, PlanRequest, Prioritize,
    PriorityDraft, Promote, SwapDraft, Target,
};
pub use decision::{Change, Decision};
pub use facts::{
    CourseFacts, Facts, HeldCourse, HoldFacts, PermitFacts, SeatPool, SectionFacts, StudentFacts, TermFacts,
    WaitlistFacts,
};
pub use grading::{Graded, GradedRow, GradesDraft, RosterName, RowOutcome};
#[cfg(any(test, feature = "mocks"))]
pub use history::MockHistoryRepository;
pub use history::{Event, History, HistoryRepository};
pub use idempotency::{Fingerprint, Idempotency};
pub use judgement::{Finding, Judgement, StepJudgement, Verdict, Waiver};
#[cfg(any(test, feature = "mocks"))]
pub use offers::MockFactsRepository;
pub use offers::{FactsRepository, Offer, OfferFilter, Offers};
pub use origin::Origin;
pub use receipt::{Outcome, Promotion, Receipt};
pub use record::Record;
#[cfg(any(test, feature = "mocks"))]
pub use rehearsal::MockRehearsal;
pub use rehearsal::{EntryChange, Rehearsal, Rehearsals, RehearsalsOf};
#[cfg(any(test, feature = "mocks"))]
pub use repository::MockRegistrationRepository;
pub use repository::{RegistrationRepository, RosterEntry, RosterKey, StudentCourseFilter};
pub use rules::{Code, Violation};
#[cfg(any(test, feature = "mocks"))]
pub use seat_counts::MockSeatCounts;
pub use seat_counts::{SeatChanges, SeatCount, SeatCounts};
pub use seats::ReservationFacts;
pub use service::{Registration, RequestOptions};
pub use student_course::{
    CourseRef, GradingBasis, PassedOver, SectionRef, Status, StudentCourse, StudentRef, TermRef, Waiting,
};
pub use timetable::{Occurrence, Timetable, TimetableEntry, TimetableTerm, TimetableTerms};
pub use windows::{TermWindows, WindowFacts};
