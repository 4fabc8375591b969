//! `enrollment check`.

use super::{Failure, StoreArgs};
use crate::database::Database;
use crate::postgres::Access;
use actix_web::rt::System;
use clap::Args;
use enrollment_diesel::PgStore;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    store: StoreArgs,
}

impl Check {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let database = Database::open(&self.store.location(), "enrollment check", Access::Share)?;
        let store = PgStore::new(&self.store.config(database.url()))?;
        let broken = System::new().block_on(store.check())?;
        if broken.is_empty() {
            println!("All invariants hold.");
            return Ok(ExitCode::SUCCESS);
        }
        for invariant in &broken {
            println!("BROKEN {invariant}");
        }
        println!("{} invariant(s) broken.", broken.len());
        Ok(ExitCode::FAILURE)
    }
}
