//! The uses of permits, against the receipts of the attempts that used them: both ways, so that neither has what the other has
//! not. Deciding the receipts again (`replay`) tells that the rules asked for just these.

use super::Found;
use crate::StoreError;
use crate::rows::receipt::{self, KnownDocuments, ReceiptRow};
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Text, Uuid as SqlUuid};
use enrollment_core::registration::{Code, Record, Waiver};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

const RECORDED: &str = "what a receipt says permits were used for is recorded";
const TOLD: &str = "what permits are recorded to be used for is what the receipts say";
const NAMED: &str = "a permit is used for what it names, while it is in force";
const ONCE: &str = "no two attempts use the same version of a permit";

/// Of these uses ($1 permits, $2 attempts, $3 student courses, $4 rules as JSON) those that are not recorded so, by number.
const NOT_RECORDED: &str = "
    SELECT told.number
    FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS told (permit_id, attempt_id, student_course_id, waived, number)
    LEFT JOIN permit_uses u ON u.permit_id = told.permit_id AND u.attempt_id = told.attempt_id
        AND u.student_course_id = told.student_course_id AND u.waived = told.waived::jsonb
    WHERE u.permit_id IS NULL
    ORDER BY told.number";

#[derive(QueryableByName)]
struct NotRecorded {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Adds what permits were used for, each by its attempt, and which is not recorded.
pub(super) fn require_recorded(
    conn: &mut PgConnection,
    waivers: &[(Uuid, Waiver)],
    found: &mut Found,
) -> Result<(), StoreError> {
    if waivers.is_empty() {
        return Ok(());
    }
    let rules = |waiver: &Waiver| json!(waiver.rules).to_string();
    let missing = Statement::new(NOT_RECORDED)
        .bind::<Array<SqlUuid>, _>(waivers.iter().map(|(_, waiver)| waiver.permit_id.uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(waivers.iter().map(|(attempt, _)| *attempt).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(
            waivers.iter().map(|(_, waiver)| waiver.student_course_id.uuid()).collect::<Vec<_>>(),
        )
        .bind::<Array<Text>, _>(waivers.iter().map(|(_, waiver)| rules(waiver)).collect::<Vec<_>>())
        .load::<NotRecorded>(conn)?;
    let missing: BTreeSet<i64> = missing.into_iter().map(|row| row.number).collect();
    for (_, (attempt, waiver)) in (1..).zip(waivers).filter(|(number, _)| missing.contains(number)) {
        let details = json!({
            "attempt_id": attempt, "permit_id": waiver.permit_id, "student_course_id": waiver.student_course_id,
            "waived": waiver.rules,
        });
        found.add(RECORDED, details);
    }
    Ok(())
}

/// $1 to $3 after which, $4 how many. Those of attempts that have no receipt are found by `check.sql`.
const PAGE: &str = "
    SELECT u.permit_id, u.student_course_id, u.waived,
        r.attempt_id, r.at, r.actor, r.student_id, r.command, r.facts, r.decision, r.caused_by
    FROM permit_uses u JOIN receipts r ON r.attempt_id = u.attempt_id
    WHERE (u.permit_id, u.attempt_id, u.student_course_id) > ($1, $2, $3)
    ORDER BY u.permit_id, u.attempt_id, u.student_course_id LIMIT $4";

const PAGE_SIZE: i64 = 200;

#[derive(QueryableByName)]
struct Row {
    #[diesel(embed)]
    recorded: Use,
    #[diesel(embed)]
    receipt: ReceiptRow,
}

#[derive(QueryableByName)]
struct Use {
    #[diesel(sql_type = SqlUuid)]
    permit_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    student_course_id: Uuid,
    #[diesel(sql_type = Jsonb)]
    waived: Value,
}

/// Compares every use that is recorded with the receipt of its attempt.
pub(super) fn compare(conn: &mut PgConnection, found: &mut Found) -> Result<(), StoreError> {
    let mut known = KnownDocuments::default();
    let mut after = (Uuid::nil(), Uuid::nil(), Uuid::nil());
    // Who has used which version of the permit that the pages have come to.
    let mut used: HashMap<i64, Uuid> = HashMap::new();
    loop {
        let page = Statement::new(PAGE)
            .bind::<SqlUuid, _>(after.0)
            .bind::<SqlUuid, _>(after.1)
            .bind::<SqlUuid, _>(after.2)
            .bind::<BigInt, _>(PAGE_SIZE)
            .load::<Row>(conn)?;
        if page.is_empty() {
            return Ok(());
        }
        let (recorded, receipts): (Vec<Use>, Vec<ReceiptRow>) =
            page.into_iter().map(|row| (row.recorded, row.receipt)).unzip();
        let attempts: Vec<Uuid> = receipts.iter().map(|receipt| receipt.attempt_id).collect();
        let receipts = receipt::records(conn, receipts, &mut known)?;
        for ((own, attempt), receipt) in recorded.into_iter().zip(attempts).zip(receipts) {
            if own.permit_id != after.0 {
                used.clear();
            }
            own.compare(attempt, receipt.ok().as_ref(), &mut used, found);
            after = (own.permit_id, attempt, own.student_course_id);
        }
    }
}

impl Use {
    /// Compares the use by an attempt with its receipt, if that can be read.
    fn compare(&self, attempt: Uuid, receipt: Option<&Record>, used: &mut HashMap<i64, Uuid>, found: &mut Found) {
        let place = || {
            json!({
                "permit_id": self.permit_id, "attempt_id": attempt, "student_course_id": self.student_course_id,
                "waived": self.waived,
            })
        };
        let waived: Option<Vec<Code>> = serde_json::from_value(self.waived.clone()).ok();
        let (Some(waived), Some(receipt)) = (waived, receipt) else { return found.add(TOLD, place()) };
        let is_told = receipt.judgement.permits_used().iter().any(|waiver| {
            waiver.permit_id.uuid() == self.permit_id
                && waiver.student_course_id.uuid() == self.student_course_id
                && waiver.rules == waived
        });
        if !is_told {
            found.add(TOLD, place());
        }
        let Some(permit) = receipt.facts.permits.iter().find(|permit| permit.id.uuid() == self.permit_id) else {
            return found.add(NAMED, place());
        };
        if !permit.is_in_force(receipt.at) || !waived.iter().all(|rule| permit.waives(*rule)) {
            found.add(NAMED, place());
        }
        if *used.entry(permit.version.into()).or_insert(attempt) != attempt {
            found.add(ONCE, place());
        }
    }
}
