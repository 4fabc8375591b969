//! Offering seats after a change of the catalogue that may let somebody in who waits: a hold that has ended, a permit, another
//! restriction or limit.
//!
//! It is a transaction of its own, after that of the change: nothing that the change says depends on it, and until then nobody
//! walks past those who wait, because every request offers them a seat before it takes one.

use super::follow_ups::{Consequences, FollowUps};
use super::lock::{self, Beyond, Waiting};
use super::write;
use crate::StoreError;
use crate::statement::Statement;
use crate::transaction::{Ending, transaction};
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use enrollment_core::catalog::Cause;
use enrollment_core::ids::{SeatPoolId, SectionId};
use enrollment_core::registration::{Mode, Origin, Scope};
use tracing::warn;
use uuid::Uuid;

/// Offers the free seats of the sections that a change concerns to those who wait for them. That it could not be done is
/// only logged: the change itself has been made, and the seats are offered with the next request for one.
pub(crate) fn reoffer(conn: &mut PgConnection, cause: &Cause, concerned: Uuid) {
    if let Err(error) = offer(conn, cause, concerned) {
        warn!(%error, %concerned, "could not offer the seats that a change may have opened to those who wait");
    }
}

/// $1 a section, a course, a term, or a student who waits: ids tell what they are of.
const WAITED_FOR: &str = "
    SELECT s.id, s.seat_pool_id FROM sections s JOIN seat_pools p ON p.id = s.seat_pool_id
    WHERE s.waitlisted > 0 AND p.taken < p.capacity::bigint + p.overload
        AND ($1 IN (s.id, s.course_id, s.term_id) OR EXISTS (
            SELECT FROM student_courses w
            WHERE w.section_id = s.id AND w.student_id = $1 AND w.status = 'waitlisted'
        ))
    ORDER BY s.id";

#[derive(QueryableByName)]
struct WaitedFor {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    seat_pool_id: Uuid,
}

fn offer(conn: &mut PgConnection, cause: &Cause, concerned: Uuid) -> Result<(), StoreError> {
    let waited_for: Vec<WaitedFor> = Statement::new(WAITED_FOR).bind::<SqlUuid, _>(concerned).load(conn)?;
    if waited_for.is_empty() {
        return Ok(());
    }
    let sections = waited_for.iter().map(|section| SectionId::from(section.id)).collect();
    let scope = Scope { sections, ..Scope::default() };
    let mut beyond = Beyond::default();
    transaction(conn, |conn| {
        lock::lock(conn, &scope, &beyond, Waiting::Wait)?;
        let mut follow_ups = FollowUps::of(Origin::of_change(cause, Mode::Commit));
        let pools = waited_for.iter().map(|section| SeatPoolId::from(section.seat_pool_id));
        follow_ups.offer(conn, pools, &mut beyond)?;
        let Consequences { unwritten, .. } = follow_ups.end();
        if !unwritten.is_empty() {
            write::refusals(conn, &unwritten)?;
        }
        Ok(Ending::Commit(()))
    })
}
