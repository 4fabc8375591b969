//! Reservations: seats of a section that are kept for a cohort, for good or until a time.

use super::moment::Instant;
use super::{Cohort, Draft, Entry, Owned, Seats, Stamp, Version};
use crate::Subject;
use crate::access::Operation;
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::{ReservationId, SectionId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Seats of a section that are kept for a cohort. A section may have several; together they have no more seats than there
/// are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reservation {
    /// Its identifier.
    pub id: ReservationId,
    /// The section.
    pub section_id: SectionId,
    /// How many seats.
    pub seats: Seats,
    /// For whom: a student must be in one of the programs, on one of the levels, and have earned so many credits.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub cohort: Cohort,
    /// The first instant from which the seats are anybody's; none for never.
    pub release_at: Option<DateTime<Utc>>,
    /// How many of the seats are taken. Not for the caller to set.
    pub taken: u32,
    /// Its version.
    pub version: Version,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Entry for Reservation {
    type Id = ReservationId;
    type Draft = ReservationDraft;
    type Filter = ReservationFilter;

    const SUBJECT: Subject = Subject::Reservation;
    const READ: Operation = Operation::ReadCatalog;
    const WRITE: Operation = Operation::WriteCatalog;

    fn stamp(&self) -> Stamp<ReservationId> {
        Stamp { id: self.id, version: self.version, created_at: self.created_at, updated_at: self.updated_at }
    }
}

impl Owned for Reservation {
    type Owner = SectionId;

    fn owner(&self) -> SectionId {
        self.section_id
    }

    fn draft_of(owner: SectionId, draft: ReservationDraft) -> ReservationDraft {
        ReservationDraft { section_id: Field::Value(owner), ..draft }
    }

    fn filter_of(owner: SectionId, filter: ReservationFilter) -> ReservationFilter {
        let ReservationFilter { section_id: _ } = filter;
        ReservationFilter { section_id: Some(owner) }
    }
}

/// What a list of reservations can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReservationFilter {
    /// Only those of this section.
    pub section_id: Option<SectionId>,
}

/// The input form of a reservation.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReservationDraft {
    /// The section, which the path names and not the body.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(skip)]
    pub section_id: Field<SectionId>,
    /// How many seats.
    #[cfg_attr(feature = "openapi", schema(value_type = Seats, required = true))]
    #[serde(default)]
    pub seats: Field<Seats>,
    /// For whom: `{"programs": ["BSc Physics"], "levels": ["graduate"], "min_earned_credits": 60}`, with at least one of the
    /// three; a student must fit all that are given.
    #[cfg_attr(feature = "openapi", schema(value_type = Object, required = true))]
    #[serde(default)]
    pub cohort: Field<Cohort>,
    /// The first instant from which the seats are anybody's; absent for never.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DateTime<Utc>>))]
    #[serde(default)]
    pub release_at: Field<Instant>,
    /// Fields that a reservation does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Draft for ReservationDraft {
    type Entry = Reservation;

    fn over(self, current: &Reservation) -> Self {
        Self {
            section_id: Field::Value(current.section_id),
            seats: self.seats.or(|| current.seats),
            cohort: self.cohort.or(|| current.cohort.clone()),
            release_at: self.release_at.or_maybe(|| current.release_at.map(Instant::from)),
            unknown: self.unknown,
        }
    }

    /// The reservation, with none of its seats taken: how many are is the store's to say.
    fn parse(self, stamp: Stamp<ReservationId>) -> Result<Reservation, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let section_id = errors.required("/section_id", self.section_id);
        let seats = errors.required("/seats", self.seats);
        let cohort = errors.required("/cohort", self.cohort);
        let release_at = errors.optional("/release_at", self.release_at).map(DateTime::from);
        let Stamp { id, version, created_at, updated_at } = stamp;
        match (section_id, seats, cohort) {
            (Some(section_id), Some(seats), Some(cohort)) if errors.is_empty() => {
                Ok(Reservation { id, section_id, seats, cohort, release_at, taken: 0, version, created_at, updated_at })
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn stamp() -> Stamp<ReservationId> {
        Stamp::new(Uuid::from_u128(2).into(), DateTime::UNIX_EPOCH)
    }

    fn draft(value: serde_json::Value) -> ReservationDraft {
        Reservation::draft_of(Uuid::from_u128(1).into(), serde_json::from_value(value).unwrap())
    }

    #[test]
    fn every_wrong_field_is_named_at_once_and_what_is_taken_is_not_one_of_the_body() {
        let bad = json!({"taken": 1, "section_id": Uuid::nil(), "seats": -1, "cohort": {}, "release_at": "soon"});
        let errors = draft(bad).parse(stamp()).unwrap_err();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/section_id", "/taken", "/seats", "/cohort", "/release_at"]);
        let errors = draft(json!({})).parse(stamp()).unwrap_err();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/seats", "/cohort"]);
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name_and_clears_the_release() {
        let body = json!({"seats": 6, "cohort": {"levels": ["graduate"]}, "release_at": "2026-09-01T08:00:00+02:00"});
        let made = draft(body).parse(stamp()).unwrap();
        assert_eq!(made.release_at, Some("2026-09-01T06:00:00Z".parse().unwrap()));
        assert_eq!(draft(json!({})).over(&made).parse(stamp()).unwrap(), made);
        let changed = draft(json!({"seats": 7, "release_at": null})).over(&made).parse(stamp()).unwrap();
        assert_eq!((changed.seats.get(), changed.release_at, changed.cohort), (7, None, made.cohort));
    }
}
