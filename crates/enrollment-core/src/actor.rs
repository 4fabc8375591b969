//! Who asks.

use crate::ids::StudentId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who makes a request, as it is written to the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// Somebody whom nobody has identified, where a server of a developer lets everybody in.
    pub fn anonymous() -> Self {
        Self("anonymous".to_owned())
    }

    /// A part of the system that acts by itself, such as `import` or `demo`.
    pub fn system(part: &str) -> Self {
        Self(format!("system:{part}"))
    }

    /// A student, who acts for themself.
    pub fn student(id: StudentId) -> Self {
        Self(format!("student:{id}"))
    }

    /// A member of staff, as the identity provider names them.
    pub fn user(subject: &str) -> Self {
        Self(format!("user:{subject}"))
    }

    /// Who has the API key with this public prefix.
    pub fn key(prefix: &str) -> Self {
        Self(format!("key:{prefix}"))
    }

    /// The actor as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
