//! Writing what was decided: each change with its event, and the receipt and the idempotency key with the first; and the
//! receipts of refusals, later and in bulk.
//!
//! Nothing here counts seats: the triggers of `student_courses` do.

use super::register::overtaken;
use crate::StoreError;
use crate::rows::json::document;
use crate::rows::numeric::numeric;
use crate::rows::receipt::Documents;
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::registration::{Attempt, Change, Idempotency, Receipt, Record, StudentCourse};
use serde_json::Value;
use uuid::Uuid;

/// The event of a change, and with the first of an attempt its receipt, and its idempotency key if there is one. $1 to $15
/// are bound by [`ledger`].
macro_rules! ledger_sql {
    () => {
        "event AS (
            INSERT INTO registration_events
                (id, at, actor, student_id, section_id, student_course_id, attempt_id, kind, detail)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ), answer AS (
            INSERT INTO idempotency_keys (actor, key, request_hash, response, attempt_id, created_at)
            SELECT $3, $10, $11, $12, $7, $2 WHERE $10 IS NOT NULL
        ), receipt AS (
            INSERT INTO receipts (attempt_id, at, actor, student_id, command, facts, decision)
            SELECT $7, $2, $3, $4, $13::jsonb, $14::jsonb, $15::jsonb WHERE $13 IS NOT NULL
        )"
    };
}

const START: &str = concat!(
    "WITH ",
    ledger_sql!(),
    " INSERT INTO student_courses
        (id, student_id, section_id, status, enrolled_at, created_at, updated_at,
         course_id, term_id, component, credits, grading_basis, version, reservation_id)
      VALUES ($6, $4, $5, $8, $16, $2, $2, $17, $18, $19, $20, $21, $22, $23)"
);

/// The version says that nobody has changed it since it was read, which the student's lock makes sure of.
const END: &str = concat!(
    "WITH ",
    ledger_sql!(),
    " UPDATE student_courses SET status = $8, ended_at = $16, updated_at = $2, version = $17
      WHERE id = $6 AND version = $17 - 1"
);

/// The key of a request that was refused, and the receipt of that.
const REFUSAL: &str = "
    WITH receipt AS (
        INSERT INTO receipts (attempt_id, at, actor, student_id, command, facts, decision)
        VALUES ($5, $6, $1, $7, $8::jsonb, $9::jsonb, $10::jsonb)
    )
    INSERT INTO idempotency_keys (actor, key, request_hash, response, attempt_id, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

/// The receipts of many refusals. One that is there already was written by a try whose outcome did not come back.
const REFUSALS: &str = "
    INSERT INTO receipts (attempt_id, at, actor, student_id, command, facts, decision)
    SELECT attempt_id, at, actor, student_id, command::jsonb, facts::jsonb, decision::jsonb
    FROM unnest($1, $2, $3, $4, $5, $6, $7)
        AS refusal (attempt_id, at, actor, student_id, command, facts, decision)
    ON CONFLICT (attempt_id) DO NOTHING";

/// Writes the changes that were decided, each by one statement.
pub(super) fn changes(
    conn: &mut PgConnection,
    attempt: &Attempt,
    idempotency: Option<&Idempotency>,
    receipt: &Receipt,
    record: &Record,
) -> Result<(), StoreError> {
    let first = First {
        answer: idempotency.map(|own| Ok::<_, StoreError>((own, document(receipt)?))).transpose()?,
        documents: Documents::of(record)?,
    };
    for (position, change) in (0_u128..).zip(&record.judgement.changes) {
        let first = Some(&first).filter(|_| position == 0);
        let written = match change {
            Change::Start(started) => start(attempt, position, started, first)?.execute(conn)?,
            Change::End(ended) => end(attempt, position, ended, first)?.execute(conn)?,
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
    record: &Record,
) -> Result<(), StoreError> {
    let documents = Documents::of(record)?;
    Statement::new(REFUSAL)
        .bind::<Text, _>(attempt.actor.as_str())
        .bind::<Text, _>(idempotency.key.as_str())
        .bind::<Binary, _>(idempotency.fingerprint.as_bytes().as_slice())
        .bind::<Jsonb, _>(document(receipt)?)
        .bind::<SqlUuid, _>(attempt.id.uuid())
        .bind::<Timestamptz, _>(attempt.at)
        .bind::<SqlUuid, _>(attempt.student_id.uuid())
        .bind::<Text, _>(documents.command)
        .bind::<Text, _>(documents.facts)
        .bind::<Text, _>(documents.decision)
        .execute(conn)?;
    Ok(())
}

/// Writes the receipts of refusals, whose answers have been given.
pub(super) fn refusals(conn: &mut PgConnection, records: &[Record]) -> Result<(), StoreError> {
    let documents = records.iter().map(Documents::of).collect::<Result<Vec<_>, _>>()?;
    let column = |text: fn(&Documents) -> &str| documents.iter().map(text).collect::<Vec<_>>();
    Statement::new(REFUSALS)
        .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.attempt_id.uuid()).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(records.iter().map(|record| record.at).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(records.iter().map(|record| record.actor.as_str()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(records.iter().map(|record| record.student_id.uuid()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(column(|documents| &documents.command))
        .bind::<Array<Text>, _>(column(|documents| &documents.facts))
        .bind::<Array<Text>, _>(column(|documents| &documents.decision))
        .execute(conn)?;
    Ok(())
}

/// What is written with the first change of an attempt.
struct First<'a> {
    /// The idempotency key, and the answer under it.
    answer: Option<(&'a Idempotency, Value)>,
    /// The receipt.
    documents: Documents,
}

fn start<'a>(
    attempt: &'a Attempt,
    position: u128,
    started: &'a StudentCourse,
    first: Option<&'a First<'a>>,
) -> Result<Statement<'a>, StoreError> {
    let section = started.section.as_ref();
    Ok(ledger(Statement::new(START), attempt, position, started, first)?
        .bind::<Nullable<Timestamptz>, _>(started.enrolled_at)
        .bind::<SqlUuid, _>(started.course.id.uuid())
        .bind::<Nullable<SqlUuid>, _>(started.term.as_ref().map(|term| term.id.uuid()))
        .bind::<Nullable<Text>, _>(section.map(|section| section.component.to_string()))
        .bind::<Numeric, _>(numeric(started.credits))
        .bind::<Text, _>(started.grading_basis.to_string())
        .bind::<BigInt, _>(i64::from(started.version))
        .bind::<Nullable<SqlUuid>, _>(started.reservation_id.map(Uuid::from)))
}

fn end<'a>(
    attempt: &'a Attempt,
    position: u128,
    ended: &'a StudentCourse,
    first: Option<&'a First<'a>>,
) -> Result<Statement<'a>, StoreError> {
    Ok(ledger(Statement::new(END), attempt, position, ended, first)?
        .bind::<Nullable<Timestamptz>, _>(ended.ended_at)
        .bind::<BigInt, _>(i64::from(ended.version)))
}

fn ledger<'a>(
    statement: Statement<'a>,
    attempt: &'a Attempt,
    position: u128,
    changed: &'a StudentCourse,
    first: Option<&'a First<'a>>,
) -> Result<Statement<'a>, StoreError> {
    let answer = first.and_then(|first| first.answer.as_ref());
    let documents = first.map(|first| &first.documents);
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
        .bind::<Nullable<Jsonb>, _>(answer.map(|(_, receipt)| receipt))
        .bind::<Nullable<Text>, _>(documents.map(|documents| documents.command.as_str()))
        .bind::<Nullable<Text>, _>(documents.map(|documents| documents.facts.as_str()))
        .bind::<Nullable<Text>, _>(documents.map(|documents| documents.decision.as_str())))
}

/// The events of an attempt are numbered by its own id, which nobody else has: the first has that id, and so on. So events
/// need no ids minted, and one attempt cannot write its events twice.
fn event_id(attempt: &Attempt, position: u128) -> Uuid {
    Uuid::from_u128(attempt.id.uuid().as_u128() ^ position)
}
