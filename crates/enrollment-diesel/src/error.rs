//! The driver's errors, sorted by what can be done about them.
//!
//! diesel does not hand out the SQLSTATE. It has a kind for the classes that matter most; the few that it leaves `Unknown`
//! (deadlocks, cancelled statements, a server that shuts down) are told by PostgreSQL's primary message, which is fixed
//! text as long as the server speaks English. [`pool`](crate::pool) therefore asks each session for `lc_messages = 'C'`; a
//! server that speaks another language and does not let this role choose gives [`StoreError::Database`] instead: right,
//! but neither retried nor explained.

use crate::rows::Corrupt;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// What went wrong between here and the database.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database or the driver refused, and would again: a violated constraint (see [`constraint`](Self::constraint)),
    /// no such row, a defect in a query.
    #[error("the database refused: {0}")]
    Database(#[source] DieselError),
    /// The transaction lost against a concurrent one (a deadlock, a serialization failure) and was rolled back. To repeat
    /// it is right, and [`transaction`](crate::transaction::transaction) has done so until it gave up.
    #[error("the transaction lost against a concurrent one: {0}")]
    Conflict(#[source] DieselError),
    /// A statement, or its wait for a lock, took longer than it may, and was cancelled.
    #[error("the {0} timed out")]
    Timeout(Waited, #[source] DieselError),
    /// The connection was lost, but not while committing: nothing was changed.
    #[error("the connection to the database was lost: {0}")]
    Lost(#[source] DieselError),
    /// The connection was lost while committing: the change may or may not have been made. Never repeat it blindly.
    #[error("the connection to the database was lost while committing: {0}")]
    OutcomeUnknown(#[source] DieselError),
    /// No connection could be had in time.
    #[error("no connection to the database: {0}")]
    Unavailable(#[source] diesel::r2d2::PoolError),
    /// A connection outside the pool could not be opened.
    #[error("no connection to the database: {0}")]
    Unreachable(#[from] diesel::ConnectionError),
    /// The queue before the store's threads is full.
    #[error("too many requests are waiting for the database")]
    Busy,
    /// A row holds what the core's types refuse: somebody wrote it without the application.
    #[error("corrupt data: {0}")]
    Corrupt(#[from] Corrupt),
    /// A job on a store thread panicked; the thread lives on, and the panic is in the log.
    #[error("a job on the store's threads panicked")]
    Panicked,
    /// The batch failed that the request was carried out in (see `combine`), for no reason of its own.
    #[error(transparent)]
    Shared(Arc<StoreError>),
}

/// What was waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// A statement to finish.
    Statement,
    /// A lock that another transaction holds.
    Lock,
}

impl fmt::Display for Waited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Statement => "statement",
            Self::Lock => "wait for a lock",
        })
    }
}

impl StoreError {
    /// The name of the constraint that the database found violated, if that is what happened. Triggers raise their
    /// refusals under a constraint's name, too, so this is all that a domain error is told from.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(DieselError::DatabaseError(_, information)) => information.constraint_name(),
            _ => None,
        }
    }

    /// Whether a violated constraint is a foreign key: what was written refers to nothing, or what was deleted is in use.
    pub fn is_foreign_key_violation(&self) -> bool {
        matches!(self, Self::Database(DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)))
    }

    /// Whether repeating the whole transaction is safe and may well succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Whether one request of a batch may be why all of it failed; else, it would fail again whatever it were for.
    pub(crate) fn may_be_of_one_request(&self) -> bool {
        match self {
            Self::Database(_) | Self::Conflict(_) | Self::Timeout(..) | Self::Corrupt(_) | Self::Panicked => true,
            Self::Lost(_)
            | Self::OutcomeUnknown(_)
            | Self::Unavailable(_)
            | Self::Unreachable(_)
            | Self::Busy
            | Self::Shared(_) => false,
        }
    }

    /// The same failure, had it come from a `COMMIT`: with the connection, the knowledge of the outcome is lost.
    pub(crate) fn while_committing(self) -> Self {
        match self {
            Self::Lost(error) => Self::OutcomeUnknown(error),
            known => known,
        }
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(kind, information) => match class(*kind, information.message()) {
                Class::Refused => Self::Database(error),
                Class::Conflict => Self::Conflict(error),
                Class::Timeout(waited) => Self::Timeout(waited, error),
                Class::Lost => Self::Lost(error),
            },
            // diesel found the connection unusable before.
            DieselError::BrokenTransactionManager => Self::Lost(error),
            _ => Self::Database(error),
        }
    }
}

impl From<diesel::r2d2::PoolError> for StoreError {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Unavailable(error)
    }
}

enum Class {
    Refused,
    Conflict,
    Timeout(Waited),
    Lost,
}

fn class(kind: DatabaseErrorKind, message: &str) -> Class {
    match kind {
        DatabaseErrorKind::SerializationFailure => Class::Conflict,
        // Too many bind parameters are a defect in a query; all else that cannot be sent has nobody to be sent to.
        DatabaseErrorKind::UnableToSendCommand if message.starts_with("number of parameters") => Class::Refused,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Class::Lost,
        DatabaseErrorKind::UniqueViolation
        | DatabaseErrorKind::ForeignKeyViolation
        | DatabaseErrorKind::NotNullViolation
        | DatabaseErrorKind::CheckViolation
        | DatabaseErrorKind::RestrictViolation
        | DatabaseErrorKind::ExclusionViolation
        | DatabaseErrorKind::ReadOnlyTransaction => Class::Refused,
        _ => class_by_message(message),
    }
}

/// The errors for which diesel has no kind, with their SQLSTATE.
fn class_by_message(message: &str) -> Class {
    match message {
        // 40P01
        "deadlock detected" => Class::Conflict,
        // 57014
        "canceling statement due to statement timeout" => Class::Timeout(Waited::Statement),
        // 55P03
        "canceling statement due to lock timeout" => Class::Timeout(Waited::Lock),
        // 55P03, from NOWAIT
        _ if message.starts_with("could not obtain lock on") => Class::Timeout(Waited::Lock),
        // 57P01, 57P02, 57P05, 25P03: the server ends the session
        _ if message.starts_with("terminating connection") => Class::Lost,
        // libpq's own, of which diesel does not always see that the connection is gone.
        _ if LOST.iter().any(|lost| message.starts_with(lost)) => Class::Lost,
        _ => Class::Refused,
    }
}

/// What libpq says when the other end is gone.
const LOST: [&str; 5] = [
    "server closed the connection unexpectedly",
    "could not receive data from server",
    "could not send data to server",
    "SSL connection has been closed unexpectedly",
    "no connection to the server",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: DatabaseErrorKind, message: &str) -> StoreError {
        DieselError::DatabaseError(kind, Box::new(message.to_owned())).into()
    }

    fn unknown(message: &str) -> StoreError {
        // The kind that diesel gives to every SQLSTATE that it does not know.
        error(DatabaseErrorKind::Unknown, message)
    }

    #[test]
    fn what_lost_against_another_transaction_can_be_repeated() {
        for lost in
            [unknown("deadlock detected"), error(DatabaseErrorKind::SerializationFailure, "could not serialize")]
        {
            assert!(matches!(lost, StoreError::Conflict(_)), "{lost:?}");
            assert!(lost.is_retryable());
        }
        assert!(!unknown("canceling statement due to lock timeout").is_retryable());
    }

    #[test]
    fn timeouts_say_what_was_waited_for() {
        let waited = |message| match unknown(message) {
            StoreError::Timeout(waited, _) => Some(waited),
            _ => None,
        };
        assert_eq!(waited("canceling statement due to statement timeout"), Some(Waited::Statement));
        assert_eq!(waited("canceling statement due to lock timeout"), Some(Waited::Lock));
        assert_eq!(waited("could not obtain lock on row in relation \"students\""), Some(Waited::Lock));
        assert_eq!(waited("canceling statement due to user request"), None);
    }

    #[test]
    fn a_lost_connection_leaves_the_outcome_unknown_only_while_committing() {
        let lost = [
            error(DatabaseErrorKind::ClosedConnection, "server closed the connection unexpectedly"),
            error(DatabaseErrorKind::UnableToSendCommand, "no connection to the server"),
            unknown("terminating connection due to administrator command"),
            unknown(
                "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n",
            ),
            DieselError::BrokenTransactionManager.into(),
        ];
        for lost in lost {
            assert!(matches!(lost, StoreError::Lost(_)), "{lost:?}");
            assert!(matches!(lost.while_committing(), StoreError::OutcomeUnknown(_)));
        }
        let refused = error(DatabaseErrorKind::CheckViolation, "new row violates check constraint").while_committing();
        assert!(matches!(refused, StoreError::Database(_)), "{refused:?}");
    }

    #[test]
    fn a_query_too_large_to_send_is_a_defect_and_not_a_lost_connection() {
        let error = error(DatabaseErrorKind::UnableToSendCommand, "number of parameters must be between 0 and 65535");
        assert!(matches!(error, StoreError::Database(_)), "{error:?}");
    }
}
