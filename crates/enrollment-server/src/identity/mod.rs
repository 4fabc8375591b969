//! Who callers are.

mod nobody;

pub use nobody::LetEverybodyIn;
