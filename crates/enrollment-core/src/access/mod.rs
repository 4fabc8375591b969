//! Access: who asks, what they may do, and to whose records.
//!
//! A [`Principal`] is who asks, with the [`Role`]s that they have. What each role may do is one table,
//! [`permissions`], and every service asks the [`Gate`] before it does anything, with the [`Operation`] and the
//! [`Resource`] that it is about; a call of a service without a principal does not compile. Who a principal is, an
//! [`Authenticator`] tells.
//!
//! To add an **operation**: a variant of [`Operation`], its row in [`permissions`], and its line in `docs/ACCESS.md`.
//! To add a **role**: a variant of [`Role`], and a column of the table. To add a **scope**: a line in [`scope`].

pub mod affiliations;
pub mod authentication;
pub mod gate;
pub mod operation;
pub mod permissions;
pub mod principal;
pub mod role;
pub mod scope;

#[cfg(any(test, feature = "mocks"))]
pub use affiliations::MockAffiliations;
pub use affiliations::{Affiliation, Affiliations};
#[cfg(any(test, feature = "mocks"))]
pub use authentication::MockAuthenticator;
pub use authentication::{AuthenticationError, Authenticator, Rejection};
pub use gate::{Gate, Resource, View};
pub use operation::Operation;
pub use permissions::{Extent, Permission};
pub use principal::Principal;
pub use role::{Role, RoleKind};
pub use scope::{Scope, Scopes};
