//! The queue before the writers: bounded in all and for each student, in the order of arrival.
//!
//! What one writer has in hand, the other one leaves in its place: so attempts that are about the same student, section or course are
//! carried out in the order in which they came, and no writer waits for the locks of the other one. (Where a course is named
//! without a section, or sections share their seats, that cannot be told from the attempts; then the locks decide.)
//!
//! But when there is nothing else for a writer, and the other one is already writing, it takes also what wants the same sections, to
//! decide it after that (see [`turn`](super::turn)); if that is worth it.

use super::tally::Tally;
use super::turn::After;
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
    /// Whether it is about its student and sections by their ids, and nothing else.
    names_only_sections: bool,
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
        let scope = attempt.scope();
        let names_only_sections =
            scope.students == [attempt.student_id] && scope.courses.is_empty() && scope.student_courses.is_empty();
        let subjects = subjects(scope);
        let since = Instant::now();
        (Self { attempt, subjects, names_only_sections, since, losses: 0, was_apart: false, caller }, answered)
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

fn subjects(scope: Scope) -> Vec<Uuid> {
    let Scope { students, sections, courses, student_courses } = scope;
    let students = students.into_iter().map(Uuid::from);
    let sections = sections.into_iter().map(Uuid::from);
    let courses = courses.into_iter().map(|(course, _)| Uuid::from(course));
    students.chain(sections).chain(courses).chain(student_courses.into_iter().map(Uuid::from)).collect()
}

/// How many take attempts from the queue: while one waits for the database, the other one loads and decides.
pub(super) const LANES: usize = 2;

/// Who takes attempts from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane(pub(super) usize);

impl Lane {
    const ALL: [Self; LANES] = [Self(0), Self(1)];

    fn other(self) -> Self {
        Self(LANES - 1 - self.0)
    }
}

/// What was taken from the queue, to be carried out together.
pub(super) struct Taken {
    pub(super) batch: Vec<Asked>,
    /// After what it is to be decided, where that has some of its sections in hand.
    pub(super) after: Option<After>,
}

pub(super) struct Queue {
    state: Mutex<State>,
    /// Of each lane: that there is something for it in the queue, or that the other lane is done.
    arrived: [Condvar; LANES],
    most: usize,
    tally: Arc<Tally>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Asked>,
    of_student: HashMap<StudentId, usize>,
    /// What is in hand: of how many attempts of each lane.
    in_hand: HashMap<Uuid, [usize; LANES]>,
    hands: [Hand; LANES],
    closed: bool,
}

/// What a lane has in hand.
#[derive(Default)]
struct Hand {
    attempts: usize,
    /// How often it was done with all that it had in hand.
    emptied: u64,
    /// Whether all of it is decided, and answered when that is written.
    is_written: bool,
}

impl Queue {
    pub(super) fn new(most: usize, tally: Arc<Tally>) -> Self {
        Self { state: Mutex::default(), arrived: [const { Condvar::new() }; LANES], most, tally }
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
        if is_free || Lane::ALL.into_iter().any(|lane| state.is_worth_following(lane)) {
            self.wake(&state);
        }
        Ok(())
    }

    /// Takes the next attempts that this writer can carry out together, at most so many; waits for the first, at most for `patience`.
    /// They are in its hand until it [releases](Queue::release) them. None when the queue is closed and nothing is left for it.
    pub(super) fn take(&self, lane: Lane, most: usize, patience: Option<Duration>) -> Option<Taken> {
        let mut state = self.state();
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            let taken = state.take(lane, most);
            if !taken.batch.is_empty() {
                if taken.batch.len() == most {
                    self.wake(&state);
                }
                return Some(taken);
            }
            if state.closed {
                return None;
            }
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.arrived[lane.0].wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Some(Taken { batch: Vec::new(), after: None }),
                Some(left) => self.arrived[lane.0].wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    /// Wakes the first lane that has nothing in hand: so a lone attempt finds what the last one left warm.
    fn wake(&self, state: &State) {
        if let Some((_, arrived)) = state.hands.iter().zip(&self.arrived).find(|(hand, _)| hand.attempts == 0) {
            arrived.notify_one();
        }
    }

    /// Tells that these, which this lane took, are done with.
    pub(super) fn release<'a>(&self, lane: Lane, done: impl IntoIterator<Item = &'a Asked>) {
        let mut state = self.state();
        if state.release(lane, done) {
            self.arrived[lane.other().0].notify_one();
        }
    }

    /// Tells that these, which this lane took, are to be taken again: they are put back where they were.
    pub(super) fn put_back(&self, lane: Lane, batch: Vec<Asked>) {
        let mut state = self.state();
        state.release(lane, &batch);
        for asked in batch {
            *state.of_student.entry(asked.attempt.student_id).or_default() += 1;
            let place = state.waiting.partition_point(|other| other.since <= asked.since);
            state.waiting.insert(place, asked);
        }
        self.wake(&state);
    }

    /// Tells that this lane has decided so many attempts, and answers all of them when that is written: if they are all that it has in hand,
    /// the other lane may take what comes after them.
    pub(super) fn is_writing(&self, lane: Lane, attempts: usize) {
        let mut state = self.state();
        let hand = &mut state.hands[lane.0];
        hand.is_written = hand.attempts == attempts;
        if state.is_worth_following(lane) {
            self.arrived[lane.other().0].notify_one();
        }
    }

    /// Tells that what this lane was writing could not be written: who was to come after it shall not wait.
    pub(super) fn is_not_written(&self, lane: Lane) {
        self.state().hands[lane.0].is_written = false;
        self.arrived[lane.other().0].notify_one();
    }

    /// Waits until the other lane is done with what it had in hand then; false when it cannot be, for now.
    pub(super) fn is_done(&self, lane: Lane, After(emptied): After) -> bool {
        let mut state = self.state();
        loop {
            let ahead = &state.hands[lane.other().0];
            if ahead.emptied != emptied || !ahead.is_written {
                return ahead.emptied != emptied;
            }
            state = self.arrived[lane.0].wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes no more attempts; those in the queue are still to be taken from it.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.arrived.iter().for_each(Condvar::notify_all);
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
    fn take(&mut self, lane: Lane, most: usize) -> Taken {
        let other = lane.other();
        let batch = self.take_free(lane, most, |asked, in_hand| !asked.subjects.iter().any(in_hand));
        if !batch.is_empty() || !self.is_worth_following(other) {
            return Taken { batch, after: None };
        }
        let after = Some(After(self.hands[other.0].emptied));
        let follows = |asked: &Asked, in_hand: &dyn Fn(&Uuid) -> bool| {
            asked.names_only_sections && !in_hand(&asked.attempt.student_id.uuid())
        };
        Taken { batch: self.take_free(lane, most, follows), after }
    }

    /// Whether it is worth it to take what comes after what this lane has in hand: if few have come by now, more will until it is done,
    /// and to carry out few costs almost as much as many.
    fn is_worth_following(&self, lane: Lane) -> bool {
        let Hand { attempts, is_written, .. } = self.hands[lane.0];
        is_written && self.hands[lane.other().0].attempts == 0 && 2 * self.waiting.len() >= attempts
    }

    /// Takes what is free, which is told of an attempt and of what the other lane has in hand.
    fn take_free(
        &mut self,
        lane: Lane,
        most: usize,
        is_free: impl Fn(&Asked, &dyn Fn(&Uuid) -> bool) -> bool,
    ) -> Vec<Asked> {
        let Self { waiting, of_student, in_hand, hands, .. } = self;
        let of_other = |subject: &Uuid| in_hand.get(subject).is_some_and(|attempts| attempts[lane.other().0] > 0);
        let mut kept_back: HashSet<Uuid> = HashSet::new();
        let is_free = |asked: &Asked| {
            let is_free =
                is_free(asked, &of_other) && !asked.subjects.iter().any(|subject| kept_back.contains(subject));
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
        hands[lane.0].attempts += taken.len();
        for subject in taken.iter().flat_map(|asked| &asked.subjects) {
            in_hand.entry(*subject).or_default()[lane.0] += 1;
        }
        taken
    }

    /// Takes these out of the lane's hand; whether nothing is left in it.
    fn release<'a>(&mut self, lane: Lane, done: impl IntoIterator<Item = &'a Asked>) -> bool {
        let Self { in_hand, hands, .. } = self;
        let hand = &mut hands[lane.0];
        let done = done.into_iter().inspect(|_| hand.attempts -= 1);
        for subject in done.flat_map(|asked| &asked.subjects) {
            if let Entry::Occupied(mut in_hand) = in_hand.entry(*subject) {
                in_hand.get_mut()[lane.0] -= 1;
                if *in_hand.get() == [0; LANES] {
                    in_hand.remove();
                }
            }
        }
        let is_empty = hand.attempts == 0;
        if is_empty {
            hand.emptied += 1;
            hand.is_written = false;
        }
        is_empty
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
        // Asked of each, since what is behind one that is not free is not free either.
        let is_free = is_free(&asked);
        if is_first && is_free {
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

#[cfg(test)]
mod tests;
