//! What the gate must know of a record to tell whether it is the principal's own.

use crate::Error;
use crate::ids::{SectionId, StudentId};
use crate::text::{InstructorNumber, Program};
use async_trait::async_trait;

/// Where a student belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affiliation {
    /// The programme of study.
    pub program: Option<Program>,
    /// Whether the student's record is hidden from those without need.
    pub confidential: bool,
}

/// Tells who belongs where. It is asked only for the roles whose extent depends on it: not for a student's own record, nor
/// for a registrar.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Affiliations: Send + Sync {
    /// Where a student belongs; none when there is no such student.
    async fn of_student(&self, student: StudentId) -> Result<Option<Affiliation>, Error>;

    /// Whether this instructor teaches the section; not where there is no such section.
    async fn teaches(&self, instructor: InstructorNumber, section: SectionId) -> Result<bool, Error>;
}
