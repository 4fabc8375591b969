//! Access: who gets in, and to what.

mod credentials;
mod document;
mod keys;
mod provider;
mod reach;
