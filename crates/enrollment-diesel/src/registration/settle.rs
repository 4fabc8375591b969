//! Finding out what became of an attempt whose connection was lost while it was committing.

use super::register;
use crate::StoreError;
use crate::rows::receipt::ReceiptRow;
use crate::schema::{receipts, students};
use crate::store::Answer;
use crate::transaction::{Ending, transaction};
use crate::write_behind::WriteBehind;
use diesel::prelude::*;
use enrollment_core::registration::{Attempt, Receipt, Record};
use uuid::Uuid;

/// Answers the attempt by its receipt, or carries it out if it has left none.
///
/// The lost transaction may still be at it: the server notices a broken connection only when it next reads from it. But it
/// holds the student's lock until it ends, so whoever has that lock sees what has become of it.
pub(super) fn settle(conn: &mut PgConnection, attempt: &Attempt, refusals: &WriteBehind<Record>) -> Answer<Receipt> {
    let record = transaction(conn, |conn| {
        let student = students::table.find(attempt.student_id.uuid()).select(students::id);
        student.for_no_key_update().first::<Uuid>(conn).optional()?;
        Ok(Ending::RollBack(record_of(conn, attempt)?))
    })?;
    match record {
        None => register::register(conn, attempt, refusals),
        Some(record) => Ok(Ok(Receipt::of(attempt, record.judgement))),
    }
}

/// The attempt's record: a change is never written without one.
pub(super) fn record_of(conn: &mut PgConnection, attempt: &Attempt) -> Result<Option<Record>, StoreError> {
    let row = receipts::table.find(attempt.id.uuid()).select(ReceiptRow::as_select()).first(conn).optional()?;
    row.map(Record::try_from).transpose()
}
