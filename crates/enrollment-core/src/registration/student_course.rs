//! The relation: one student in one section of a course, and the states it goes through.
//!
//! ```text
//! waitlisted ─► enrolled ─► dropped | withdrawn | completed | cancelled
//!      └──────► cancelled
//! ```

use super::Violation;
use crate::catalog::{Component, Credits, Version};
use crate::ids::{CourseId, ReservationId, SectionId, StudentCourseId, StudentId, TermId};
use crate::text::{CourseCode, Grade, PersonName, Reason, SectionNumber, StudentNumber, TermCode, Title};
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

/// A place in a waitlist. Who waits is served in the order of priority, and then of the sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Waiting {
    /// Smaller ones come first; 0 unless a registrar has said otherwise.
    pub priority: i16,
    /// The number drawn on joining: the order of arrival.
    pub sequence: i64,
    /// The place among those whom no rule refused when a seat last came, with this student counted as one of them.
    pub eligible_position: Option<u32>,
    /// The student course that is left together with taking the seat.
    pub swap_from: Option<StudentCourseId>,
    /// Why the seat that last came went to somebody else; none where none came.
    pub passed_over: Option<PassedOver>,
}

/// Why a seat went to somebody who came later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassedOver {
    /// When the seat came.
    pub at: DateTime<Utc>,
    /// The rules that refused, in their fixed order.
    pub violations: Vec<Violation>,
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
    /// More about the place in the waitlist; none unless waitlisted.
    #[serde(default)]
    pub waitlist: Option<Waiting>,
    /// When the student got the seat.
    pub enrolled_at: Option<DateTime<Utc>>,
    /// When it reached its final state.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why the institution ended it; none where it did not.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub end_reason: Option<Reason>,
    /// Its version.
    pub version: Version,
}

impl StudentCourse {
    /// This student course in its final state.
    #[must_use]
    pub fn ended(self, status: Status, at: DateTime<Utc>) -> Self {
        Self {
            status,
            ended_at: Some(at),
            waitlist_position: None,
            waitlist: None,
            version: self.version.next(),
            ..self
        }
    }

    /// This student course with the seat that it waited for, of a reservation or not.
    #[must_use]
    pub fn promoted(self, reservation_id: Option<ReservationId>, at: DateTime<Utc>) -> Self {
        Self {
            reservation_id,
            status: Status::Enrolled,
            enrolled_at: Some(at),
            waitlist_position: None,
            waitlist: None,
            version: self.version.next(),
            ..self
        }
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
