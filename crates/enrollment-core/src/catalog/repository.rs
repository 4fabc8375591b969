//! The port behind which the catalogue is kept.

use super::{Cause, Entry, Version};
use crate::Error;
use crate::page::{Page, PageRequest};
use async_trait::async_trait;

/// Keeps the entries of one kind.
///
/// Every method MUST answer [`Error::Busy`] at once when it cannot take more work, and [`Error::Unavailable`] when the
/// store cannot be reached; in both cases nothing is changed.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Repository<E: Entry>: Send + Sync {
    /// Adds an entry and answers it as stored.
    ///
    /// It MUST answer [`Error::Duplicate`] when another entry has the same natural key, also when both are added at the
    /// same time, [`Error::Invalid`] with the field when the entry refers to something that does not exist, and
    /// [`Error::NotFound`] with the owner's subject when an entry's owner does not.
    async fn insert(&self, entry: E, cause: Cause) -> Result<E, Error>;

    /// The entry with this id. It MUST answer [`Error::NotFound`] when there is none.
    async fn find(&self, id: E::Id) -> Result<E, Error>;

    /// Replaces the entry with the same id, and answers it as stored.
    ///
    /// It MUST answer [`Error::Stale`] unless the stored entry has version `expected`, [`Error::NotFound`] when there is
    /// none, and otherwise what [`insert`](Self::insert) would. For a section it MUST also answer [`Error::SeatsTaken`]
    /// when more seats are taken than it would have, and [`Error::Fixed`] when its course, term or component would
    /// change although students have registered; and it MUST do what follows for students in the same transaction, each by
    /// an attempt of its own with a record of its own, numbered from the cause ([`Origin`]): offer the free seats to those who
    /// wait for them, and [end](crate::registration::section_change::ending) what cannot stay.
    ///
    /// [`Origin`]: crate::registration::Origin
    async fn update(&self, entry: E, expected: Version, cause: Cause) -> Result<E, Error>;

    /// Deletes the entry, if it still has version `expected` where one is given.
    ///
    /// It MUST answer [`Error::InUse`] with everything that refers to the entry, [`Error::NotFound`] when there is none,
    /// and [`Error::Stale`] when its version is another.
    async fn delete(&self, id: E::Id, expected: Option<Version>, cause: Cause) -> Result<(), Error>;

    /// A page of the entries that the filter lets through, in the order in which they were made. It MUST answer
    /// [`Error::NotFound`] with the owner's subject when the filter asks for an owner that does not exist.
    async fn list(&self, filter: E::Filter, page: PageRequest<E::Id>) -> Result<Page<E, E::Id>, Error>;
}
