//! Registration windows: when a cohort may add courses of a term, or drop them.

use super::any_of::AnyOf;
use super::moment::Instant;
use super::{Credits, Draft, Entry, Owned, Stamp, Version};
use crate::Subject;
use crate::access::Operation;
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::{StudentId, TermId, WindowId};
use crate::text::{Level, Program};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What a window is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WindowAction {
    /// Adding courses.
    Add,
    /// Dropping and withdrawing from them.
    Drop,
    /// Both.
    Both,
}

impl WindowAction {
    /// Whether it is for adding courses.
    pub fn adding(self) -> bool {
        matches!(self, Self::Add | Self::Both)
    }

    /// Whether it is for dropping and withdrawing.
    pub fn dropping(self) -> bool {
        matches!(self, Self::Drop | Self::Both)
    }
}

impl fmt::Display for WindowAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The programs that a window is for.
pub type Programs = AnyOf<Program, 100>;
/// The levels that a window is for.
pub type Levels = AnyOf<Level, 100>;
/// The students who have a window of their own: time tickets.
pub type ListedStudents = AnyOf<StudentId, 1000>;

/// A registration window of a term. It is for the students who fit all of its criteria; without any it is for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Window {
    /// Its identifier.
    pub id: WindowId,
    /// The term.
    pub term_id: TermId,
    /// What it is for.
    pub action: WindowAction,
    /// The first instant of it; none for since ever.
    pub opens_at: Option<DateTime<Utc>>,
    /// The first instant after it; none for no end.
    pub closes_at: Option<DateTime<Utc>>,
    /// For students of one of these programs; none for any.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Program>>))]
    pub programs: Option<Programs>,
    /// For students on one of these levels; none for any.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Level>>))]
    pub levels: Option<Levels>,
    /// For students who have earned at least so many credits; none for any.
    pub min_earned_credits: Option<Credits>,
    /// For these students; none for any.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<StudentId>>))]
    pub students: Option<ListedStudents>,
    /// Its version.
    pub version: Version,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Entry for Window {
    type Id = WindowId;
    type Draft = WindowDraft;
    type Filter = WindowFilter;

    const SUBJECT: Subject = Subject::Window;
    const READ: Operation = Operation::ReadWindows;
    const WRITE: Operation = Operation::WriteWindows;

    fn stamp(&self) -> Stamp<WindowId> {
        Stamp { id: self.id, version: self.version, created_at: self.created_at, updated_at: self.updated_at }
    }

    fn named(&self) -> Option<(&'static str, BTreeSet<StudentId>)> {
        let students = self.students.as_ref()?;
        Some(("/students", students.iter().copied().collect()))
    }
}

impl Owned for Window {
    type Owner = TermId;

    fn owner(&self) -> TermId {
        self.term_id
    }

    fn draft_of(owner: TermId, draft: WindowDraft) -> WindowDraft {
        WindowDraft { term_id: Field::Value(owner), ..draft }
    }

    fn filter_of(owner: TermId, filter: WindowFilter) -> WindowFilter {
        let WindowFilter { term_id: _ } = filter;
        WindowFilter { term_id: Some(owner) }
    }
}

/// What a list of windows can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowFilter {
    /// Only those of this term.
    pub term_id: Option<TermId>,
}

/// The input form of a window.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WindowDraft {
    /// The term, which the path names and not the body.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(skip)]
    pub term_id: Field<TermId>,
    /// What it is for.
    #[cfg_attr(feature = "openapi", schema(value_type = WindowAction, required = true))]
    #[serde(default)]
    pub action: Field<WindowAction>,
    /// The first instant of it; absent for since ever, which only a window that closes can be.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DateTime<Utc>>))]
    #[serde(default)]
    pub opens_at: Field<Instant>,
    /// The first instant after it; absent for no end, which only a window that opens can have.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DateTime<Utc>>))]
    #[serde(default)]
    pub closes_at: Field<Instant>,
    /// For students of one of these programs; absent for any.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Program>>, min_items = 1, max_items = 100))]
    #[serde(default)]
    pub programs: Field<Programs>,
    /// For students on one of these levels; absent for any.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Level>>, min_items = 1, max_items = 100))]
    #[serde(default)]
    pub levels: Field<Levels>,
    /// For students who have earned at least so many credits; absent for any.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Credits>))]
    #[serde(default)]
    pub min_earned_credits: Field<Credits>,
    /// For these students; absent for any.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<StudentId>>, min_items = 1, max_items = 1000))]
    #[serde(default)]
    pub students: Field<ListedStudents>,
    /// Fields that a window does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Draft for WindowDraft {
    type Entry = Window;

    fn over(self, current: &Window) -> Self {
        Self {
            term_id: Field::Value(current.term_id),
            action: self.action.or(|| current.action),
            opens_at: self.opens_at.or_maybe(|| current.opens_at.map(Instant::from)),
            closes_at: self.closes_at.or_maybe(|| current.closes_at.map(Instant::from)),
            programs: self.programs.or_maybe(|| current.programs.clone()),
            levels: self.levels.or_maybe(|| current.levels.clone()),
            min_earned_credits: self.min_earned_credits.or_maybe(|| current.min_earned_credits),
            students: self.students.or_maybe(|| current.students.clone()),
            unknown: self.unknown,
        }
    }

    fn parse(self, stamp: Stamp<WindowId>) -> Result<Window, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let is_timeless = [&self.opens_at, &self.closes_at].iter().all(|at| matches!(at, Field::Absent | Field::Null));
        let term_id = errors.required("/term_id", self.term_id);
        let action = errors.required("/action", self.action);
        let opens_at = errors.optional("/opens_at", self.opens_at).map(DateTime::from);
        let closes_at = errors.optional("/closes_at", self.closes_at).map(DateTime::from);
        if is_timeless {
            errors.add("/opens_at", "is required, unless closes_at is there");
        }
        if opens_at.zip(closes_at).is_some_and(|(opens_at, closes_at)| closes_at <= opens_at) {
            errors.add("/closes_at", "must be after opens_at");
        }
        let programs = errors.optional("/programs", self.programs);
        let levels = errors.optional("/levels", self.levels);
        let min_earned_credits = errors.optional("/min_earned_credits", self.min_earned_credits);
        let students = errors.optional("/students", self.students);
        let Stamp { id, version, created_at, updated_at } = stamp;
        match (term_id, action) {
            (Some(term_id), Some(action)) if errors.is_empty() => Ok(Window {
                id,
                term_id,
                action,
                opens_at,
                closes_at,
                programs,
                levels,
                min_earned_credits,
                students,
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
    use uuid::Uuid;

    fn draft(value: serde_json::Value) -> WindowDraft {
        Window::draft_of(Uuid::from_u128(1).into(), serde_json::from_value(value).unwrap())
    }

    fn parse(draft: WindowDraft) -> Result<Window, Vec<String>> {
        let parsed = draft.parse(Stamp::new(Uuid::from_u128(2).into(), DateTime::UNIX_EPOCH));
        parsed.map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    #[test]
    fn every_wrong_field_is_named_at_once_and_the_term_is_not_one_of_the_body() {
        let bad = json!({
            "term_id": Uuid::nil(), "action": "enroll", "opens_at": "2026-09-01", "closes_at": 5, "programs": [],
            "levels": ["graduate", ""], "min_earned_credits": -1, "students": ["Ada"]
        });
        let every = [
            "/term_id",
            "/action",
            "/opens_at",
            "/closes_at",
            "/programs",
            "/levels",
            "/min_earned_credits",
            "/students",
        ];
        assert_eq!(parse(draft(bad)).unwrap_err(), every);
    }

    #[test]
    fn a_window_has_a_beginning_or_an_end_in_order() {
        let window = |opens, closes| parse(draft(json!({"action": "both", "opens_at": opens, "closes_at": closes})));
        let (early, late) = (Some("2026-09-01T08:00:00+02:00"), Some("2026-09-01T06:00:00.000001Z"));
        assert_eq!(window(early, late).unwrap().opens_at, Some("2026-09-01T06:00:00Z".parse().unwrap()));
        assert!(window(early, None).is_ok() && window(None, early).is_ok());
        assert_eq!(window(late, early).unwrap_err(), ["/closes_at"]);
        assert_eq!(window(early, early).unwrap_err(), ["/closes_at"]);
        assert_eq!(window(None, None).unwrap_err(), ["/opens_at"]);
        assert_eq!(window(Some("soon"), None).unwrap_err(), ["/opens_at"], "once, not twice");
    }

    #[test]
    fn a_list_of_students_is_bounded_and_can_be_cleared() {
        let tickets = |many: u128| -> Vec<Uuid> { (1..=many).map(Uuid::from_u128).collect() };
        let window =
            |students| draft(json!({"action": "add", "opens_at": "2026-09-01T08:00:00Z", "students": students}));
        assert_eq!(parse(window(tickets(1001))).unwrap_err(), ["/students"]);
        let stored = parse(window(tickets(1000))).unwrap();
        let change = |body| parse(draft(body).over(&stored)).unwrap();
        assert_eq!(change(json!({})), stored);
        assert_eq!(change(json!({"students": null})), Window { students: None, ..stored.clone() });
    }
}
