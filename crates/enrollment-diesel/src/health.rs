//! Whether the store can serve, and how much it has to do.

use crate::StoreError;
use crate::migrations::{self, MigrationError};
use crate::store::PgStore;
use async_trait::async_trait;
use enrollment_core::health::{Health, Load, NotReady};
use futures_channel::oneshot;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;
use thiserror::Error;

/// How long the database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(3);

#[async_trait]
impl Health for PgStore {
    async fn ready(&self) -> Result<(), NotReady> {
        let asked = self.health.run(|conn| Ok(migrations::pending(conn)));
        match within(PATIENCE, asked).await {
            Some(Ok(Ok(pending))) if pending.is_empty() => Ok(()),
            Some(Ok(Ok(pending))) => Err(NotReady::Outdated { pending: pending.len() }),
            Some(Ok(Err(error))) => Err(unreachable(error)),
            Some(Err(error)) => Err(unreachable(error.into())),
            None => Err(NotReady::Unreachable(Box::new(Silent))),
        }
    }

    fn load(&self) -> Load {
        Load { lanes: self.lanes(), receipts_dropped: self.refusals.dropped(), attempts: self.attempts.attempts() }
    }
}

#[derive(Debug, Error)]
#[error("the database did not answer within {} seconds", PATIENCE.as_secs())]
struct Silent;

fn unreachable(error: MigrationError) -> NotReady {
    NotReady::Unreachable(Box::new(error))
}

/// The answer, if it comes in time. No timeout of the database's own would do: one that is stuck does not watch its clock,
/// and there is no runtime here that has one. So a thread waits along, and goes when the answer is there.
async fn within<T>(
    time: Duration,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Option<Result<T, StoreError>> {
    let (answered, until_answered) = mpsc::channel::<()>();
    let (expire, mut expired) = oneshot::channel::<()>();
    let wait = move || {
        let _ = until_answered.recv_timeout(time);
        drop(expire);
    };
    if thread::Builder::new().name("store-patience".to_owned()).spawn(wait).is_err() {
        return Some(Err(StoreError::Busy));
    }
    let mut answer = pin!(answer);
    let first = poll_fn(|context| match answer.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => pin!(&mut expired).poll(context).map(|_| None),
    });
    let first = first.await;
    drop(answered);
    first
}
