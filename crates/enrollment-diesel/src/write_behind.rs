//! Writing behind the answers: what need not be durable before somebody is answered is handed over, and one thread writes
//! it in bulk.
//!
//! Handing over never waits. When more comes than can be written, what does not fit into the queue is dropped and counted:
//! a rush is not slowed by what can be missed. Nothing is written while nothing comes.

use crate::StoreError;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tracing::{error, warn};

/// How long a batch is gathered, from its first item.
const GATHERING: Duration = Duration::from_millis(50);

/// The most items of a batch, so that one statement stays small.
const MOST: usize = 500;

/// Items that are written behind the answers. Dropping it writes what is in the queue, and waits for that.
pub(crate) struct WriteBehind<T> {
    /// Absent only while dropping.
    queue: Option<Sender<T>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    dropped: AtomicU64,
    closing: AtomicBool,
}

impl Shared {
    fn drop_items(&self, items: usize) {
        self.dropped.fetch_add(u64::try_from(items).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl<T: Send + 'static> WriteBehind<T> {
    /// Starts a thread of this name behind a queue that holds so many items.
    pub(crate) fn start(
        name: &str,
        queue: usize,
        write: impl FnMut(&[T]) -> Result<(), StoreError> + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, receiver) = bounded(queue);
        let shared = Arc::<Shared>::default();
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || run(&receiver, write, &of_thread))?;
        Ok(Self { queue: Some(sender), thread: Some(thread), shared })
    }

    /// Hands an item over, to be written soon. One for which there is no room is dropped.
    pub(crate) fn hand_over(&self, item: T) {
        let taken = self.queue.as_ref().is_some_and(|queue| queue.try_send(item).is_ok());
        if !taken {
            self.shared.drop_items(1);
        }
    }

    /// How many items were dropped since the start, for want of room or because they could not be written.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }
}

impl<T> Drop for WriteBehind<T> {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Relaxed);
        // The thread takes what is left in the queue, and then finds it closed.
        self.queue = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("the thread that writes behind the answers had panicked");
        }
    }
}

fn run<T>(queue: &Receiver<T>, mut write: impl FnMut(&[T]) -> Result<(), StoreError>, shared: &Shared) {
    while let Ok(first) = queue.recv() {
        let batch = gather(queue, first);
        let Err(error) = write(&batch) else { continue };
        warn!(%error, items = batch.len(), "could not write behind the answers: these are lost");
        shared.drop_items(batch.len());
        if shared.closing.load(Ordering::Relaxed) {
            // The rest would fail alike, and whoever waits for the end would wait for each.
            shared.drop_items(queue.try_iter().count());
            return;
        }
    }
}

fn gather<T>(queue: &Receiver<T>, first: T) -> Vec<T> {
    let until = Instant::now() + GATHERING;
    let mut batch = vec![first];
    while batch.len() < MOST {
        let Ok(item) = queue.recv_deadline(until) else { break };
        batch.push(item);
    }
    batch
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use std::sync::Mutex;

    type Batches = Arc<Mutex<Vec<Vec<u32>>>>;

    /// Writes into a list of batches, once the gate is open.
    fn behind(queue: usize, gate: Receiver<()>) -> (WriteBehind<u32>, Batches) {
        let batches = Batches::default();
        let written = Arc::clone(&batches);
        let write = move |batch: &[u32]| {
            let _ = gate.recv();
            written.lock().unwrap().push(batch.to_vec());
            Ok(())
        };
        (WriteBehind::start("test", queue, write).unwrap(), batches)
    }

    fn open() -> Receiver<()> {
        bounded(0).1
    }

    #[test]
    fn what_comes_together_is_written_together_and_nothing_is_left_at_the_end() {
        let (behind, batches) = behind(2_000, open());
        (0..1_200).for_each(|item| behind.hand_over(item));
        assert_eq!(behind.dropped(), 0);
        drop(behind);
        let batches = batches.lock().unwrap();
        assert!(batches.len() <= 4 && batches.iter().all(|batch| batch.len() <= MOST), "{} batches", batches.len());
        assert_eq!(batches.concat(), (0..1_200).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_written_while_nothing_comes() {
        let (behind, batches) = behind(10, open());
        thread::sleep(GATHERING * 3);
        assert!(batches.lock().unwrap().is_empty());
        drop(behind);
        assert!(batches.lock().unwrap().is_empty());
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_counted_and_nobody_waits() {
        let (gate, closed) = bounded(0);
        let (behind, batches) = behind(3, closed);
        behind.hand_over(0);
        // By then the first is on its way, and holds the thread.
        thread::sleep(GATHERING * 3);
        (1..=10).for_each(|item| behind.hand_over(item));
        assert_eq!(behind.dropped(), 7);
        drop(gate);
        drop(behind);
        assert_eq!(batches.lock().unwrap().concat(), [0, 1, 2, 3]);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_the_next_is_tried() {
        let (told, tried) = bounded(10);
        let write = move |batch: &[u32]| {
            told.send(batch.to_vec()).unwrap();
            if batch.contains(&1) { Err(StoreError::Busy) } else { Ok(()) }
        };
        let behind = WriteBehind::start("test", 10, write).unwrap();
        behind.hand_over(1);
        assert_eq!(tried.recv().unwrap(), [1]);
        behind.hand_over(2);
        assert_eq!(tried.recv().unwrap(), [2]);
        assert_eq!(behind.dropped(), 1);
    }

    #[test]
    fn the_end_does_not_wait_for_what_cannot_be_written() {
        let write = |_: &[u32]| {
            thread::sleep(GATHERING);
            Err(StoreError::Busy)
        };
        let behind = WriteBehind::start("test", 5_000, write).unwrap();
        let shared = Arc::clone(&behind.shared);
        (0..5_000).for_each(|item| behind.hand_over(item));
        let began = Instant::now();
        drop(behind);
        assert!(began.elapsed() < GATHERING * 4, "{:?}", began.elapsed());
        assert_eq!(shared.dropped.load(Ordering::Relaxed), 5_000);
    }
}
