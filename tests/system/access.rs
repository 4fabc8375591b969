//! Access: who gets in, and to what.

mod document;
mod keys;
