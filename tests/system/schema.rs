//! The schema by itself, without the application: what the migrations make, and what the database refuses unaided.
//!
//! To add a constraint: name it, and give it a trial in `schema/trials.rs`; one without a trial fails here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod trials;

use enrollment_server::postgres::{Access, ClusterConfig, Durability, LocalCluster};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const FIXTURE: &str = include_str!("schema/fixture.sql");

/// Everything that the migrations make, as PostgreSQL itself describes it.
const CATALOGUE: &str = "
    SELECT 'column', format('%s.%s %s %s %s %s', table_name, column_name, ordinal_position, data_type, is_nullable, column_default)
        FROM information_schema.columns WHERE table_schema = current_schema
    UNION ALL SELECT 'constraint', format('%s %s', conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = current_schema::regnamespace
    UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = current_schema
    UNION ALL SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'function', pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = current_schema::regnamespace
    UNION ALL SELECT 'table', format('%s %s', relname, reloptions)
        FROM pg_class WHERE relnamespace = current_schema::regnamespace AND relkind IN ('r', 'S')
    UNION ALL SELECT 'grade', format('%s %s %s', grade, rank, passing) FROM grades
    ORDER BY 1, 2";

/// Also what `diesel migration run` promises its user, and that `schema.rs` is what it would write.
#[test]
fn migrations_go_up_down_and_up_to_the_same_schema() {
    let database = Database::empty();
    database.diesel(&["migration", "run", "--locked-schema"]);
    let up = database.query(CATALOGUE);
    assert!(up.contains("student_courses_section_key"), "{up}");

    // Without the configuration, by which an empty database would be written to `schema.rs`.
    database.diesel(&["migration", "revert", "--all", "--config-file", "/dev/null"]);
    let left = database.query(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema::regnamespace AND relname NOT LIKE '\\_\\_diesel%'
         UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = current_schema::regnamespace AND proname NOT LIKE 'diesel%'",
    );
    assert_eq!(left, "", "left behind by the down migrations");

    database.diesel(&["migration", "run", "--locked-schema"]);
    assert_eq!(database.query(CATALOGUE), up);
}

#[test]
fn the_database_alone_refuses_what_must_not_be() {
    let database = Database::migrated();
    let trials = trials::all();
    let mut script = String::new();
    for trial in &trials {
        writeln!(script, "SELECT refused_by($trial${}$trial$);", trial.statements).unwrap();
    }
    let output = database.query(&script);
    let answers: Vec<&str> = output.lines().map(str::trim).collect();
    assert_eq!(answers.len(), trials.len(), "each trial has one answer:\n{output}");
    let wrong: Vec<String> = trials
        .iter()
        .zip(&answers)
        .filter(|(trial, answer)| trial.answer != **answer)
        .map(|(trial, answer)| format!("{}\n  should be {}, was {answer}", trial.statements, trial.answer))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let tried: BTreeSet<&str> = trials.iter().map(|trial| trial.answer).collect();
    let rules = database.query(RULES);
    let untried: Vec<&str> = rules.lines().filter(|rule| !tried.contains(rule)).collect();
    assert_eq!(untried, Vec::<&str>::new(), "constraints that no trial provokes");
}

/// The names of all that refuses. Not: primary keys on ids, which are minted, and a key that is only a foreign key's target.
const RULES: &str = "
    SELECT conname FROM pg_constraint JOIN pg_class c ON c.oid = conrelid
        WHERE connamespace = current_schema::regnamespace AND contype <> 't'
          AND NOT (contype = 'p' AND pg_get_constraintdef(pg_constraint.oid) = 'PRIMARY KEY (id)')
          AND conname <> 'sections_identity_key'
    UNION SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE indisunique AND NOT indisprimary AND relnamespace = current_schema::regnamespace
          AND indexrelid::regclass::text <> 'sections_identity_key'
    UNION SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname !~ 'count_(seats|waiting|on)|change_(names|catalogue)_version'";

/// By plain inserts, which lock nothing and read nothing: the pool's check and the triggers are all that stands between.
#[test]
fn two_hundred_writers_without_the_application_take_ten_seats() {
    let database = Database::migrated();
    database.query(
        "INSERT INTO students (id, number, given_name, family_name, created_at, updated_at)
             SELECT id(1000 + n), 'R' || n, 'Grace', 'Hopper', now(), now() FROM generate_series(1, 200) n;
         UPDATE seat_pools SET capacity = 10 WHERE id = id(301)",
    );
    let refused: usize = thread::scope(|scope| {
        let writers: Vec<_> = (0..10)
            .map(|writer| {
                let students = (1..=20).map(|n| 1000 + writer * 20 + n);
                let inserts: Vec<_> = students.map(|n| format!("SELECT take({n}, {n}, 1, 'enrolled');")).collect();
                let database = &database;
                scope.spawn(move || {
                    database.psql(&inserts.join("\n"), "ON_ERROR_STOP=0").1.matches("seat_pools_taken_check").count()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    let seats = database.query("SELECT taken, (SELECT count(*) FROM student_courses WHERE status = 'enrolled') FROM seat_pools WHERE id = id(301)");
    assert_eq!((seats.as_str(), refused), ("10|10", 190));
}

/// An empty database in a cluster of its own.
struct Database {
    cluster: LocalCluster,
    _home: TempDir,
}

impl Database {
    const NAME: &str = "schema";

    fn empty() -> Self {
        // Root runs PostgreSQL as another account, which has to get in.
        let passable = Permissions::from_mode(0o755);
        let home = tempfile::Builder::new().prefix("schema").permissions(passable).tempdir().unwrap();
        let config = ClusterConfig {
            data_dir: home.path().join("data"),
            binaries: None,
            purpose: "a test of the schema".to_owned(),
            durability: Durability::Disposable,
        };
        let cluster = LocalCluster::open(&config, Access::Own).unwrap();
        cluster.ensure_database(Self::NAME).unwrap();
        Self { cluster, _home: home }
    }

    /// With the schema, by nothing but its SQL, and the fixture.
    fn migrated() -> Self {
        let database = Self::empty();
        let mut folders: Vec<_> =
            fs::read_dir(Path::new(ROOT).join("migrations")).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for folder in folders {
            database.query(&fs::read_to_string(folder.join("up.sql")).unwrap());
        }
        database.query(FIXTURE);
        database
    }

    /// What `psql` prints; all statements must succeed.
    fn query(&self, sql: &str) -> String {
        let (output, errors) = self.psql(sql, "ON_ERROR_STOP=1");
        assert_eq!(errors, "", "{sql}");
        output.trim_end().to_owned()
    }

    fn psql(&self, sql: &str, variable: &str) -> (String, String) {
        let mut psql = Command::new(self.cluster.binaries().psql())
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", variable])
            .args(["--dbname", &self.cluster.url(Self::NAME)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = psql.stdin.take().unwrap();
        let sql = sql.to_owned();
        // Written beside the reading, or both sides could wait for the other with full pipes.
        let writer = thread::spawn(move || input.write_all(sql.as_bytes()));
        let output = psql.wait_with_output().unwrap();
        // When psql stops at an error, the rest of its input is not read.
        let _ = writer.join().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// The command that the README tells people to use. With `--locked-schema` it fails if it would change `schema.rs`.
    fn diesel(&self, arguments: &[&str]) {
        let output = Command::new("diesel")
            .args(arguments)
            .args(["--database-url", &self.cluster.url(Self::NAME)])
            .current_dir(ROOT)
            .output()
            .expect("diesel runs: script/bootstrap --dev installs it");
        assert!(output.status.success(), "diesel {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
