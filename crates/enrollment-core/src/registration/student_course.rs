//! The relation: one student in one section of a course, and the states it goes through.
//!
//! ```text
//! waitlisted ─► enrolled ─► dropped | withdrawn | completed | cancelled
//!      └──────► cancelled
//! ```

use crate::catalog::{Component, Credits, Version};
use crate::ids::{CourseId, ReservationId, SectionId, StudentCourseId, StudentId, TermId};
use crate::text::{CourseCode, Grade, PersonName, SectionNumber, StudentNumber, TermCode, Title};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The state of a student course. The last four are final: enrolling again makes a new student course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for a seat.
    Waitlisted,
    /// Has a seat.
    Enrolled,
    /// Left before the drop deadline; no trace on the transcript.
    Dropped,
    /// Left after the drop deadline; a W on the transcript.
    Withdrawn,
    /// Went through to the end.
    Completed,
    /// Ended by the institution, or left the waitlist.
    Cancelled,
}

impl Status {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Waitlisted, Self::Enrolled, Self::Dropped, Self::Withdrawn, Self::Completed, Self::Cancelled];

    /// Whether this state can be followed by the other.
    pub fn can_become(self, next: Self) -> bool {
        match self {
            Self::Waitlisted => matches!(next, Self::Enrolled | Self::Cancelled),
            Self::Enrolled => matches!(next, Self::Dropped | Self::Withdrawn | Self::Completed | Self::Cancelled),
            Self::Dropped | Self::Withdrawn | Self::Completed | Self::Cancelled => false,
        }
    }

    /// Whether a student course in this state takes a seat. A completed one keeps the seat in which it was taken.
    pub fn holds_seat(self) -> bool {
        matches!(self, Self::Enrolled | Self::Completed)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// How a student course is graded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GradingBasis {
    /// By the grade scale.
    #[default]
    Graded,
    /// Passed or not.
    PassFail,
    /// Not at all.
    Audit,
}

impl fmt::Display for GradingBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The course of a student course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CourseRef {
    /// Its identifier.
    pub id: CourseId,
    /// Its code.
    pub code: CourseCode,
    /// Its title.
    pub title: Title,
}

/// The section of a student course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SectionRef {
    /// Its identifier.
    pub id: SectionId,
    /// Its number.
    pub number: SectionNumber,
    /// What kind of teaching it is.
    pub component: Component,
}

/// The term of a student course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TermRef {
    /// Its identifier.
    pub id: TermId,
    /// Its code.
    pub code: TermCode,
}

/// The student in a roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudentRef {
    /// Its identifier.
    pub id: StudentId,
    /// The institution's own identifier.
    pub number: StudentNumber,
    /// The given name.
    pub given_name: PersonName,
    /// The family name.
    pub family_name: PersonName,
}

/// One student in one section of a course in a term.
///
/// Credit earned elsewhere is a completed student course without a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudentCourse {
    /// Its identifier.
    pub id: StudentCourseId,
    /// The student.
    pub student_id: StudentId,
    /// Its state.
    pub status: Status,
    /// The course.
    pub course: CourseRef,
    /// The section; none for credit earned elsewhere.
    pub section: Option<SectionRef>,
    /// The term; none where credit earned elsewhere belongs to no term.
    pub term: Option<TermRef>,
    /// What it is worth.
    pub credits: Credits,
    /// How it is graded.
    pub grading_basis: GradingBasis,
    /// The grade, once there is one.
    pub grade: Option<Grade>,
    /// The place in the waitlist, 1 being the next; none unless waitlisted.
    pub waitlist_position: Option<u32>,
    /// The reservation of which its seat is or was; none for a seat that was anybody's, and while it has none.
    #[serde(default)]
    pub reservation_id: Option<ReservationId>,
    /// When the student got the seat.
    pub enrolled_at: Option<DateTime<Utc>>,
    /// When it reached its final state.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its version.
    pub version: Version,
}

impl StudentCourse {
    /// This student course in its final state.
    #[must_use]
    pub fn ended(self, status: Status, at: DateTime<Utc>) -> Self {
        Self { status, ended_at: Some(at), waitlist_position: None, version: self.version.next(), ..self }
    }

    /// Whether it is in this term.
    pub fn is_in_term(&self, term: TermId) -> bool {
        self.term.as_ref().is_some_and(|own| own.id == term)
    }

    /// Whether it is in this section.
    pub fn is_in_section(&self, section: SectionId) -> bool {
        self.section.as_ref().is_some_and(|own| own.id == section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_transitions_are_legal() {
        let legal: Vec<(Status, Status)> = Status::ALL
            .into_iter()
            .flat_map(|from| Status::ALL.map(|to| (from, to)))
            .filter(|(from, to)| from.can_become(*to))
            .collect();
        let documented = [
            (Status::Waitlisted, Status::Enrolled),
            (Status::Waitlisted, Status::Cancelled),
            (Status::Enrolled, Status::Dropped),
            (Status::Enrolled, Status::Withdrawn),
            (Status::Enrolled, Status::Completed),
            (Status::Enrolled, Status::Cancelled),
        ];
        assert_eq!(legal, documented);
    }
}
