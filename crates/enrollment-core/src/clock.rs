//! Time, as a port: nothing in this crate reads a clock.

use chrono::{DateTime, Utc};

/// Tells the time.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// The present instant.
    ///
    /// It MUST carry no more than microseconds, so that a time that was stored reads back as the same value.
    fn now(&self) -> DateTime<Utc>;
}
