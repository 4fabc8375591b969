//! How a store is: whether it can serve, and how much it has to do.
//!
//! To tell more about the load: a field of [`Lane`] for what every lane has, or of [`Attempts`], then the metric that shows it.

use crate::error::Cause;
use async_trait::async_trait;
use thiserror::Error;

/// Tells how the store is.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Health: Send + Sync {
    /// Whether the store can serve requests now.
    ///
    /// It MUST ask the database itself rather than remember an earlier answer, and it MUST answer within seconds also
    /// when the database does not.
    async fn ready(&self) -> Result<(), NotReady>;

    /// How much the store has to do at this moment. It MUST answer at once, from what it counts anyway.
    fn load(&self) -> Load;
}

/// Why a store cannot serve requests.
#[derive(Debug, Error)]
pub enum NotReady {
    /// The database cannot be reached, or does not answer in time.
    #[error("the database cannot be reached")]
    Unreachable(#[source] Cause),
    /// The database lacks migrations that this program needs.
    #[error("the database lacks {pending} of this program's migrations: run them")]
    Outdated {
        /// How many.
        pending: usize,
    },
}

/// How much a store has to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    /// The kinds of work that it keeps apart.
    pub lanes: Vec<Lane>,
    /// How many receipts of refusals were not kept since the start, because there were more than could be written.
    pub receipts_dropped: u64,
    /// How attempts to register are carried out.
    pub attempts: Attempts,
}

/// How attempts to register were carried out since the start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attempts {
    /// How many attempts each transaction carried.
    pub per_transaction: Distribution,
    /// The seconds from the arrival of an attempt until it was taken from the queue.
    pub waited: Distribution,
    /// How many were set apart, because somebody else had locked what they are about.
    pub set_apart: u64,
    /// How many wait apart at this moment.
    pub apart: usize,
}

/// How often values were of which size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// The upper bounds of the sizes, ascending, each with how many values were within it and not within the one before.
    pub within: Vec<(f64, u64)>,
    /// How many values there were, also those above the last bound.
    pub count: u64,
    /// The sum of all values.
    pub sum: f64,
}

/// A kind of work that has connections and a queue of its own, such as `readers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// What it is called.
    pub name: &'static str,
    /// How many connections there are.
    pub connections: usize,
    /// How many of them are at work.
    pub busy: usize,
    /// How many requests wait for one.
    pub queued: usize,
    /// How many requests were turned away since the start.
    pub refused: Refused,
}

/// How many requests were turned away, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// The queue was full.
    pub full: u64,
    /// Too many requests of the same student were in the queue.
    pub storm: u64,
    /// They had waited for too long, in the queue or for a lock.
    pub late: u64,
}
