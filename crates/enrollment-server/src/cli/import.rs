//! `enrollment import`.

use super::{Failure, StoreArgs};
use crate::clock::SystemClock;
use crate::database::Database;
use crate::ids::SystemIds;
use crate::import;
use crate::postgres::Access;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The folder with the CSV files; whichever of terms, courses, students, sections, meetings and student courses are
    /// there.
    dir: PathBuf,
    #[command(flatten)]
    store: StoreArgs,
}

impl Import {
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let database = Database::open(&self.store.location(), "enrollment import", Access::Share)?;
        super::migrate::run_on(database.url())?;
        let mut connection = enrollment_diesel::connect(database.url())?;
        let summary = import::import(&mut connection, &self.dir, &SystemClock, &SystemIds)?;
        println!("{summary}");
        Ok(ExitCode::SUCCESS)
    }
}
