//! The system's randomness.

use enrollment_core::chance::Chance;

/// Draws lots that nobody needs to be unable to guess.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn up_to(&self, most: u32) -> u32 {
        fastrand::u32(0..=most)
    }
}
