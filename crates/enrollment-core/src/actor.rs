//! Who asks.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who makes a request, as it is written to the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(String);

impl Actor {
    /// Somebody whom nobody has identified: every caller, until access control names them.
    pub fn anonymous() -> Self {
        Self("anonymous".to_owned())
    }

    /// A part of the system that acts by itself, such as `import` or `demo`.
    pub fn system(part: &str) -> Self {
        Self(format!("system:{part}"))
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
