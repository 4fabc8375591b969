//! API keys: the port [`ApiKeyRepository`].

use crate::StoreError;
use crate::page::rows_for;
use crate::rows::api_key::{ApiKeyRow, NewApiKeyRow};
use crate::schema::api_keys;
use crate::store::{Answer, PgStore, committing};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use enrollment_core::access::{ApiKey, ApiKeyRepository, SecretDigest};
use enrollment_core::actor::Actor;
use enrollment_core::ids::KeyId;
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::{Error, Subject};

#[async_trait]
impl ApiKeyRepository for PgStore {
    async fn insert(&self, key: ApiKey, digest: SecretDigest) -> Result<ApiKey, Error> {
        self.write(move |conn| insert(conn, &key, digest)).await
    }

    async fn find(&self, id: KeyId) -> Result<ApiKey, Error> {
        self.read(move |conn| Ok(find(conn, id)?.ok_or(Error::NotFound(Subject::Key)))).await
    }

    async fn list(&self, page: PageRequest<KeyId>) -> Result<Page<ApiKey, KeyId>, Error> {
        self.read(move |conn| list(conn, &page)).await
    }

    async fn revoke(&self, id: KeyId, by: Actor, at: DateTime<Utc>) -> Result<ApiKey, Error> {
        self.write(move |conn| revoke(conn, id, &by, at)).await
    }

    async fn any(&self) -> Result<bool, Error> {
        self.read(|conn| Ok(Ok(select(exists(api_keys::table.select(api_keys::id))).get_result(conn)?))).await
    }
}

fn insert(conn: &mut PgConnection, key: &ApiKey, digest: SecretDigest) -> Answer<ApiKey> {
    let insert = diesel::insert_into(api_keys::table).values(NewApiKeyRow::of(key, digest)?);
    let row = committing(insert.returning(ApiKeyRow::as_returning()).get_result(conn))?;
    Ok(Ok(row.try_into()?))
}

fn find(conn: &mut PgConnection, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
    let row = api_keys::table.find(id.uuid()).select(ApiKeyRow::as_select()).first(conn).optional()?;
    Ok(row.map(ApiKey::try_from).transpose()?)
}

fn list(conn: &mut PgConnection, page: &PageRequest<KeyId>) -> Answer<Page<ApiKey, KeyId>> {
    let mut rows = api_keys::table.select(ApiKeyRow::as_select()).order(api_keys::id).into_boxed();
    if let Some(after) = page.after {
        rows = rows.filter(api_keys::id.gt(after.uuid()));
    }
    let rows: Vec<ApiKeyRow> = rows.limit(rows_for(page)).load(conn)?;
    let keys = rows.into_iter().map(ApiKey::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Ok(Page::cut(keys, page.limit, |key| key.id)))
}

/// One that is revoked already stays as it was.
fn revoke(conn: &mut PgConnection, id: KeyId, by: &Actor, at: DateTime<Utc>) -> Answer<ApiKey> {
    let valid = api_keys::table.find(id.uuid()).filter(api_keys::revoked_at.is_null());
    let revoked = (api_keys::revoked_at.eq(at), api_keys::revoked_by.eq(by.as_str()));
    let update = diesel::update(valid).set(revoked).returning(ApiKeyRow::as_returning());
    match committing(update.get_result(conn).optional())? {
        Some(row) => Ok(Ok(row.try_into()?)),
        None => Ok(find(conn, id)?.ok_or(Error::NotFound(Subject::Key))),
    }
}
