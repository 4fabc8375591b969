//! The queue before the writers: bounded in all and for each student, in the order of arrival.
//!
//! What one writer has in hand, the other one leaves in its place: so attempts that are about the same student, section or course are
//! carried out in the order in which they came, and no writer waits for the locks of the other one. (Where a course is named
//! without a section, or sections share their seats, that cannot be told from the attempts; then the locks decide.)
//!
//! In a rush, whoever was just answered comes again, a moment later. A writer that went on at once with the first of them would carry out few
//! attempts, which costs almost as much as many, while the rest waits for that. So it [gathers](Gathering) as many as half of those that it
//! has answered, for a moment.

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

/// The longest that a writer gathers.
const MOST_GATHERING: Duration = Duration::from_millis(2);

/// How many take attempts from the queue: while one waits for the database, the other one loads and decides.
pub(super) const LANES: usize = 2;

/// Who takes attempts from the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lane(pub(super) usize);

pub(super) struct Queue {
    state: Mutex<State>,
    /// Of each lane.
    arrived: [Condvar; LANES],
    most: usize,
    tally: Arc<Tally>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Asked>,
    of_student: HashMap<StudentId, usize>,
    /// What is in hand, and by whom.
    in_hand: HashMap<Uuid, InHand>,
    /// How many attempts each lane has in hand.
    busy: [usize; LANES],
    /// What each lane has taken last, until it takes again.
    last: [Option<Last>; LANES],
    /// The lanes that gather.
    gathering: [Option<Gathering>; LANES],
    closed: bool,
}

/// What a lane has taken.
#[derive(Clone, Copy, Debug)]
struct Last {
    attempts: usize,
    at: Instant,
}

/// What a lane waits for before it takes again: that so many attempts wait, or that the time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gathering {
    attempts: usize,
    until: Instant,
}

impl Last {
    /// What to wait for now that it is done with. For one attempt that is nobody: without a rush nothing is held back.
    fn gathering(self, now: Instant) -> Gathering {
        let took = now.saturating_duration_since(self.at);
        Gathering { attempts: self.attempts / 2, until: now + (took / 2).min(MOST_GATHERING) }
    }
}

/// Something that attempts are about which a writer has taken and not answered.
struct InHand {
    lane: Lane,
    attempts: usize,
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
        if is_free {
            self.wake(&state);
        }
        Ok(())
    }

    /// Takes the next attempts that this writer can carry out together, at most so many; waits for the first, at most for `patience`.
    /// They are in its hand until it [releases](Queue::release) them. None when the queue is closed and nothing is left for it.
    pub(super) fn take(&self, lane: Lane, most: usize, patience: Option<Duration>) -> Option<Vec<Asked>> {
        let mut state = self.gather(self.state(), lane);
        let until = patience.map(|patience| Instant::now() + patience);
        loop {
            let taken = state.take(lane, most);
            if !taken.is_empty() {
                if taken.len() == most {
                    self.wake(&state);
                }
                return Some(taken);
            }
            if state.closed {
                return None;
            }
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.arrived[lane.0].wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Some(Vec::new()),
                Some(left) => self.arrived[lane.0].wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
    }

    /// Waits until as many have come as the lane wants after what it took last, or a moment is over.
    fn gather<'a>(&'a self, mut state: MutexGuard<'a, State>, lane: Lane) -> MutexGuard<'a, State> {
        let Some(last) = state.last[lane.0].take() else { return state };
        let gathering = last.gathering(Instant::now());
        state.gathering[lane.0] = Some(gathering);
        while state.waiting.len() < gathering.attempts && !state.closed {
            let left = gathering.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.arrived[lane.0].wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.gathering[lane.0] = None;
        state
    }

    fn wake(&self, state: &State) {
        if let Some(lane) = state.next() {
            self.arrived[lane.0].notify_one();
        }
    }

    /// Tells that these, which this lane took, are done with.
    pub(super) fn release<'a>(&self, lane: Lane, done: impl IntoIterator<Item = &'a Asked>) {
        let mut state = self.state();
        let State { in_hand, busy, .. } = &mut *state;
        let done = done.into_iter().inspect(|_| busy[lane.0] -= 1);
        for subject in done.flat_map(|asked| &asked.subjects) {
            if let Entry::Occupied(mut in_hand) = in_hand.entry(*subject) {
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
    /// Who is to look into the queue: a lane that gathers, once as many wait as it wants; or if none does, the first that has nothing in
    /// hand, so that a lone attempt finds what the last one left warm.
    fn next(&self) -> Option<Lane> {
        let mut lanes = (0..LANES).map(Lane);
        if self.gathering.iter().all(Option::is_none) {
            return lanes.find(|lane| self.busy[lane.0] == 0);
        }
        lanes.find(|lane| self.gathering[lane.0].is_some_and(|gathering| self.waiting.len() >= gathering.attempts))
    }

    fn take(&mut self, lane: Lane, most: usize) -> Vec<Asked> {
        let Self { waiting, of_student, in_hand, busy, last, .. } = self;
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
        busy[lane.0] += taken.len();
        if !taken.is_empty() {
            last[lane.0] = Some(Last { attempts: taken.len(), at: Instant::now() });
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
mod tests {
    use super::*;
    use chrono::DateTime;
    use enrollment_core::actor::Actor;
    use enrollment_core::registration::Mode;
    use serde_json::json;

    const ONE: Lane = Lane(0);
    const OTHER: Lane = Lane(1);

    /// Puts an attempt of this student for this section into the queue.
    fn put(queue: &Queue, number: u128, student: u128, section: u128) -> Answered {
        let command = json!({"enroll": {
            "request": {"target": {"section": Uuid::from_u128(section)}, "grading_basis": "graded"},
            "student_course_id": Uuid::from_u128(number),
        }});
        let (asked, answered) = Asked::new(Attempt {
            id: Uuid::from_u128(number).into(),
            actor: Actor::system("test"),
            reason: None,
            at: DateTime::UNIX_EPOCH,
            student_id: Uuid::from_u128(student).into(),
            command: serde_json::from_value(command).unwrap(),
            mode: Mode::Commit,
            idempotency: None,
            caused_by: None,
        });
        queue.put(asked).unwrap();
        answered
    }

    fn queue() -> Queue {
        Queue::new(100, Arc::new(Tally::new()))
    }

    /// What a lane can take at once.
    fn take(queue: &Queue, lane: Lane) -> Vec<Asked> {
        queue.take(lane, 100, Some(Duration::ZERO)).unwrap()
    }

    fn numbers(taken: &[Asked]) -> Vec<u128> {
        taken.iter().map(|asked| asked.attempt.id.uuid().as_u128()).collect()
    }

    #[test]
    fn what_one_lane_has_in_hand_the_other_leaves_in_its_place_with_all_that_is_behind_it() {
        let queue = queue();
        let mut waits = vec![put(&queue, 1, 11, 90)];
        let first = take(&queue, ONE);
        // Of the same section; of its student, for another section; of that section; and of nothing of these.
        let later = [(2, 12, 90), (3, 12, 91), (4, 13, 91), (5, 14, 92)];
        waits.extend(later.map(|(number, student, section)| put(&queue, number, student, section)));
        let other = take(&queue, OTHER);
        assert_eq!((numbers(&first), numbers(&other)), (vec![1], vec![5]));
        assert!(take(&queue, OTHER).is_empty(), "the first lane has it in hand still");
        queue.release(ONE, &first);
        let next = take(&queue, OTHER);
        // The same student's second waits for the next transaction.
        assert_eq!(numbers(&next), [2, 4]);
        assert!(take(&queue, ONE).is_empty());
        queue.release(OTHER, &next);
        assert_eq!(numbers(&take(&queue, ONE)), [3]);
    }

    #[test]
    fn a_lane_may_take_more_of_what_it_has_in_hand_itself() {
        let queue = queue();
        let _waits = [put(&queue, 1, 11, 90), put(&queue, 2, 12, 90)];
        let taken = take(&queue, ONE);
        let _waits_too = put(&queue, 3, 13, 90);
        assert_eq!((numbers(&taken), numbers(&take(&queue, ONE))), (vec![1, 2], vec![3]));
        queue.release(ONE, &taken);
        let _waits_last = put(&queue, 4, 14, 90);
        assert!(take(&queue, OTHER).is_empty(), "the third is not done with");
    }

    #[test]
    fn what_nobody_waits_for_is_in_nobodys_hand() {
        let queue = queue();
        drop(put(&queue, 1, 11, 90));
        assert!(take(&queue, ONE).is_empty());
        let _waits = put(&queue, 2, 11, 90);
        assert_eq!(numbers(&take(&queue, OTHER)), [2]);
    }

    #[test]
    fn after_many_half_as_many_are_gathered_for_a_moment_and_after_one_nobody() {
        let at = Instant::now();
        let after = |attempts, micros| Last { attempts, at }.gathering(at + Duration::from_micros(micros));
        let gathering = |attempts, micros| Gathering { attempts, until: at + Duration::from_micros(micros) };
        assert_eq!(after(40, 1_000), gathering(20, 1_500), "half as long as they took");
        assert_eq!(after(40, 9_000), gathering(20, 11_000), "at most for a moment");
        assert_eq!(after(1, 1_000).attempts, 0);
    }

    #[test]
    fn while_a_lane_gathers_nobody_takes_few_of_those_that_it_waits_for() {
        let queue = queue();
        let mut state = queue.state();
        assert_eq!(state.next(), Some(ONE));
        state.busy[ONE.0] = 3;
        assert_eq!(state.next(), Some(OTHER));
        state.gathering[ONE.0] = Some(Gathering { attempts: 2, until: Instant::now() });
        drop(state);
        let _wait = put(&queue, 1, 11, 90);
        assert_eq!(queue.state().next(), None);
        let _wait_too = put(&queue, 2, 12, 90);
        assert_eq!(queue.state().next(), Some(ONE));
    }

    #[test]
    fn a_closed_queue_is_emptied_by_who_can_have_what_is_left() {
        let queue = queue();
        let _waits = put(&queue, 1, 11, 90);
        let taken = take(&queue, ONE);
        let _waits_too = put(&queue, 2, 12, 90);
        queue.close();
        assert!(queue.take(OTHER, 100, None).is_none(), "it is left to who has the section in hand");
        queue.release(ONE, &taken);
        assert_eq!(numbers(&queue.take(ONE, 100, None).unwrap()), [2]);
        assert!(queue.take(ONE, 100, None).is_none());
    }
}
