//! Holds: what keeps a student from enrolling or dropping, for a reason and mostly for a while.

use super::moment::Instant;
use super::{Draft, Entry, Owned, Stamp, Version};
use crate::Subject;
use crate::access::{Operation, Resource};
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::{HoldId, StudentId};
use crate::text::Reason;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a hold blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Blocks {
    /// Enrolling.
    Enroll,
    /// Dropping and withdrawing.
    Drop,
    /// Both.
    Both,
}

impl Blocks {
    /// Whether it blocks enrolling.
    pub fn enrolling(self) -> bool {
        matches!(self, Self::Enroll | Self::Both)
    }

    /// Whether it blocks dropping and withdrawing.
    pub fn dropping(self) -> bool {
        matches!(self, Self::Drop | Self::Both)
    }
}

impl fmt::Display for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A hold on a student, who may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hold {
    /// Its identifier.
    pub id: HoldId,
    /// The student.
    pub student_id: StudentId,
    /// What it blocks.
    pub blocks: Blocks,
    /// Why, for the student to read.
    pub reason: Reason,
    /// The first instant at which it blocks; none for since ever.
    pub from: Option<DateTime<Utc>>,
    /// The first instant at which it no longer blocks; none for until it is deleted.
    pub until: Option<DateTime<Utc>>,
    /// Its version.
    pub version: Version,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Entry for Hold {
    type Id = HoldId;
    type Draft = HoldDraft;
    type Filter = HoldFilter;

    const SUBJECT: Subject = Subject::Hold;
    const READ: Operation = Operation::ReadHolds;
    const WRITE: Operation = Operation::WriteHolds;

    fn stamp(&self) -> Stamp<HoldId> {
        Stamp { id: self.id, version: self.version, created_at: self.created_at, updated_at: self.updated_at }
    }
}

impl Owned for Hold {
    type Owner = StudentId;

    fn owner(&self) -> StudentId {
        self.student_id
    }

    fn record_of(owner: StudentId) -> Resource {
        Resource::Student(owner)
    }

    fn draft_of(owner: StudentId, draft: HoldDraft) -> HoldDraft {
        HoldDraft { student_id: Field::Value(owner), ..draft }
    }

    fn filter_of(owner: StudentId, filter: HoldFilter) -> HoldFilter {
        let HoldFilter { student_id: _ } = filter;
        HoldFilter { student_id: Some(owner) }
    }
}

/// What a list of holds can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldFilter {
    /// Only those on this student.
    pub student_id: Option<StudentId>,
}

/// The input form of a hold.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoldDraft {
    /// The student, whom the path names and not the body.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(skip)]
    pub student_id: Field<StudentId>,
    /// What it blocks.
    #[cfg_attr(feature = "openapi", schema(value_type = Blocks, required = true))]
    #[serde(default)]
    pub blocks: Field<Blocks>,
    /// Why, for the student to read.
    #[cfg_attr(feature = "openapi", schema(value_type = Reason, required = true))]
    #[serde(default)]
    pub reason: Field<Reason>,
    /// The first instant at which it blocks; absent for since ever.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DateTime<Utc>>))]
    #[serde(default)]
    pub from: Field<Instant>,
    /// The first instant at which it no longer blocks; absent for until it is deleted.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DateTime<Utc>>))]
    #[serde(default)]
    pub until: Field<Instant>,
    /// Fields that a hold does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Draft for HoldDraft {
    type Entry = Hold;

    fn over(self, current: &Hold) -> Self {
        Self {
            student_id: Field::Value(current.student_id),
            blocks: self.blocks.or(|| current.blocks),
            reason: self.reason.or(|| current.reason.clone()),
            from: self.from.or_maybe(|| current.from.map(Instant::from)),
            until: self.until.or_maybe(|| current.until.map(Instant::from)),
            unknown: self.unknown,
        }
    }

    fn parse(self, stamp: Stamp<HoldId>) -> Result<Hold, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let student_id = errors.required("/student_id", self.student_id);
        let blocks = errors.required("/blocks", self.blocks);
        let reason = errors.required("/reason", self.reason);
        let from = errors.optional("/from", self.from).map(DateTime::from);
        let until = errors.optional("/until", self.until).map(DateTime::from);
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            errors.add("/until", "must be after from");
        }
        let Stamp { id, version, created_at, updated_at } = stamp;
        match (student_id, blocks, reason) {
            (Some(student_id), Some(blocks), Some(reason)) if errors.is_empty() => {
                Ok(Hold { id, student_id, blocks, reason, from, until, version, created_at, updated_at })
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

    fn parse(value: serde_json::Value) -> Result<Hold, Vec<String>> {
        let draft = Hold::draft_of(Uuid::from_u128(1).into(), serde_json::from_value(value).unwrap());
        let parsed = draft.parse(Stamp::new(Uuid::from_u128(2).into(), DateTime::UNIX_EPOCH));
        parsed.map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    #[test]
    fn every_wrong_field_is_named_at_once_and_the_student_is_not_one_of_the_body() {
        let bad =
            json!({"student_id": Uuid::nil(), "blocks": "all", "from": "2026-09-01", "until": "0000-01-01T00:00:00Z"});
        assert_eq!(parse(bad).unwrap_err(), ["/student_id", "/blocks", "/reason", "/from", "/until"]);
    }

    #[test]
    fn a_hold_ends_after_it_begins() {
        let hold = |from, until| parse(json!({"blocks": "both", "reason": "Fees", "from": from, "until": until}));
        let (early, late) = (Some("2026-09-01T08:00:00+02:00"), Some("2026-09-01T06:00:01Z"));
        assert_eq!(hold(early, late).unwrap().from, Some("2026-09-01T06:00:00Z".parse().unwrap()));
        assert_eq!(hold(late, early).unwrap_err(), ["/until"]);
        assert_eq!(hold(early, early).unwrap_err(), ["/until"]);
        assert!(hold(None, early).is_ok() && hold(early, None).is_ok() && hold(None, None).is_ok());
    }
}
