//! What a change of a section does to students: who gets a seat that it makes, and whose student course it ends.
//!
//! To let another change end student courses: a case in [`ending`].

use super::{Promotion, Status, StudentCourse};
use crate::Error;
use crate::actor::Actor;
use crate::catalog::{Catalog, Cause, Section, SectionDraft, SectionStatus, Version};
use crate::ids::{SectionId, StudentCourseId, StudentId};
use crate::text::Reason;
use async_trait::async_trait;
use serde::Serialize;
use std::sync::Arc;

/// A section as it is after a change, and what the change did to students.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SectionChange {
    /// The section.
    pub section: Section,
    /// Who got a seat that the change made free, or was passed over; in the order of the waitlists.
    pub promotions: Vec<Promotion>,
    /// The student courses that the change ended, each with the reason.
    pub cancelled: Vec<StudentCourse>,
}

/// Tells what a change of a section would do.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SectionRehearsal: Send + Sync {
    /// What [`Repository::update`](crate::catalog::Repository::update) would do with this section, and answer. It MUST come
    /// about in the same way, and MUST change nothing.
    async fn rehearse(&self, section: Section, expected: Version, cause: Cause) -> Result<SectionChange, Error>;
}

/// The service that tells what changes of sections would do.
pub struct SectionRehearsals {
    sections: Catalog<Section>,
    port: Arc<dyn SectionRehearsal>,
}

impl SectionRehearsals {
    /// A service on these.
    pub fn new(sections: Catalog<Section>, port: Arc<dyn SectionRehearsal>) -> Self {
        Self { sections, port }
    }

    /// What the same [change](Catalog::change) would do.
    ///
    /// # Errors
    /// Those of the change.
    pub async fn change(
        &self,
        actor: Actor,
        id: SectionId,
        expected: Option<Version>,
        draft: SectionDraft,
    ) -> Result<SectionChange, Error> {
        let current = self.sections.get(id).await?;
        let (changed, cause) = self.sections.changed(actor, &current, expected, draft)?;
        self.port.rehearse(changed, current.version, cause).await
    }
}

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
    use crate::catalog::{Draft, Entry, MockRepository, Stamp};
    use crate::clock::MockClock;
    use crate::ids::MockIdSource;
    use chrono::DateTime;
    use pollster::block_on;
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

    #[test]
    fn a_rehearsal_asks_about_the_section_as_it_would_be_and_writes_nothing() {
        let current = section(&json!({}));
        let mut sections = MockRepository::new();
        let found = current.clone();
        sections.expect_find().returning(move |_| Ok(found.clone()));
        let mut clock = MockClock::new();
        clock.expect_now().return_const(DateTime::UNIX_EPOCH);
        let mut ids = MockIdSource::new();
        ids.expect_next().return_const(Uuid::from_u128(7));
        let mut port = MockSectionRehearsal::new();
        port.expect_rehearse()
            .once()
            .withf(|section, expected, _| (section.capacity.get(), *expected) == (5, Version::FIRST))
            .returning(|section, _, _| Ok(SectionChange { section, promotions: Vec::new(), cancelled: Vec::new() }));
        let catalog = Catalog::new(Arc::new(sections), Arc::new(clock), Arc::new(ids));
        let rehearsals = SectionRehearsals::new(catalog, Arc::new(port));
        let draft = |fields| serde_json::from_value(fields).unwrap();
        let change = |expected, fields| {
            block_on(rehearsals.change(Actor::anonymous(), current.stamp().id, expected, draft(fields)))
        };
        let told = change(Some(Version::FIRST), json!({"capacity": 5})).unwrap();
        assert_eq!(told.section.version, Version::FIRST.next());
        assert!(matches!(change(Some(Version::FIRST.next()), json!({})), Err(Error::Stale(_))));
        assert!(matches!(change(None, json!({"capacity": -1})), Err(Error::Invalid(_))));
    }
}
