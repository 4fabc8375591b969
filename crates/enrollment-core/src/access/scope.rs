//! Scopes: what a service, or an advisor who was granted more, may do.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Several scopes.
pub type Scopes = BTreeSet<Scope>;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// A group of operations, or a need, that can be granted by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum Scope {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Scope {
            /// All scopes that there are.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

scopes! {
    /// Students, but those who are confidential.
    StudentsRead = "students:read",
    /// Making, changing and deleting students.
    StudentsWrite = "students:write",
    /// The records of confidential students too.
    ConfidentialRead = "confidential:read",
    /// Courses, terms, sections, their seats and the grade scale.
    CatalogRead = "catalog:read",
    /// Changing those.
    CatalogWrite = "catalog:write",
    /// Registration windows, which may name students.
    WindowsRead = "windows:read",
    /// Changing those.
    WindowsWrite = "windows:write",
    /// Students' courses, timetables, receipts and history.
    RegistrationsRead = "registrations:read",
    /// Enrolling and dropping students.
    RegistrationsWrite = "registrations:write",
    /// Asking what would be.
    RegistrationsRehearse = "registrations:rehearse",
    /// Permits of students.
    PermitsRead = "permits:read",
    /// Granting and taking back permits.
    PermitsWrite = "permits:write",
    /// Holds on students.
    HoldsRead = "holds:read",
    /// Placing and lifting holds.
    HoldsWrite = "holds:write",
    /// Rosters of sections.
    RostersRead = "rosters:read",
    /// Giving grades.
    GradesWrite = "grades:write",
    /// The feed of all events, those of confidential students included, and the history of sections.
    EventsRead = "events:read",
    /// The metrics of the server.
    MetricsRead = "metrics:read",
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|scope| scope.word() == text).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|scope| scope.word()).collect();
            format!("must be one of {}", all.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_by_the_name_that_it_is_written_with() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(*scope));
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.word());
        }
        assert!("students".parse::<Scope>().unwrap_err().contains("students:read"));
    }
}
