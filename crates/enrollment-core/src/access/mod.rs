//! Access: who asks, what they may do, and to whose records.
//!
//! A [`Principal`] is who asks, with the [`Role`]s that they have. What each role may do is one table,
//! [`permissions`], and every service asks the [`Gate`] before it does anything, with the [`Operation`] and the
//! [`Resource`] that it is about; a call of a service without a principal does not compile. Who a principal is, an
//! [`Authenticator`] tells.
//!
//! Who has no identity provider to ask has an [`ApiKey`], whose secret is shown once and kept as a digest ([`secret`]);
//! [`ApiKeys`] makes, lists and revokes them, and [`AccessTokens`] exchanges one for a token that lives for a while.
//!
//! To add an **operation**: a variant of [`Operation`], its row in [`permissions`], and its line in `docs/ACCESS.md`.
//! To add a **role**: a variant of [`Role`], and a column of the table. To add a **scope**: a line in [`scope`].

pub mod access_token;
pub mod affiliations;
pub mod api_key;
pub mod authentication;
pub mod credentials;
pub mod gate;
pub mod keys;
pub mod numbers;
pub mod operation;
pub mod permissions;
pub mod principal;
pub mod randomness;
pub mod role;
pub mod role_form;
pub mod scope;
pub mod secret;

pub use access_token::{AccessToken, AccessTokens, GrantError, IssuedToken};
#[cfg(any(test, feature = "mocks"))]
pub use affiliations::MockAffiliations;
pub use affiliations::{Affiliation, Affiliations};
pub use api_key::{ApiKey, ApiKeyDraft};
#[cfg(any(test, feature = "mocks"))]
pub use authentication::MockAuthenticator;
pub use authentication::{AuthenticationError, Authenticator, Rejection};
#[cfg(any(test, feature = "mocks"))]
pub use credentials::MockCredentials;
pub use credentials::{Credentials, Granted};
pub use gate::{Gate, Resource, Seen, View};
pub use keys::{ApiKeyRepository, ApiKeys, IssuedKey, Revocations};
#[cfg(any(test, feature = "mocks"))]
pub use keys::{MockApiKeyRepository, MockRevocations};
#[cfg(any(test, feature = "mocks"))]
pub use numbers::MockNumbers;
pub use numbers::Numbers;
pub use operation::Operation;
pub use permissions::{Extent, Permission};
pub use principal::Principal;
#[cfg(any(test, feature = "mocks"))]
pub use randomness::MockRandomness;
pub use randomness::Randomness;
pub use role::{Role, RoleKind};
pub use role_form::RoleForm;
pub use scope::{Scope, Scopes};
pub use secret::{Credential, KeyPrefix, Secret, SecretDigest};
