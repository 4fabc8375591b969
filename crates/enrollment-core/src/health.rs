//! How a store is: whether it can serve, and how much it has to do.
//!
//! To tell more about the load: a field of [`Lane`] for what every lane has, then the metric that shows it.

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// The kinds of work that it keeps apart.
    pub lanes: Vec<Lane>,
    /// How many receipts of refusals were not kept since the start, because there were more than could be written.
    pub receipts_dropped: u64,
}

/// A kind of work that has connections and a queue of its own, such as `readers`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// What it is called.
    pub name: &'static str,
    /// How many connections there are.
    pub connections: usize,
    /// How many of them are at work.
    pub busy: usize,
    /// How many requests wait for one.
    pub queued: usize,
}
