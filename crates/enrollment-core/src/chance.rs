//! Chance, as a port: nothing in this crate draws lots.

/// Draws lots.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Chance: Send + Sync {
    /// A number from 0 to `most`, each as likely as the others.
    fn up_to(&self, most: u32) -> u32;
}
