//! Databases for tests: each test has one of its own, cloned from a migrated template, in a cluster that the tests share.
//!
//! The cluster is started by the first test that needs it, and stops with the test process. `TEST_DATABASE_URL` names
//! another one to use, as a URL of a role that may create databases.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use enrollment_diesel::{PgStore, StoreConfig};
use enrollment_server::postgres::{Access, ClusterConfig, Durability, LocalCluster};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A database of one test, migrated and empty. It goes when the test ends, unless the test failed.
pub struct TestDatabase {
    name: String,
    url: String,
    server_url: String,
}

/// A row that is locked until this is dropped.
pub struct RowLock(PgConnection);

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl TestDatabase {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes a database that has the tables.
    pub fn create() -> Self {
        Self::from_template(&cluster().template)
    }

    /// Makes a database that has nothing in it.
    pub fn empty() -> Self {
        Self::from_template("template0")
    }

    fn from_template(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{count}", std::process::id());
        cluster().admin(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self { url: cluster().url(&name), server_url: cluster().server_url(&name), name }
    }

    /// How a server connects: as a role that may do no more than it has to, unless somebody else's PostgreSQL is tested on.
    pub fn server_url(&self) -> &str {
        &self.server_url
    }

    /// How to connect.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection.
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// Runs SQL.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    /// The whole number that a query answers.
    #[track_caller]
    pub fn number(&self, sql: &str) -> i64 {
        let query = sql_query(format!("SELECT number FROM ({sql}) AS asked (number)"));
        query.get_result::<Number>(&mut self.connect()).unwrap().number
    }

    /// Gives a student credit for a course that was taken elsewhere.
    pub fn credit_from_elsewhere(&self, student: &str, course: &str, grade: Option<&str>) {
        let grade = grade.map_or("NULL".to_owned(), |grade| format!("'{grade}'"));
        self.execute(&format!(
            "WITH credit AS (
                INSERT INTO student_courses (id, student_id, course_id, status, credits, grade, ended_at, created_at, updated_at)
                VALUES (gen_random_uuid(), '{student}', '{course}', 'completed', 3, {grade}, now(), now(), now())
                RETURNING id
             )
             INSERT INTO registration_events (id, at, actor, student_id, student_course_id, attempt_id, kind)
             SELECT gen_random_uuid(), now(), 'system:test', '{student}', id, gen_random_uuid(), 'completed' FROM credit"
        ));
    }

    /// Locks a row, as a transaction that is not finished does.
    pub fn lock_row(&self, table: &str, id: &str) -> RowLock {
        let mut connection = self.connect();
        connection.batch_execute(&format!("BEGIN; SELECT FROM {table} WHERE id = '{id}' FOR UPDATE")).unwrap();
        RowLock(connection)
    }

    /// Fails the test if any invariant is broken.
    #[track_caller]
    pub fn assert_invariants(&self) {
        let store = PgStore::new(&StoreConfig::new(&self.url)).unwrap();
        let broken = pollster::block_on(store.check()).unwrap().broken;
        assert!(broken.is_empty(), "{broken:#?}");
    }

    /// Waits until some session waits for a lock.
    pub fn wait_for_blocked_session(&self) {
        let blocked =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.number(blocked) == 0 {
            assert!(Instant::now() < deadline, "nobody waits for a lock");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if !thread::panicking() {
            cluster().admin(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

impl Drop for RowLock {
    fn drop(&mut self) {
        drop(self.0.batch_execute("ROLLBACK"));
    }
}

struct Cluster {
    /// Where to create and drop databases.
    admin_url: String,
    template: String,
    own: Option<LocalCluster>,
}

impl Cluster {
    fn start() -> Self {
        let template = format!("template_{}", std::process::id());
        let cluster = if let Ok(admin_url) = std::env::var("TEST_DATABASE_URL") {
            Self { admin_url, template, own: None }
        } else {
            let config = ClusterConfig {
                data_dir: own_folder(),
                binaries: None,
                purpose: "the tests".to_owned(),
                durability: Durability::Disposable,
            };
            let own = LocalCluster::open(&config, Access::Own).unwrap();
            Self { admin_url: own.url("postgres"), template, own: Some(own) }
        };
        cluster.admin(&format!("DROP DATABASE IF EXISTS {}", cluster.template));
        cluster.admin(&format!("CREATE DATABASE {}", cluster.template));
        if let Some(own) = &cluster.own {
            own.ensure_roles(&cluster.template).unwrap();
        }
        let mut connection = PgConnection::establish(&cluster.url(&cluster.template)).unwrap();
        enrollment_diesel::migrations::run(&mut connection).unwrap();
        cluster
    }

    fn admin(&self, sql: &str) {
        PgConnection::establish(&self.admin_url).unwrap().batch_execute(sql).unwrap();
    }

    fn url(&self, database: &str) -> String {
        match &self.own {
            Some(cluster) => cluster.url(database),
            None => with_database(&self.admin_url, database),
        }
    }

    fn server_url(&self, database: &str) -> String {
        self.own.as_ref().map_or_else(|| self.url(database), |cluster| cluster.server_url(database))
    }
}

/// The URL with another database in it.
fn with_database(url: &str, database: &str) -> String {
    let (address, parameters) =
        url.split_once('?').map_or((url, String::new()), |(address, rest)| (address, format!("?{rest}")));
    let (scheme, rest) = address.split_once("://").expect("TEST_DATABASE_URL is a URL");
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}/{database}{parameters}")
}

/// A new folder for the cluster of this process, which also clears away those of processes that have ended: a static is never
/// dropped, so nobody else does. (The cluster itself ends with its process, by its guard.)
fn own_folder() -> PathBuf {
    const PREFIX: &str = "enrollment-tests-";
    let temporary = std::env::temp_dir();
    for entry in std::fs::read_dir(&temporary).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix(PREFIX) else { continue };
        let is_running = Command::new("kill").args(["-0", pid]).stderr(Stdio::null()).status().unwrap().success();
        if !is_running {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
    temporary.join(format!("{PREFIX}{}", std::process::id()))
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}
