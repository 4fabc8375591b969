//! A row of `access_tokens`, without the digest, which is never read.

use super::{Corrupt, Place};
use crate::schema::access_tokens;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use enrollment_core::access::AccessToken;
use serde_json::Value;
use uuid::Uuid;

#[derive(Queryable, Selectable)]
#[diesel(table_name = access_tokens)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub(crate) struct AccessTokenRow {
    key_id: Uuid,
    roles: Value,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl TryFrom<AccessTokenRow> for AccessToken {
    type Error = Corrupt;

    fn try_from(row: AccessTokenRow) -> Result<Self, Corrupt> {
        // It has no id but its digest, which is nobody's to read.
        let place = Place::new("access_tokens of key", row.key_id);
        Ok(Self {
            key_id: row.key_id.into(),
            roles: place.document("roles", row.roles)?,
            issued_at: row.issued_at,
            expires_at: row.expires_at,
        })
    }
}
