//! Bulk reading and writing, for commands that bring thousands of entries at once.
//!
//! Whoever writes in bulk asks what is [`known`] under the natural keys that it has, makes a [`Batch`] of what is new or
//! differs, and [`write()`]s it: all of it, or nothing. Entries carry the version after the one that they were made from, so
//! what somebody else changed in between is found out ([`WriteError::Overtaken`]), never overwritten.
//!
//! To bring a new column: the list of its table's columns in `write.rs`, and for student courses the row in `copy.rs`, too.

mod batch;
mod copy;
mod known;
mod progress;
mod read;
mod table;
mod write;

pub use batch::{Batch, StudentCourseRow};
pub use diesel::PgConnection;
pub use known::{Keys, Known, KnownSection, KnownStudentCourse, SectionKey};
pub use progress::Progress;
pub use read::{has_students, known};
pub use write::{WriteError, write};
