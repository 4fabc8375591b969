//! `enrollment import`.

use super::line::Line;
use super::{Failure, StoreArgs};
use crate::clock::SystemClock;
use crate::database::Database;
use crate::ids::SystemIds;
use crate::import;
use crate::postgres::Access;
use clap::Args;
use enrollment_diesel::import::Progress;
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
        let database = Database::open(&self.store.location()?, "enrollment import", Access::Share)?;
        super::migrate::run_on(database.owner_url())?;
        let mut connection = enrollment_diesel::connect(database.url())?;
        let summary = import::import(&mut connection, &self.dir, &SystemClock, &SystemIds, &mut Line::default())?;
        println!("{summary}");
        Ok(ExitCode::SUCCESS)
    }
}

impl Progress for Line {
    fn tell(&mut self, what: &str, done: usize, of: usize) {
        /// Of the bar, in characters.
        const WIDTH: usize = 30;
        let filled = done * WIDTH / of.max(1);
        self.write(&format!("[{:<WIDTH$}] {done} of {of} {what}", "#".repeat(filled)));
        if done == of {
            self.close();
        }
    }
}
