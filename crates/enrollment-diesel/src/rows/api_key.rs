//! A row of `api_keys`, without the digest, which is never read.

use super::json::document;
use super::{Corrupt, Place};
use crate::StoreError;
use crate::schema::api_keys;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use enrollment_core::access::{ApiKey, SecretDigest};
use enrollment_core::actor::Actor;
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct ApiKeyRow {
    pub(crate) id: Uuid,
    prefix: String,
    name: String,
    roles: Value,
    created_at: DateTime<Utc>,
    created_by: String,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    revoked_by: Option<String>,
    last_used_at: Option<DateTime<Utc>>,
}

impl TryFrom<ApiKeyRow> for ApiKey {
    type Error = Corrupt;

    fn try_from(row: ApiKeyRow) -> Result<Self, Corrupt> {
        let place = Place::new("api_keys", row.id);
        let actor = |column, name: &str| place.word::<Actor>(column, name);
        Ok(Self {
            id: row.id.into(),
            prefix: place.read("prefix", row.prefix)?,
            name: place.read("name", row.name)?,
            roles: place.document("roles", row.roles)?,
            created_at: row.created_at,
            created_by: actor("created_by", &row.created_by)?,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            revoked_by: row.revoked_by.map(|name| actor("revoked_by", &name)).transpose()?,
            last_used_at: row.last_used_at,
        })
    }
}

/// A key that is added.
#[derive(Insertable)]
#[diesel(table_name = api_keys)]
pub(crate) struct NewApiKeyRow {
    id: Uuid,
    prefix: String,
    digest: Vec<u8>,
    name: String,
    roles: Value,
    created_at: DateTime<Utc>,
    created_by: String,
    expires_at: Option<DateTime<Utc>>,
}

impl NewApiKeyRow {
    pub(crate) fn of(key: &ApiKey, digest: SecretDigest) -> Result<Self, StoreError> {
        Ok(Self {
            id: key.id.uuid(),
            prefix: key.prefix.to_string(),
            digest: digest.as_bytes().to_vec(),
            name: key.name.to_string(),
            roles: document(&key.roles)?,
            created_at: key.created_at,
            created_by: key.created_by.to_string(),
            expires_at: key.expires_at,
        })
    }
}
