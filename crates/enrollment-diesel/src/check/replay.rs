//! Deciding every receipt again, on the facts that it kept: what came of it then must come of it now.
//!
//! A page is judged on a thread of its own while the next one is read.

use super::{Found, permit_uses};
use crate::StoreError;
use crate::rows::Corrupt;
use crate::rows::receipt::{self, KnownDocuments, ReceiptRow};
use crate::schema::receipts;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use enrollment_core::registration::{Judgement, Record, Waiver};
use serde_json::{Value, json};
use std::{panic, thread};
use uuid::Uuid;

const READABLE: &str = "a receipt can be read";
const AGAIN: &str = "a receipt that is decided again on its facts is decided as it was";

/// Some megabytes.
const PAGE_SIZE: i64 = 500;

/// Receipts of successive attempts; each as it reads, or why it cannot be read.
struct Page {
    receipts: Vec<Result<Record, Corrupt>>,
    last: Uuid,
}

/// What came of judging a page.
#[derive(Default)]
struct Judged {
    broken: Vec<(&'static str, Value)>,
    /// What permits were used for, each with its attempt.
    waivers: Vec<(Uuid, Waiver)>,
}

/// Decides every receipt from this time on again, and tells how many those are.
pub(super) fn replay(
    conn: &mut PgConnection,
    since: Option<DateTime<Utc>>,
    found: &mut Found,
) -> Result<u64, StoreError> {
    let mut known = KnownDocuments::default();
    let mut replayed = 0;
    let mut page = read(conn, Uuid::nil(), since, &mut known)?;
    while let Some(Page { receipts, last }) = page {
        replayed += receipts.len() as u64;
        let (next, judged) = thread::scope(|scope| {
            let judging = scope.spawn(|| judge(receipts));
            let next = read(conn, last, since, &mut known);
            (next, judging.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked)))
        });
        for (invariant, details) in judged.broken {
            found.add(invariant, details);
        }
        permit_uses::require_recorded(conn, &judged.waivers, found)?;
        page = next?;
    }
    Ok(replayed)
}

/// The next page, if there is one.
fn read(
    conn: &mut PgConnection,
    after: Uuid,
    since: Option<DateTime<Utc>>,
    known: &mut KnownDocuments,
) -> Result<Option<Page>, StoreError> {
    let mut page = receipts::table.filter(receipts::attempt_id.gt(after)).into_boxed();
    if let Some(since) = since {
        page = page.filter(receipts::at.ge(since));
    }
    let rows = page.order(receipts::attempt_id).limit(PAGE_SIZE).select(ReceiptRow::as_select()).load(conn)?;
    let Some(last) = rows.last().map(|row| row.attempt_id) else { return Ok(None) };
    Ok(Some(Page { receipts: receipt::records(conn, rows, known)?, last }))
}

fn judge(receipts: Vec<Result<Record, Corrupt>>) -> Judged {
    let mut judged = Judged::default();
    for receipt in receipts {
        match receipt {
            Err(error) => judged.broken.push((READABLE, json!({"attempt_id": error.id(), "error": error.to_string()}))),
            Ok(record) => {
                if let Some(details) = difference(&record, &record.judge_again()) {
                    judged.broken.push((AGAIN, details));
                }
                let used = record.judgement.permits_used().into_iter();
                judged.waivers.extend(used.map(|waiver| (record.attempt_id.uuid(), waiver)));
            }
        }
    }
    judged
}

/// In what the two differ; nothing if they do not.
fn difference(record: &Record, again: &Judgement) -> Option<Value> {
    let then = &record.judgement;
    let differs: Vec<&str> = [
        (then.outcome != again.outcome, "outcome"),
        (then.steps != again.steps, "steps"),
        (then.changes != again.changes, "changes"),
    ]
    .into_iter()
    .filter_map(|(differs, name)| differs.then_some(name))
    .collect();
    (!differs.is_empty()).then(|| {
        json!({
            "attempt_id": record.attempt_id, "student_id": record.student_id, "differs_in": differs,
            "was": then.outcome, "would_be": again.outcome,
        })
    })
}
