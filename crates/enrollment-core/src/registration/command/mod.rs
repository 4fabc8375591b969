//! What can be asked.
//!
//! Students ask to enroll, to drop, and for several changes at once (a plan); registrars cancel, reorder and grade; the engine
//! itself offers a seat to who waits for it. All are decided in the same way, see `decision`.

mod enroll;
mod plan;
mod priority;

pub use enroll::{EnrollDraft, EnrollRequest, Target};
pub use plan::{PlanDraft, PlanRequest, SwapDraft};
pub use priority::PriorityDraft;

use crate::catalog::Version;
use crate::ids::{SectionId, StudentCourseId};
use crate::text::{Grade, Reason};
use serde::{Deserialize, Serialize};

/// A change to a student's registrations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Take a seat in a section, or a place on its waitlist.
    Enroll(Enroll),
    /// Leave a section: the date decides whether that is a drop or a withdrawal.
    Drop(Drop),
    /// Leave and take several, all or none.
    Plan(Plan),
    /// Take the seat that one waits for. Nobody asks for this: it follows from what made a seat free.
    Promote(Promote),
    /// Give who waits another place on the waitlist.
    Prioritize(Prioritize),
    /// End what a student has, for a reason of the institution's.
    Cancel(Cancel),
    /// Complete what a student is enrolled in, or correct the grade of what is completed.
    Grade(GiveGrade),
}

/// Take a seat in a section, or a place on its waitlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enroll {
    /// The id of the student course that is made if the request is accepted. Where several sections are taken together,
    /// those after the first are numbered from it.
    pub student_course_id: StudentCourseId,
    /// What the student asked for.
    pub request: EnrollRequest,
}

/// Leave a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Drop {
    /// The student course to end.
    pub student_course_id: StudentCourseId,
    /// The version that it must still have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Version>,
}

/// Leave and take several, all or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    /// What to leave.
    pub drops: Vec<Drop>,
    /// What to take.
    pub adds: Vec<Enroll>,
    /// What to take in exchange: each says what it is swapped from.
    pub swaps: Vec<Enroll>,
}

/// Take the seat that one waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Promote {
    /// The student course that waits.
    pub student_course_id: StudentCourseId,
    /// The section that it waits for.
    pub section_id: SectionId,
    /// What is to be left for it.
    pub swap_from: Option<StudentCourseId>,
}

/// Give who waits another place on the waitlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Prioritize {
    /// The student course that waits.
    pub student_course_id: StudentCourseId,
    /// Its priority from now on: smaller ones come first.
    pub priority: i16,
    /// The version that it must still have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Version>,
}

/// End what a student has, for a reason of the institution's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cancel {
    /// The student course to end.
    pub student_course_id: StudentCourseId,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reason: Reason,
}

/// Complete what a student is enrolled in, or correct the grade of what is completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GiveGrade {
    /// The student course.
    pub student_course_id: StudentCourseId,
    /// The grade; none of what is audited.
    #[serde(default)]
    pub grade: Option<Grade>,
}

impl Command {
    /// Whether it may make a seat free, or take one. A grade leaves everybody in place.
    pub fn moves_seats(&self) -> bool {
        !matches!(self, Self::Grade(_))
    }

    /// The student course that the request names with the version that it must still have.
    pub fn expected(&self) -> Option<(StudentCourseId, Version)> {
        match self {
            Self::Drop(Drop { student_course_id, expected })
            | Self::Prioritize(Prioritize { student_course_id, expected, .. }) => {
                expected.map(|version| (*student_course_id, version))
            }
            Self::Enroll(_) | Self::Plan(_) | Self::Promote(_) | Self::Cancel(_) | Self::Grade(_) => None,
        }
    }
}
