//! What is offered, and to whom: students with their holds and permits, courses, terms and their registration windows,
//! and sections.
//!
//! They all are *entries*: they are made, read, changed, deleted and listed in one way, by the generic port
//! [`Repository`] and the generic service [`Catalog`]. What differs is in the file of each. An entry that belongs to
//! another, as a hold does to a student, is also [`Owned`], and is reached through its owner: `holds.of(student)`.
//!
//! To add a field: give the entry and its draft the field, lay it over in `over`, read it in `parse`; its rules belong to
//! its type. To add an entry: a file with the entry, its draft and its filter, and a variant of
//! [`Subject`](crate::Subject).

pub mod any_of;
pub mod cause;
pub mod cohort;
pub mod course;
pub mod credits;
pub mod edit;
pub mod entry;
pub mod grade;
pub mod hold;
pub mod instructors;
pub mod meeting;
pub mod moment;
pub mod owned;
pub mod permit;
pub mod pooling;
pub mod repeat_policy;
pub mod repository;
pub mod requisite;
pub mod reservation;
pub mod restriction;
pub mod section;
pub mod service;
pub mod student;
pub mod term;
pub mod window;

pub use any_of::AnyOf;
pub use cause::Cause;
pub use cohort::Cohort;
pub use course::{Course, CourseDraft, CourseFilter};
pub use credits::Credits;
pub use edit::Edit;
pub use entry::{Draft, Entry, Stamp, Version};
#[cfg(any(test, feature = "mocks"))]
pub use grade::MockGradeRepository;
pub use grade::{GradeBasis, GradeRepository, GradeScale, GradeValue, Grades, Put, ScaleGrade, ScaleGradeDraft};
pub use hold::{Blocks, Hold, HoldDraft, HoldFilter};
#[cfg(any(test, feature = "mocks"))]
pub use instructors::MockInstructorRepository;
pub use instructors::{InstructorRepository, Instructors, SectionInstructor};
pub use meeting::{Day, Days, LocalTime, Meeting, MeetingDraft, Weeks};
pub use moment::{Instant, Moment, TimeZone};
pub use owned::{CatalogOf, Owned};
pub use permit::{Permit, PermitDraft, PermitFilter, PermitUse, Waives};
pub use pooling::{KeptSeats, Pooling};
pub use repeat_policy::{Attempts, RepeatPolicy};
#[cfg(any(test, feature = "mocks"))]
pub use repository::MockRepository;
pub use repository::Repository;
pub use requisite::{RequiredCourse, Requisite};
pub use reservation::{Reservation, ReservationDraft, ReservationFilter};
pub use restriction::Restriction;
pub use section::{Component, Seats, Section, SectionDraft, SectionFilter, SectionStatus};
pub use service::Catalog;
pub use student::{Student, StudentDraft, StudentFilter, StudentStatus};
pub use term::{Term, TermDraft, TermFilter};
pub use window::{Window, WindowAction, WindowDraft, WindowFilter};
