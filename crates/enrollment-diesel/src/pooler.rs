//! Connections through a pooler that shares sessions between transactions, such as PgBouncer in transaction mode.
//!
//! Nothing that belongs to a session lasts there: a prepared statement may meet a session that does not know it, and what is `SET`
//! would be some other client's. So statements are not kept prepared, and the settings that the store relies on are not made here
//! but must be those of the role: they are looked at when a connection is opened, and it is refused if one is missing. The program looks
//! at them once before, by [`lacking`], so that it ends with what to do instead of starting to serve nobody.
//!
//! To rely on another setting: a line in `MISSING`, and one in docs/OPERATIONS.md.

use crate::connection_string::{establish, with_connect_timeout};
use crate::{StoreConfig, StoreError};
use diesel::connection::CacheSize;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::r2d2::Error as SessionError;
use diesel::sql_types::{Array, Text};

/// The settings that are not as they must be.
const MISSING: &str = "ARRAY(SELECT name FROM (VALUES
    ('default_transaction_isolation', current_setting('default_transaction_isolation') = 'read committed'),
    ('statement_timeout', current_setting('statement_timeout') <> '0'),
    ('lock_timeout', current_setting('lock_timeout') <> '0'),
    ('idle_in_transaction_session_timeout', current_setting('idle_in_transaction_session_timeout') <> '0'),
    ('lc_messages', current_setting('lc_messages') ~ '^(C|POSIX|en)')
) AS needed (name, is_set) WHERE NOT is_set)";

/// What the role of a pooled database lacks, to be told before anything is served; none where it lacks nothing.
///
/// # Errors
/// When the database cannot be asked.
pub fn lacking(config: &StoreConfig) -> Result<Option<String>, StoreError> {
    let mut connection = establish(&with_connect_timeout(&config.url, config.connect_timeout))?;
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    Ok(lacking_in(&mut connection)?)
}

/// Makes a new connection fit for a pooler, or tells what the role lacks.
pub(crate) fn prepare(connection: &mut PgConnection) -> Result<(), SessionError> {
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    match lacking_in(connection).map_err(SessionError::QueryError)? {
        None => Ok(()),
        Some(lacking) => Err(SessionError::ConnectionError(ConnectionError::BadConnection(lacking))),
    }
}

fn lacking_in(connection: &mut PgConnection) -> QueryResult<Option<String>> {
    let missing: Vec<String> = diesel::select(sql::<Array<Text>>(MISSING)).get_result(connection)?;
    if missing.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "without prepared statements, these settings must be made for the role (ALTER ROLE … SET …): {}",
        missing.join(", ")
    )))
}
