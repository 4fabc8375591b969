//! Making an edit of the catalogue, or telling what it would do. Both write in one way, and offer in one way the seats that the
//! edit may have opened.
//!
//! An edit that is made is a transaction of its own, and the offers that follow are another, so that it never fails because of
//! them. One that is only asked about is followed by its offers in one transaction, which is rolled back.

use super::Table;
use crate::StoreError;
use crate::registration::{Concerned, reoffer};
use crate::store::Answer;
use crate::transaction::{Ending, transaction};
use diesel::PgConnection;
use enrollment_core::catalog::{Cause, Edit};
use enrollment_core::registration::{EntryChange, Mode};

/// Makes an edit with what follows from it; or tells, in a dry run, what would be.
pub(super) fn make<E: Table>(
    conn: &mut PgConnection,
    edit: &Edit<E>,
    cause: &Cause,
    mode: Mode,
) -> Answer<EntryChange<E>> {
    match E::carry_out(conn, edit, cause, mode) {
        Err(error) => Ok(Err(E::explained(conn, edit, error)?)),
        answer => answer,
    }
}

/// Makes an edit of an entry that may let in somebody who waits, and does nothing else to students.
pub(super) fn carry_out<E: Table>(
    conn: &mut PgConnection,
    edit: &Edit<E>,
    cause: &Cause,
    mode: Mode,
) -> Answer<EntryChange<E>> {
    let concerned = concerned(conn, edit)?;
    let written = match mode {
        Mode::Commit => commit(conn, edit, cause)?.map(|entry| {
            let promotions = concerned.map(|concerned| reoffer::offer(conn, cause, &concerned));
            (entry, promotions.unwrap_or_default())
        }),
        Mode::DryRun => reoffer::rehearse(conn, cause, concerned.as_ref(), |conn| write(conn, edit, cause))?,
    };
    Ok(written.map(|(entry, promotions)| EntryChange { entry, promotions, cancelled: Vec::new() }))
}

fn commit<E: Table>(conn: &mut PgConnection, edit: &Edit<E>, cause: &Cause) -> Answer<Option<E>> {
    transaction(conn, |conn| {
        Ok(match write(conn, edit, cause)? {
            Ok(entry) => Ending::Commit(Ok(entry)),
            Err(refused) => Ending::RollBack(Err(refused)),
        })
    })
}

/// Writes an edit in the transaction that is open, and answers the entry as it is then.
fn write<E: Table>(conn: &mut PgConnection, edit: &Edit<E>, cause: &Cause) -> Answer<Option<E>> {
    match edit {
        Edit::Insert(entry) => Ok(entry.insert(conn, cause)?.map(Some)),
        Edit::Replace(entry, expected) => Ok(entry.update(conn, *expected, cause)?.map(Some)),
        Edit::Delete(id, expected) => Ok(E::delete(conn, *id, *expected, cause)?.map(|()| None)),
    }
}

/// Whom the edit may let in. An entry never changes what it belongs to, so it can be asked before it is changed.
fn concerned<E: Table>(conn: &mut PgConnection, edit: &Edit<E>) -> Result<Option<Concerned>, StoreError> {
    Ok(match edit {
        Edit::Insert(entry) | Edit::Replace(entry, _) => entry.concerned(),
        Edit::Delete(id, _) => E::find(conn, *id)?.and_then(|entry| entry.concerned()),
    })
}

/// What the violation of a foreign key means to who deletes an entry.
pub(super) fn explained<E: Table>(
    conn: &mut PgConnection,
    edit: &Edit<E>,
    error: StoreError,
) -> Result<enrollment_core::Error, StoreError> {
    match edit {
        Edit::Delete(id, _) if error.is_foreign_key_violation() => Ok(E::in_use(conn, *id)?),
        _ => Err(error),
    }
}
