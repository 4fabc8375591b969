//! Writing what permits were used for.

use super::register::overtaken;
use crate::StoreError;
use crate::rows::json::document;
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Timestamptz, Uuid as SqlUuid};
use enrollment_core::registration::{Attempt, PermitFacts, Record, Waiver};

/// Counts one use of each permit, whatever it was used for, and records that. Only a permit of the version that was read is
/// still the one that was decided on. $1 the permits, $2 their versions, $3 to $5 what each was used for: the permit, the
/// student course and the rules; $6 the attempt, $7 its time.
const USE: &str = "
    WITH used AS (
        UPDATE permits p SET uses = p.uses + 1, version = p.version + 1, updated_at = $7
        FROM unnest($1, $2) AS read (id, version)
        WHERE p.id = read.id AND p.version = read.version
        RETURNING p.id
    )
    INSERT INTO permit_uses (permit_id, attempt_id, student_course_id, waived, at)
    SELECT used.id, $6, waiver.student_course_id, waiver.waived, $7
    FROM unnest($3, $4, $5) AS waiver (permit_id, student_course_id, waived)
    JOIN used ON used.id = waiver.permit_id";

/// Writes the uses of permits of an attempt that was accepted. A permit that was changed, used or deleted since it was read
/// asks for the attempt to be decided again.
pub(super) fn record_uses(conn: &mut PgConnection, attempt: &Attempt, record: &Record) -> Result<(), StoreError> {
    let waivers = record.judgement.permits_used();
    if waivers.is_empty() {
        return Ok(());
    }
    let is_used = |permit: &&PermitFacts| waivers.iter().any(|waiver| waiver.permit_id == permit.id);
    let used: Vec<&PermitFacts> = record.facts.permits.iter().filter(is_used).collect();
    let waived = waivers.iter().map(|waiver| document(&waiver.rules)).collect::<Result<Vec<_>, _>>()?;
    let written = Statement::new(USE)
        .bind::<Array<SqlUuid>, _>(used.iter().map(|permit| permit.id.uuid()).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(used.iter().map(|permit| i64::from(permit.version)).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(column(&waivers, |waiver| waiver.permit_id.uuid()))
        .bind::<Array<SqlUuid>, _>(column(&waivers, |waiver| waiver.student_course_id.uuid()))
        .bind::<Array<Jsonb>, _>(waived)
        .bind::<SqlUuid, _>(attempt.id.uuid())
        .bind::<Timestamptz, _>(attempt.at)
        .execute(conn)?;
    if written == waivers.len() { Ok(()) } else { Err(overtaken()) }
}

fn column<T>(waivers: &[Waiver], of: fn(&Waiver) -> T) -> Vec<T> {
    waivers.iter().map(of).collect()
}
