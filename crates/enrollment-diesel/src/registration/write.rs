//! Writing what was decided, of all attempts together: first what ends or changes otherwise, then what begins, with the
//! events, the receipts and the answers under idempotency keys; then the uses of permits. And the receipts of refusals,
//! later and in bulk.
//!
//! Nothing here counts seats: the triggers of `student_courses` do.

mod statements;

use super::permits;
use super::register::overtaken;
use crate::StoreError;
use crate::rows::event;
use crate::rows::json::text;
use crate::rows::numeric::numeric;
use crate::rows::receipt::Documents;
use crate::rows::receipt::documents::SharedDocuments;
use crate::statement::Statement;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Numeric, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::registration::{Attempt, Change, Idempotency, Receipt, Record, StudentCourse, Waiting};
use statements::{Beside, CHANGE, REFUSALS, START, Writing};
use uuid::Uuid;

/// What is written of an attempt: its changes and its receipt, and its answer where that is kept under a key.
pub(super) struct Entry<'a> {
    pub(super) attempt: &'a Attempt,
    pub(super) idempotency: Option<&'a Idempotency>,
    pub(super) receipt: &'a Receipt,
    pub(super) record: &'a Record,
}

/// Writes what was decided on attempts. No two of them may change the same student course.
///
/// What ends is written before what begins: it makes room, be it a seat or a place in the one course that a student can have
/// of a kind. It answers the digests of the documents that it has written.
pub(super) fn entries(conn: &mut PgConnection, entries: &[Entry<'_>]) -> Result<Vec<Uuid>, StoreError> {
    let mut ledger = Ledger::default();
    let (mut starts, mut overs) = (Vec::new(), Vec::new());
    for entry in entries {
        ledger.enter(entry)?;
        for change in &entry.record.judgement.changes {
            match change {
                Change::Start(started) => starts.push((entry.attempt.at, started)),
                Change::Promote(changed)
                | Change::PassOver(changed)
                | Change::Move(changed)
                | Change::End(changed)
                | Change::Grade(changed) => overs.push((entry.attempt.at, changed)),
            }
        }
    }
    let documents = ledger.shared.digests();
    if !overs.is_empty() {
        // All in one statement where nothing begins.
        let ledger = if starts.is_empty() { std::mem::take(&mut ledger) } else { Ledger::default() };
        require_all(&overs, over(ledger.bind(&CHANGE), &overs)?.execute(conn)?)?;
    }
    if !starts.is_empty() || !ledger.is_empty() {
        require_all(&starts, start(ledger.bind(&START), &starts).execute(conn)?)?;
    }
    for entry in entries {
        permits::record_uses(conn, entry.attempt, entry.record)?;
    }
    Ok(documents)
}

fn require_all<T>(changes: &[T], written: usize) -> Result<(), StoreError> {
    if written == changes.len() { Ok(()) } else { Err(overtaken()) }
}

/// Writes the receipts of refusals, whose answers have been given.
pub(super) fn refusals(conn: &mut PgConnection, records: &[Record]) -> Result<(), StoreError> {
    let mut shared = SharedDocuments::default();
    let documents = records.iter().map(|record| Documents::of(record, &mut shared)).collect::<Result<Vec<_>, _>>()?;
    let (digests, shared) = shared.into_columns();
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
        .bind::<Array<SqlUuid>, _>(digests)
        .bind::<Array<Text>, _>(shared)
        .execute(conn)?;
    Ok(())
}

/// What is written beside the student courses, by columns.
#[derive(Default)]
struct Ledger<'a> {
    events: Events<'a>,
    receipts: Receipts<'a>,
    answers: Answers<'a>,
    shared: SharedDocuments,
}

#[derive(Default)]
struct Events<'a> {
    ids: Vec<Uuid>,
    at: Vec<DateTime<Utc>>,
    actors: Vec<&'a str>,
    students: Vec<Uuid>,
    sections: Vec<Option<Uuid>>,
    student_courses: Vec<Uuid>,
    attempts: Vec<Uuid>,
    kinds: Vec<String>,
    details: Vec<String>,
}

#[derive(Default)]
struct Receipts<'a> {
    attempts: Vec<Uuid>,
    at: Vec<DateTime<Utc>>,
    actors: Vec<&'a str>,
    students: Vec<Uuid>,
    commands: Vec<String>,
    facts: Vec<String>,
    decisions: Vec<String>,
    causes: Vec<Option<Uuid>>,
}

#[derive(Default)]
struct Answers<'a> {
    actors: Vec<&'a str>,
    keys: Vec<&'a str>,
    hashes: Vec<&'a [u8]>,
    responses: Vec<String>,
    attempts: Vec<Uuid>,
    at: Vec<DateTime<Utc>>,
}

impl<'a> Ledger<'a> {
    fn is_empty(&self) -> bool {
        self.receipts.attempts.is_empty()
    }

    fn enter(&mut self, entry: &Entry<'a>) -> Result<(), StoreError> {
        let Entry { attempt, idempotency, receipt, record } = entry;
        for (position, change) in (0_u128..).zip(&record.judgement.changes) {
            self.events.enter(attempt, event::id(attempt.id, position), change)?;
        }
        self.receipts.enter(record, &mut self.shared)?;
        if let Some(idempotency) = idempotency {
            self.answers.enter(attempt, idempotency, receipt)?;
        }
        Ok(())
    }

    /// The statement that writes it with a change, with its own values bound.
    fn bind<'b>(self, writing: &Writing) -> Statement<'b>
    where
        'a: 'b,
    {
        let beside = Beside {
            ledger: !self.is_empty(),
            documents: !self.shared.is_empty(),
            answers: !self.answers.keys.is_empty(),
        };
        let statement = Statement::new(writing.beside(beside));
        let (digests, documents) = self.shared.into_columns();
        let statement = self.answers.bind(self.receipts.bind(self.events.bind(statement)));
        statement.bind::<Array<SqlUuid>, _>(digests).bind::<Array<Text>, _>(documents)
    }
}

impl<'a> Events<'a> {
    fn enter(&mut self, attempt: &'a Attempt, id: Uuid, change: &Change) -> Result<(), StoreError> {
        let changed = change.student_course();
        self.ids.push(id);
        self.at.push(attempt.at);
        self.actors.push(attempt.actor.as_str());
        self.students.push(changed.student_id.uuid());
        self.sections.push(changed.section.as_ref().map(|section| section.id.uuid()));
        self.student_courses.push(changed.id.uuid());
        self.attempts.push(attempt.id.uuid());
        self.kinds.push(change.event());
        self.details.push(text(changed)?);
        Ok(())
    }

    fn bind<'b>(self, statement: Statement<'b>) -> Statement<'b>
    where
        'a: 'b,
    {
        statement
            .bind::<Array<SqlUuid>, _>(self.ids)
            .bind::<Array<Timestamptz>, _>(self.at)
            .bind::<Array<Text>, _>(self.actors)
            .bind::<Array<SqlUuid>, _>(self.students)
            .bind::<Array<Nullable<SqlUuid>>, _>(self.sections)
            .bind::<Array<SqlUuid>, _>(self.student_courses)
            .bind::<Array<SqlUuid>, _>(self.attempts)
            .bind::<Array<Text>, _>(self.kinds)
            .bind::<Array<Text>, _>(self.details)
    }
}

impl<'a> Receipts<'a> {
    fn enter(&mut self, record: &'a Record, shared: &mut SharedDocuments) -> Result<(), StoreError> {
        let documents = Documents::of(record, shared)?;
        self.attempts.push(record.attempt_id.uuid());
        self.at.push(record.at);
        self.actors.push(record.actor.as_str());
        self.students.push(record.student_id.uuid());
        self.commands.push(documents.command);
        self.facts.push(documents.facts);
        self.decisions.push(documents.decision);
        self.causes.push(record.caused_by.map(Uuid::from));
        Ok(())
    }

    fn bind<'b>(self, statement: Statement<'b>) -> Statement<'b>
    where
        'a: 'b,
    {
        statement
            .bind::<Array<SqlUuid>, _>(self.attempts)
            .bind::<Array<Timestamptz>, _>(self.at)
            .bind::<Array<Text>, _>(self.actors)
            .bind::<Array<SqlUuid>, _>(self.students)
            .bind::<Array<Text>, _>(self.commands)
            .bind::<Array<Text>, _>(self.facts)
            .bind::<Array<Text>, _>(self.decisions)
            .bind::<Array<Nullable<SqlUuid>>, _>(self.causes)
    }
}

impl<'a> Answers<'a> {
    fn enter(
        &mut self,
        attempt: &'a Attempt,
        idempotency: &'a Idempotency,
        receipt: &Receipt,
    ) -> Result<(), StoreError> {
        self.actors.push(attempt.actor.as_str());
        self.keys.push(idempotency.key.as_str());
        self.hashes.push(idempotency.fingerprint.as_bytes());
        self.responses.push(text(receipt)?);
        self.attempts.push(attempt.id.uuid());
        self.at.push(attempt.at);
        Ok(())
    }

    fn bind<'b>(self, statement: Statement<'b>) -> Statement<'b>
    where
        'a: 'b,
    {
        statement
            .bind::<Array<Text>, _>(self.actors)
            .bind::<Array<Text>, _>(self.keys)
            .bind::<Array<Binary>, _>(self.hashes)
            .bind::<Array<Text>, _>(self.responses)
            .bind::<Array<SqlUuid>, _>(self.attempts)
            .bind::<Array<Timestamptz>, _>(self.at)
    }
}

/// A student course, and when it became so.
type Changed<'a> = (DateTime<Utc>, &'a StudentCourse);

/// A column of what student courses have become.
fn column<'a, T>(changes: &[Changed<'a>], of: impl Fn(&'a StudentCourse) -> T) -> Vec<T> {
    changes.iter().map(|(_, changed)| of(changed)).collect()
}

fn waitlist<T>(of: impl Fn(&Waiting) -> Option<T>) -> impl Fn(&StudentCourse) -> Option<T> {
    move |changed| changed.waitlist.as_ref().and_then(&of)
}

/// Binds what student courses begin with.
fn start<'a>(ledger: Statement<'a>, starts: &[Changed<'a>]) -> Statement<'a> {
    let section = |started: &StudentCourse| started.section.as_ref().map(|section| section.id.uuid());
    let component = |started: &StudentCourse| started.section.as_ref().map(|section| section.component.to_string());
    ledger
        .bind::<Array<SqlUuid>, _>(column(starts, |started| started.id.uuid()))
        .bind::<Array<SqlUuid>, _>(column(starts, |started| started.student_id.uuid()))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(starts, section))
        .bind::<Array<Text>, _>(column(starts, |started| started.status.to_string()))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(starts, |started| started.enrolled_at))
        .bind::<Array<Timestamptz>, _>(starts.iter().map(|(at, _)| *at).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(column(starts, |started| started.course.id.uuid()))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(starts, |started| started.term.as_ref().map(|term| term.id.uuid())))
        .bind::<Array<Nullable<Text>>, _>(column(starts, component))
        .bind::<Array<Numeric>, _>(column(starts, |started| numeric(started.credits)))
        .bind::<Array<Text>, _>(column(starts, |started| started.grading_basis.to_string()))
        .bind::<Array<BigInt>, _>(column(starts, |started| i64::from(started.version)))
        .bind::<Array<SmallInt>, _>(column(starts, priority))
        .bind::<Array<Nullable<BigInt>>, _>(column(starts, waitlist(|waiting| Some(waiting.sequence))))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(starts, waitlist(|waiting| waiting.swap_from.map(Uuid::from))))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(starts, |started| started.reservation_id.map(Uuid::from)))
}

/// Binds what can change of student courses.
fn over<'a>(ledger: Statement<'a>, overs: &[Changed<'a>]) -> Result<Statement<'a>, StoreError> {
    let passed_over = |changed: &StudentCourse| {
        changed.waitlist.as_ref().and_then(|waiting| waiting.passed_over.as_ref()).map(text).transpose()
    };
    let passed_over: Vec<Option<String>> = column(overs, passed_over).into_iter().collect::<Result<_, _>>()?;
    let end_reason = |changed: &StudentCourse| changed.end_reason.as_ref().map(ToString::to_string);
    Ok(ledger
        .bind::<Array<SqlUuid>, _>(column(overs, |changed| changed.id.uuid()))
        .bind::<Array<Text>, _>(column(overs, |changed| changed.status.to_string()))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(overs, |changed| changed.enrolled_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(overs, |changed| changed.ended_at))
        .bind::<Array<Nullable<Text>>, _>(column(overs, end_reason))
        .bind::<Array<Timestamptz>, _>(overs.iter().map(|(at, _)| *at).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(column(overs, |changed| i64::from(changed.version)))
        .bind::<Array<SmallInt>, _>(column(overs, priority))
        .bind::<Array<Nullable<BigInt>>, _>(column(overs, waitlist(|waiting| Some(waiting.sequence))))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(overs, waitlist(|waiting| waiting.swap_from.map(Uuid::from))))
        .bind::<Array<Nullable<Text>>, _>(passed_over)
        .bind::<Array<Nullable<SqlUuid>>, _>(column(overs, |changed| changed.reservation_id.map(Uuid::from)))
        .bind::<Array<Nullable<Text>>, _>(column(overs, |changed| changed.grade.as_ref().map(ToString::to_string))))
}

fn priority(changed: &StudentCourse) -> i16 {
    changed.waitlist.as_ref().map_or(0, |waiting| waiting.priority)
}
