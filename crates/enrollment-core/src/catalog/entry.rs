//! What all entries of the catalogue have in common.

use crate::Subject;
use crate::access::{Operation, Resource, View};
use crate::fields::FieldErrors;
use crate::ids::StudentId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How often an entry has been written: 1 when it is new. Two reads with the same version saw the same entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Version(i64);

impl Version {
    /// The version of a new entry.
    pub const FIRST: Self = Self(1);

    /// The version after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl From<i64> for Version {
    fn from(version: i64) -> Self {
        Self(version)
    }
}

impl From<Version> for i64 {
    fn from(version: Version) -> Self {
        version.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the system, not the caller, says of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<Id> {
    /// Its identifier.
    pub id: Id,
    /// Its version.
    pub version: Version,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl<Id> Stamp<Id> {
    /// The stamp of a new entry.
    pub fn new(id: Id, now: DateTime<Utc>) -> Self {
        Self { id, version: Version::FIRST, created_at: now, updated_at: now }
    }

    /// The stamp of the entry after a change.
    #[must_use]
    pub fn changed(self, now: DateTime<Utc>) -> Self {
        Self { version: self.version.next(), updated_at: now, ..self }
    }
}

/// An entry of the catalogue.
pub trait Entry: Clone + fmt::Debug + Send + Sync + 'static {
    /// Its identifier.
    type Id: Copy + fmt::Debug + PartialEq + From<uuid::Uuid> + Send + Sync + 'static;
    /// Its input form.
    type Draft: Draft<Entry = Self>;
    /// What a list of it can be narrowed by.
    type Filter: Clone + fmt::Debug + Default + PartialEq + Send + Sync + 'static;

    /// What it is called.
    const SUBJECT: Subject;
    /// What reading it is in the table of permissions.
    const READ: Operation;
    /// What making, changing and deleting it is in the table of permissions.
    const WRITE: Operation;

    /// Its identity, version and times.
    fn stamp(&self) -> Stamp<Self::Id>;

    /// Whose record the entry with this id is: nobody's, unless it says otherwise.
    fn record(_: Self::Id) -> Resource {
        Resource::Institution
    }

    /// Where the entry names students whose record it is not: the field, and whom it names. Who may not know of one of them is
    /// answered as if there were nobody of that id.
    fn named(&self) -> Option<(&'static str, BTreeSet<StudentId>)> {
        None
    }

    /// The filter that lets through only what this view shows; none where the view shows nothing of these entries.
    fn narrowed(filter: Self::Filter, view: View) -> Option<Self::Filter> {
        (view == View::Everybody || view == View::NotConfidential).then_some(filter)
    }
}

/// The input form of an entry, from JSON or CSV: for a new one, and for a change of one that exists.
pub trait Draft: Send {
    /// What it describes.
    type Entry: Entry<Draft = Self>;

    /// Lays this draft over an entry: a field that is absent keeps the entry's value, `null` clears it.
    #[must_use]
    fn over(self, current: &Self::Entry) -> Self;

    /// The entry that the draft describes, or everything that is wrong with it.
    fn parse(self, stamp: Stamp<<Self::Entry as Entry>::Id>) -> Result<Self::Entry, FieldErrors>;
}
