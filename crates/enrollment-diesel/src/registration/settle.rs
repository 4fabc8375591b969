//! Finding out what became of an attempt whose connection was lost while it was committing.

use super::register;
use crate::StoreError;
use crate::rows::json;
use crate::schema::{registration_events, students};
use crate::store::Answer;
use crate::transaction::{Ending, transaction};
use crate::write_behind::WriteBehind;
use diesel::prelude::*;
use enrollment_core::registration::{Attempt, Change, Mode, Outcome, Receipt, Record, Status, StudentCourse};
use serde_json::Value;
use uuid::Uuid;

/// Answers the attempt by what it has changed, or carries it out if it has changed nothing.
///
/// The lost transaction may still be at it: the server notices a broken connection only when it next reads from it. But it
/// holds the student's lock until it ends, so whoever has that lock sees what has become of it.
pub(super) fn settle(conn: &mut PgConnection, attempt: &Attempt, refusals: &WriteBehind<Record>) -> Answer<Receipt> {
    let changes = transaction(conn, |conn| {
        let student = students::table.find(attempt.student_id.uuid()).select(students::id);
        student.for_no_key_update().first::<Uuid>(conn).optional()?;
        Ok(Ending::RollBack(changes_of(conn, attempt)?))
    })?;
    if changes.is_empty() {
        return register::register(conn, attempt, refusals);
    }
    let dry_run = attempt.mode == Mode::DryRun;
    let outcome = Outcome::Accepted(changes);
    Ok(Ok(Receipt { attempt_id: attempt.id, at: attempt.at, dry_run, outcome, replayed: false }))
}

/// What the attempt has changed, from its events: a change is never written without one.
fn changes_of(conn: &mut PgConnection, attempt: &Attempt) -> Result<Vec<Change>, StoreError> {
    let details: Vec<Value> = registration_events::table
        .filter(registration_events::attempt_id.eq(attempt.id.uuid()))
        .order(registration_events::sequence)
        .select(registration_events::detail)
        .load(conn)?;
    details.into_iter().map(change).collect()
}

fn change(detail: Value) -> Result<Change, StoreError> {
    let changed: StudentCourse = json::read(detail)?;
    Ok(match changed.status {
        Status::Waitlisted | Status::Enrolled => Change::Start(changed),
        Status::Dropped | Status::Withdrawn | Status::Completed | Status::Cancelled => Change::End(changed),
    })
}
