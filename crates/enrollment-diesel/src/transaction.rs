//! The one way to run a transaction.
//!
//! It repeats the work when the database asks for that (a deadlock, a serialization failure), a bounded number of times
//! and after a pause that differs from everybody else's. It never turns a driver's error into a domain error: the work
//! answers domain results as values, by [`Ending`], and hands every driver error on with `?`.
//!
//! It is also what stands between a commit that failed and a caller who believes in it:
//! * A connection that is lost while committing is [`StoreError::OutcomeUnknown`], and never repeated.
//! * PostgreSQL answers the `COMMIT` of a transaction in which a statement had failed by rolling back, *without an error*. Work that
//!   swallowed the statement's error would be acknowledged and lost. So the commit is sent with a statement before it, which
//!   fails in such a transaction; both go in one round trip.

use crate::error::StoreError;
use diesel::PgConnection;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use std::time::Duration;
use tracing::{debug, error};

/// How a transaction ends when its work went well. Either way the caller gets the value.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending<T> {
    /// Make the changes durable, then answer.
    Commit(T),
    /// Undo everything and answer: for a refusal or a dry run, which then cost no flush of the log.
    RollBack(T),
}

/// Runs `work` in a transaction of its own, as [described above](self).
///
/// `work` may be run several times, each time on what the database then holds: it must have no effect but in the database.
/// An error from it rolls back.
pub fn transaction<T>(
    conn: &mut PgConnection,
    mut work: impl FnMut(&mut PgConnection) -> Result<Ending<T>, StoreError>,
) -> Result<T, StoreError> {
    with_retries(|| attempt(conn, &mut work), std::thread::sleep)
}

/// Often enough that a deadlock between a few is survived; rarely enough that a defect does not hold a connection for long.
const MOST_ATTEMPTS: u32 = 5;

fn with_retries<T>(
    mut attempt: impl FnMut() -> Result<T, StoreError>,
    mut pause: impl FnMut(Duration),
) -> Result<T, StoreError> {
    let mut failures = 0;
    loop {
        match attempt() {
            Err(error) if error.is_retryable() && failures + 1 < MOST_ATTEMPTS => {
                failures += 1;
                debug!(%error, failures, "repeating a transaction");
                pause(backoff(failures));
            }
            answer => return answer,
        }
    }
}

/// Anything up to 4 ms, then 8, 16, 32: with full jitter, those who met once are unlikely to meet again.
fn backoff(failures: u32) -> Duration {
    let most = 4_000_u64 << failures.saturating_sub(1).min(10);
    Duration::from_micros(fastrand::u64(0..=most))
}

fn attempt<T>(
    conn: &mut PgConnection,
    work: &mut impl FnMut(&mut PgConnection) -> Result<Ending<T>, StoreError>,
) -> Result<T, StoreError> {
    // Unlike `begin_transaction`, this refuses to begin one inside another, where the commit below would be the outer's.
    AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN")?;
    match work(conn) {
        Ok(Ending::Commit(value)) => commit(conn).map(|()| value),
        Ok(Ending::RollBack(value)) => {
            roll_back(conn);
            Ok(value)
        }
        Err(error) => {
            roll_back(conn);
            Err(error)
        }
    }
}

fn commit(conn: &mut PgConnection) -> Result<(), StoreError> {
    conn.batch_execute("SELECT; COMMIT").map_err(|error| {
        let error = StoreError::from(error).while_committing();
        if !matches!(error, StoreError::OutcomeUnknown(_)) {
            roll_back(conn);
        }
        error
    })
}

/// When this fails, the connection is gone, and the server rolls back by itself. The pool discards the connection, because
/// diesel marks it as broken; the answer of the work stands.
fn roll_back(conn: &mut PgConnection) {
    // After a failed COMMIT the server has left the transaction already.
    let open = AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth();
    if !matches!(open, Ok(Some(_))) {
        return;
    }
    if let Err(error) = AnsiTransactionManager::rollback_transaction(conn) {
        error!(%error, "could not roll back; the connection is given up");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::result::{DatabaseErrorKind, Error as DieselError};

    fn conflict() -> StoreError {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(String::new())).into()
    }

    /// Runs what answers these in turn; the answer, and how often it paused.
    fn run(mut answers: Vec<Result<u8, StoreError>>) -> (Result<u8, StoreError>, usize) {
        answers.reverse();
        let mut pauses = 0;
        let answer = with_retries(|| answers.pop().unwrap(), |_| pauses += 1);
        assert!(answers.is_empty(), "not all answers were asked for");
        (answer, pauses)
    }

    #[test]
    fn a_conflict_is_repeated_until_it_succeeds() {
        let (answer, pauses) = run(vec![Err(conflict()), Err(conflict()), Ok(7)]);
        assert_eq!((answer.unwrap(), pauses), (7, 2));
    }

    #[test]
    fn it_gives_up_after_a_bounded_number_of_attempts() {
        let (answer, pauses) = run((0..5).map(|_| Err(conflict())).collect());
        assert!(matches!(answer, Err(StoreError::Conflict(_))));
        assert_eq!(pauses, 4);
    }

    #[test]
    fn nothing_else_is_repeated() {
        let (answer, pauses) = run(vec![Err(StoreError::OutcomeUnknown(DieselError::NotFound))]);
        assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))));
        assert_eq!(pauses, 0);
    }

    #[test]
    fn pauses_are_bounded() {
        for failures in 0..40 {
            assert!(backoff(failures) <= Duration::from_millis(4 << 10));
        }
        for (failures, most) in [(1, 4), (2, 8), (3, 16), (4, 32)] {
            assert!((0..1_000).all(|_| backoff(failures) <= Duration::from_millis(most)));
        }
    }
}
