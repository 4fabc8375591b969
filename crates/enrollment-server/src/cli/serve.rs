//! `enrollment serve`.

use super::identity::IdentityArgs;
use super::key::NothingRemembered;
use super::{Failure, StoreArgs, Switch, is_private};
use crate::application::{Application, Connections, Settings, StoreConfig, api_keys};
use crate::clock::SystemClock;
use crate::database::Database;
use crate::demo::{self, Demo};
use crate::identity::FirstKey;
use crate::postgres::Access;
use crate::tls::Certificate;
use actix_web::rt;
use clap::Args;
use enrollment_core::clock::Clock;
use enrollment_diesel::{PgStore, pooler};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Where to listen.
    #[arg(long, env = "ENROLLMENT_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Threads that serve HTTP; as many as there are processors unless given.
    #[arg(long, env = "ENROLLMENT_HTTP_THREADS", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    http_threads: Option<u16>,
    /// The largest request body, in bytes.
    #[arg(long, env = "ENROLLMENT_BODY_LIMIT", default_value_t = 262_144, value_name = "BYTES")]
    body_limit: usize,
    /// Seconds that a request may take; what is not begun by then is not done.
    #[arg(long, env = "ENROLLMENT_REQUEST_TIMEOUT", default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    request_timeout: u64,
    /// Seconds that the body of a request may take to arrive.
    #[arg(long, env = "ENROLLMENT_BODY_TIMEOUT", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    body_timeout: u64,
    /// Clients that may be connected at a time; further ones wait.
    #[arg(long, env = "ENROLLMENT_MAX_CONNECTIONS", default_value_t = 8192, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,
    /// Those of them that may come from one address which is no trusted proxy; half of all unless given.
    #[arg(long, env = "ENROLLMENT_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections_per_address: Option<u32>,
    /// Clients that may wait to be connected.
    #[arg(long, env = "ENROLLMENT_BACKLOG", default_value_t = 4096, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    backlog: u16,
    /// Seconds that a connection is kept on which nothing is asked.
    #[arg(long, env = "ENROLLMENT_KEEP_ALIVE", default_value_t = 75, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    keep_alive: u64,
    /// Seconds that the head of a request may take to arrive.
    #[arg(long, env = "ENROLLMENT_HEAD_TIMEOUT", default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    head_timeout: u64,
    /// Seconds that requests in flight are given to finish when the server stops.
    #[arg(long, env = "ENROLLMENT_SHUTDOWN_TIMEOUT", default_value_t = 30, value_name = "SECONDS")]
    shutdown_timeout: u64,
    /// Bring the database's tables up to date first.
    #[arg(long, env = "ENROLLMENT_MIGRATE", default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    migrate: bool,
    /// Load a small made-up university when the database holds no student, and print two requests to try.
    #[arg(long)]
    demo_if_empty: bool,
    #[command(flatten)]
    edge: super::edge::EdgeArgs,
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten)]
    store: StoreArgs,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.refuse_to_let_everybody_in_from_afar()?;
        let edge = self.edge.edge()?;
        let tls = self.edge.tls().map(Certificate::read).transpose()?;
        let database = Database::open(&self.store.location()?, "enrollment serve", Access::Own)?;
        // The lock that lets one server migrate belongs to a session, which a pooler does not keep.
        if self.migrate && self.store.prepared_statements == Switch::On {
            super::migrate::run_on(database.owner_url())?;
        }
        if self.store.prepared_statements == Switch::Off {
            refuse_role_without_settings(&self.store.config(database.url()))?;
        }
        let connections = self.connections();
        connections.allow_files();
        let settings = Settings {
            listen: self.listen,
            http_threads: self.http_threads.map(usize::from),
            body_limit: self.body_limit,
            time_limit: Duration::from_secs(self.request_timeout),
            body_time_limit: Duration::from_secs(self.body_timeout),
            edge,
            tls,
            connections,
            shutdown_timeout: Duration::from_secs(self.shutdown_timeout),
            handle_signals: true,
            identity: self.identity.settings()?,
            store: self.store.config(database.url()),
        };
        let demo = if self.demo_if_empty { load_demo(&settings.store)? } else { None };
        let first_key = if self.identity.no_authentication { None } else { first_key(&settings.store, &database)? };
        let application = Application::build(settings)?;
        let address = application.address();
        let scheme = if self.edge.tls().is_some() { "https" } else { "http" };
        tracing::info!(%address, "serving the API; its documentation is at {scheme}://{address}/api/docs");
        if let Some(first) = first_key {
            println!("{first}");
        }
        if let Some(demo) = demo {
            println!("{}", demo.first_requests(address));
        }
        application.run()?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    }

    fn refuse_to_let_everybody_in_from_afar(&self) -> Result<(), Failure> {
        if !self.identity.no_authentication {
            return Ok(());
        }
        if !is_private(&self.listen) {
            let listen = self.listen;
            return Err(format!(
                "--no-authentication lets everybody in who can reach {listen}: it serves loopback addresses only"
            )
            .into());
        }
        tracing::warn!(
            address = %self.listen,
            "NO AUTHENTICATION: everybody who can reach this address can read and change everything"
        );
        Ok(())
    }

    fn connections(&self) -> Connections {
        Connections {
            most: count(self.max_connections),
            of_one_address: count(self.max_connections_per_address.unwrap_or(self.max_connections.div_ceil(2))),
            backlog: self.backlog,
            keep_alive: Duration::from_secs(self.keep_alive),
            head_timeout: Duration::from_secs(self.head_timeout),
        }
    }
}

/// A database that is not there yet may come: then each connection is looked at when it is opened.
fn refuse_role_without_settings(store: &StoreConfig) -> Result<(), Failure> {
    match pooler::lacking(store) {
        Ok(None) => Ok(()),
        Ok(Some(lacking)) => Err(lacking.into()),
        Err(error) => {
            tracing::warn!(%error, "the settings of the database's role could not be looked at");
            Ok(())
        }
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Makes the first key of a database of our own, so that somebody can get in. For another database, `enrollment key create` does.
fn first_key(store: &StoreConfig, database: &Database) -> Result<Option<FirstKey>, Failure> {
    let Some(cluster) = database.cluster() else { return Ok(None) };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let keys = api_keys(&Arc::new(PgStore::new(store)?), &clock, Arc::new(NothingRemembered));
    Ok(rt::System::new().block_on(FirstKey::make(&keys, cluster.data_dir()))?)
}

/// How many students the demo of a first start has.
const DEMO_STUDENTS: u32 = 200;

fn load_demo(store: &StoreConfig) -> Result<Option<Demo>, Failure> {
    let mut connection = enrollment_diesel::connect(&store.url)?;
    let demo = demo::load_if_empty(&mut connection, DEMO_STUDENTS, &SystemClock)?;
    if let Some(demo) = &demo {
        demo::show_features(store, demo, Arc::new(SystemClock))?;
    }
    Ok(demo)
}
