//! Making, reading, changing and deleting entries of the catalogue.

use super::{Cause, Draft, Entry, Repository, Stamp, Version};
use crate::Error;
use crate::access::{Gate, Operation, Principal, Resource};
use crate::clock::Clock;
use crate::fields::FieldErrors;
use crate::ids::{AttemptId, IdSource};
use crate::page::{Page, PageRequest};
use std::sync::Arc;

/// The service for the entries of one kind. Every call may also be [`Error::Forbidden`], or not find what the principal
/// may not know of.
pub struct Catalog<E: Entry> {
    pub(super) repository: Arc<dyn Repository<E>>,
    pub(crate) gate: Gate,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl<E: Entry> Catalog<E> {
    /// A service on these ports, behind this gate.
    pub fn new(repository: Arc<dyn Repository<E>>, gate: Gate, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { repository, gate, clock, ids }
    }

    /// Makes an entry of a draft.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field, [`Error::Duplicate`] when its natural key is taken.
    pub async fn create(&self, by: &Principal, draft: E::Draft) -> Result<E, Error> {
        self.gate.admit(by, E::WRITE, Resource::Institution).await?;
        self.insert(by, draft).await
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get(&self, by: &Principal, id: E::Id) -> Result<E, Error> {
        self.admit(by, E::READ, id).await?;
        self.repository.find(id).await
    }

    /// Changes an entry: what the draft does not have stays, what it has as `null` is cleared. Where the caller says
    /// which version was `expected`, the change is made only to that one.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] with every wrong field, and what the port answers.
    pub async fn change(
        &self,
        by: &Principal,
        id: E::Id,
        expected: Option<Version>,
        draft: E::Draft,
    ) -> Result<E, Error> {
        let current = self.to_change(by, id).await?;
        self.replace(by, &current, expected, draft).await
    }

    /// Deletes an entry, if it still has the `expected` version where one is given.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Stale`], [`Error::InUse`].
    pub async fn delete(&self, by: &Principal, id: E::Id, expected: Option<Version>) -> Result<(), Error> {
        self.admit(by, E::WRITE, id).await?;
        self.remove(by, id, expected).await
    }

    /// A page of the entries that the filter lets through, of those that the principal sees.
    pub async fn list(
        &self,
        by: &Principal,
        filter: E::Filter,
        page: PageRequest<E::Id>,
    ) -> Result<Page<E, E::Id>, Error> {
        let view = self.gate.view(by, E::READ)?;
        let filter = E::narrowed(filter, view).ok_or(Error::Forbidden(E::READ))?;
        self.repository.list(filter, page).await
    }

    /// The entry that the principal may change.
    pub(crate) async fn to_change(&self, by: &Principal, id: E::Id) -> Result<E, Error> {
        self.admit(by, E::WRITE, id).await?;
        self.repository.find(id).await
    }

    pub(crate) async fn admit(&self, by: &Principal, operation: Operation, id: E::Id) -> Result<(), Error> {
        self.gate.admit(by, operation, E::record(id)).await
    }

    pub(super) async fn insert(&self, by: &Principal, draft: E::Draft) -> Result<E, Error> {
        let (entry, cause) = self.made(by, draft).await?;
        self.repository.insert(entry, cause).await
    }

    /// Writes a draft over an entry that was just found.
    pub(super) async fn replace(
        &self,
        by: &Principal,
        current: &E,
        expected: Option<Version>,
        draft: E::Draft,
    ) -> Result<E, Error> {
        let (changed, cause) = self.changed(by, current, expected, draft).await?;
        self.repository.update(changed, current.stamp().version, cause).await
    }

    pub(super) async fn remove(&self, by: &Principal, id: E::Id, expected: Option<Version>) -> Result<(), Error> {
        self.repository.delete(id, expected, self.cause(by)).await
    }

    /// The entry that a draft makes.
    pub(crate) async fn made(&self, by: &Principal, draft: E::Draft) -> Result<(E, Cause), Error> {
        let cause = self.cause(by);
        let entry = draft.parse(Stamp::new(self.ids.next().into(), cause.at))?;
        self.admit_to_name(by, None, &entry).await?;
        Ok((entry, cause))
    }

    /// An entry that was just found, as a draft would change it.
    pub(crate) async fn changed(
        &self,
        by: &Principal,
        current: &E,
        expected: Option<Version>,
        draft: E::Draft,
    ) -> Result<(E, Cause), Error> {
        let stamp = current.stamp();
        if expected.is_some_and(|version| version != stamp.version) {
            return Err(Error::Stale(E::SUBJECT));
        }
        let cause = self.cause(by);
        let changed = draft.over(current).parse(stamp.changed(cause.at))?;
        self.admit_to_name(by, Some(current), &changed).await?;
        Ok((changed, cause))
    }

    /// Lets the principal name the students whom the entry names and did not name `before`.
    async fn admit_to_name(&self, by: &Principal, before: Option<&E>, entry: &E) -> Result<(), Error> {
        let Some((pointer, mut named)) = entry.named() else { return Ok(()) };
        if let Some((_, known)) = before.and_then(E::named) {
            named.retain(|student| !known.contains(student));
        }
        let count = named.len();
        let reached = self.gate.reached(by, E::WRITE, named).await?;
        if reached.len() == count { Ok(()) } else { Err(Error::Invalid(FieldErrors::of_missing(pointer))) }
    }

    pub(crate) fn cause(&self, by: &Principal) -> Cause {
        Cause {
            attempt_id: AttemptId::mint(self.ids.as_ref()),
            actor: by.actor().clone(),
            reason: by.reason().cloned(),
            at: self.clock.now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;
    use crate::catalog::{MockRepository, Student, StudentDraft};
    use crate::clock::MockClock;
    use crate::ids::MockIdSource;
    use chrono::{DateTime, TimeDelta, Utc};
    use pollster::block_on;
    use serde_json::json;
    use uuid::Uuid;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn draft(value: serde_json::Value) -> StudentDraft {
        serde_json::from_value(value).unwrap()
    }

    fn ada() -> Student {
        let stamp = Stamp::new(Uuid::from_u128(7).into(), NOW);
        draft(json!({"number": "1", "given_name": "Ada", "family_name": "Lovelace"})).parse(stamp).unwrap()
    }

    fn catalog(repository: MockRepository<Student>) -> Catalog<Student> {
        let mut clock = MockClock::new();
        clock.expect_now().return_const(NOW + TimeDelta::days(1));
        let mut ids = MockIdSource::new();
        ids.expect_next().return_const(Uuid::from_u128(7));
        Catalog::new(Arc::new(repository), Gate::without_affiliations(), Arc::new(clock), Arc::new(ids))
    }

    #[test]
    fn creating_stamps_the_entry_with_id_time_and_first_version() {
        let mut repository = MockRepository::new();
        let by_whom =
            |_: &_, cause: &Cause| (cause.actor.as_str(), cause.at) == ("system:test", NOW + TimeDelta::days(1));
        repository.expect_insert().once().withf(by_whom).returning(|entry, _| Ok(entry));
        let made = block_on(catalog(repository).create(
            &Principal::system("test"),
            draft(json!({"number": "1", "given_name": "Ada", "family_name": "Lovelace"})),
        ))
        .unwrap();
        let later = NOW + TimeDelta::days(1);
        assert_eq!(made, Student { created_at: later, updated_at: later, ..ada() });
    }

    #[test]
    fn an_invalid_draft_never_reaches_the_repository() {
        let repository = MockRepository::new();
        let error =
            block_on(catalog(repository).create(&Principal::anonymous(), draft(json!({"number": "1"})))).unwrap_err();
        assert!(matches!(error, Error::Invalid(errors) if errors.iter().count() == 2));
    }

    #[test]
    fn a_change_is_written_against_the_version_it_was_made_on() {
        let mut repository = MockRepository::new();
        repository.expect_find().returning(|_| Ok(ada()));
        repository
            .expect_update()
            .once()
            .withf(|_, expected, _| *expected == Version::FIRST)
            .returning(|entry, _, _| Ok(entry));
        let changed = block_on(catalog(repository).change(
            &Principal::anonymous(),
            ada().id,
            None,
            draft(json!({"given_name": "Augusta"})),
        ))
        .unwrap();
        assert_eq!(changed.given_name.as_str(), "Augusta");
        assert_eq!((changed.version, changed.updated_at), (Version::FIRST.next(), NOW + TimeDelta::days(1)));
        assert_eq!(changed.created_at, NOW);
    }

    #[test]
    fn a_change_of_another_version_is_stale_and_writes_nothing() {
        let mut repository = MockRepository::new();
        repository.expect_find().returning(|_| Ok(ada()));
        let error = block_on(catalog(repository).change(
            &Principal::anonymous(),
            ada().id,
            Some(Version::FIRST.next()),
            StudentDraft::default(),
        ))
        .unwrap_err();
        assert!(matches!(error, Error::Stale(Subject::Student)));
    }
}
