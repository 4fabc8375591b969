//! `enrollment check`.

use super::{Failure, StoreArgs};
use crate::database::Database;
use crate::postgres::Access;
use actix_web::rt::System;
use chrono::{DateTime, Utc};
use clap::Args;
use enrollment_diesel::PgStore;
use enrollment_diesel::check::Report;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    store: StoreArgs,

    /// Decide only receipts from this time on again (RFC 3339): a version whose rules are others decides older ones otherwise
    #[arg(long, value_name = "TIME")]
    replay_since: Option<DateTime<Utc>>,
}

impl Check {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let database = Database::open(&self.store.location()?, "enrollment check", Access::Share)?;
        let store = PgStore::new(&self.store.config(database.url()))?;
        let Report { broken, replayed } = System::new().block_on(store.check_since(self.replay_since))?;
        println!("{replayed} receipt(s) decided again.");
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
