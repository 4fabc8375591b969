//! Whose student course a change of a section ends.
//!
//! To let another change end student courses: a case in [`ending`].

use super::Status;
use crate::catalog::{Section, SectionStatus};
use crate::ids::{StudentCourseId, StudentId};
use crate::text::Reason;

/// A student course that is not final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// The student course.
    pub student_course_id: StudentCourseId,
    /// Whose it is.
    pub student_id: StudentId,
    /// Whether it waits, or has a seat.
    pub status: Status,
}

/// Who of these cannot stay in a section as it is to be, and why: of one that is cancelled nobody can, and no more can wait than
/// its waitlist has places for. Those who wait are in their order, and the last of them leave.
pub fn ending(section: &Section, occupants: &[Occupant]) -> Vec<(Occupant, Reason)> {
    if section.status == SectionStatus::Cancelled {
        let reason = section.cancel_reason.clone();
        let reason = reason.unwrap_or_else(|| Reason::of_the_engine("The section was cancelled."));
        return occupants.iter().map(|occupant| (*occupant, reason.clone())).collect();
    }
    let places = section.waitlist_capacity.get();
    let waiting = occupants.iter().filter(|occupant| occupant.status == Status::Waitlisted);
    let reason = match places {
        0 => "The waitlist was closed.".to_owned(),
        1 => "The waitlist was shortened to 1 place.".to_owned(),
        _ => format!("The waitlist was shortened to {places} places."),
    };
    let beyond = (0_u32..).zip(waiting).filter(|(place, _)| *place >= places);
    beyond.map(|(_, occupant)| (*occupant, Reason::of_the_engine(&reason))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Draft, SectionDraft, Stamp};
    use chrono::DateTime;
    use serde_json::{Value, json};
    use uuid::Uuid;

    const OTHER: &str = "0190a1b2-0000-7000-8000-000000000009";

    fn section(fields: &Value) -> Section {
        let mut body = json!({"course_id": OTHER, "term_id": OTHER, "number": "1", "capacity": 2, "status": "open"});
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let draft: SectionDraft = serde_json::from_value(body).unwrap();
        draft.parse(Stamp::new(Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH)).unwrap()
    }

    fn occupant(number: u128, status: Status) -> Occupant {
        let id = Uuid::from_u128(number);
        Occupant { student_course_id: id.into(), student_id: id.into(), status }
    }

    #[test]
    fn nobody_stays_in_a_section_that_is_cancelled_and_the_last_leave_a_waitlist_that_is_shortened() {
        let occupants = [
            occupant(1, Status::Enrolled),
            occupant(2, Status::Enrolled),
            occupant(3, Status::Waitlisted),
            occupant(4, Status::Waitlisted),
            occupant(5, Status::Waitlisted),
        ];
        let table = [
            (json!({"waitlist_capacity": 3}), vec![], ""),
            (json!({"waitlist_capacity": 3, "status": "closed"}), vec![], ""),
            (json!({"waitlist_capacity": 2}), vec![5], "The waitlist was shortened to 2 places."),
            (json!({"waitlist_capacity": 1}), vec![4, 5], "The waitlist was shortened to 1 place."),
            (json!({}), vec![3, 4, 5], "The waitlist was closed."),
            (json!({"status": "cancelled"}), vec![1, 2, 3, 4, 5], "The section was cancelled."),
            (
                json!({"waitlist_capacity": 3, "status": "cancelled", "cancel_reason": "Nobody teaches it"}),
                vec![1, 2, 3, 4, 5],
                "Nobody teaches it",
            ),
        ];
        for (fields, who, why) in table {
            let ending = ending(&section(&fields), &occupants);
            let told: Vec<_> = ending.iter().map(|(occupant, _)| occupant.student_id.uuid().as_u128()).collect();
            assert_eq!(told, who, "{fields}");
            assert!(ending.iter().all(|(_, reason)| reason.as_str() == why), "{fields}: {ending:?}");
        }
    }
}
