//! What a registrar may change between requests, drawn by chance: the seats of a pool, whether a section is open, the places of a
//! waitlist; and permits.

use crate::requests::Chance;
use crate::university::{Setting, student_id};
use enrollment_core::catalog::SectionStatus;
use enrollment_core::ids::{CourseId, SectionId, StudentId};
use enrollment_core::registration::Code;

/// A change that a registrar makes.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// A pool has so many seats from now on.
    Seats(usize, u32),
    /// A section is open, closed or cancelled from now on.
    Status(SectionId, SectionStatus),
    /// A waitlist has so many places from now on.
    Places(SectionId, u32),
    /// A student gets a permit.
    Grant(Grant),
}

/// A permit to be granted: for one section, or else for a course.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) student: StudentId,
    pub(crate) course: CourseId,
    pub(crate) section: Option<SectionId>,
    pub(crate) waives: Vec<Code>,
    pub(crate) max_uses: Option<u16>,
    /// How many hours it lasts.
    pub(crate) hours: Option<i64>,
}

/// Permits for one rule, or for all that can refuse here.
const WAIVED: [Code; 8] = [
    Code::Hold,
    Code::WindowClosed,
    Code::SectionNotOpen,
    Code::AlreadyPassed,
    Code::Restricted,
    Code::TimeConflict,
    Code::CreditLimit,
    Code::DeadlinePassed,
];

/// Something that may be changed.
pub(crate) fn change(chance: &mut impl Chance, setting: &Setting, courses: &[CourseId]) -> Change {
    let plain = &setting.sections[chance.below(setting.sections.len())];
    match chance.below(8) {
        0..=2 => Change::Seats(plain.pool, u32::try_from(chance.below(5)).unwrap()),
        3 | 4 => {
            // A section that is cancelled seldom comes back.
            let statuses = [SectionStatus::Open, SectionStatus::Open, SectionStatus::Closed, SectionStatus::Cancelled];
            Change::Status(plain.id, statuses[chance.below(statuses.len())])
        }
        5 => Change::Places(plain.id, u32::try_from(chance.below(4)).unwrap()),
        _ => {
            let one = [WAIVED[chance.below(WAIVED.len())]];
            Change::Grant(Grant {
                student: student_id(chance.below(setting.pupils.len())),
                course: courses[plain.course],
                section: chance.once_in(2).then_some(plain.id),
                waives: if chance.once_in(3) { WAIVED.to_vec() } else { one.to_vec() },
                max_uses: [Some(1), Some(2), None][chance.below(3)],
                hours: [None, Some(3)][chance.below(2)],
            })
        }
    }
}
