//! Brings a database to the schema that this build expects, by the same files that `diesel migration run` reads.
//!
//! Any number of servers may start at once: one migrates, the others wait for it and find nothing left to do.
//! Migrations run on a connection of their own ([`PgConnection::establish`](diesel::Connection::establish)), not on a pooled
//! one, whose timeouts are made for requests. It must reach PostgreSQL itself, or a pooler that keeps sessions: the lock
//! that lets one server migrate belongs to the session.

use crate::StoreError;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::HashSet;
use thiserror::Error;
use tracing::{error, info};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// "enrollmt" in ASCII: the advisory lock is the application's choice of a number, so it only has to be unlikely elsewhere.
const LOCK: i64 = 0x656e_726f_6c6c_6d74;

diesel::table! {
    /// Where diesel notes what has been applied.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

diesel::define_sql_function! {
    /// Waits until no other session holds the lock of this number, and takes it.
    fn pg_advisory_lock(key: BigInt);
}

diesel::define_sql_function! {
    /// Gives a lock of this session back; whether it had it.
    fn pg_advisory_unlock(key: BigInt) -> diesel::sql_types::Bool;
}

/// Why the schema could not be brought up to date.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The role may not change the schema, and the schema has to change.
    #[error(
        "{pending} migration(s) are to be applied, and this role may not change the tables: run `enrollment migrate` as their owner"
    )]
    NotOwner {
        /// How many.
        pending: usize,
    },
    /// A migration failed, and was rolled back; those before it are applied.
    #[error("a migration failed: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<diesel::result::Error> for MigrationError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Applies all migrations that are not yet applied, each in a transaction of its own; answers their names in order. Where there are
/// none, nothing is asked for that the role of a server may not do.
pub fn run(conn: &mut PgConnection) -> Result<Vec<String>, MigrationError> {
    let pending = pending(conn)?.len();
    if pending == 0 {
        return Ok(Vec::new());
    }
    if !diesel::select(sql::<Bool>("has_schema_privilege(current_schema, 'CREATE')")).get_result(conn)? {
        return Err(MigrationError::NotOwner { pending });
    }
    diesel::select(pg_advisory_lock(LOCK)).execute(conn)?;
    let applied = apply(conn);
    // A failure to unlock must not hide what went before; the lock ends with the session in any case.
    if let Err(unlock) = diesel::select(pg_advisory_unlock(LOCK)).get_result::<bool>(conn) {
        error!(error = %unlock, "could not give back the lock of the migrations");
    }
    applied
}

/// The names of the migrations of this build that the database does not have, in order. Reads only, so that it can answer
/// on any connection whether the schema is current.
pub fn pending(conn: &mut PgConnection) -> Result<Vec<String>, MigrationError> {
    let applied = applied_versions(conn)?;
    let mut missing: Vec<String> = embedded()?
        .iter()
        .map(Migration::name)
        .filter(|name| !applied.contains(&name.version().to_string()))
        .map(ToString::to_string)
        .collect();
    missing.sort_unstable();
    Ok(missing)
}

fn apply(conn: &mut PgConnection) -> Result<Vec<String>, MigrationError> {
    let missing = conn.pending_migrations(MIGRATIONS).map_err(MigrationError::Failed)?;
    let mut applied = Vec::with_capacity(missing.len());
    for migration in &missing {
        let name = migration.name().to_string();
        conn.run_migration(migration).map_err(MigrationError::Failed)?;
        info!(migration = %name, "applied a migration");
        applied.push(name);
    }
    Ok(applied)
}

fn embedded() -> Result<Vec<Box<dyn Migration<Pg>>>, MigrationError> {
    MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(MigrationError::Failed)
}

fn applied_versions(conn: &mut PgConnection) -> Result<HashSet<String>, MigrationError> {
    let table = sql::<Nullable<Text>>("to_regclass('__diesel_schema_migrations')::text");
    if diesel::select(table).get_result::<Option<String>>(conn)?.is_none() {
        return Ok(HashSet::new());
    }
    let versions = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(conn)?;
    Ok(versions.into_iter().collect())
}
