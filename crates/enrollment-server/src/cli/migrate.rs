//! `enrollment migrate`.

use super::{Failure, StoreArgs};
use crate::database::Database;
use crate::postgres::Access;
use clap::Args;
use secrecy::SecretString;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    store: StoreArgs,
}

impl Migrate {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let database = Database::open(&self.store.location()?, "enrollment migrate", Access::Share)?;
        let applied = run_on(database.owner_url())?;
        match applied.len() {
            0 => println!("Nothing to do: the tables are up to date."),
            count => println!("Applied {count} migration(s): {}.", applied.join(", ")),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Brings the tables of a database up to date, and tells the migrations that were needed.
pub(super) fn run_on(url: &SecretString) -> Result<Vec<String>, Failure> {
    let mut connection = enrollment_diesel::connect(url)?;
    Ok(enrollment_diesel::migrations::run(&mut connection)?)
}
