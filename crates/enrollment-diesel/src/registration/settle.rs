//! Finding out what became of attempts whose connection was lost while they were committing.

use crate::StoreError;
use crate::rows::receipt::{self, KnownDocuments, ReceiptRow};
use crate::schema::{receipts, students};
use crate::transaction::{Ending, transaction};
use diesel::prelude::*;
use enrollment_core::ids::AttemptId;
use enrollment_core::registration::{Attempt, Receipt, Record};
use std::collections::HashMap;
use uuid::Uuid;

/// The receipts of attempts, in their order; none for one that has left none: a change is never written without one.
///
/// The lost transaction may still be at it: the server notices a broken connection only when it next reads from it. But it
/// holds the students' locks until it ends, so whoever has those locks sees what has become of it.
pub(super) fn receipts_of(conn: &mut PgConnection, attempts: &[&Attempt]) -> Result<Vec<Option<Receipt>>, StoreError> {
    let of_students: Vec<Uuid> = attempts.iter().map(|attempt| attempt.student_id.uuid()).collect();
    let ids: Vec<Uuid> = attempts.iter().map(|attempt| attempt.id.uuid()).collect();
    let rows = transaction(conn, |conn| {
        let locked = students::table.filter(students::id.eq_any(&of_students)).order(students::id).select(students::id);
        locked.for_no_key_update().load::<Uuid>(conn)?;
        let written = receipts::table.filter(receipts::attempt_id.eq_any(&ids)).select(ReceiptRow::as_select());
        Ok(Ending::RollBack(written.load(conn)?))
    })?;
    let records = receipt::records(conn, rows, &mut KnownDocuments::default())?;
    let records = records.into_iter().map(|record| record.map(|record| (record.attempt_id, record)));
    let mut records = records.collect::<Result<HashMap<AttemptId, Record>, _>>()?;
    let receipt = |attempt: &&Attempt| Some(Receipt::of(attempt, &records.remove(&attempt.id)?.judgement));
    Ok(attempts.iter().map(receipt).collect())
}
