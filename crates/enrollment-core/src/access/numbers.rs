//! The port by which whom the institution knows by a number is found here.

use crate::Error;
use crate::ids::StudentId;
use crate::text::StudentNumber;
use async_trait::async_trait;

/// Finds people by the institution's own numbers.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait Numbers: Send + Sync {
    /// The student with this number, if there is one.
    async fn student(&self, number: StudentNumber) -> Result<Option<StudentId>, Error>;
}
