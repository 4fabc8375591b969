//! The catalogue: one port, [`Repository`], for all kinds of entries, one file each.
//!
//! To add a kind of entry: its row in `rows/`, and a file here that implements [`Table`] for it.

mod courses;
mod grades;
mod holds;
mod permits;
mod reservations;
mod seats;
mod sections;
mod students;
mod terms;
mod windows;

use crate::StoreError;
use crate::registration::reoffer;
use crate::store::{Answer, PgStore};
use async_trait::async_trait;
use diesel::PgConnection;
use enrollment_core::catalog::{Cause, Entry, Repository, Version};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::{Error, Subject};
use uuid::Uuid;

/// How entries of a kind are kept: the port's methods as functions of a connection.
pub(crate) trait Table: Entry {
    fn insert(self, conn: &mut PgConnection, cause: &Cause) -> Answer<Self>;

    fn find(conn: &mut PgConnection, id: Self::Id) -> Result<Option<Self>, StoreError>;

    fn update(self, conn: &mut PgConnection, expected: Version, cause: &Cause) -> Answer<Self>;

    fn delete(conn: &mut PgConnection, id: Self::Id, expected: Option<Version>, cause: &Cause) -> Answer<()>;

    fn list(
        conn: &mut PgConnection,
        filter: &Self::Filter,
        page: &PageRequest<Self::Id>,
    ) -> Answer<Page<Self, Self::Id>>;

    /// The section, course, term or student for which a change of the entry may let somebody in who waits; none where it
    /// cannot, or where the change sees to that itself.
    fn concerned(&self) -> Option<Uuid> {
        None
    }
}

#[async_trait]
impl<E: Table> Repository<E> for PgStore {
    async fn insert(&self, entry: E, cause: Cause) -> Result<E, Error> {
        self.write(move |conn| {
            let written = entry.insert(conn, &cause)?;
            Ok(reoffered(conn, written, &cause))
        })
        .await
    }

    async fn find(&self, id: E::Id) -> Result<E, Error> {
        self.read(move |conn| Ok(E::find(conn, id)?.ok_or(Error::NotFound(E::SUBJECT)))).await
    }

    async fn update(&self, entry: E, expected: Version, cause: Cause) -> Result<E, Error> {
        self.write(move |conn| {
            let written = entry.update(conn, expected, &cause)?;
            Ok(reoffered(conn, written, &cause))
        })
        .await
    }

    async fn delete(&self, id: E::Id, expected: Option<Version>, cause: Cause) -> Result<(), Error> {
        self.write(move |conn| {
            let concerned = E::find(conn, id)?.and_then(|entry| entry.concerned());
            let deleted = E::delete(conn, id, expected, &cause)?;
            if let (Ok(()), Some(concerned)) = (&deleted, concerned) {
                reoffer(conn, &cause, concerned);
            }
            Ok(deleted)
        })
        .await
    }

    async fn list(&self, filter: E::Filter, page: PageRequest<E::Id>) -> Result<Page<E, E::Id>, Error> {
        self.read(move |conn| E::list(conn, &filter, &page)).await
    }
}

/// The entry that was written, after the seats that it may have opened were offered to those who wait.
fn reoffered<E: Table>(conn: &mut PgConnection, written: Result<E, Error>, cause: &Cause) -> Result<E, Error> {
    if let Some(concerned) = written.as_ref().ok().and_then(Table::concerned) {
        reoffer(conn, cause, concerned);
    }
    written
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
