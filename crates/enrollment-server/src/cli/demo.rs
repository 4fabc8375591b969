//! `enrollment demo`.

use super::{Failure, StoreArgs};
use crate::clock::SystemClock;
use crate::database::Database;
use crate::demo;
use crate::postgres::Access;
use clap::Args;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// How many students it has; courses and sections follow.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    students: u32,
    #[command(flatten)]
    store: StoreArgs,
}

impl Demo {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let database = Database::open(&self.store.location()?, "enrollment demo", Access::Share)?;
        super::migrate::run_on(database.owner_url())?;
        let mut connection = enrollment_diesel::connect(database.url())?;
        let demo = demo::load(&mut connection, self.students, &SystemClock)?;
        demo::show_features(&self.store.config(database.url()), &demo, Arc::new(SystemClock))?;
        println!("{}", demo.summary);
        Ok(ExitCode::SUCCESS)
    }
}
