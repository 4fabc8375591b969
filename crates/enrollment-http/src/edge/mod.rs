//! The edge: what comes from the network before anything of it is understood, and how much of it is put up with.
//!
//! * `head` bounds what a request's head may have; a body is bounded by [`body`](crate::body).
//! * [`Proxies`] tells from which address a request comes.
//! * [`Rates`] and `limits` bound how often an address, a person or a key may ask, and how often an address may fail to say who asks.
//! * [`Origins`] says whose pages may ask from a browser.
//! * `security_headers` are those of every answer.
//!
//! To add a bound: a file here with what an operator may choose, and a field of [`Edge`].

mod head;
mod limits;
mod origins;
mod proxies;
mod rate;
pub(crate) mod security_headers;

pub(crate) use head::keep;
pub(crate) use limits::{Budget, Limits, draw, seconds};
pub use origins::{NotAnOrigin, Origins};
pub use proxies::{Forwarding, Proxies};
pub use rate::{NotARate, Rate, Rates};

/// What an operator can choose of it.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// How often who may ask.
    pub rates: Rates,
    /// Who is believed when they tell for whom they ask.
    pub proxies: Proxies,
    /// Whose pages may ask.
    pub origins: Origins,
    /// Whether clients reach this server by TLS alone.
    pub is_tls: bool,
}
