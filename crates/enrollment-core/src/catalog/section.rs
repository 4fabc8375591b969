//! Sections: courses as offered in a term, with seats and meetings.

use super::pooling::{KeptSeats, Pooling};
use super::{Days, Draft, Entry, Meeting, MeetingDraft, Restriction, Stamp, Version};
use crate::Subject;
use crate::access::Operation;
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::{CourseId, SectionId, TermId};
use crate::text::{Instructor, Reason, SearchText, SectionNumber};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of teaching a section is. A course may offer several kinds; the first of them in this order is the one that
/// students enroll in when they name only the course.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Component {
    #[default]
    Lecture,
    Lab,
    Seminar,
    Tutorial,
    Recitation,
    Studio,
    Practicum,
    Other,
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Whether students can enroll in a section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SectionStatus {
    /// Not offered yet.
    #[default]
    Planned,
    /// Students can enroll.
    Open,
    /// No more students are taken.
    Closed,
    /// It does not take place.
    Cancelled,
}

impl fmt::Display for SectionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A number of seats, or of places on a waitlist: 0 to 100,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Validate)]
#[garde(transparent)]
#[serde(try_from = "u32")]
pub struct Seats(#[garde(range(max = Self::MOST))] u32);

impl Seats {
    /// The most that a section can have.
    pub const MOST: u32 = 100_000;

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Seats {
    type Error = String;

    fn try_from(seats: u32) -> Result<Self, Self::Error> {
        let seats = Self(seats);
        seats.validate().map(|()| seats).map_err(|_| format!("must be from 0 to {}", Self::MOST))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Seats {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .minimum(Some(0))
            .maximum(Some(Self::MOST))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Seats {}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Section {
    /// Its identifier.
    pub id: SectionId,
    /// The course that is offered.
    pub course_id: CourseId,
    /// The term in which it is offered.
    pub term_id: TermId,
    /// Its number, unique within the course and term.
    pub number: SectionNumber,
    /// What kind of teaching it is.
    pub component: Component,
    /// How many students it takes, together with the sections that it shares its seats with.
    pub capacity: Seats,
    /// Seats beyond the capacity that somebody has allowed.
    pub overload: Seats,
    /// Who has allowed them, and why.
    pub overload_reason: Option<Reason>,
    /// The sections that it shares its seats with. Not for the caller to set, but by `shares_seats_with`.
    pub cross_listed_with: Vec<SectionId>,
    /// Which seats it is to have from now on: what a store does when it writes the section.
    #[serde(skip)]
    pub pooling: Pooling,
    /// How many students can wait.
    pub waitlist_capacity: Seats,
    /// Whether students can enroll.
    pub status: SectionStatus,
    /// Why it was cancelled, where somebody said so; none unless it is.
    pub cancel_reason: Option<Reason>,
    /// Who teaches it.
    pub instructor: Option<Instructor>,
    /// Whom it is for; none for everybody.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub restriction: Option<Restriction>,
    /// When and where it meets.
    pub meetings: Vec<Meeting>,
    /// How many students hold a seat in it: those enrolled, and those who completed it. Not for the caller to set.
    pub enrolled: u32,
    /// How many of its seats are taken, also by students of the sections that it shares them with. Not for the caller to set.
    pub seats_taken: u32,
    /// How many students wait for a seat. Not for the caller to set.
    pub waitlisted: u32,
    /// Its version.
    pub version: Version,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Entry for Section {
    type Id = SectionId;
    type Draft = SectionDraft;
    type Filter = SectionFilter;

    const SUBJECT: Subject = Subject::Section;
    const READ: Operation = Operation::ReadCatalog;
    const WRITE: Operation = Operation::WriteCatalog;

    fn stamp(&self) -> Stamp<SectionId> {
        Stamp { id: self.id, version: self.version, created_at: self.created_at, updated_at: self.updated_at }
    }
}

/// What a list of sections can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionFilter {
    /// Only those in this term.
    pub term_id: Option<TermId>,
    /// Only those of this course.
    pub course_id: Option<CourseId>,
    /// Only those whose course code, course title, number or instructor contains this text, in any case.
    pub q: Option<SearchText>,
    /// Only those that meet on no other days than these; those without meetings, too.
    pub days: Option<Days>,
    /// Only those that are open and have a free seat.
    pub open: bool,
}

/// The input form of a section.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SectionDraft {
    /// The course that is offered.
    #[cfg_attr(feature = "openapi", schema(value_type = CourseId, required = true))]
    #[serde(default)]
    pub course_id: Field<CourseId>,
    /// The term in which it is offered.
    #[cfg_attr(feature = "openapi", schema(value_type = TermId, required = true))]
    #[serde(default)]
    pub term_id: Field<TermId>,
    /// Its number, unique within the course and term.
    #[cfg_attr(feature = "openapi", schema(value_type = SectionNumber, required = true))]
    #[serde(default)]
    pub number: Field<SectionNumber>,
    /// What kind of teaching it is; a lecture unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Component>))]
    #[serde(default)]
    pub component: Field<Component>,
    /// How many students it takes; required unless it shares the seats of another section.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Seats>))]
    #[serde(default)]
    pub capacity: Field<Seats>,
    /// Seats beyond the capacity; none unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Seats>))]
    #[serde(default)]
    pub overload: Field<Seats>,
    /// Who allows the overload, and why; required where it rises.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    #[serde(default)]
    pub overload_reason: Field<Reason>,
    /// A section whose seats it is to share, with those that share them already; null for seats of its own again.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SectionId>))]
    #[serde(default)]
    pub shares_seats_with: Field<SectionId>,
    /// What is known of the seats of the section that is changed.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(skip)]
    pub kept_seats: KeptSeats,
    /// How many students can wait; none unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Seats>))]
    #[serde(default)]
    pub waitlist_capacity: Field<Seats>,
    /// Whether students can enroll; planned unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SectionStatus>))]
    #[serde(default)]
    pub status: Field<SectionStatus>,
    /// Why it is cancelled, for the students whose courses that ends; only with the status `cancelled`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Reason>))]
    #[serde(default)]
    pub cancel_reason: Field<Reason>,
    /// Who teaches it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Instructor>))]
    #[serde(default)]
    pub instructor: Field<Instructor>,
    /// Whom it is for: `{"programs": ["BSc Physics"], "levels": ["graduate"], "consent": true}`, with at least one of the three;
    /// absent for everybody.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    #[serde(default)]
    pub restriction: Field<Restriction>,
    /// When and where it meets; a change replaces all of them.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<MeetingDraft>>))]
    #[serde(default)]
    pub meetings: Field<Vec<MeetingDraft>>,
    /// Fields that a section does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// The most meetings that a section can have.
const MOST_MEETINGS: usize = 50;

fn parse_meetings(drafts: Vec<MeetingDraft>, errors: &mut FieldErrors) -> Vec<Meeting> {
    if drafts.len() > MOST_MEETINGS {
        errors.add("/meetings", format!("must be at most {MOST_MEETINGS}"));
        return Vec::new();
    }
    let mut meetings = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.into_iter().enumerate() {
        match draft.parse() {
            Ok(meeting) => meetings.push(meeting),
            Err(wrong) => errors.add_nested(&format!("/meetings/{index}"), wrong),
        }
    }
    meetings
}

impl Draft for SectionDraft {
    type Entry = Section;

    fn over(self, current: &Section) -> Self {
        let shares = matches!(self.shares_seats_with, Field::Value(_));
        Self {
            course_id: self.course_id.or(|| current.course_id),
            term_id: self.term_id.or(|| current.term_id),
            number: self.number.or(|| current.number.clone()),
            component: self.component.or(|| current.component),
            // Whose seats it is to share, says how many there are.
            capacity: if shares { self.capacity } else { self.capacity.or(|| current.capacity) },
            overload: if shares { self.overload } else { self.overload.or(|| current.overload) },
            overload_reason: self.overload_reason,
            shares_seats_with: self.shares_seats_with,
            kept_seats: KeptSeats::of(current),
            waitlist_capacity: self.waitlist_capacity.or(|| current.waitlist_capacity),
            // The reason goes when the section takes place after all.
            cancel_reason: match self.status {
                Field::Value(status) if status != SectionStatus::Cancelled => self.cancel_reason,
                _ => self.cancel_reason.or_maybe(|| current.cancel_reason.clone()),
            },
            status: self.status.or(|| current.status),
            instructor: self.instructor.or_maybe(|| current.instructor.clone()),
            restriction: self.restriction.or_maybe(|| current.restriction.clone()),
            meetings: self.meetings.or(|| current.meetings.iter().map(MeetingDraft::from).collect()),
            unknown: self.unknown,
        }
    }

    /// The section, without any students in it: how many there are is the store's to say.
    fn parse(self, stamp: Stamp<SectionId>) -> Result<Section, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let course_id = errors.required("/course_id", self.course_id);
        let term_id = errors.required("/term_id", self.term_id);
        let number = errors.required("/number", self.number);
        let component = errors.or_default("/component", self.component);
        let pooling = Pooling::parse(&mut errors, self.shares_seats_with, &self.capacity, &self.overload);
        let capacity = match pooling {
            Pooling::Share { capacity, .. } => Some(capacity.unwrap_or_default()),
            Pooling::Keep | Pooling::Own => errors.required("/capacity", self.capacity),
        };
        let overload = errors.or_default("/overload", self.overload);
        let overload_reason = self.kept_seats.parse_reason(&mut errors, overload, self.overload_reason);
        let waitlist_capacity = errors.or_default("/waitlist_capacity", self.waitlist_capacity);
        let status = errors.or_default("/status", self.status);
        let cancel_reason = errors.optional("/cancel_reason", self.cancel_reason);
        if cancel_reason.is_some() && status != SectionStatus::Cancelled {
            errors.add("/cancel_reason", "must only be given where the status is cancelled");
        }
        let instructor = errors.optional("/instructor", self.instructor);
        let restriction = errors.optional("/restriction", self.restriction);
        let meetings = errors.or_default("/meetings", self.meetings);
        let meetings = parse_meetings(meetings, &mut errors);
        let Stamp { id, version, created_at, updated_at } = stamp;
        match (course_id, term_id, number, capacity) {
            (Some(course_id), Some(term_id), Some(number), Some(capacity)) if errors.is_empty() => Ok(Section {
                id,
                course_id,
                term_id,
                number,
                component,
                capacity,
                overload,
                overload_reason,
                cross_listed_with: self.kept_seats.cross_listed_with,
                pooling,
                waitlist_capacity,
                status,
                cancel_reason,
                instructor,
                restriction,
                meetings,
                enrolled: 0,
                seats_taken: 0,
                waitlisted: 0,
                version,
                created_at,
                updated_at,
            }),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reason_to_cancel_goes_with_being_cancelled() {
        let id = "0190a1b2-0000-7000-8000-000000000001";
        let stamp = || Stamp::new(uuid::Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH);
        let draft = |fields| serde_json::from_value::<SectionDraft>(fields).unwrap();
        let new = json!({"course_id": id, "term_id": id, "number": "1", "capacity": 3, "status": "open"});
        let open = draft(new).parse(stamp()).unwrap();
        let change = |section: &Section, fields| draft(fields).over(section).parse(stamp());
        let errors = change(&open, json!({"cancel_reason": "Ill"})).unwrap_err();
        assert_eq!(errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(), ["/cancel_reason"]);

        let cancelled = change(&open, json!({"status": "cancelled", "cancel_reason": "Ill"})).unwrap();
        assert_eq!(cancelled.cancel_reason.as_ref().map(Reason::as_str), Some("Ill"));
        assert_eq!(
            change(&cancelled, json!({"instructor": "A. Lovelace"})).unwrap().cancel_reason,
            cancelled.cancel_reason
        );
        assert_eq!(change(&cancelled, json!({"status": "open"})).unwrap().cancel_reason, None);
    }

    #[test]
    fn an_error_in_a_meeting_has_its_place() {
        let draft: SectionDraft = serde_json::from_value(json!({
            "course_id": "0190a1b2-0000-7000-8000-000000000001", "term_id": "x", "number": "1", "capacity": 100_001,
            "meetings": [
                {"days": ["mon"], "starts_at": "10:00", "ends_at": "11:00"},
                {"days": ["mon"], "starts_at": "10:00", "ends_at": "10:00"}
            ]
        }))
        .unwrap();
        let errors = draft.parse(Stamp::new(uuid::Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH)).unwrap_err();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/term_id", "/capacity", "/meetings/1/ends_at"]);
    }
}
