//! A change of the catalogue as a value, to be made or only asked about.

use super::{Entry, Version};

/// A change of one entry.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit<E: Entry> {
    /// Add this.
    Insert(E),
    /// Put this in the place of the entry with the same id, if that has this version.
    Replace(E, Version),
    /// Delete the entry with this id, if it has this version where one is given.
    Delete(E::Id, Option<Version>),
}
