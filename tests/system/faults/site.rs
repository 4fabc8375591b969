//! The servers, each a process, on one database of a PostgreSQL that is as durable as in earnest; and what one can do to both.

use super::rush::{HOT, Rush, Told};
use super::{Fault, SERVES_AGAIN_WITHIN};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use enrollment_server::postgres::{Access, ClusterConfig, Durability, LocalCluster};
use enrollment_tests::{Place, ServerProcess};
use serde_json::json;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The PostgreSQL under all sites.
pub(super) struct Cluster {
    /// Absent only while it is stopped.
    running: RefCell<Option<LocalCluster>>,
    config: ClusterConfig,
    _folder: TempDir,
}

impl Cluster {
    pub(super) fn start() -> Self {
        let folder = ServerProcess::data_dir();
        let config = ClusterConfig {
            data_dir: folder.path().join("data"),
            binaries: None,
            purpose: "the faults".to_owned(),
            durability: Durability::Durable,
        };
        let running = RefCell::new(Some(LocalCluster::open(&config, Access::Own).unwrap()));
        Self { running, config, _folder: folder }
    }

    fn with<R>(&self, work: impl FnOnce(&LocalCluster) -> R) -> R {
        work(self.running.borrow().as_ref().unwrap())
    }

    fn restart(&self) {
        let stopped = self.running.take();
        let postmaster = stopped.as_ref().unwrap().pid();
        // Immediate mode: no checkpoint, and nobody is waited for.
        send("QUIT", postmaster);
        wait_until("PostgreSQL has stopped", || !self.is_running(postmaster));
        drop(stopped);
        *self.running.borrow_mut() = Some(LocalCluster::open(&self.config, Access::Own).unwrap());
    }

    #[expect(clippy::unused_self, reason = "one asks a cluster")]
    fn is_running(&self, postmaster: i32) -> bool {
        let output = Command::new("ps").args(["-o", "stat=", "-p", &postmaster.to_string()]).output().unwrap();
        let state = String::from_utf8(output.stdout).unwrap();
        !state.trim().is_empty() && !state.trim().starts_with('Z')
    }
}

/// Sends a signal to a process.
pub(super) fn send(signal: &str, pid: i32) {
    let sent = Command::new("kill").args(["-s", signal, &pid.to_string()]).status().unwrap();
    assert!(sent.success(), "{signal} to {pid}");
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct PidRow {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// The servers on a database of their own, and a small university in it.
pub(super) struct Site<'a> {
    cluster: &'a Cluster,
    place: Place,
    url: String,
    servers: Vec<(SocketAddr, Option<ServerProcess>)>,
    sections: Vec<String>,
}

const STUDENTS: usize = 4_000;
const OTHERS: usize = 12;

impl<'a> Site<'a> {
    pub(super) fn new(cluster: &'a Cluster, fault: &Fault) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("faults_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let url = cluster.with(|running| {
            running.ensure_database(&name).unwrap();
            running.url(&name)
        });
        let place = Place::database(&url).with(fault.settings);
        let started = || {
            let address = ServerProcess::free_address();
            (address, Some(ServerProcess::start_at(&place, address)))
        };
        // One after the other, since the first brings the tables.
        let servers = (0..fault.servers).map(|_| started()).collect();
        let mut site = Self { cluster, place, url, servers, sections: Vec::new() };
        site.offer();
        site
    }

    /// A few sections that everybody wants, and some with room for all; and students.
    fn offer(&mut self) {
        let client = self.servers[0].1.as_ref().unwrap().client();
        let term = client.term("F26", &json!({}));
        for number in 0..HOT + OTHERS {
            let course = client.course(&format!("CS{number}"), &json!({"repeat_policy": "freely"}));
            let (capacity, waitlist) = if number < HOT { (40, 20) } else { (100_000, 0) };
            let fields = json!({"waitlist_capacity": waitlist});
            self.sections.push(client.section(&course, &term, "1", capacity, &fields));
        }
        self.execute(&format!(
            "INSERT INTO students (id, number, given_name, family_name, created_at, updated_at)
             SELECT gen_random_uuid(), n::text, 'Ada', 'Lovelace', now(), now() FROM generate_series(1, {STUDENTS}) n"
        ));
    }

    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|(address, _)| *address).collect()
    }

    pub(super) fn sections(&self) -> Vec<String> {
        self.sections.clone()
    }

    pub(super) fn students(&self) -> Vec<String> {
        self.texts("SELECT id::text AS value FROM students ORDER BY number::int")
    }

    /// A connection of somebody else's.
    pub(super) fn connect(&self) -> PgConnection {
        self.try_connect().unwrap()
    }

    pub(super) fn try_connect(&self) -> ConnectionResult<PgConnection> {
        PgConnection::establish(&self.url)
    }

    pub(super) fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    pub(super) fn texts(&self, sql: &str) -> Vec<String> {
        let rows = diesel::sql_query(sql).load::<TextRow>(&mut self.connect()).unwrap();
        rows.into_iter().map(|row| row.value).collect()
    }

    /// The processes of PostgreSQL that serve connections of this kind, those at work first.
    pub(super) fn backends(&self, application: &str) -> Vec<i32> {
        let sql = format!(
            "SELECT pid FROM pg_stat_activity
             WHERE datname = current_database() AND application_name LIKE '{application}' ORDER BY state = 'idle', pid"
        );
        let rows = diesel::sql_query(sql).load::<PidRow>(&mut self.connect()).unwrap();
        rows.into_iter().map(|row| row.pid).collect()
    }

    /// All processes of PostgreSQL, the first of them first.
    pub(super) fn processes(&self) -> Vec<i32> {
        let postmaster = self.cluster.with(LocalCluster::pid);
        let output = Command::new("ps").args(["-o", "pid=", "--ppid", &postmaster.to_string()]).output().unwrap();
        let children = String::from_utf8(output.stdout).unwrap();
        let children = children.split_whitespace().map(|pid| pid.parse().unwrap());
        std::iter::once(postmaster).chain(children).collect()
    }

    /// Stops PostgreSQL at once, and starts it again.
    pub(super) fn restart_database(&self) {
        self.cluster.restart();
    }

    /// Waits until PostgreSQL has noticed that a process of its own was killed, and takes connections again.
    pub(super) fn wait_for_crash_and_recovery(&self) {
        wait_until("PostgreSQL has noticed", || self.try_connect().is_err());
        wait_until("PostgreSQL has recovered", || self.try_connect().is_ok());
    }

    /// Kills a server as `kill -9` does.
    pub(super) fn kill_server(&mut self, server: usize) {
        self.servers[server].1.take().unwrap().kill();
    }

    /// Asks a server to stop, as an operator does, and waits for that.
    pub(super) fn stop_server(&mut self, server: usize) {
        assert_eq!(self.servers[server].1.take().unwrap().terminate(), Some(0));
    }

    /// Starts a server again, where it was.
    pub(super) fn start_server(&mut self, server: usize) {
        let (address, process) = &mut self.servers[server];
        *process = Some(ServerProcess::start_at(&self.place, *address));
    }

    /// Asks the servers until all of them have served, and tells what they were asked for.
    pub(super) fn wait_until_all_serve(&self, fault: &str, rush: &Rush) -> Vec<Told> {
        let began = Instant::now();
        let serve = |server| {
            loop {
                if let Some(told) = rush.probe(server) {
                    return told;
                }
                assert!(
                    began.elapsed() < 6 * SERVES_AGAIN_WITHIN,
                    "{fault}: it does not serve again; {}",
                    rush.summary()
                );
                thread::sleep(Duration::from_millis(10));
            }
        };
        (0..self.servers.len()).flat_map(serve).collect()
    }

    /// What `enrollment check` says, and whether all is well.
    pub(super) fn check(&self) -> (bool, String) {
        let ended = self.place.command(&["check"]);
        (ended.status == Some(0), ended.output)
    }
}
