//! The HTTP server, built of the store and the services.
//!
//! Threads: actix serves HTTP on a few; the store has threads of its own, one a connection. To stop, the server first takes
//! no more requests, lets those in flight finish, and then lets the store go.

use crate::chance::SystemChance;
use crate::clock::SystemClock;
pub use crate::connections::Connections;
use crate::connections::Crowd;
use crate::identity::{self, Identity};
use crate::ids::SystemIds;
use crate::randomness::SystemRandomness;
use crate::tls::Certificate;
use actix_web::dev::{Server, ServerHandle};
use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::{HttpServer, rt};
use enrollment_core::access::{AccessTokens, ApiKeys, Gate, Revocations};
use enrollment_core::catalog::{Catalog, Entry, Grades, Instructors, Repository};
use enrollment_core::clock::Clock;
use enrollment_core::ids::IdSource;
use enrollment_core::registration::{History, Offers, Registration, Rehearsal, Rehearsals};
use enrollment_diesel::PgStore;
pub use enrollment_diesel::StoreConfig;
use enrollment_http::{Api, CatalogRehearsals, Services};
pub use enrollment_http::{Edge, Forwarding, Origins, Proxies, Rate, Rates};
use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How to serve.
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Threads that serve HTTP; none for as many as there are processors.
    pub http_threads: Option<usize>,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// How long a request may take.
    pub time_limit: Duration,
    /// How long the body of a request may take to arrive.
    pub body_time_limit: Duration,
    /// What is put up with from the network.
    pub edge: Edge,
    /// The certificate, where it serves by TLS.
    pub tls: Option<Arc<Certificate>>,
    /// How many clients may be connected, and for how long.
    pub connections: Connections,
    /// How long requests in flight are given to finish.
    pub shutdown_timeout: Duration,
    /// Whether SIGINT and SIGTERM stop the server.
    pub handle_signals: bool,
    /// How it is found out who callers are.
    pub identity: identity::Settings,
    /// How the store reaches its database.
    pub store: StoreConfig,
}

/// A server that listens and is ready to run.
pub struct Application {
    address: SocketAddr,
    listener: TcpListener,
    settings: Settings,
    store: Arc<PgStore>,
    api: Api,
}

impl Application {
    /// Builds the server and starts to listen: connections wait until it runs.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the store cannot be made.
    pub fn build(settings: Settings) -> Result<Self, Box<dyn Error>> {
        Self::build_with(settings, Arc::new(SystemClock))
    }

    /// Like [`build`](Self::build), with another clock: windows and deadlines are those of its time.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the store cannot be made.
    pub fn build_with(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind(settings.listen)
            .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {}: {error}", settings.listen)))?;
        settings.connections.set_backlog(&listener)?;
        let address = listener.local_addr()?;
        let store = Arc::new(PgStore::new(&settings.store)?);
        let limits = enrollment_http::Settings {
            body_limit: settings.body_limit,
            time_limit: settings.time_limit,
            body_time_limit: settings.body_time_limit,
            edge: settings.edge.clone(),
        };
        let api = Api::new(services(&settings.identity, &store, clock)?, limits)
            .map_err(|error| -> Box<dyn Error> { error })?;
        Ok(Self { address, listener, settings, store, api })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop, and then until what is in flight is done.
    ///
    /// # Errors
    /// When the listener fails.
    pub fn run(self) -> io::Result<()> {
        self.run_with(|_| ())
    }

    /// Like [`run`](Self::run), handing out what stops the server.
    ///
    /// # Errors
    /// When the listener fails.
    pub fn run_with(self, started: impl FnOnce(Stop)) -> io::Result<()> {
        let tls = self.settings.tls.clone();
        let (store, api, handle_signals) = (Arc::clone(&self.store), self.api.clone(), self.settings.handle_signals);
        rt::System::new().block_on(async {
            let server = self.serve()?;
            let stop = Stop { server: server.handle(), api };
            if handle_signals {
                stop.on_signals()?;
                tls.map_or(Ok(()), renew_on_hangup)?;
            }
            started(stop);
            server.await
        })?;
        release(store);
        Ok(())
    }

    fn serve(self) -> io::Result<Server> {
        let Self { listener, settings, api, .. } = self;
        let connections = settings.connections;
        let crowd = Crowd::new(connections.of_one_address, settings.edge.proxies);
        let mut server = HttpServer::new(move || api.app())
            .on_connect(move |connection, data| crowd.admit(connection, data))
            .shutdown_timeout(settings.shutdown_timeout.as_secs())
            .max_connections(connections.of_a_thread(settings.http_threads))
            .keep_alive(connections.keep_alive)
            .client_request_timeout(connections.head_timeout)
            .tls_handshake_timeout(connections.head_timeout)
            // A client who closes its side is gone: what it has asked for is given up, unless it was begun. Otherwise whoever
            // reloads a page leaves a request behind each time.
            .h1_allow_half_closed(false);
        if let Some(threads) = settings.http_threads {
            server = server.workers(threads);
        }
        // They are handled here, because streams have to be ended first.
        server = server.disable_signals();
        let server = match settings.tls {
            // The listener has HTTP/1.1 and HTTP/2 agreed upon.
            Some(certificate) => {
                server.listen_rustls_0_23(listener, certificate.config().map_err(io::Error::other)?)?
            }
            None => server.listen(listener)?,
        };
        Ok(server.run())
    }
}

/// Reads a certificate again whenever SIGHUP comes.
fn renew_on_hangup(certificate: Arc<Certificate>) -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    rt::spawn(async move {
        while hangup.recv().await.is_some() {
            match certificate.renew() {
                Ok(()) => tracing::info!("read the certificate again"),
                Err(error) => tracing::error!(%error, "keep the certificate that was there"),
            }
        }
    });
    Ok(())
}

/// Lets the store go, and waits until it has written what was handed to it. The server's threads let go of it by themselves,
/// a moment after the server has ended: whoever is last waits for the store, and that must not be a thread that dies with the
/// process.
fn release(mut store: Arc<PgStore>) {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        match Arc::try_unwrap(store) {
            Ok(last) => return drop(last),
            Err(shared) => store = shared,
        }
        thread::sleep(Duration::from_millis(5));
    }
    tracing::warn!("some thread still holds the store: receipts of the last refusals may be lost");
}

/// Stops a server that runs.
#[derive(Clone)]
pub struct Stop {
    server: ServerHandle,
    api: Api,
}

impl Stop {
    /// Tells the server to stop once what is in flight is done. Whoever runs it sees it end.
    pub fn stop(self) {
        self.end(true);
    }

    fn end(&self, graceful: bool) {
        // They would be waited for until the time to finish is over.
        self.api.end_streams();
        // The command is sent by the call; the future only waits for its effect.
        drop(self.server.stop(graceful));
    }

    /// Stops by SIGTERM and SIGINT once what is in flight is done, and at once when one of them comes again.
    fn on_signals(&self) -> io::Result<()> {
        for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
            let (mut signal, stop) = (signal(kind)?, self.clone());
            rt::spawn(async move {
                let mut graceful = true;
                while signal.recv().await.is_some() {
                    stop.end(graceful);
                    graceful = false;
                }
            });
        }
        Ok(())
    }
}

fn services(identity: &identity::Settings, store: &Arc<PgStore>, clock: Arc<dyn Clock>) -> io::Result<Services> {
    let Identity { authenticator, revocations } = Identity::new(identity, store.clone(), store.clone(), clock.clone())?;
    let ids: Arc<dyn IdSource> = Arc::new(SystemIds);
    let gate = Gate::new(store.clone());
    Ok(Services {
        students: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
        holds: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
        permits: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
        courses: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
        terms: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
        windows: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
        sections: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
        grades: Grades::new(store.clone(), gate.clone()),
        instructors: Instructors::new(store.clone(), gate.clone()),
        reservations: Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()),
        rehearsals: rehearsals(store, &gate, &clock, &ids),
        offers: Offers::new(store.clone(), store.clone(), gate.clone(), clock.clone()),
        keys: api_keys(store, &clock, revocations),
        tokens: AccessTokens::new(store.clone(), clock.clone(), Arc::new(SystemRandomness)),
        registration: Registration::new(store.clone(), gate.clone(), clock, ids.clone()),
        history: History::new(store.clone(), gate),
        seats: store.clone(),
        authenticator,
        health: store.clone(),
        ids,
        chance: Arc::new(SystemChance),
    })
}

/// The service for API keys, on this store.
pub(crate) fn api_keys(store: &Arc<PgStore>, clock: &Arc<dyn Clock>, revocations: Arc<dyn Revocations>) -> ApiKeys {
    let gate = Gate::new(store.clone());
    ApiKeys::new(store.clone(), gate, clock.clone(), Arc::new(SystemIds), Arc::new(SystemRandomness), revocations)
}

fn rehearsals(store: &Arc<PgStore>, gate: &Gate, clock: &Arc<dyn Clock>, ids: &Arc<dyn IdSource>) -> CatalogRehearsals {
    fn of<E: Entry>(store: &Arc<PgStore>, gate: &Gate, clock: &Arc<dyn Clock>, ids: &Arc<dyn IdSource>) -> Rehearsals<E>
    where
        PgStore: Repository<E> + Rehearsal<E>,
    {
        Rehearsals::new(Catalog::new(store.clone(), gate.clone(), clock.clone(), ids.clone()), store.clone())
    }
    CatalogRehearsals {
        students: of(store, gate, clock, ids),
        holds: of(store, gate, clock, ids),
        permits: of(store, gate, clock, ids),
        courses: of(store, gate, clock, ids),
        terms: of(store, gate, clock, ids),
        windows: of(store, gate, clock, ids),
        sections: of(store, gate, clock, ids),
        reservations: of(store, gate, clock, ids),
    }
}
