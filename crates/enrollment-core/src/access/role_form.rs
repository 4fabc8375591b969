//! Roles as they are written: in a body, on the command line, and in the store.

use super::{Role, RoleKind, Scopes};
use crate::ids::StudentId;
use crate::text::{InstructorNumber, Program};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A role with whose records it is about: `{"role": "advisor", "programs": ["BSc Physics"]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleForm {
    /// What role it is.
    pub role: RoleKind,
    /// Of a student, who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub student_id: Option<StudentId>,
    /// Of an instructor, the institution's own identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub instructor_number: Option<InstructorNumber>,
    /// Of an advisor, whose students they advise.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub programs: BTreeSet<Program>,
    /// Of a service, what it may do; of an advisor, what was granted beyond reading.
    #[serde(default, skip_serializing_if = "Scopes::is_empty")]
    pub scopes: Scopes,
}

impl RoleForm {
    /// The form of a role that has nothing but its name.
    pub fn of(role: RoleKind) -> Self {
        Self { role, student_id: None, instructor_number: None, programs: BTreeSet::new(), scopes: Scopes::new() }
    }

    /// What it has that a role of this kind does not.
    fn surplus(&self) -> Option<&'static str> {
        let kind = self.role;
        [
            ("student_id", self.student_id.is_some(), kind == RoleKind::Student),
            ("instructor_number", self.instructor_number.is_some(), kind == RoleKind::Instructor),
            ("programs", !self.programs.is_empty(), kind == RoleKind::Advisor),
            ("scopes", !self.scopes.is_empty(), matches!(kind, RoleKind::Advisor | RoleKind::Service)),
        ]
        .into_iter()
        .find(|(_, is_there, belongs)| *is_there && !belongs)
        .map(|(name, ..)| name)
    }
}

impl TryFrom<RoleForm> for Role {
    type Error = String;

    fn try_from(form: RoleForm) -> Result<Self, String> {
        let word = form.role.word();
        if let Some(surplus) = form.surplus() {
            return Err(format!("the role {word} has no {surplus}"));
        }
        let needs = |what: &str| format!("the role {word} needs {what}");
        match form.role {
            RoleKind::Student => form.student_id.map(Self::Student).ok_or_else(|| needs("student_id")),
            RoleKind::Instructor => {
                form.instructor_number.map(Self::Instructor).ok_or_else(|| needs("instructor_number"))
            }
            RoleKind::Advisor if form.programs.is_empty() => Err(needs("programs")),
            RoleKind::Advisor => Ok(Self::Advisor { programs: form.programs, scopes: form.scopes }),
            RoleKind::Registrar => Ok(Self::Registrar),
            RoleKind::Auditor => Ok(Self::Auditor),
            RoleKind::Administrator => Ok(Self::Administrator),
            RoleKind::Service if form.scopes.is_empty() => Err(needs("scopes")),
            RoleKind::Service => Ok(Self::Service(form.scopes)),
        }
    }
}

impl From<Role> for RoleForm {
    fn from(role: Role) -> Self {
        let form = Self::of(role.kind());
        match role {
            Role::Student(student_id) => Self { student_id: Some(student_id), ..form },
            Role::Instructor(number) => Self { instructor_number: Some(number), ..form },
            Role::Advisor { programs, scopes } => Self { programs, scopes, ..form },
            Role::Service(scopes) => Self { scopes, ..form },
            Role::Registrar | Role::Auditor | Role::Administrator => form,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn read(value: Value) -> Result<Role, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn every_role_is_read_as_it_is_written() {
        let forms = [
            json!({"role": "student", "student_id": Uuid::from_u128(1)}),
            json!({"role": "instructor", "instructor_number": "I1"}),
            json!({"role": "advisor", "programs": ["Physics"]}),
            json!({"role": "advisor", "programs": ["Physics"], "scopes": ["permits:write"]}),
            json!({"role": "registrar"}),
            json!({"role": "auditor"}),
            json!({"role": "administrator"}),
            json!({"role": "service", "scopes": ["catalog:read", "students:read"]}),
        ];
        for form in forms {
            let role = read(form.clone()).unwrap();
            assert_eq!(serde_json::to_value(&role).unwrap()["role"], role.kind().word());
            assert_eq!(read(serde_json::to_value(&role).unwrap()), Ok(role), "{form}");
        }
    }

    #[test]
    fn a_role_has_what_it_needs_and_nothing_more() {
        let table = [
            (json!({"role": "student"}), "the role student needs student_id"),
            (json!({"role": "instructor"}), "the role instructor needs instructor_number"),
            (json!({"role": "advisor"}), "the role advisor needs programs"),
            (json!({"role": "service"}), "the role service needs scopes"),
            (json!({"role": "service", "scopes": []}), "the role service needs scopes"),
            (json!({"role": "registrar", "scopes": ["students:read"]}), "the role registrar has no scopes"),
            (
                json!({"role": "service", "scopes": ["students:read"], "programs": ["X"]}),
                "the role service has no programs",
            ),
            (json!({"role": "auditor", "student_id": Uuid::nil()}), "the role auditor has no student_id"),
            (json!({"role": "auditor", "instructor_number": "1"}), "the role auditor has no instructor_number"),
            (json!({"role": "auditor", "power": 1}), "unknown field `power`"),
            (json!({"role": "emperor"}), "unknown variant `emperor`"),
        ];
        for (form, reason) in table {
            let told = read(form.clone()).unwrap_err();
            assert!(told.contains(reason), "{form}: {told}");
        }
    }
}
