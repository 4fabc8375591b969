//! Writing what was decided: each change with its event, and the receipt and the idempotency key with the first; then the
//! uses of permits; and the receipts of refusals, later and in bulk.
//!
//! Nothing here counts seats: the triggers of `student_courses` do.

use super::permits;
use super::register::overtaken;
use crate::StoreError;
use crate::rows::json::document;
use crate::rows::numeric::numeric;
use crate::rows::receipt::Documents;
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Binary, Jsonb, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use enrollment_core::registration::{Attempt, Change, Idempotency, Receipt, Record, StudentCourse};
use serde_json::Value;
use uuid::Uuid;

/// The event of a change, and with the first of an attempt its receipt, and its idempotency key if there is one. $1 to $16
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
            INSERT INTO receipts (attempt_id, at, actor, student_id, command, facts, decision, caused_by)
            SELECT $7, $2, $3, $4, $13::jsonb, $14::jsonb, $15::jsonb, $16 WHERE $13 IS NOT NULL
        )"
    };
}

const START: &str = concat!(
    "WITH ",
    ledger_sql!(),
    " INSERT INTO student_courses
        (id, student_id, section_id, status, enrolled_at, created_at, updated_at,
         course_id, term_id, component, credits, grading_basis, version,
         waitlist_priority, waitlist_sequence, waitlist_swap_from, reservation_id)
      VALUES ($6, $4, $5, $23, $17, $2, $2, $18, $19, $20, $21, $22, $24, $25, $26, $27, $28)"
);

/// Writes over what can change. The version says that nobody has changed it since it was read, which the student's lock makes
/// sure of.
const CHANGE: &str = concat!(
    "WITH ",
    ledger_sql!(),
    " UPDATE student_courses
      SET status = $17, enrolled_at = $18, ended_at = $19, end_reason = $20, updated_at = $2, version = $21,
          waitlist_priority = $22, waitlist_sequence = $23, waitlist_swap_from = $24, waitlist_passed_over = $25,
          reservation_id = $26, grade = $27
      WHERE id = $6 AND version = $21 - 1"
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
    INSERT INTO receipts (attempt_id, at, actor, student_id, command, facts, decision, caused_by)
    SELECT attempt_id, at, actor, student_id, command::jsonb, facts::jsonb, decision::jsonb, caused_by
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
        AS refusal (attempt_id, at, actor, student_id, command, facts, decision, caused_by)
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
        let ledger = |text| ledger(Statement::new(text), attempt, position, change, first);
        let written = match change {
            Change::Start(started) => start(ledger(START)?, started).execute(conn)?,
            Change::Promote(changed)
            | Change::PassOver(changed)
            | Change::Move(changed)
            | Change::End(changed)
            | Change::Grade(changed) => over(ledger(CHANGE)?, changed)?.execute(conn)?,
        };
        if written != 1 {
            return Err(overtaken());
        }
    }
    permits::record_uses(conn, attempt, record)
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
        .bind::<Array<Nullable<SqlUuid>>, _>(
            records.iter().map(|record| record.caused_by.map(Uuid::from)).collect::<Vec<_>>(),
        )
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

/// Binds what a student course begins with.
fn start<'a>(ledger: Statement<'a>, started: &'a StudentCourse) -> Statement<'a> {
    let section = started.section.as_ref();
    let waiting = started.waitlist.as_ref();
    ledger
        .bind::<Nullable<Timestamptz>, _>(started.enrolled_at)
        .bind::<SqlUuid, _>(started.course.id.uuid())
        .bind::<Nullable<SqlUuid>, _>(started.term.as_ref().map(|term| term.id.uuid()))
        .bind::<Nullable<Text>, _>(section.map(|section| section.component.to_string()))
        .bind::<Numeric, _>(numeric(started.credits))
        .bind::<Text, _>(started.grading_basis.to_string())
        .bind::<Text, _>(started.status.to_string())
        .bind::<BigInt, _>(i64::from(started.version))
        .bind::<SmallInt, _>(waiting.map_or(0, |waiting| waiting.priority))
        .bind::<Nullable<BigInt>, _>(waiting.map(|waiting| waiting.sequence))
        .bind::<Nullable<SqlUuid>, _>(waiting.and_then(|waiting| waiting.swap_from).map(Uuid::from))
        .bind::<Nullable<SqlUuid>, _>(started.reservation_id.map(Uuid::from))
}

/// Binds what can change of a student course.
fn over<'a>(ledger: Statement<'a>, changed: &'a StudentCourse) -> Result<Statement<'a>, StoreError> {
    let waiting = changed.waitlist.as_ref();
    let passed_over = waiting.and_then(|waiting| waiting.passed_over.as_ref()).map(document).transpose()?;
    Ok(ledger
        .bind::<Text, _>(changed.status.to_string())
        .bind::<Nullable<Timestamptz>, _>(changed.enrolled_at)
        .bind::<Nullable<Timestamptz>, _>(changed.ended_at)
        .bind::<Nullable<Text>, _>(changed.end_reason.as_ref().map(ToString::to_string))
        .bind::<BigInt, _>(i64::from(changed.version))
        .bind::<SmallInt, _>(waiting.map_or(0, |waiting| waiting.priority))
        .bind::<Nullable<BigInt>, _>(waiting.map(|waiting| waiting.sequence))
        .bind::<Nullable<SqlUuid>, _>(waiting.and_then(|waiting| waiting.swap_from).map(Uuid::from))
        .bind::<Nullable<Jsonb>, _>(passed_over)
        .bind::<Nullable<SqlUuid>, _>(changed.reservation_id.map(Uuid::from))
        .bind::<Nullable<Text>, _>(changed.grade.as_ref().map(ToString::to_string)))
}

fn ledger<'a>(
    statement: Statement<'a>,
    attempt: &'a Attempt,
    position: u128,
    change: &'a Change,
    first: Option<&'a First<'a>>,
) -> Result<Statement<'a>, StoreError> {
    let changed = change.student_course();
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
        .bind::<Text, _>(change.event())
        .bind::<Jsonb, _>(document(changed)?)
        .bind::<Nullable<Text>, _>(answer.map(|(idempotency, _)| idempotency.key.as_str()))
        .bind::<Nullable<Binary>, _>(answer.map(|(idempotency, _)| idempotency.fingerprint.as_bytes().as_slice()))
        .bind::<Nullable<Jsonb>, _>(answer.map(|(_, receipt)| receipt))
        .bind::<Nullable<Text>, _>(documents.map(|documents| documents.command.as_str()))
        .bind::<Nullable<Text>, _>(documents.map(|documents| documents.facts.as_str()))
        .bind::<Nullable<Text>, _>(documents.map(|documents| documents.decision.as_str()))
        .bind::<Nullable<SqlUuid>, _>(attempt.caused_by.map(Uuid::from)))
}

/// The events of an attempt are numbered by its own id, which nobody else has: the first has that id, and so on. So events
/// need no ids minted, and one attempt cannot write its events twice.
fn event_id(attempt: &Attempt, position: u128) -> Uuid {
    Uuid::from_u128(attempt.id.uuid().as_u128() ^ position)
}
