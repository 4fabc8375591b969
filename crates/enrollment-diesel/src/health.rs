//! Whether the store can serve, and how much it has to do.

use crate::migrations::{self, MigrationError};
use crate::store::PgStore;
use async_trait::async_trait;
use enrollment_core::health::{Health, Load, NotReady};

#[async_trait]
impl Health for PgStore {
    async fn ready(&self) -> Result<(), NotReady> {
        // The pool and every statement are bounded in time, so this is, too.
        let pending = self.readers.run(|conn| Ok(migrations::pending(conn))).await;
        match pending {
            Ok(Ok(pending)) if pending.is_empty() => Ok(()),
            Ok(Ok(pending)) => Err(NotReady::Outdated { pending: pending.len() }),
            Ok(Err(error)) => Err(unreachable(error)),
            Err(error) => Err(unreachable(error.into())),
        }
    }

    fn load(&self) -> Load {
        Load { lanes: self.lanes() }
    }
}

fn unreachable(error: MigrationError) -> NotReady {
    NotReady::Unreachable(Box::new(error))
}
