//! A bounded queue before a few threads, for work that blocks.
//!
//! Each thread takes a job, borrows what it needs from the [`Lender`] (a connection from its [`Pool`](crate::pool::Pool)),
//! runs it, and answers through a channel; the caller awaits that on whatever runtime it has. There are as many threads as
//! there are connections, so that no thread waits for one, and a full queue is refused at once: a caller who is told
//! [`StoreError::Busy`] can come back, one who waits for minutes cannot.

use crate::StoreError;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use futures_channel::oneshot;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use tracing::error;

/// Lends one item at a time to a job: a connection, in earnest; anything in a test.
pub trait Lender: Send + Sync + 'static {
    /// What is lent.
    type Item: 'static;

    /// Runs the job with an item, or with the reason why there is none. A panic of the job MUST be let pass, with the item
    /// taken for broken; who calls this catches it.
    fn lend<R>(&self, job: impl FnOnce(Result<&mut Self::Item, StoreError>) -> R) -> R;
}

/// Threads that run jobs, each on a borrowed `T`. Dropping it finishes what is queued, and waits for that.
pub struct Workers<T: 'static> {
    /// Absent only while dropping.
    queue: Option<Sender<Box<dyn Job<T>>>>,
    threads: Vec<JoinHandle<()>>,
    busy: Arc<AtomicUsize>,
    refused: AtomicU64,
}

/// How busy [`Workers`] are at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Threads.
    pub threads: usize,
    /// Threads that run a job.
    pub busy: usize,
    /// Jobs that wait for a thread.
    pub queued: usize,
    /// Jobs that were refused since the start, because too many waited.
    pub refused: u64,
}

impl<T> Workers<T> {
    /// Starts threads named `<name>-<n>` behind a queue that holds so many jobs. The lender should have an item for each.
    pub fn start<L: Lender<Item = T>>(name: &str, threads: usize, queue: usize, lender: L) -> io::Result<Self> {
        let (sender, receiver) = bounded(queue);
        let lender = Arc::new(lender);
        // Made first: if a thread cannot be started, dropping this ends those that were.
        let mut workers =
            Self { queue: Some(sender), threads: Vec::new(), busy: Arc::default(), refused: AtomicU64::new(0) };
        for n in 1..=threads.max(1) {
            let (receiver, lender, busy) = (receiver.clone(), Arc::clone(&lender), Arc::clone(&workers.busy));
            let thread = thread::Builder::new().name(format!("{name}-{n}"));
            workers.threads.push(thread.spawn(move || work(&receiver, lender.as_ref(), &busy))?);
        }
        Ok(workers)
    }

    /// Runs `job` on one of the threads and resolves to its answer, or at once to [`StoreError::Busy`] when the queue is
    /// full. A caller who drops the future before the job has begun takes it back; once begun, it is finished.
    pub async fn run<R, F>(&self, job: F) -> Result<R, StoreError>
    where
        F: FnOnce(&mut T) -> Result<R, StoreError> + Send + 'static,
        R: Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(Asked { job, answer }))?;
        // The sender is dropped without an answer only by a job that panics.
        answered.await.unwrap_or(Err(StoreError::Panicked))
    }

    /// How busy they are, for metrics.
    pub fn load(&self) -> Load {
        Load {
            threads: self.threads.len(),
            busy: self.busy.load(Ordering::Relaxed),
            queued: self.queue.as_ref().map_or(0, Sender::len),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    fn send(&self, job: Box<dyn Job<T>>) -> Result<(), StoreError> {
        let Some(queue) = &self.queue else { return Err(StoreError::Busy) };
        queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                StoreError::Busy
            }
            // The threads end only with the queue, or by a defect of this module.
            TrySendError::Disconnected(_) => StoreError::Panicked,
        })
    }
}

impl<T> Drop for Workers<T> {
    fn drop(&mut self) {
        // The threads take what is left in the queue, and then find it closed.
        self.queue = None;
        for worker in self.threads.drain(..) {
            // A job may hold the last reference to these workers; its thread cannot wait for itself.
            if worker.thread().id() != thread::current().id() && worker.join().is_err() {
                error!("a store thread had panicked");
            }
        }
    }
}

/// A job with a place for its answer.
trait Job<T>: Send {
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;

    fn run(self: Box<Self>, item: Result<&mut T, StoreError>);
}

struct Asked<F, R> {
    job: F,
    answer: oneshot::Sender<Result<R, StoreError>>,
}

impl<T, F, R> Job<T> for Asked<F, R>
where
    F: FnOnce(&mut T) -> Result<R, StoreError> + Send,
    R: Send,
{
    fn is_abandoned(&self) -> bool {
        self.answer.is_canceled()
    }

    fn run(self: Box<Self>, item: Result<&mut T, StoreError>) {
        let Self { job, answer } = *self;
        // Nobody may be waiting by now, and then the answer is nobody's.
        let _ = answer.send(item.and_then(job));
    }
}

/// What a thread does until the queue is closed and empty.
fn work<L: Lender>(queue: &Receiver<Box<dyn Job<L::Item>>>, lender: &L, busy: &AtomicUsize) {
    for job in queue {
        if job.is_abandoned() {
            continue;
        }
        busy.fetch_add(1, Ordering::Relaxed);
        // Nothing that the panic may have left half-done is used again: the job is gone, and its item is given up.
        if catch_unwind(AssertUnwindSafe(|| lender.lend(|item| job.run(item)))).is_err() {
            error!("a job on a store thread panicked");
        }
        busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
