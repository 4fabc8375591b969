//! Deciding every receipt again, on the facts that it kept: what came of it then must come of it now.
//!
//! A page is judged on a thread of its own while the next one is read.

use super::{Found, permit_uses};
use crate::StoreError;
use crate::rows::Place;
use crate::rows::receipt::{Asked, StoredJudgement};
use crate::statement::Statement;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::actor::Actor;
use enrollment_core::registration::{Judgement, Record, Waiver};
use serde_json::{Value, json};
use std::{panic, thread};
use uuid::Uuid;

const READABLE: &str = "a receipt can be read";
const AGAIN: &str = "a receipt that is decided again on its facts is decided as it was";

/// $1 after which, $2 from when on, $3 how many. The documents come as text, so that one that cannot be read is a violation and
/// no error of the statement.
const PAGE: &str = "
    SELECT attempt_id, at, actor, student_id, caused_by, command::text, receipt_facts(facts)::text AS facts, decision::text
    FROM receipts
    WHERE attempt_id > $1 AND at >= coalesce($2, '-infinity')
    ORDER BY attempt_id LIMIT $3";

/// Some megabytes.
const PAGE_SIZE: i64 = 500;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    attempt_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    caused_by: Option<Uuid>,
    #[diesel(sql_type = Text)]
    command: String,
    #[diesel(sql_type = Text)]
    facts: String,
    #[diesel(sql_type = Text)]
    decision: String,
}

impl Row {
    fn record(&self) -> Result<Record, String> {
        let unreadable = |error: serde_json::Error| error.to_string();
        let place = Place::new("receipts", self.attempt_id);
        let actor: Actor = place.word("actor", &self.actor).map_err(|error| error.to_string())?;
        let student_id = self.student_id.into();
        let Asked { command, reason } = serde_json::from_str(&self.command).map_err(unreadable)?;
        Ok(Record {
            attempt_id: self.attempt_id.into(),
            at: self.at,
            on_behalf_of: actor.on_behalf_of(student_id),
            actor,
            reason,
            student_id,
            caused_by: self.caused_by.map(Into::into),
            command,
            judgement: serde_json::from_str::<StoredJudgement>(&self.decision).map_err(unreadable)?.into(),
            facts: serde_json::from_str(&self.facts).map_err(unreadable)?,
        })
    }
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
    let mut replayed = 0;
    let mut page = read(conn, Uuid::nil(), since)?;
    while let Some(last) = page.last() {
        let last = last.attempt_id;
        replayed += page.len() as u64;
        let (next, judged) = thread::scope(|scope| {
            let judging = scope.spawn(|| judge(&page));
            (read(conn, last, since), judging.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked)))
        });
        for (invariant, details) in judged.broken {
            found.add(invariant, details);
        }
        permit_uses::require_recorded(conn, &judged.waivers, found)?;
        page = next?;
    }
    Ok(replayed)
}

fn read(conn: &mut PgConnection, after: Uuid, since: Option<DateTime<Utc>>) -> QueryResult<Vec<Row>> {
    Statement::new(PAGE)
        .bind::<SqlUuid, _>(after)
        .bind::<Nullable<Timestamptz>, _>(since)
        .bind::<BigInt, _>(PAGE_SIZE)
        .load(conn)
}

fn judge(page: &[Row]) -> Judged {
    let mut judged = Judged::default();
    for row in page {
        match row.record() {
            Err(error) => judged.broken.push((READABLE, json!({"attempt_id": row.attempt_id, "error": error}))),
            Ok(record) => {
                let again = record.judge_again();
                if let Some(details) = difference(&record, &again) {
                    judged.broken.push((AGAIN, details));
                }
                let used = record.judgement.permits_used().into_iter();
                judged.waivers.extend(used.map(|waiver| (row.attempt_id, waiver)));
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
