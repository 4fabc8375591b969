//! The role of the server apart from the owner of the tables, by the commands of docs/OPERATIONS.md: what it can do is all that a
//! server needs, and what it cannot is to change the tables or what is written for good.
//!
//! That it can serve everything else is seen by all other tests: their servers have this role.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use enrollment_server::postgres::{Access, ClusterConfig, Durability, LocalCluster};
use enrollment_tests::{Place, ServerProcess};
use serde_json::json;
use std::process::Command;
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A PostgreSQL as an institution has it, with an empty database.
struct Site {
    cluster: LocalCluster,
    _home: TempDir,
}

impl Site {
    const DATABASE: &str = "campus";

    fn new() -> Self {
        let home = ServerProcess::data_dir();
        let config = ClusterConfig {
            data_dir: home.path().join("data"),
            binaries: None,
            purpose: "a test of the roles".to_owned(),
            durability: Durability::Disposable,
        };
        let cluster = LocalCluster::open(&config, Access::Own).unwrap();
        cluster.ensure_database(Self::DATABASE).unwrap();
        Self { cluster, _home: home }
    }

    /// As the superuser.
    fn url(&self) -> String {
        self.cluster.url(Self::DATABASE)
    }

    fn url_of(&self, role: &str) -> String {
        self.url().replacen("enrollment@", &format!("{role}@"), 1)
    }

    fn owner(&self) -> String {
        self.url_of("enrollment_owner")
    }

    fn server(&self) -> String {
        self.url_of("enrollment_server")
    }

    /// As documented.
    fn make_roles(&self, settings: &[&str]) {
        let output = Command::new(self.cluster.binaries().psql())
            .args(["--no-psqlrc", "--dbname", &self.url(), "--file", "docs/roles.sql"])
            .args(settings)
            .current_dir(ROOT)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn run(url: &str, command: &[&str]) {
        let ended = Place::database(url).command(command);
        assert_eq!(ended.status, Some(0), "{command:?}: {}", ended.output);
    }

    /// Each table, and what everybody may do with it.
    fn privileges(&self) -> Vec<String> {
        texts(
            &self.url(),
            "SELECT format('%s %s', relname, array(SELECT a::text FROM unnest(relacl) a ORDER BY 1)) FROM pg_class
             WHERE relkind = 'r' AND relnamespace = current_schema::regnamespace ORDER BY 1",
        )
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

fn texts(url: &str, query: &str) -> Vec<String> {
    let mut connection = PgConnection::establish(url).unwrap();
    let lines: Vec<Line> =
        diesel::sql_query(format!("SELECT line::text FROM ({query}) q (line)")).load(&mut connection).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

fn execute(url: &str, sql: &str) -> QueryResult<()> {
    PgConnection::establish(url).unwrap().batch_execute(sql)
}

#[track_caller]
fn assert_refused(url: &str, sql: &str, because: &str) {
    let refusal = execute(url, sql).expect_err(sql).to_string();
    assert!(refusal.contains(because), "{sql}: {refusal}");
}

#[test]
fn a_server_serves_as_a_role_that_changes_neither_tables_nor_what_is_kept_for_good() {
    let site = Site::new();
    site.make_roles(&[]);
    // Nobody but the owner makes the tables.
    let too_early = Place::database(&site.server()).command(&["migrate"]);
    assert!(too_early.output.contains("run `enrollment migrate` as their owner"), "{too_early:?}");
    Site::run(&site.owner(), &["migrate"]);
    let made = site.privileges();

    let mut server = ServerProcess::start_at(&Place::database(&site.server()), ServerProcess::free_address());
    let client = server.client();
    let section = client.open_section(1);
    let [ada, grace] = ["1", "2"].map(|number| client.student(number));
    let enrolled = client.enroll(&ada, &section).expect(201);
    client.enroll(&grace, &section).refused();
    let (courses, term) = (format!("/api/v1/students/{ada}/courses"), enrolled["term"]["id"].as_str().unwrap());
    client.delete(&format!("{courses}/{}", enrolled["id"].as_str().unwrap())).expect(200);
    client.patch(&format!("/api/v1/terms/{term}"), &json!({"name": "Autumn"})).expect(200);
    let window = client.window(term, &json!({"action": "add", "opens_at": "2026-01-01T00:00:00Z", "programs": ["CS"]}));
    assert_eq!(client.delete(&window).status, 204);
    let hold = client.hold(&ada, &json!({"reason": "Fees are due.", "blocks": "enroll"}));
    assert_eq!(client.delete(&hold).status, 204);
    assert_eq!(server.terminate(), Some(0), "and writes the receipts of refusals behind");

    Site::run(&site.server(), &["import", &format!("{ROOT}/tests/fixtures/import")]);
    Site::run(&site.server(), &["check"]);
    assert_eq!(site.privileges(), made);
    forbidden(&site);
    later_tables(&site);
}

fn forbidden(site: &Site) {
    let (owner, server) = (site.owner(), site.server());
    let tables = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema::regnamespace";
    for table in texts(&owner, tables) {
        assert_refused(&server, &format!("TRUNCATE {table} CASCADE"), "permission denied");
        assert_refused(&server, &format!("ALTER TABLE {table} ADD COLUMN shoe integer"), "must be owner");
        assert_refused(&server, &format!("ALTER TABLE {table} DISABLE TRIGGER ALL"), "must be owner");
        assert_refused(&server, &format!("DROP TABLE {table} CASCADE"), "must be owner");
    }
    let ledgers = texts(
        &owner,
        &format!(
            "{tables} AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgname = relname || '_append_only')"
        ),
    );
    for known in ["registration_events", "receipts", "receipt_documents", "event_feed", "permit_uses"] {
        assert!(ledgers.iter().any(|ledger| ledger == known), "{known} is appended to");
    }
    for ledger in &ledgers {
        let column = &texts(
            &owner,
            &format!("SELECT attname FROM pg_attribute WHERE attrelid = '{ledger}'::regclass AND attnum = 1"),
        )[0];
        for change in [format!("UPDATE {ledger} SET {column} = {column}"), format!("DELETE FROM {ledger}")] {
            assert_refused(&server, &change, "permission denied");
            let of_the_owner = execute(&owner, &change).expect_err(&change).to_string();
            assert!(
                !of_the_owner.contains("permission denied"),
                "the owner is refused by the table itself: {of_the_owner}"
            );
        }
        execute(&owner, &format!("TRUNCATE {ledger}")).expect_err("the owner is refused, too");
    }
    for (statement, because) in [
        ("CREATE TABLE shoes (size integer)", "permission denied"),
        ("CREATE TEMPORARY TABLE students (number text)", "permission denied"),
        ("CREATE FUNCTION shoe() RETURNS integer LANGUAGE sql RETURN 44", "permission denied"),
        ("CREATE SCHEMA shoes", "permission denied"),
        ("INSERT INTO __diesel_schema_migrations (version) VALUES ('9')", "permission denied"),
        ("SET session_replication_role = replica", "permission denied"),
        ("SET ROLE enrollment_owner", "permission denied"),
        ("CREATE ROLE shoe", "permission denied"),
        ("COPY students TO '/dev/null'", "must be superuser"),
        ("CREATE INDEX ON students (email)", "must be owner"),
        ("DROP FUNCTION count_student_courses() CASCADE", "must be owner"),
    ] {
        assert_refused(&server, statement, because);
    }
}

/// The default privileges let the server use what the next migration makes, unless that one withdraws them.
fn later_tables(site: &Site) {
    let (owner, server) = (site.owner(), site.server());
    execute(&owner, "CREATE TABLE later (size integer); CREATE TABLE later_ledger (size integer)").unwrap();
    execute(&owner, "SELECT withdraw_privileges('UPDATE, DELETE, TRUNCATE', 'later_ledger')").unwrap();
    execute(&server, "INSERT INTO later VALUES (1); UPDATE later SET size = 2; DELETE FROM later").unwrap();
    execute(&server, "INSERT INTO later_ledger VALUES (1)").unwrap();
    assert_refused(&server, "UPDATE later_ledger SET size = 2", "permission denied");
}

/// Whoever has served as the owner so far makes the roles afterwards.
#[test]
fn roles_that_come_after_the_tables_may_do_the_same() {
    let site = Site::new();
    site.make_roles(&[]);
    Site::run(&site.owner(), &["migrate"]);
    let first = site.privileges();
    site.make_roles(&[]);
    assert_eq!(site.privileges(), first, "a second time changes nothing");

    let older = Site::new();
    Site::run(&older.url(), &["migrate"]);
    older.make_roles(&["--set", "owner=enrollment"]);
    let expected: Vec<String> = first.iter().map(|line| line.replace("enrollment_owner", "enrollment")).collect();
    assert_eq!(older.privileges(), expected);
}
