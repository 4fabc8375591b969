//! When to ask again: not all at once.
//!
//! Those who are turned away in the same moment would come again in the same moment if they were told the same, and be turned
//! away again. So each is told a number of seconds of its own, drawn from a span in which the server gets through far more
//! requests than can have been turned away.

use enrollment_core::chance::Chance;

/// A span of seconds from which the `Retry-After` of each answer is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RetryAfter {
    least: u32,
    most: u32,
}

impl RetryAfter {
    /// From `least` to `most` seconds, each as likely.
    pub(super) const fn between(least: u32, most: u32) -> Self {
        Self { least, most }
    }

    /// The seconds of one answer.
    pub(crate) fn draw(self, chance: &dyn Chance) -> u32 {
        self.least + chance.up_to(self.most.saturating_sub(self.least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Draws 0, 1, 2, … in turn.
    #[derive(Default)]
    struct InTurn(AtomicU32);

    impl Chance for InTurn {
        fn up_to(&self, most: u32) -> u32 {
            self.0.fetch_add(1, Ordering::Relaxed) % (most + 1)
        }
    }

    #[test]
    fn every_second_of_the_span_is_told_and_no_other() {
        let chance = InTurn::default();
        let told: BTreeSet<u32> = (0..100).map(|_| RetryAfter::between(2, 6).draw(&chance)).collect();
        assert_eq!(told, (2..=6).collect());
    }

    #[test]
    fn a_span_of_one_second_leaves_nothing_to_chance() {
        assert_eq!(RetryAfter::between(3, 3).draw(&InTurn::default()), 3);
    }
}
