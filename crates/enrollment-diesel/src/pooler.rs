//! Connections through a pooler that shares sessions between transactions, such as PgBouncer in transaction mode.
//!
//! Nothing that belongs to a session lasts there: a prepared statement may meet a session that does not know it, and what is `SET`
//! would be some other client's. So statements are not kept prepared, and the settings that the store relies on are not made here
//! but must be those of the role: they are looked at when a connection is opened, and it is refused if one is missing.
//!
//! To rely on another setting: a line in [`MISSING`], and one in docs/OPERATIONS.md.

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

/// Makes a new connection fit for a pooler, or tells what the role lacks.
pub(crate) fn prepare(connection: &mut PgConnection) -> Result<(), SessionError> {
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    let missing: Vec<String> =
        diesel::select(sql::<Array<Text>>(MISSING)).get_result(connection).map_err(SessionError::QueryError)?;
    if missing.is_empty() {
        return Ok(());
    }
    Err(SessionError::ConnectionError(ConnectionError::BadConnection(format!(
        "without prepared statements, these settings must be made for the role (ALTER ROLE … SET …): {}",
        missing.join(", ")
    ))))
}
