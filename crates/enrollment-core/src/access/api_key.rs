//! API keys: by which services, scripts and members of staff tell who they are.
//!
//! A key is never changed, only made and revoked: to rotate one, make another, hand it over, and revoke the old one when
//! [`last_used_at`](ApiKey::last_used_at) says that nobody uses it any more. Several may be valid at a time.

use super::{Granted, KeyPrefix, Principal, Rejection, Role};
use crate::actor::Actor;
use crate::catalog::Instant;
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::KeyId;
use crate::text::KeyName;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An API key, without its secret, which only its owner has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    /// Its identifier.
    pub id: KeyId,
    /// Its public part, as which it acts in the audit trail: `key:<prefix>`.
    pub prefix: KeyPrefix,
    /// What it is for.
    pub name: KeyName,
    /// In what roles its owner asks.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<super::RoleForm>))]
    pub roles: Vec<Role>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who made it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub created_by: Actor,
    /// The first instant at which it is no longer valid; none for until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Who revoked it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub revoked_by: Option<Actor>,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// As whom its owner is written down.
    pub fn actor(&self) -> Actor {
        Actor::key(self.prefix.as_str())
    }

    /// Whether it is valid at this time.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Rejection> {
        if self.revoked_at.is_some() {
            return Err(Rejection::Revoked);
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Rejection::Expired);
        }
        Ok(())
    }

    /// Who shows its secret at this time.
    ///
    /// # Errors
    /// Why it is nobody.
    pub fn granted(&self, now: DateTime<Utc>) -> Result<Granted, Rejection> {
        self.check(now)?;
        let principal = Principal::new(self.actor(), self.roles.clone());
        Ok(Granted { key_id: self.id, principal, until: self.expires_at })
    }
}

/// The input form of an API key.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKeyDraft {
    /// What it is for.
    #[cfg_attr(feature = "openapi", schema(value_type = KeyName, required = true))]
    #[serde(default)]
    pub name: Field<KeyName>,
    /// In what roles its owner asks, from 1 to 8.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<super::RoleForm>, required = true, min_items = 1, max_items = 8))]
    #[serde(default)]
    pub roles: Field<Vec<Field<Role>>>,
    /// The first instant at which it is no longer valid; absent for until it is revoked.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DateTime<Utc>>))]
    #[serde(default)]
    pub expires_at: Field<Instant>,
    /// Fields that a key does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// The most roles that one key may have.
const MOST_ROLES: usize = 8;

/// What a draft says, once all of it is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyTerms {
    pub(super) name: KeyName,
    pub(super) roles: Vec<Role>,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

impl ApiKeyDraft {
    /// The draft of a key with these roles, whose values are known to be right.
    pub fn new(name: KeyName, roles: Vec<Role>, expires_at: Option<DateTime<Utc>>) -> Self {
        Self {
            name: Field::Value(name),
            roles: Field::Value(roles.into_iter().map(Field::Value).collect()),
            expires_at: expires_at.map_or(Field::Absent, |end| Field::Value(end.into())),
            unknown: UnknownFields::default(),
        }
    }

    pub(super) fn parse(self, now: DateTime<Utc>) -> Result<KeyTerms, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let name = errors.required("/name", self.name);
        let roles = errors.required("/roles", self.roles).map(|roles| parse_roles(roles, &mut errors));
        let expires_at = errors.optional("/expires_at", self.expires_at).map(DateTime::from);
        if expires_at.is_some_and(|end| end <= now) {
            errors.add("/expires_at", "must be in the future");
        }
        match (name, roles) {
            (Some(name), Some(roles)) if errors.is_empty() => Ok(KeyTerms { name, roles, expires_at }),
            _ => Err(errors),
        }
    }
}

fn parse_roles(roles: Vec<Field<Role>>, errors: &mut FieldErrors) -> Vec<Role> {
    if !(1..=MOST_ROLES).contains(&roles.len()) {
        errors.add("/roles", format!("must have from 1 to {MOST_ROLES} roles"));
        return Vec::new();
    }
    let each = roles.into_iter().enumerate();
    each.filter_map(|(index, role)| errors.required(&format!("/roles/{index}"), role)).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use chrono::TimeDelta;
    use serde_json::{Value, json};
    use uuid::Uuid;

    pub(in crate::access) const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    pub(in crate::access) fn key(roles: Vec<Role>) -> ApiKey {
        ApiKey {
            id: Uuid::from_u128(1).into(),
            prefix: "abcdefgh".to_owned().try_into().unwrap(),
            name: "Timetable import".try_into().unwrap(),
            roles,
            created_at: NOW,
            created_by: Actor::system("test"),
            expires_at: None,
            revoked_at: None,
            revoked_by: None,
            last_used_at: None,
        }
    }

    fn parse(value: Value) -> Result<KeyTerms, Vec<String>> {
        let draft: ApiKeyDraft = serde_json::from_value(value).unwrap();
        draft.parse(NOW).map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let bad = json!({"name": "", "roles": [{"role": "registrar"}, {"role": "service"}, null], "secret": "x", "expires_at": "1970-01-01T00:00:00Z"});
        assert_eq!(parse(bad).unwrap_err(), ["/secret", "/name", "/roles/1", "/roles/2", "/expires_at"]);
        assert_eq!(parse(json!({})).unwrap_err(), ["/name", "/roles"]);
        let many = vec![json!({"role": "auditor"}); 9];
        for roles in [json!([]), json!(many), json!("registrar")] {
            assert_eq!(parse(json!({"name": "x", "roles": roles})).unwrap_err(), ["/roles"]);
        }
    }

    #[test]
    fn a_key_is_valid_until_it_expires_or_is_revoked() {
        let second = TimeDelta::seconds(1);
        let valid = key(vec![Role::Auditor]);
        assert_eq!(valid.check(NOW + second), Ok(()));
        let expiring = ApiKey { expires_at: Some(NOW + second), ..valid.clone() };
        assert_eq!(expiring.check(NOW), Ok(()));
        assert_eq!(expiring.check(NOW + second), Err(Rejection::Expired));
        let revoked = ApiKey { revoked_at: Some(NOW), ..expiring };
        assert_eq!(revoked.check(NOW + second), Err(Rejection::Revoked));
    }

    #[test]
    fn its_owner_acts_under_its_prefix() {
        let granted = key(vec![Role::Auditor]).granted(NOW).unwrap();
        assert_eq!(granted.principal, Principal::new(Actor::key("abcdefgh"), vec![Role::Auditor]));
    }
}
