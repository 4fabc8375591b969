//! Whose a secret is: the port [`Credentials`].
//!
//! It is asked in a lane of its own, so that nobody who may enter waits behind those who read lists. When a key was last used is
//! written behind the requests.

use crate::pool::{Pool, Purpose};
use crate::rows::access_token::AccessTokenRow;
use crate::rows::api_key::ApiKeyRow;
use crate::rows::json::document;
use crate::schema::{access_tokens, api_keys};
use crate::statement::Statement;
use crate::store::{Answer, PgStore, committing};
use crate::workers::Lender;
use crate::write_behind::WriteBehind;
use crate::{StoreConfig, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bytea, Jsonb, Timestamptz, Uuid as SqlUuid};
use enrollment_core::Error;
use enrollment_core::access::{AccessToken, ApiKey, Credentials, SecretDigest};
use enrollment_core::ids::KeyId;
use std::io;

/// That a key was used, and when.
pub(crate) type KeyUse = (KeyId, DateTime<Utc>);

/// What writes behind the requests when keys were used, on a connection of its own.
pub(crate) fn key_uses(config: &StoreConfig) -> io::Result<WriteBehind<KeyUse>> {
    let pool = Pool::new(config, Purpose::WriteBehind);
    WriteBehind::start("store-key-uses", config.queue, move |uses| {
        let write = || pool.lend(|conn| note_uses(conn?, uses));
        match write() {
            // The connection had died meanwhile: the next one may live.
            Err(StoreError::Lost(_)) => write(),
            answer => answer,
        }
    })
}

#[async_trait]
impl Credentials for PgStore {
    async fn key_of(&self, digest: SecretDigest) -> Result<Option<ApiKey>, Error> {
        self.credentials.run(move |conn| key_of(conn, digest)).await?
    }

    async fn token_of(&self, digest: SecretDigest) -> Result<Option<(AccessToken, ApiKey)>, Error> {
        self.credentials.run(move |conn| token_of(conn, digest)).await?
    }

    async fn keep_token(&self, digest: SecretDigest, token: AccessToken) -> Result<(), Error> {
        self.write(move |conn| keep_token(conn, digest, &token)).await
    }

    fn used(&self, key: KeyId, at: DateTime<Utc>) {
        self.key_uses.hand_over((key, at));
    }
}

fn key_of(conn: &mut PgConnection, digest: SecretDigest) -> Answer<Option<ApiKey>> {
    let key = api_keys::table.filter(api_keys::digest.eq(&digest.as_bytes()[..]));
    let row = key.select(ApiKeyRow::as_select()).first(conn).optional()?;
    Ok(Ok(row.map(ApiKey::try_from).transpose()?))
}

fn token_of(conn: &mut PgConnection, digest: SecretDigest) -> Answer<Option<(AccessToken, ApiKey)>> {
    let token = access_tokens::table.find(&digest.as_bytes()[..]).inner_join(api_keys::table);
    let rows = token.select((AccessTokenRow::as_select(), ApiKeyRow::as_select())).first(conn).optional()?;
    let read = |(token, key): (AccessTokenRow, ApiKeyRow)| Ok::<_, StoreError>((token.try_into()?, key.try_into()?));
    Ok(Ok(rows.map(read).transpose()?))
}

/// Each token that is kept makes room for up to a hundred that have expired, so the table never grows beyond those that are
/// valid for long, and no task has to see to it.
const KEEP_TOKEN: &str = "
    WITH expired AS (
        DELETE FROM access_tokens WHERE digest IN (
            SELECT digest FROM access_tokens WHERE expires_at <= $4 ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED
        )
    )
    INSERT INTO access_tokens (digest, key_id, roles, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5)";

fn keep_token(conn: &mut PgConnection, digest: SecretDigest, token: &AccessToken) -> Answer<()> {
    let keep = Statement::new(KEEP_TOKEN)
        .bind::<Bytea, _>(digest.as_bytes().to_vec())
        .bind::<SqlUuid, _>(token.key_id.uuid())
        .bind::<Jsonb, _>(document(&token.roles)?)
        .bind::<Timestamptz, _>(token.issued_at)
        .bind::<Timestamptz, _>(token.expires_at);
    committing(keep.execute(conn))?;
    Ok(Ok(()))
}

const NOTE_USES: &str = "
    UPDATE api_keys SET last_used_at = used.at
    FROM (SELECT id, max(at) AS at FROM unnest($1, $2) AS uses (id, at) GROUP BY id) AS used
    WHERE api_keys.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)";

fn note_uses(conn: &mut PgConnection, uses: &[KeyUse]) -> Result<(), StoreError> {
    Statement::new(NOTE_USES)
        .bind::<Array<SqlUuid>, _>(uses.iter().map(|(key, _)| key.uuid()).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(uses.iter().map(|(_, at)| *at).collect::<Vec<_>>())
        .execute(conn)?;
    Ok(())
}
