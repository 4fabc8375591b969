//! Access: whose records are whose, API keys, the access tokens that they are exchanged for, and whose secrets they are.

mod affiliations;
mod credentials;
mod keys;
mod numbers;

pub(crate) use credentials::{KeyUse, key_uses};
