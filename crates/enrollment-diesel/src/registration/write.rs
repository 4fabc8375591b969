//! Writing what was decided: each change with its event, and the idempotency key with the first.
//!
//! Nothing here counts seats: the triggers of `student_courses` do.

use super::register::overtaken;
use crate::StoreError;
use crate::rows::json::document;
use crate::rows::numeric::numeric;
use crate::schema::idempotency_keys;
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::registration::{Attempt, Change, Idempotency, Receipt, StudentCourse};
use serde_json::Value;
use uuid::Uuid;

/// The event of a change, and the idempotency key if there is one. $1 to $12 are bound by [`ledger`].
macro_rules! ledger_sql {
    () => {
        "event AS (
            INSERT INTO registration_events
                (id, at, actor, student_id, section_id, student_course_id, attempt_id, kind, detail)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ), answer AS (
            INSERT INTO idempotency_keys (actor, key, request_hash, response, attempt_id, created_at)
            SELECT $3, $10, $11, $12, $7, $2 WHERE $10 IS NOT NULL
        )"
    };
}

const START: &str = concat!(
    "WITH ",
    ledger_sql!(),
    " INSERT INTO student_courses
        (id, student_id, section_id, status, enrolled_at, created_at, updated_at,
         course_id, term_id, component, credits, grading_basis, version)
      VALUES ($6, $4, $5, $8, $13, $2, $2, $14, $15, $16, $17, $18, $19)"
);

/// The version says that nobody has changed it since it was read, which the student's lock makes sure of.
const END: &str = concat!(
    "WITH ",
    ledger_sql!(),
    " UPDATE student_courses SET status = $8, ended_at = $13, updated_at = $2, version = $14
      WHERE id = $6 AND version = $14 - 1"
);

/// Writes the changes that were decided, each by one statement.
pub(super) fn changes(
    conn: &mut PgConnection,
    attempt: &Attempt,
    idempotency: Option<&Idempotency>,
    changes: &[Change],
    receipt: &Receipt,
) -> Result<(), StoreError> {
    let answer = idempotency.map(|idempotency| Ok::<_, StoreError>((idempotency, document(receipt)?))).transpose()?;
    for (position, change) in (0_u128..).zip(changes) {
        let answer = answer.as_ref().filter(|_| position == 0);
        let written = match change {
            Change::Start(started) => start(attempt, position, started, answer)?.execute(conn)?,
            Change::End(ended) => end(attempt, position, ended, answer)?.execute(conn)?,
        };
        if written != 1 {
            return Err(overtaken());
        }
    }
    Ok(())
}

/// Keeps the answer to a request that changed nothing.
pub(super) fn remember(
    conn: &mut PgConnection,
    attempt: &Attempt,
    idempotency: &Idempotency,
    receipt: &Receipt,
) -> Result<(), StoreError> {
    let row = (
        idempotency_keys::actor.eq(attempt.actor.as_str()),
        idempotency_keys::key.eq(idempotency.key.as_str()),
        idempotency_keys::request_hash.eq(idempotency.fingerprint.as_bytes().as_slice()),
        idempotency_keys::response.eq(document(receipt)?),
        idempotency_keys::attempt_id.eq(attempt.id.uuid()),
        idempotency_keys::created_at.eq(attempt.at),
    );
    diesel::insert_into(idempotency_keys::table).values(row).execute(conn)?;
    Ok(())
}

type KeyAndAnswer<'a> = (&'a Idempotency, Value);

fn start<'a>(
    attempt: &'a Attempt,
    position: u128,
    started: &'a StudentCourse,
    answer: Option<&'a KeyAndAnswer<'a>>,
) -> Result<Statement<'a>, StoreError> {
    let section = started.section.as_ref();
    Ok(ledger(Statement::new(START), attempt, position, started, answer)?
        .bind::<Nullable<Timestamptz>, _>(started.enrolled_at)
        .bind::<SqlUuid, _>(started.course.id.uuid())
        .bind::<Nullable<SqlUuid>, _>(started.term.as_ref().map(|term| term.id.uuid()))
        .bind::<Nullable<Text>, _>(section.map(|section| section.component.to_string()))
        .bind::<Numeric, _>(numeric(started.credits))
        .bind::<Text, _>(started.grading_basis.to_string())
        .bind::<BigInt, _>(i64::from(started.version)))
}

fn end<'a>(
    attempt: &'a Attempt,
    position: u128,
    ended: &'a StudentCourse,
    answer: Option<&'a KeyAndAnswer<'a>>,
) -> Result<Statement<'a>, StoreError> {
    Ok(ledger(Statement::new(END), attempt, position, ended, answer)?
        .bind::<Nullable<Timestamptz>, _>(ended.ended_at)
        .bind::<BigInt, _>(i64::from(ended.version)))
}

fn ledger<'a>(
    statement: Statement<'a>,
    attempt: &'a Attempt,
    position: u128,
    changed: &'a StudentCourse,
    answer: Option<&'a KeyAndAnswer<'a>>,
) -> Result<Statement<'a>, StoreError> {
    Ok(statement
        .bind::<SqlUuid, _>(event_id(attempt, position))
        .bind::<Timestamptz, _>(attempt.at)
        .bind::<Text, _>(attempt.actor.as_str())
        .bind::<SqlUuid, _>(changed.student_id.uuid())
        .bind::<Nullable<SqlUuid>, _>(changed.section.as_ref().map(|section| section.id.uuid()))
        .bind::<SqlUuid, _>(changed.id.uuid())
        .bind::<SqlUuid, _>(attempt.id.uuid())
        .bind::<Text, _>(changed.status.to_string())
        .bind::<Jsonb, _>(document(changed)?)
        .bind::<Nullable<Text>, _>(answer.map(|(idempotency, _)| idempotency.key.as_str()))
        .bind::<Nullable<Binary>, _>(answer.map(|(idempotency, _)| idempotency.fingerprint.as_bytes().as_slice()))
        .bind::<Nullable<Jsonb>, _>(answer.map(|(_, receipt)| receipt)))
}

/// The events of an attempt are numbered by its own id, which nobody else has: the first has that id, and so on. So events
/// need no ids minted, and one attempt cannot write its events twice.
fn event_id(attempt: &Attempt, position: u128) -> Uuid {
    Uuid::from_u128(attempt.id.uuid().as_u128() ^ position)
}
