//! Combining: requests that arrive while others are being carried out queue up, and the next to be free takes all that has
//! queued and carries it out as one.
//!
//! So a statement's fixed costs (its way to the database and back, waking a backend, waking a thread) are shared by as many as
//! there are, the more the busier it is. Nobody is held back for it: a request that finds a thread idle is carried out at once, by
//! itself.
//!
//! What is to be done with a batch is a function that answers every request of it, or fails as a whole. Where one request may
//! be the reason for a failure, the batch is carried out again in halves, until the culprit stands alone; so it MUST be safe to
//! carry a request out again after its batch has failed.

use crate::StoreError;
use crate::workers::Load;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use futures_channel::oneshot;
use std::io;
use std::iter::once;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use tracing::error;

/// How much is done, and waits, at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Threads, each of which carries out one batch at a time.
    pub(crate) threads: usize,
    /// Requests that may wait; those beyond are [`StoreError::Busy`].
    pub(crate) queue: usize,
    /// The most requests of a batch.
    pub(crate) batch: usize,
}

/// Threads that carry out what has queued. Dropping it finishes that, and waits for it.
pub(crate) struct Combiner<Q, A> {
    /// Absent only while dropping.
    queue: Option<Sender<Asked<Q, A>>>,
    threads: Vec<JoinHandle<()>>,
    busy: Arc<AtomicUsize>,
    refused: AtomicU64,
}

/// A request, and where its answer goes.
struct Asked<Q, A> {
    request: Q,
    caller: Caller<A>,
}

/// Answers the requests of a batch in their order, or fails as a whole.
type CarryOut<Q, A> = dyn FnMut(&[Q]) -> Result<Vec<A>, StoreError>;

type Caller<A> = oneshot::Sender<Result<A, StoreError>>;

impl<Q: Send + 'static, A: Send + 'static> Combiner<Q, A> {
    /// Starts threads named `<name>-<n>`. Each carries batches out by a function of its own, which answers the requests of a
    /// batch in their order.
    pub(crate) fn start<F>(name: &str, bounds: Bounds, mut carry_out: impl FnMut() -> F) -> io::Result<Self>
    where
        F: FnMut(&[Q]) -> Result<Vec<A>, StoreError> + Send + 'static,
    {
        let (sender, receiver) = bounded(bounds.queue);
        // Made first: if a thread cannot be started, dropping this ends those that were.
        let mut combiner =
            Self { queue: Some(sender), threads: Vec::new(), busy: Arc::default(), refused: AtomicU64::new(0) };
        for n in 1..=bounds.threads.max(1) {
            let (receiver, mut carry_out, busy) = (receiver.clone(), carry_out(), Arc::clone(&combiner.busy));
            let thread = thread::Builder::new().name(format!("{name}-{n}"));
            let most = bounds.batch.max(1);
            combiner.threads.push(thread.spawn(move || work(&receiver, most, &mut carry_out, &busy))?);
        }
        Ok(combiner)
    }

    /// The answer to a request, or at once [`StoreError::Busy`] when too many wait. A caller who drops the future before the
    /// request is taken from the queue takes it back.
    pub(crate) async fn ask(&self, request: Q) -> Result<A, StoreError> {
        let (caller, answered) = oneshot::channel();
        self.send(Asked { request, caller })?;
        // The caller's sender is dropped without an answer only by a defect.
        answered.await.unwrap_or(Err(StoreError::Panicked))
    }

    /// How busy the threads are, for metrics.
    pub(crate) fn load(&self) -> Load {
        Load {
            threads: self.threads.len(),
            busy: self.busy.load(Ordering::Relaxed),
            queued: self.queue.as_ref().map_or(0, Sender::len),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    fn send(&self, asked: Asked<Q, A>) -> Result<(), StoreError> {
        let Some(queue) = &self.queue else { return Err(StoreError::Busy) };
        queue.try_send(asked).map_err(|refused| match refused {
            TrySendError::Full(_) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                StoreError::Busy
            }
            // The threads end only with the queue, or by a defect of this module.
            TrySendError::Disconnected(_) => StoreError::Panicked,
        })
    }
}

impl<Q, A> Drop for Combiner<Q, A> {
    fn drop(&mut self) {
        // The threads take what is left in the queue, and then find it closed.
        self.queue = None;
        for thread in self.threads.drain(..) {
            // A request may hold the last reference to this; its thread cannot wait for itself.
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                error!("a thread that combines requests had panicked");
            }
        }
    }
}

/// What a thread does until the queue is closed and empty.
fn work<Q, A>(queue: &Receiver<Asked<Q, A>>, most: usize, carry_out: &mut CarryOut<Q, A>, busy: &AtomicUsize) {
    while let Ok(first) = queue.recv() {
        let taken = once(first).chain(queue.try_iter().take(most - 1));
        // What nobody waits for any more is not begun.
        let wanted = taken.filter(|asked| !asked.caller.is_canceled());
        let (requests, callers): (Vec<Q>, Vec<Caller<A>>) = wanted.map(|asked| (asked.request, asked.caller)).unzip();
        if callers.is_empty() {
            continue;
        }
        busy.fetch_add(1, Ordering::Relaxed);
        settle(&requests, callers, carry_out);
        busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Answers every caller of a batch.
fn settle<Q, A>(requests: &[Q], mut callers: Vec<Caller<A>>, carry_out: &mut CarryOut<Q, A>) {
    // Nothing that a panic may have left half-done is used again.
    let outcome = catch_unwind(AssertUnwindSafe(|| carry_out(requests))).unwrap_or_else(|_| {
        error!(requests = requests.len(), "carrying out requests panicked");
        Err(StoreError::Panicked)
    });
    match outcome {
        Ok(answers) => answers.into_iter().zip(callers).for_each(|(answer, caller)| tell(caller, Ok(answer))),
        Err(error) if requests.len() > 1 && error.may_be_of_one_request() => {
            let (first, second) = requests.split_at(requests.len() / 2);
            let of_second = callers.split_off(first.len());
            settle(first, callers, carry_out);
            settle(second, of_second, carry_out);
        }
        Err(error) => match <[Caller<A>; 1]>::try_from(callers) {
            Ok([caller]) => tell(caller, Err(error)),
            Err(callers) => {
                let error = Arc::new(error);
                for caller in callers {
                    tell(caller, Err(StoreError::Shared(Arc::clone(&error))));
                }
            }
        },
    }
}

fn tell<A>(caller: Caller<A>, answer: Result<A, StoreError>) {
    // The caller may be gone by now, and then the answer is nobody's.
    let _ = caller.send(answer);
}

#[cfg(test)]
mod tests;
