//! Who asks.

use crate::ids::StudentId;
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::fmt;

/// Who makes a request, as it is written to the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(SmolStr);

impl Actor {
    /// Somebody whom nobody has identified, where a server of a developer lets everybody in.
    pub fn anonymous() -> Self {
        Self(SmolStr::new_static("anonymous"))
    }

    /// A part of the system that acts by itself, such as `import` or `demo`.
    pub fn system(part: &str) -> Self {
        Self(format_smolstr!("system:{part}"))
    }

    /// A student, who acts for themself.
    pub fn student(id: StudentId) -> Self {
        Self(format_smolstr!("student:{id}"))
    }

    /// A member of staff, as the identity provider names them.
    pub fn user(subject: &str) -> Self {
        Self(format_smolstr!("user:{subject}"))
    }

    /// Who has the API key with this public prefix.
    pub fn key(prefix: &str) -> Self {
        Self(format_smolstr!("key:{prefix}"))
    }

    /// The student on whose behalf this actor does something to the student's registrations: none where the student does it, a
    /// part of the system does, or nobody knows who does.
    pub fn on_behalf_of(&self, student: StudentId) -> Option<StudentId> {
        let is_other = match self.0.strip_prefix("student:") {
            Some(own) => *own != student.to_string(),
            None => ["user:", "key:"].iter().any(|kind| self.0.starts_with(kind)),
        };
        is_other.then_some(student)
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

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn only_somebody_else_acts_on_behalf_of_a_student() {
        let [ada, grace] = [1, 2].map(|number| StudentId::from(Uuid::from_u128(number)));
        for own in [Actor::student(ada), Actor::system("waitlist"), Actor::anonymous()] {
            assert_eq!(own.on_behalf_of(ada), None, "{own}");
        }
        for other in [Actor::user("registrar"), Actor::key("a1b2"), Actor::student(grace)] {
            assert_eq!(other.on_behalf_of(ada), Some(ada), "{other}");
        }
    }
}
