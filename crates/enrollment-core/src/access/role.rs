//! Roles: in what capacity somebody asks.

use super::{RoleForm, Scope, Scopes};
use crate::ids::StudentId;
use crate::text::{InstructorNumber, Program};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A capacity in which somebody asks, with whose records it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RoleForm", into = "RoleForm")]
pub enum Role {
    /// A student, about themself.
    Student(StudentId),
    /// Who teaches sections, about those.
    Instructor(InstructorNumber),
    /// Who advises the students of some programmes, about those.
    Advisor {
        /// The programmes.
        programs: BTreeSet<Program>,
        /// What was granted beyond reading.
        scopes: Scopes,
    },
    /// Who keeps the records of all students.
    Registrar,
    /// Who reads everything and changes nothing.
    Auditor,
    /// Who runs the service: its keys and its metrics.
    Administrator,
    /// Another system, as far as its scopes go.
    Service(Scopes),
}

/// A role without whose records it is about: a column of the table of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are those of `Role`")]
pub enum RoleKind {
    Student,
    Instructor,
    Advisor,
    Registrar,
    Auditor,
    Administrator,
    Service,
}

impl RoleKind {
    /// All kinds of roles, in the order of the table's columns.
    pub const ALL: [Self; 7] = [
        Self::Student,
        Self::Instructor,
        Self::Advisor,
        Self::Registrar,
        Self::Auditor,
        Self::Administrator,
        Self::Service,
    ];

    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Instructor => "instructor",
            Self::Advisor => "advisor",
            Self::Registrar => "registrar",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::Service => "service",
        }
    }
}

impl Role {
    /// What kind of role it is.
    pub const fn kind(&self) -> RoleKind {
        match self {
            Self::Student(_) => RoleKind::Student,
            Self::Instructor(_) => RoleKind::Instructor,
            Self::Advisor { .. } => RoleKind::Advisor,
            Self::Registrar => RoleKind::Registrar,
            Self::Auditor => RoleKind::Auditor,
            Self::Administrator => RoleKind::Administrator,
            Self::Service(_) => RoleKind::Service,
        }
    }

    /// Whether it was granted this scope.
    pub(super) fn has(&self, scope: Scope) -> bool {
        match self {
            Self::Advisor { scopes, .. } | Self::Service(scopes) => scopes.contains(&scope),
            _ => false,
        }
    }

    /// Whether it has need to know confidential students: a service has it only where it was granted.
    pub(super) fn sees_confidential(&self) -> bool {
        !matches!(self, Self::Service(_)) || self.has(Scope::ConfidentialRead)
    }
}
