//! Offering seats after a change that may let somebody in who waits: a hold that has ended, a permit, another restriction or
//! limit, a grade.
//!
//! It is a transaction of its own, after that of the change: nothing that the change says depends on it, and until then nobody
//! walks past those who wait, because every request offers them a seat before it takes one. Only where a change is
//! rehearsed are both in one transaction, and both undone.

use super::follow_ups::{Consequences, FollowUps};
use super::lock::{self, Beyond, Waiting, uuids};
use super::write;
use crate::StoreError;
use crate::statement::Statement;
use crate::store::Answer;
use crate::transaction::{Ending, transaction};
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use enrollment_core::catalog::Cause;
use enrollment_core::ids::{CourseId, SeatPoolId, SectionId, StudentId, TermId};
use enrollment_core::registration::{Mode, Origin, Promotion, Scope};
use tracing::warn;
use uuid::Uuid;

/// Whom a change may let in.
#[derive(Clone, Debug)]
pub(crate) enum Concerned {
    /// All who wait for a section.
    Section(SectionId),
    /// All who wait for a section of a course.
    Course(CourseId),
    /// All who wait for a section in a term.
    Term(TermId),
    /// These students.
    Students(Vec<StudentId>),
}

/// Offers the free seats of the sections that a change concerns to those who wait for them. That it could not be done is
/// only logged: the change itself has been made, and the seats are offered with the next request for one.
pub(crate) fn offer(conn: &mut PgConnection, cause: &Cause, concerned: &Concerned) -> Vec<Promotion> {
    let offered = waited_for(conn, concerned).and_then(|waited_for| match waited_for.as_slice() {
        [] => Ok(Ok(Vec::new())),
        some => follow(conn, cause, Mode::Commit, &Scope::default(), some, |_| Ok(Ok(())))
            .map(|followed| followed.map(|((), promotions)| promotions)),
    });
    match offered {
        Ok(promotions) => promotions.unwrap_or_default(),
        Err(error) => {
            warn!(%error, ?concerned, "could not offer the seats that a change may have opened to those who wait");
            Vec::new()
        }
    }
}

/// Tells what a change would answer, and what would become of those who wait for the free seats of the sections that it concerns.
pub(crate) fn rehearse<T>(
    conn: &mut PgConnection,
    cause: &Cause,
    concerned: Option<&Concerned>,
    change: impl FnMut(&mut PgConnection) -> Answer<T>,
) -> Answer<(T, Vec<Promotion>)> {
    let waited_for = concerned.map(|concerned| waited_for(conn, concerned)).transpose()?.unwrap_or_default();
    // The order of all locks is students before pools, and the change may be one of a student.
    let students = match concerned {
        Some(Concerned::Students(students)) => students.clone(),
        _ => Vec::new(),
    };
    let scope = Scope { students, ..Scope::default() };
    follow(conn, cause, Mode::DryRun, &scope, &waited_for, change)
}

/// $1 sections, courses or terms, $2 students who wait.
const WAITED_FOR: &str = "
    SELECT s.id, s.seat_pool_id FROM sections s JOIN seat_pools p ON p.id = s.seat_pool_id
    WHERE s.waitlisted > 0 AND p.taken < p.capacity::bigint + p.overload
        AND (s.id = ANY ($1) OR s.course_id = ANY ($1) OR s.term_id = ANY ($1) OR EXISTS (
            SELECT FROM student_courses w
            WHERE w.section_id = s.id AND w.student_id = ANY ($2) AND w.status = 'waitlisted'
        ))
    ORDER BY s.id";

#[derive(QueryableByName)]
struct WaitedFor {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    seat_pool_id: Uuid,
}

/// The sections that a change concerns, as far as somebody waits for a seat that is free.
fn waited_for(conn: &mut PgConnection, concerned: &Concerned) -> Result<Vec<WaitedFor>, StoreError> {
    let (sections, students) = match concerned {
        Concerned::Section(id) => (vec![id.uuid()], Vec::new()),
        Concerned::Course(id) => (vec![id.uuid()], Vec::new()),
        Concerned::Term(id) => (vec![id.uuid()], Vec::new()),
        Concerned::Students(ids) => (Vec::new(), uuids(ids)),
    };
    let waited_for = Statement::new(WAITED_FOR).bind::<Array<SqlUuid>, _>(sections).bind::<Array<SqlUuid>, _>(students);
    Ok(waited_for.load(conn)?)
}

/// Makes a change, and offers the free seats of these sections, in one transaction. What is locked for that is locked before the
/// change, in the order of all locks.
fn follow<T>(
    conn: &mut PgConnection,
    cause: &Cause,
    mode: Mode,
    scope: &Scope,
    waited_for: &[WaitedFor],
    mut change: impl FnMut(&mut PgConnection) -> Answer<T>,
) -> Answer<(T, Vec<Promotion>)> {
    let sections = waited_for.iter().map(|section| SectionId::from(section.id)).collect();
    let scope = Scope { sections, ..scope.clone() };
    let mut beyond = Beyond::default();
    transaction(conn, |conn| {
        lock::lock(conn, &scope, &beyond, Waiting::Wait)?;
        let changed = match change(conn)? {
            Ok(changed) => changed,
            Err(refused) => return Ok(Ending::RollBack(Err(refused))),
        };
        let mut follow_ups = FollowUps::of(Origin::of_change(cause, mode));
        let pools = waited_for.iter().map(|section| SeatPoolId::from(section.seat_pool_id));
        follow_ups.offer(conn, pools, &mut beyond)?;
        let Consequences { promotions, unwritten, .. } = follow_ups.end();
        if mode == Mode::DryRun {
            return Ok(Ending::RollBack(Ok((changed, promotions))));
        }
        if !unwritten.is_empty() {
            write::refusals(conn, &unwritten)?;
        }
        Ok(Ending::Commit(Ok((changed, promotions))))
    })
}
