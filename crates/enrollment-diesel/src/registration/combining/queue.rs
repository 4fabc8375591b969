//! The queue before the writers: bounded in all and for each student, in the order of arrival.
//!
//! What one writer has in hand, the other one leaves in its place: so attempts that are about the same student, section or course are
//! carried out in the order in which they came, and no writer waits for the locks of the other one. (Where a course is named
//! without a section, or sections share their seats, that cannot be told from the attempts; then the locks decide.)

use super::tally::Tally;
use crate::StoreError;
use enrollment_core::Error;
use enrollment_core::ids::StudentId;
use enrollment_core::registration::{Attempt, Receipt, Scope};
use futures_channel::oneshot;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The most attempts of one student that wait, so that nobody's storm fills the queue of all.
const MOST_OF_A_STUDENT: usize = 16;

/// An attempt, and where its answer goes.
pub(super) struct Asked {
    pub(super) attempt: Attempt,
    /// What it is about, as far as its scope names it.
    pub(super) subjects: Vec<Uuid>,
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
        let subjects = subjects(&attempt);
        (Self { attempt, subjects, since: Instant::now(), losses: 0, was_apart: false, caller }, answered)
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

fn subjects(attempt: &Attempt) -> Vec<Uuid> {
    let Scope { students, sections, courses, student_courses } = attempt.scope();
    let students = students.into_iter().map(Uuid::from);
    let sections = sections.into_iter().map(Uuid::from);
    let courses = courses.into_iter().map(|(course, _)| Uuid::from(course));
    students.chain(sections).chain(courses).chain(student_courses.into_iter().map(Uuid::from)).collect()
}

/// Who takes attempts from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane(pub(super) usize);

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
    /// What is in hand, and by whom.
    in_hand: HashMap<Uuid, InHand>,
    closed: bool,
}

/// Something that attempts are about which a writer has taken and not answered.
struct InHand {
    lane: Lane,
    attempts: usize,
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
        // Whoever has some of it in hand looks into the queue when that is done.
        let is_free = asked.subjects.iter().all(|subject| !state.in_hand.contains_key(subject));
        state.waiting.push_back(asked);
        drop(state);
        if is_free {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Takes the next attempts that this writer can carry out together, at most so many; waits for the first, at most for `patience`.
    /// They are in its hand until it [releases](Queue::release) them. None when the queue is closed and nothing is left for it.
    pub(super) fn take(&self, lane: Lane, most: usize, patience: Option<Duration>) -> Option<Vec<Asked>> {
        let mut state = self.state();
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            let taken = state.take(lane, most);
            if !taken.is_empty() {
                if taken.len() == most {
                    self.arrived.notify_one();
                }
                return Some(taken);
            }
            if state.closed {
                return None;
            }
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Some(Vec::new()),
                Some(left) => self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    /// Tells that these, which were taken, are done with.
    pub(super) fn release<'a>(&self, done: impl IntoIterator<Item = &'a Asked>) {
        let mut state = self.state();
        for subject in done.into_iter().flat_map(|asked| &asked.subjects) {
            if let Entry::Occupied(mut in_hand) = state.in_hand.entry(*subject) {
                in_hand.get_mut().attempts -= 1;
                if in_hand.get().attempts == 0 {
                    in_hand.remove();
                }
            }
        }
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

impl State {
    fn take(&mut self, lane: Lane, most: usize) -> Vec<Asked> {
        let Self { waiting, of_student, in_hand, .. } = self;
        let mut kept_back: HashSet<Uuid> = HashSet::new();
        let is_free = |asked: &Asked| {
            let is_held = |subject| in_hand.get(subject).is_some_and(|in_hand: &InHand| in_hand.lane != lane);
            let is_free = asked.subjects.iter().all(|subject| !is_held(subject) && !kept_back.contains(subject));
            if !is_free {
                // What comes after it stays behind it.
                kept_back.extend(&asked.subjects);
            }
            is_free
        };
        let mut gone = Vec::new();
        let taken = together(waiting, most, is_free, |abandoned| gone.push(abandoned));
        for left in taken.iter().chain(&gone) {
            if let Entry::Occupied(mut own) = of_student.entry(left.attempt.student_id) {
                *own.get_mut() -= 1;
                if *own.get() == 0 {
                    own.remove();
                }
            }
        }
        for subject in taken.iter().flat_map(|asked| &asked.subjects) {
            in_hand.entry(*subject).or_insert(InHand { lane, attempts: 0 }).attempts += 1;
        }
        taken
    }
}

/// Takes from the front what is free and can be carried out together: of one student one attempt, and of one actor's key. The others keep
/// their places. What nobody waits for any more is `gone`.
pub(super) fn together(
    waiting: &mut VecDeque<Asked>,
    most: usize,
    mut is_free: impl FnMut(&Asked) -> bool,
    mut gone: impl FnMut(Asked),
) -> Vec<Asked> {
    let (mut taken, mut kept): (Vec<Asked>, Vec<Asked>) = (Vec::new(), Vec::new());
    let (mut students, mut keys) = (HashSet::new(), HashSet::new());
    while taken.len() < most {
        let Some(asked) = waiting.pop_front() else { break };
        if asked.is_abandoned() {
            gone(asked);
            continue;
        }
        let Attempt { student_id, actor, idempotency, .. } = &asked.attempt;
        let key = idempotency.as_ref().map(|own| (actor.clone(), own.key.clone()));
        let is_first = !students.contains(student_id) && key.as_ref().is_none_or(|key| !keys.contains(key));
        // Also where it is kept: what comes after it stays behind it.
        students.insert(*student_id);
        keys.extend(key);
        if is_first && is_free(&asked) {
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
