//! Whose turn it is: where everybody wants the same seats, a writer locks and loads students while the other one writes, and decides when
//! that one is done.
//!
//! The locks of the database would order them as well. But who waits there for the seats of a popular course would be told by a timeout
//! that somebody else has them; and the order among those who wait is the database's, not that of arrival.

use super::queue::{Lane, Queue};

/// When a batch of a lane may be decided.
pub(super) struct Turn<'a> {
    queue: &'a Queue,
    lane: Lane,
    after: Option<After>,
}

/// The batch of the other lane that is to be done with first: how many that lane had been done with before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct After(pub(super) u64);

impl<'a> Turn<'a> {
    pub(super) fn new(queue: &'a Queue, lane: Lane, after: Option<After>) -> Self {
        Self { queue, lane, after }
    }

    /// Whether nobody comes before.
    pub(super) fn is_now(&self) -> bool {
        self.after.is_none()
    }

    /// Waits for it. False when it does not come, since some of those before are not answered yet: their seats are theirs still.
    pub(super) fn comes(&self) -> bool {
        self.after.is_none_or(|after| self.queue.is_done(self.lane, after))
    }

    /// Tells that so many attempts are decided, and all of them are answered when that is written: who comes after them may begin.
    pub(super) fn is_decided(&self, attempts: usize) {
        self.queue.is_writing(self.lane, attempts);
    }
}
