//! The feed of events: every event has a place in it, which is given to it once it is committed.
//!
//! A reader takes what has a place. Only when that is less than it asked for, and there are events without one, places are
//! given ([`place`]), by one transaction at a time. See the migration that creates `event_feed` for why nothing is missed
//! and why changes that conflict are told in the order in which they happened.

use super::history::{EventRow, event_columns};
use crate::statement::Statement;
use crate::store::Answer;
use crate::transaction::{Ending, transaction};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use enrollment_core::page::{Limit, Page};
use enrollment_core::registration::Event;

/// How many events are given their places at once: many pages, and far less than a statement has time for.
const BATCH: i64 = 2000;

/// $1 after which place, $2 how many.
const READ: &str = concat!(
    "SELECT f.position, ",
    event_columns!(),
    " FROM event_feed f JOIN registration_events e ON e.sequence = f.sequence
        LEFT JOIN receipts r ON r.attempt_id = e.attempt_id
    WHERE f.position > $1 ORDER BY f.position LIMIT $2"
);

const IS_BEHIND: &str = "
    SELECT EXISTS (
        SELECT FROM registration_events e
        WHERE e.sequence > (SELECT settled FROM event_feed_mark)
            AND NOT EXISTS (
                SELECT FROM event_feed f
                WHERE f.sequence = e.sequence AND f.sequence > (SELECT settled FROM event_feed_mark)
            )
    ) AS is_behind";

/// To be asked before the transaction has an id of its own.
const GREATEST: &str = "SELECT coalesce(max(sequence), 0) AS sequence FROM registration_events";

const LOCK_MARK: &str = "SELECT settled FROM event_feed_mark FOR NO KEY UPDATE";

/// $1 how many, $2 the sequence up to which all is settled, $3 the greatest sequence before this transaction had an id.
///
/// The mark is moved when all transactions are over that could have taken a sequence below it. Those had an id before $3 was read,
/// so this transaction's own is greater than theirs; the `xmax` of a snapshot may not be, since it is that of the last that has ended.
/// A mark from beyond this transaction's id was set in another cluster, from which this database was restored, so they are over as well.
const PLACE: &str = "
    WITH snapshot AS (
        SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8 AS oldest, pg_current_xact_id()::text::int8 AS own
    ),
    unplaced AS MATERIALIZED (
        SELECT e.sequence FROM registration_events e
        WHERE e.sequence > $2
            AND NOT EXISTS (SELECT FROM event_feed f WHERE f.sequence = e.sequence AND f.sequence > $2)
        ORDER BY e.sequence LIMIT $1
    ),
    placed AS (
        INSERT INTO event_feed (position, sequence)
        SELECT (SELECT coalesce(max(position), 0) FROM event_feed) + row_number() OVER (ORDER BY sequence), sequence
        FROM unplaced
    ),
    reached AS (
        -- Beyond the last of a full batch there may be more that have no place.
        SELECT CASE WHEN count(*) = $1 THEN max(sequence) END AS sequence FROM unplaced
    )
    UPDATE event_feed_mark mark SET
        settled = greatest(mark.settled, least(mark.seen, reached.sequence)),
        seen = $3,
        seen_before = snapshot.own
    FROM snapshot, reached
    WHERE snapshot.oldest >= mark.seen_before OR mark.seen_before > snapshot.own";

/// The events after a place, and whether there are events that have no place yet although the page is not full.
///
/// That is asked first: events that another reader gives their places meanwhile are either told of here or in the page.
pub(super) fn read(conn: &mut PgConnection, after: i64, limit: Limit) -> Answer<(Page<Event, i64>, bool)> {
    let Behind { is_behind } = Statement::new(IS_BEHIND).get_result(conn)?;
    let rows: Vec<FeedRow> =
        Statement::new(READ).bind::<BigInt, _>(after).bind::<BigInt, _>(i64::from(u16::from(limit))).load(conn)?;
    let is_short = rows.len() < limit.get();
    let next = rows.last().map_or(after, |row| row.position);
    let items = rows.into_iter().map(|row| row.event.event()).collect::<Result<_, _>>()?;
    Ok(Ok((Page { items, next: Some(next) }, is_short && is_behind)))
}

/// Gives places to events that have none.
pub(super) fn place(conn: &mut PgConnection) -> Answer<()> {
    let placed = transaction(conn, |conn| {
        let Greatest { sequence } = Statement::new(GREATEST).get_result(conn)?;
        let mark: Mark = Statement::new(LOCK_MARK).get_result(conn)?;
        // A statement of its own: it has to see the places that were given while this one waited.
        let place =
            Statement::new(PLACE).bind::<BigInt, _>(BATCH).bind::<BigInt, _>(mark.settled).bind::<BigInt, _>(sequence);
        place.execute(conn)?;
        Ok(Ending::Commit(()))
    });
    placed.map(Ok)
}

#[derive(QueryableByName)]
struct FeedRow {
    #[diesel(sql_type = BigInt)]
    position: i64,
    #[diesel(embed)]
    event: EventRow,
}

#[derive(QueryableByName)]
struct Behind {
    #[diesel(sql_type = Bool)]
    is_behind: bool,
}

#[derive(QueryableByName)]
struct Greatest {
    #[diesel(sql_type = BigInt)]
    sequence: i64,
}

#[derive(QueryableByName)]
struct Mark {
    #[diesel(sql_type = BigInt)]
    settled: i64,
}
