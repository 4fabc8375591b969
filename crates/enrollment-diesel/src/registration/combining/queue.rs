//! The queue before the writer: bounded in all and for each student, in the order of arrival.

use super::tally::Tally;
use crate::StoreError;
use enrollment_core::Error;
use enrollment_core::ids::StudentId;
use enrollment_core::registration::{Attempt, Receipt};
use futures_channel::oneshot;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most attempts of one student that wait, so that nobody's storm fills the queue of all.
const MOST_OF_A_STUDENT: usize = 16;

/// An attempt, and where its answer goes.
pub(super) struct Asked {
    pub(super) attempt: Attempt,
    pub(super) since: Instant,
    /// How often the connection was lost while it was committing.
    pub(super) losses: u32,
    /// Whether it was ever set apart.
    pub(super) was_apart: bool,
    caller: oneshot::Sender<Result<Receipt, Error>>,
}

/// Where the answer to an attempt comes.
pub(super) type Answered = oneshot::Receiver<Result<Receipt, Error>>;

impl Asked {
    pub(super) fn new(attempt: Attempt) -> (Self, Answered) {
        let (caller, answered) = oneshot::channel();
        (Self { attempt, since: Instant::now(), losses: 0, was_apart: false, caller }, answered)
    }

    /// Answers it; the caller may be gone by now.
    pub(super) fn tell(self, answer: Result<Receipt, Error>) {
        let _ = self.caller.send(answer);
    }

    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool {
        self.caller.is_canceled()
    }
}

pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    most: usize,
    tally: Arc<Tally>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Asked>,
    of_student: HashMap<StudentId, usize>,
    closed: bool,
}

impl Queue {
    pub(super) fn new(most: usize, tally: Arc<Tally>) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), most, tally }
    }

    /// Adds an attempt at the end, or refuses at once.
    pub(super) fn put(&self, asked: Asked) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.closed || state.waiting.len() >= self.most {
            self.tally.full();
            return Err(StoreError::Busy);
        }
        let own = state.of_student.entry(asked.attempt.student_id).or_default();
        if *own >= MOST_OF_A_STUDENT {
            self.tally.storm();
            return Err(StoreError::Busy);
        }
        *own += 1;
        state.waiting.push_back(asked);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes the next attempts that can be carried out together, at most so many; waits for the first, at most for `patience`.
    /// None when the queue is closed and nothing is left in it.
    pub(super) fn take(&self, most: usize, patience: Option<Duration>) -> Option<Vec<Asked>> {
        let mut state = self.state();
        let until = patience.map(|patience| Instant::now() + patience);
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Some(Vec::new()),
                Some(left) => self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        let State { waiting, of_student, .. } = &mut *state;
        let taken = together(waiting, most, |left| {
            if let Some(own) = of_student.get_mut(&left.attempt.student_id) {
                *own -= 1;
            }
        });
        of_student.retain(|_, own| *own > 0);
        Some(taken)
    }

    /// Takes no more attempts; those in the queue are still to be taken from it.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_all();
    }

    pub(super) fn len(&self) -> usize {
        self.state().waiting.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic is done with the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes from the front what can be carried out together: of one student one attempt, and of one actor's key. The others keep
/// their places. What nobody waits for is taken and dropped.
pub(super) fn together(waiting: &mut VecDeque<Asked>, most: usize, mut leaves: impl FnMut(&Asked)) -> Vec<Asked> {
    let (mut taken, mut kept): (Vec<Asked>, Vec<Asked>) = (Vec::new(), Vec::new());
    let (mut students, mut keys) = (HashSet::new(), HashSet::new());
    while taken.len() < most {
        let Some(asked) = waiting.pop_front() else { break };
        if asked.is_abandoned() {
            leaves(&asked);
            continue;
        }
        let Attempt { student_id, actor, idempotency, .. } = &asked.attempt;
        let key = idempotency.as_ref().map(|own| (actor.clone(), own.key.clone()));
        let is_free = !students.contains(student_id) && key.as_ref().is_none_or(|key| !keys.contains(key));
        // Also where it is kept: what comes after it stays behind it.
        students.insert(*student_id);
        keys.extend(key);
        if is_free {
            leaves(&asked);
            taken.push(asked);
        } else {
            kept.push(asked);
        }
    }
    for asked in kept.into_iter().rev() {
        waiting.push_front(asked);
    }
    taken
}
