//! How far a bulk write is.

/// Who is told how far it is.
pub trait Progress {
    /// So many of so many are done of this. It is told again and again; one that is done entirely is the last of its kind.
    fn tell(&mut self, what: &str, done: usize, of: usize);
}

/// Nobody is told.
impl Progress for () {
    fn tell(&mut self, _: &str, _: usize, _: usize) {}
}
