//! Answering callers: by a thread of its own, so that a writer whose transaction is done goes on with the next one.

use super::queue::Asked;
use crossbeam_channel::{Sender, unbounded};
use enrollment_core::Error;
use enrollment_core::registration::Receipt;
use std::io;
use std::thread::{self, JoinHandle};
use tracing::error;

/// An attempt, and what came of it.
pub(super) type Answer = (Asked, Result<Receipt, Error>);

/// So few are told at once: to hand them over would take as long.
const FEW: usize = 4;

/// Dropping it waits until everybody is told.
pub(super) struct Teller {
    /// Absent only while dropping. It is not bounded, as who waits for an answer is.
    answers: Option<Sender<Vec<Answer>>>,
    thread: Option<JoinHandle<()>>,
}

impl Teller {
    pub(super) fn start() -> io::Result<Self> {
        let (answers, told) = unbounded();
        let tell = move || told.into_iter().for_each(tell_each);
        let thread = thread::Builder::new().name("store-tell".to_owned()).spawn(tell)?;
        Ok(Self { answers: Some(answers), thread: Some(thread) })
    }

    pub(super) fn tell(&self, answers: Vec<Answer>) {
        match &self.answers {
            Some(teller) if answers.len() > FEW => {
                // It is gone only by a defect; nobody shall wait for ever for that.
                teller.send(answers).unwrap_or_else(|unsent| tell_each(unsent.into_inner()));
            }
            _ => tell_each(answers),
        }
    }
}

fn tell_each(answers: Vec<Answer>) {
    for (asked, answer) in answers {
        asked.tell(answer);
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.answers = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("the thread that answers attempts had panicked");
        }
    }
}
