//! Access: who gets in, and to what.

mod confidential;
mod credentials;
mod document;
mod keys;
mod provider;
mod reach;
