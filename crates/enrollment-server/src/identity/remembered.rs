//! What was found out about credentials, remembered by their digests for a moment.
//!
//! It is bounded: when it is full, what has expired goes, and if that is not enough, everything. That costs who is known a
//! look-up, and nothing else.

use enrollment_core::access::SecretDigest;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Values by digest.
pub(super) struct Remembered<T> {
    most: usize,
    known: Mutex<Known<T>>,
}

struct Known<T> {
    entries: HashMap<SecretDigest, Entry<T>>,
    /// How often everything was forgotten.
    generation: u64,
}

struct Entry<T> {
    value: T,
    stale: Instant,
    over: Instant,
}

/// When a look-up began, so that what it found is not remembered if everything was to be forgotten meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u64);

impl<T: Clone> Remembered<T> {
    /// Remembers so many at most.
    pub(super) fn new(most: usize) -> Self {
        Self { most, known: Mutex::new(Known { entries: HashMap::new(), generation: 0 }) }
    }

    /// What is known, if it is not over. When it is stale, one caller is answered nothing, and is expected to look it up
    /// again; the others go on with what is known.
    pub(super) fn get(&self, digest: &SecretDigest, now: Instant) -> Option<T> {
        let mut known = self.lock();
        let entry = known.entries.get_mut(digest).filter(|entry| now < entry.over)?;
        if entry.stale <= now {
            entry.stale = entry.over;
            return None;
        }
        Some(entry.value.clone())
    }

    /// Where a look-up begins.
    pub(super) fn generation(&self) -> Generation {
        Generation(self.lock().generation)
    }

    /// Remembers what a look-up has found, until it is stale and until it is over.
    pub(super) fn keep(&self, digest: SecretDigest, value: T, began: Generation, stale: Instant, over: Instant) {
        let mut known = self.lock();
        if Generation(known.generation) != began {
            return;
        }
        if known.entries.len() >= self.most {
            let now = Instant::now();
            known.entries.retain(|_, entry| now < entry.over);
        }
        if known.entries.len() >= self.most {
            known.entries.clear();
        }
        known.entries.insert(digest, Entry { value, stale, over });
    }

    /// Forgets one.
    pub(super) fn forget(&self, digest: &SecretDigest) {
        self.lock().entries.remove(digest);
    }

    /// Forgets everything, also what is being looked up.
    pub(super) fn forget_all(&self) {
        let mut known = self.lock();
        known.entries.clear();
        known.generation += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Known<T>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn digest(number: usize) -> SecretDigest {
        SecretDigest::of(&number.to_string())
    }

    fn keep(remembered: &Remembered<usize>, number: usize, now: Instant) {
        let began = remembered.generation();
        remembered.keep(digest(number), number, began, now + SECOND, now + 2 * SECOND);
    }

    #[test]
    fn one_looks_again_when_it_is_stale_and_all_when_it_is_over() {
        let (remembered, now) = (Remembered::new(10), Instant::now());
        assert_eq!(remembered.get(&digest(1), now), None);
        keep(&remembered, 1, now);
        assert_eq!(remembered.get(&digest(1), now), Some(1));
        assert_eq!(remembered.get(&digest(1), now + SECOND), None);
        assert_eq!(remembered.get(&digest(1), now + SECOND), Some(1));
        assert_eq!(remembered.get(&digest(1), now + 2 * SECOND), None);
        assert_eq!(remembered.get(&digest(2), now), None);
    }

    #[test]
    fn what_was_looked_up_before_all_was_forgotten_is_not_remembered() {
        let (remembered, now) = (Remembered::new(10), Instant::now());
        let began = remembered.generation();
        remembered.forget_all();
        remembered.keep(digest(1), 1, began, now + SECOND, now + SECOND);
        assert_eq!(remembered.get(&digest(1), now), None);
    }

    #[test]
    fn it_never_holds_more_than_it_may() {
        let (remembered, now) = (Remembered::new(100), Instant::now());
        for number in 0..1_000 {
            keep(&remembered, number, now);
            assert!(remembered.lock().entries.len() <= 100);
            assert_eq!(remembered.get(&digest(number), now), Some(number));
        }
    }
}
