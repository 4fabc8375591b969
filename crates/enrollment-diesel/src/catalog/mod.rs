//! The catalogue: one port, [`Repository`], for all kinds of entries, one file each.
//!
//! To add a kind of entry: its row in `rows/`, and a file here that implements [`Table`] for it; making an edit, or asking what it
//! would do, is the same for all ([`mod@edit`]).

mod courses;
mod edit;
mod grades;
mod holds;
mod instructors;
mod permits;
mod reservations;
mod seats;
mod sections;
mod students;
mod terms;
mod windows;

use crate::StoreError;
use crate::registration::Concerned;
use crate::store::{Answer, PgStore};
use async_trait::async_trait;
use diesel::{PgConnection, QueryResult};
use enrollment_core::catalog::{Cause, Edit, Entry, Repository, Version};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::registration::{EntryChange, Mode, Rehearsal};
use enrollment_core::{Error, Subject};

/// How entries of a kind are kept: the port's methods as functions of a connection. What writes does so in the transaction that
/// is open, which its caller rolls back when it is refused.
pub(crate) trait Table: Entry {
    fn insert(&self, conn: &mut PgConnection, cause: &Cause) -> Answer<Self>;

    fn find(conn: &mut PgConnection, id: Self::Id) -> Result<Option<Self>, StoreError>;

    fn update(&self, conn: &mut PgConnection, expected: Version, cause: &Cause) -> Answer<Self>;

    fn delete(conn: &mut PgConnection, id: Self::Id, expected: Option<Version>, cause: &Cause) -> Answer<()>;

    fn list(
        conn: &mut PgConnection,
        filter: &Self::Filter,
        page: &PageRequest<Self::Id>,
    ) -> Answer<Page<Self, Self::Id>>;

    /// What refers to the entry, so that the database refused to delete it.
    fn in_use(_: &mut PgConnection, _: Self::Id) -> QueryResult<Error> {
        Ok(in_use(Self::SUBJECT, []))
    }

    /// What it means that the database refused an edit, where that has to be looked up after its transaction.
    fn explained(conn: &mut PgConnection, edit: &Edit<Self>, error: StoreError) -> Result<Error, StoreError> {
        edit::explained(conn, edit, error)
    }

    /// Whom a change of the entry may let in who waits; nobody where it cannot, or where the change sees to that itself.
    fn concerned(&self) -> Option<Concerned> {
        None
    }

    /// Makes an edit in a transaction of its own, with what follows from it; or tells, in a dry run, what would be.
    fn carry_out(conn: &mut PgConnection, edit: &Edit<Self>, cause: &Cause, mode: Mode) -> Answer<EntryChange<Self>> {
        edit::carry_out(conn, edit, cause, mode)
    }
}

impl PgStore {
    async fn edit<E: Table>(&self, edit: Edit<E>, cause: Cause, mode: Mode) -> Result<EntryChange<E>, Error> {
        self.write(move |conn| edit::make(conn, &edit, &cause, mode)).await
    }
}

#[async_trait]
impl<E: Table> Repository<E> for PgStore {
    async fn insert(&self, entry: E, cause: Cause) -> Result<E, Error> {
        written(self.edit(Edit::Insert(entry), cause, Mode::Commit).await?)
    }

    async fn find(&self, id: E::Id) -> Result<E, Error> {
        self.read(move |conn| Ok(E::find(conn, id)?.ok_or(Error::NotFound(E::SUBJECT)))).await
    }

    async fn update(&self, entry: E, expected: Version, cause: Cause) -> Result<E, Error> {
        written(self.edit(Edit::Replace(entry, expected), cause, Mode::Commit).await?)
    }

    async fn delete(&self, id: E::Id, expected: Option<Version>, cause: Cause) -> Result<(), Error> {
        self.edit::<E>(Edit::Delete(id, expected), cause, Mode::Commit).await.map(drop)
    }

    async fn list(&self, filter: E::Filter, page: PageRequest<E::Id>) -> Result<Page<E, E::Id>, Error> {
        self.read(move |conn| E::list(conn, &filter, &page)).await
    }
}

#[async_trait]
impl<E: Table> Rehearsal<E> for PgStore {
    async fn rehearse(&self, edit: Edit<E>, cause: Cause) -> Result<EntryChange<E>, Error> {
        self.edit(edit, cause, Mode::DryRun).await
    }
}

/// The entry as it was written.
fn written<E: Table>(change: EntryChange<E>) -> Result<E, Error> {
    change.entry.ok_or(Error::NotFound(E::SUBJECT))
}

/// Cuts a page of the rows that a statement fetched for it.
fn page_of<E, R>(rows: Vec<R>, page: &PageRequest<E::Id>) -> Result<Page<E, E::Id>, StoreError>
where
    E: Entry + TryFrom<R>,
    StoreError: From<E::Error>,
{
    let entries = rows.into_iter().map(E::try_from).collect::<Result<Vec<E>, _>>()?;
    Ok(Page::cut(entries, page.limit, |entry| entry.stamp().id))
}

/// Why an entry could not be deleted, from what was looked for after the database refused. What referred to it may be gone
/// by now; then it can be tried again.
fn in_use<const N: usize>(subject: Subject, found: [(bool, Subject); N]) -> Error {
    let by: Vec<Subject> = found.into_iter().filter(|(found, _)| *found).map(|(_, by)| by).collect();
    if by.is_empty() { Error::Busy } else { Error::InUse { subject, by } }
}
