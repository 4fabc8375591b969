//! The command line: what can be asked of `enrollment`, and its settings.
//!
//! Every setting is a flag and an environment variable; `enrollment help serve` lists them. To add a command: a variant of
//! `Command`, and a file for it in `cli/`.

mod check;
mod demo;
mod edge;
mod identity;
mod import;
mod key;
mod line;
mod migrate;
mod openapi;
mod rehearse;
mod serve;

use crate::database::Location;
use crate::telemetry::{self, LogFormat};
use clap::{Args, Parser, Subcommand, ValueEnum};
use enrollment_diesel::StoreConfig;
use secrecy::SecretString;
use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// A course-registration engine.
#[derive(Debug, Parser)]
#[command(name = "enrollment", version, about, propagate_version = true)]
pub struct Cli {
    /// Which log lines are written: levels by module, such as `info,enrollment_http=debug`.
    #[arg(
        long,
        global = true,
        env = "ENROLLMENT_LOG",
        default_value = "info,actix_server=warn",
        value_name = "FILTER"
    )]
    log: String,
    /// How log lines look.
    #[arg(long, global = true, env = "ENROLLMENT_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the HTTP API.
    Serve(Box<serve::Serve>),
    /// Bring the database's tables up to date.
    Migrate(migrate::Migrate),
    /// Import terms, courses, students, sections, meetings and student courses from CSV files.
    Import(import::Import),
    /// Fill an empty database with a made-up university.
    Demo(demo::Demo),
    /// Make, list and revoke API keys.
    Key(key::Key),
    /// Recompute the invariants, such as seats taken, and tell which are broken.
    Check(check::Check),
    /// Rehearse registration day against a running server: many students come at once, and a report tells how it went.
    Rehearse(rehearse::Rehearse),
    /// Print the OpenAPI document of the HTTP API.
    Openapi,
}

/// Where the data is, and how the store uses it.
#[derive(Clone, Debug, Args)]
pub struct StoreArgs {
    /// The PostgreSQL database to use; without it, one of our own is started. As an argument it is seen by every account of this
    /// machine: a URL with a password belongs in the variable, or in a file.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<SecretString>,
    /// A file whose one line is that URL, for none but this account to read.
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE", conflicts_with = "database_url")]
    database_url_file: Option<PathBuf>,
    /// Where a PostgreSQL of our own keeps its data: /var/lib/enrollment for root, else ~/.local/share/enrollment.
    #[arg(long, env = "ENROLLMENT_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The folder with PostgreSQL's programs (initdb, postgres); found when not given.
    #[arg(long, env = "ENROLLMENT_POSTGRES_BIN", value_name = "DIR")]
    postgres_bin: Option<PathBuf>,
    /// Connections for reading.
    #[arg(long, env = "ENROLLMENT_READERS", default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    readers: u32,
    /// Connections for reading students' courses, each for all that are asked for meanwhile.
    #[arg(long, env = "ENROLLMENT_COMBINING_READERS", default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    combining_readers: u32,
    /// Connections for writing.
    #[arg(long, env = "ENROLLMENT_WRITERS", default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    writers: u32,
    /// Requests that may wait for a connection of either kind; those beyond are answered 503.
    #[arg(long, env = "ENROLLMENT_QUEUE", default_value_t = 4096, value_name = "N")]
    queue: usize,
    /// Milliseconds that one statement may take.
    #[arg(long, env = "ENROLLMENT_STATEMENT_TIMEOUT", default_value_t = 10_000, value_name = "MS")]
    statement_timeout: u64,
    /// Milliseconds that a statement may wait for a lock.
    #[arg(long, env = "ENROLLMENT_LOCK_TIMEOUT", default_value_t = 5_000, value_name = "MS")]
    lock_timeout: u64,
    /// Keep statements prepared. Off for a pooler that shares sessions between transactions: the role must have the settings then,
    /// and migrations are left to `enrollment migrate` on PostgreSQL itself.
    #[arg(long, env = "ENROLLMENT_PREPARED_STATEMENTS", value_enum, default_value_t)]
    prepared_statements: Switch,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Switch {
    #[default]
    On,
    Off,
}

impl StoreArgs {
    fn location(&self) -> Result<Location, Failure> {
        if let Some(url) = &self.database_url {
            return Ok(Location::Url(url.clone()));
        }
        if let Some(file) = &self.database_url_file {
            let url = fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
            return Ok(Location::Url(url.trim().into()));
        }
        Ok(Location::Own { data_dir: self.data_dir.clone(), binaries: self.postgres_bin.clone() })
    }

    fn config(&self, url: &SecretString) -> StoreConfig {
        StoreConfig {
            readers: self.readers,
            combining_readers: self.combining_readers,
            writers: self.writers,
            queue: self.queue,
            statement_timeout: Duration::from_millis(self.statement_timeout),
            lock_timeout: Duration::from_millis(self.lock_timeout),
            prepared_statements: self.prepared_statements == Switch::On,
            url: url.clone(),
            ..StoreConfig::new("")
        }
    }
}

/// Whether an address can be reached only from this machine.
fn is_private(address: &SocketAddr) -> bool {
    address.ip().is_loopback()
}

type Failure = Box<dyn Error>;

/// Runs the command that the arguments of this process name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = telemetry::start(&cli.log, cli.log_format) {
        return fail(&error);
    }
    let done = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Migrate(migrate) => migrate.run(),
        Command::Import(import) => import.run(),
        Command::Demo(demo) => demo.run(),
        Command::Key(key) => key.run(),
        Command::Check(check) => check.run(),
        Command::Rehearse(rehearse) => rehearse.run(),
        Command::Openapi => openapi::run(),
    };
    done.unwrap_or_else(|error| fail(&*error))
}

/// Tells an error with everything beneath it.
fn fail(error: &dyn Error) -> ExitCode {
    eprintln!("enrollment: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_password_of_the_database_is_not_shown() {
        let url = "postgres://ada:hunter2@db/e";
        for arguments in
            [["enrollment", "check", "--database-url", url], ["enrollment", "serve", "--database-url", url]]
        {
            let cli = Cli::try_parse_from(arguments).unwrap();
            assert!(!format!("{cli:?} {cli:#?}").contains("hunter2"));
        }
        assert!(!format!("{:?}", Location::Url(url.into())).contains("hunter2"));
        assert!(!format!("{:?}", StoreConfig::new(url)).contains("hunter2"));
    }

    #[test]
    fn loopback_addresses_are_private_and_others_are_not() {
        for (address, private) in
            [("127.0.0.1:80", true), ("[::1]:80", true), ("0.0.0.0:80", false), ("192.168.1.2:80", false)]
        {
            assert_eq!(is_private(&address.parse().unwrap()), private, "{address}");
        }
    }
}
