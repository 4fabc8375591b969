//! Who makes a request.

use super::{Operation, Role, permissions};
use crate::actor::Actor;
use crate::text::Reason;
use std::sync::Arc;

/// Who makes a request, and in what roles. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    actor: Arc<Actor>,
    roles: Arc<[Role]>,
    reason: Option<Arc<Reason>>,
}

impl Principal {
    /// Somebody who has these roles.
    pub fn new(actor: Actor, roles: Vec<Role>) -> Self {
        Self { actor: Arc::new(actor), roles: roles.into(), reason: None }
    }

    /// A part of the system that acts by itself, such as `import` or `demo`: it may do everything.
    pub fn system(part: &str) -> Self {
        Self::new(Actor::system(part), vec![Role::Registrar, Role::Administrator])
    }

    /// Everybody, where a server of a developer asks nobody who they are: they may do everything.
    pub fn anonymous() -> Self {
        Self::new(Actor::anonymous(), vec![Role::Registrar, Role::Administrator])
    }

    /// The same, who says why they do it.
    #[must_use]
    pub fn because(self, reason: Reason) -> Self {
        Self { reason: Some(Arc::new(reason)), ..self }
    }

    /// Why they do it, where they say.
    pub fn reason(&self) -> Option<&Reason> {
        self.reason.as_deref()
    }

    /// As whom they are written down.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// In what roles they ask.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Whether there is anything about which they may do this.
    pub fn may_ever(&self, operation: Operation) -> bool {
        self.roles.iter().any(|role| permissions::extent(role, operation).is_some())
    }
}
