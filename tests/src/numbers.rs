//! Chance that is the same each time.

/// A sequence of numbers that look random, and are the same for the same beginning (an LCG of Knuth's).
pub struct Numbers(u64);

impl From<u64> for Numbers {
    fn from(beginning: u64) -> Self {
        Self(beginning)
    }
}

impl Numbers {
    /// The next number from 0 on below this bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}
