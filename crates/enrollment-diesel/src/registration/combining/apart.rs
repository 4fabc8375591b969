//! Attempts that wait apart, for what somebody else has locked, while the rest goes on.

use super::super::lock::Waiting;
use super::queue::{Asked, together};
use super::tally::Tally;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How often it is looked whether the locks are free.
pub(super) const PROBE: Duration = Duration::from_millis(20);

/// How often they are waited for, though that holds up the rest for as long as the lock timeout: a lock that is passed on
/// from one to the next would never be seen free.
const WAIT: Duration = Duration::from_secs(1);

/// What is to be done with who waits apart.
pub(super) struct Due {
    /// Whom to try now.
    pub(super) batch: Vec<Asked>,
    /// For whom nobody waits any more.
    pub(super) gone: Vec<Asked>,
    /// Whether to wait for the locks.
    pub(super) waiting: Waiting,
}

pub(super) struct Apart {
    waiting: VecDeque<Asked>,
    /// What they are about. Whoever comes and is about the same comes after them.
    subjects: HashSet<Uuid>,
    probed: Instant,
    waited: Instant,
    tally: Arc<Tally>,
}

impl Apart {
    pub(super) fn new(tally: Arc<Tally>) -> Self {
        let now = Instant::now();
        Self { waiting: VecDeque::new(), subjects: HashSet::new(), probed: now, waited: now, tally }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn push(&mut self, mut asked: Asked) {
        if !asked.was_apart {
            asked.was_apart = true;
            self.tally.set_apart();
        }
        self.tally.more_apart(1);
        self.subjects.extend(&asked.subjects);
        let place = self.waiting.partition_point(|other| other.since <= asked.since);
        self.waiting.insert(place, asked);
    }

    /// Keeps those of these who are about the same as who waits here, and gives the others back.
    pub(super) fn keep(&mut self, batch: Vec<Asked>) -> Vec<Asked> {
        if self.is_empty() {
            return batch;
        }
        let (here, others): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|asked| asked.subjects.iter().any(|subject| self.subjects.contains(subject)));
        for asked in here {
            self.push(asked);
        }
        others
    }

    /// Takes out who has waited for longer than this.
    pub(super) fn expired(&mut self, after: Duration) -> Vec<Asked> {
        let expired = self.waiting.partition_point(|asked| asked.since.elapsed() > after);
        let expired: Vec<Asked> = self.waiting.drain(..expired).collect();
        self.tally.fewer_apart(expired.len());
        self.look_again();
        expired
    }

    /// Takes out who is to be tried now, at most so many; nobody, if some were a moment ago.
    pub(super) fn due(&mut self, most: usize) -> Due {
        let mut due = Due { batch: Vec::new(), gone: Vec::new(), waiting: Waiting::Skip };
        if self.probed.elapsed() < PROBE {
            return due;
        }
        self.probed = Instant::now();
        due.batch = together(&mut self.waiting, most, |_| true, |abandoned| due.gone.push(abandoned));
        self.tally.fewer_apart(due.batch.len() + due.gone.len());
        self.look_again();
        if self.waited.elapsed() >= WAIT {
            self.waited = Instant::now();
            due.waiting = Waiting::Wait;
        }
        due
    }

    fn look_again(&mut self) {
        self.subjects = self.waiting.iter().flat_map(|asked| asked.subjects.iter().copied()).collect();
    }
}
