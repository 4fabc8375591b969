//! Entries that belong to another, such as the holds of a student: the catalogue as one owner has it.
//!
//! They are kept like all entries, by the same port under ids that are unique among all. What is different is the way to
//! them: through their owner, whom the caller names beside the entry, so that nobody reaches another's by a guessed id.

use super::{Catalog, Entry, Version};
use crate::Error;
use crate::access::{Operation, Principal, Resource};
use crate::page::{Page, PageRequest};
use std::fmt;

/// An entry that belongs to another for good.
pub trait Owned: Entry {
    /// Identifies what it belongs to.
    type Owner: Copy + fmt::Debug + PartialEq + Send + Sync + 'static;

    /// What it belongs to.
    fn owner(&self) -> Self::Owner;

    /// Whose record the entries of this owner are: nobody's, unless it says otherwise.
    fn record_of(_: Self::Owner) -> Resource {
        Resource::Institution
    }

    /// The draft for an entry of this owner.
    fn draft_of(owner: Self::Owner, draft: Self::Draft) -> Self::Draft;

    /// The filter that lets through only entries of this owner.
    fn filter_of(owner: Self::Owner, filter: Self::Filter) -> Self::Filter;
}

impl<E: Owned> Catalog<E> {
    /// The entries that belong to this owner.
    pub fn of(&self, owner: E::Owner) -> CatalogOf<'_, E> {
        CatalogOf { catalog: self, owner }
    }
}

/// The service for the entries of one kind that belong to one owner. Another's entry is not found.
#[derive(Clone, Copy)]
pub struct CatalogOf<'a, E: Owned> {
    catalog: &'a Catalog<E>,
    owner: E::Owner,
}

impl<E: Owned> CatalogOf<'_, E> {
    /// Makes an entry of a draft.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such owner, and those of [`Catalog::create`].
    pub async fn create(&self, by: &Principal, draft: E::Draft) -> Result<E, Error> {
        self.admit(by, E::WRITE).await?;
        self.catalog.insert(by, E::draft_of(self.owner, draft)).await
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], also when it belongs to another.
    pub async fn get(&self, by: &Principal, id: E::Id) -> Result<E, Error> {
        self.admit(by, E::READ).await?;
        self.find(id).await
    }

    /// Changes an entry.
    ///
    /// # Errors
    /// [`Error::NotFound`], also when it belongs to another, and those of [`Catalog::change`].
    pub async fn change(
        &self,
        by: &Principal,
        id: E::Id,
        expected: Option<Version>,
        draft: E::Draft,
    ) -> Result<E, Error> {
        self.admit(by, E::WRITE).await?;
        let current = self.find(id).await?;
        self.catalog.replace(by, &current, expected, draft).await
    }

    /// Deletes an entry.
    ///
    /// # Errors
    /// [`Error::NotFound`], also when it belongs to another, and those of [`Catalog::delete`].
    pub async fn delete(&self, by: &Principal, id: E::Id, expected: Option<Version>) -> Result<(), Error> {
        self.admit(by, E::WRITE).await?;
        // An entry never changes its owner, so it is still theirs when it is deleted.
        self.find(id).await?;
        self.catalog.remove(by, id, expected).await
    }

    /// A page of the entries that the filter lets through.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such owner.
    pub async fn list(
        &self,
        by: &Principal,
        filter: E::Filter,
        page: PageRequest<E::Id>,
    ) -> Result<Page<E, E::Id>, Error> {
        self.admit(by, E::READ).await?;
        self.catalog.repository.list(E::filter_of(self.owner, filter), page).await
    }

    pub(crate) async fn admit(&self, by: &Principal, operation: Operation) -> Result<(), Error> {
        self.catalog.gate.admit(by, operation, E::record_of(self.owner)).await
    }

    /// The entry with this id, if it is this owner's.
    pub(crate) async fn find(&self, id: E::Id) -> Result<E, Error> {
        let found = self.catalog.repository.find(id).await?;
        if found.owner() == self.owner { Ok(found) } else { Err(Error::NotFound(E::SUBJECT)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;
    use crate::access::Gate;
    use crate::catalog::{Draft, Hold, HoldDraft, HoldFilter, MockRepository, Stamp};
    use crate::clock::MockClock;
    use crate::ids::{MockIdSource, StudentId};
    use chrono::DateTime;
    use pollster::block_on;
    use serde_json::json;
    use std::sync::Arc;
    use uuid::Uuid;

    fn student(number: u128) -> StudentId {
        Uuid::from_u128(number).into()
    }

    fn draft(value: serde_json::Value) -> HoldDraft {
        serde_json::from_value(value).unwrap()
    }

    /// A hold on student 1.
    fn hold() -> Hold {
        let draft = Hold::draft_of(student(1), draft(json!({"blocks": "both", "reason": "Fees"})));
        draft.parse(Stamp::new(Uuid::from_u128(7).into(), DateTime::UNIX_EPOCH)).unwrap()
    }

    fn catalog(repository: MockRepository<Hold>) -> Catalog<Hold> {
        let mut clock = MockClock::new();
        clock.expect_now().return_const(DateTime::UNIX_EPOCH);
        let mut ids = MockIdSource::new();
        ids.expect_next().return_const(Uuid::from_u128(7));
        Catalog::new(Arc::new(repository), Gate::without_affiliations(), Arc::new(clock), Arc::new(ids))
    }

    #[test]
    fn what_is_made_belongs_to_the_owner() {
        let mut repository = MockRepository::new();
        repository.expect_insert().once().returning(|entry, _| Ok(entry));
        let body = draft(json!({"blocks": "both", "reason": "Fees"}));
        assert_eq!(block_on(catalog(repository).of(student(1)).create(&Principal::anonymous(), body)).unwrap(), hold());
    }

    #[test]
    fn only_the_owners_entries_are_listed() {
        let mut repository = MockRepository::new();
        let of_student = |filter: &HoldFilter, _: &_| filter.student_id == Some(student(1));
        repository.expect_list().once().withf(of_student).returning(|_, _| Ok(Page { items: vec![], next: None }));
        block_on(catalog(repository).of(student(1)).list(
            &Principal::anonymous(),
            HoldFilter::default(),
            PageRequest::default(),
        ))
        .unwrap();
    }

    #[test]
    fn anothers_entry_is_neither_found_nor_changed_nor_deleted() {
        let mut repository = MockRepository::new();
        repository.expect_find().times(3).returning(|_| Ok(hold()));
        let catalog = catalog(repository);
        let of_another = catalog.of(student(2));
        let id = hold().id;
        let not_found = |error| matches!(error, Some(Error::NotFound(Subject::Hold)));
        assert!(not_found(block_on(of_another.get(&Principal::anonymous(), id)).err()));
        assert!(not_found(block_on(of_another.change(&Principal::anonymous(), id, None, HoldDraft::default())).err()));
        assert!(not_found(block_on(of_another.delete(&Principal::anonymous(), id, None)).err()));
    }

    #[test]
    fn the_owners_entry_is_changed_on_the_version_that_was_read_and_stays_theirs() {
        let mut repository = MockRepository::new();
        repository.expect_find().once().returning(|_| Ok(hold()));
        repository.expect_update().once().returning(|entry, _, _| Ok(entry));
        let catalog = catalog(repository);
        let change = draft(json!({"blocks": "drop"}));
        let changed =
            block_on(catalog.of(student(1)).change(&Principal::anonymous(), hold().id, Some(Version::FIRST), change))
                .unwrap();
        assert_eq!((changed.owner(), changed.version), (student(1), Version::FIRST.next()));
    }
}
