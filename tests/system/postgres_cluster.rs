//! The server's own PostgreSQL: who may run it, and what becomes of it when processes are killed.
//!
//! Clusters run in folders of their own. Where a test needs a process to kill, it runs this test binary once more, as
//! [`another_process`].

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod home;
mod processes;

use enrollment_server::postgres::{Access, ClusterConfig, ClusterError, Durability, LocalCluster};
use home::{DATA_DIR, Home, Process};
use processes::{is_running, send, wait_until};
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

#[test]
fn the_first_start_makes_a_cluster_that_serves() {
    let home = Home::new();
    let cluster = home.open(Access::Own);
    cluster.ensure_database("enrollment").unwrap();
    cluster.ensure_database("enrollment").unwrap();
    assert!(cluster.is_owner() && cluster.is_running());
    assert_eq!(query(&cluster, "SELECT current_database()"), "enrollment");
    for folder in ["postgres", "run"] {
        let mode = fs::metadata(home.data_dir().join(folder)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700, "{folder}");
    }
    let postmaster = cluster.pid();
    cluster.close().unwrap();
    assert!(!is_running(postmaster));
}

#[test]
fn a_durable_cluster_has_every_safeguard_and_no_tcp_port() {
    let home = Home::new();
    let config = ClusterConfig { durability: Durability::Durable, ..home.config() };
    let cluster = LocalCluster::open(&config, Access::Own).unwrap();
    cluster.ensure_database("enrollment").unwrap();
    for setting in ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"] {
        assert_eq!(query(&cluster, &format!("SHOW {setting}")), "on", "{setting}");
    }
    assert_eq!(query(&cluster, "SHOW listen_addresses"), "");
    // What a command line says, a statement cannot take back.
    query(&cluster, "ALTER SYSTEM SET fsync = off");
    query(&cluster, "SELECT pg_reload_conf()");
    assert_eq!(query(&cluster, "SHOW fsync"), "on");
}

#[test]
fn text_of_every_script_is_stored_compared_and_put_in_upper_case() {
    let home = Home::new();
    let cluster = home.open(Access::Own);
    cluster.ensure_database("学籍 \"2026\"").unwrap();
    let database = "学籍 \"2026\"";
    assert_eq!(query_in(&cluster, database, "SELECT current_database()"), database);
    assert_eq!(query_in(&cluster, database, "SHOW server_encoding"), "UTF8");
    assert_eq!(query_in(&cluster, database, "SELECT upper('élan ωμέγα жук 学')"), "ÉLAN ΩΜΈΓΑ ЖУК 学");
    let sorted = "SELECT string_agg(t, '' ORDER BY t) FROM unnest(ARRAY['学','b','é','B','a','ж']) t";
    assert_eq!(query_in(&cluster, database, sorted), "Babéж学");
}

#[test]
fn a_restart_keeps_the_data() {
    let home = Home::new();
    let cluster = home.open(Access::Own);
    cluster.ensure_database("enrollment").unwrap();
    query(&cluster, "CREATE TABLE kept AS SELECT 42 AS answer");
    drop(cluster);

    let cluster = home.open(Access::Own);
    assert_eq!(query(&cluster, "SELECT answer FROM kept"), "42");
}

#[test]
fn a_second_owner_is_refused_and_told_who_the_first_is() {
    let home = Home::new();
    let owner = home.open_elsewhere();
    let refusal = LocalCluster::open(&home.config(), Access::Own).unwrap_err();
    assert!(matches!(refusal, ClusterError::Owned { .. }), "{refusal:?}");
    let message = refusal.to_string();
    let resolved = home.data_dir().canonicalize().unwrap();
    let parts = [&owner.pid().to_string(), "`another process`", resolved.to_str().unwrap(), "ENROLLMENT_DATA_DIR"];
    for part in parts {
        assert!(message.contains(part), "{part} in {message}");
    }
    assert!(is_running(owner.postmaster), "the first goes on");
}

#[test]
fn a_guest_uses_the_owners_cluster_and_leaves_it_running() {
    let home = Home::new();
    let owner = home.open_elsewhere();
    let guest = home.open(Access::Share);
    assert!(!guest.is_owner() && guest.is_running());
    assert_eq!(guest.pid(), owner.postmaster);
    guest.ensure_database("enrollment").unwrap();
    assert_eq!(query(&guest, "SELECT 1"), "1");
    drop(guest);
    assert!(is_running(owner.postmaster));
}

#[test]
fn guests_without_an_owner_run_the_cluster_until_the_last_has_left() {
    let home = Home::new();
    let first = home.open(Access::Share);
    assert!(first.is_owner());
    first.ensure_database("enrollment").unwrap();
    let second = home.open(Access::Share);
    assert!(!second.is_owner());

    let leaving = thread::spawn(move || first.close());
    thread::sleep(Duration::from_millis(300));
    assert!(!leaving.is_finished(), "the first waits for the second");
    assert_eq!(query(&second, "SELECT 1"), "1");

    let postmaster = second.pid();
    drop(second);
    leaving.join().unwrap().unwrap();
    assert!(!is_running(postmaster));
}

#[test]
fn commands_started_at_once_share_one_cluster() {
    let home = Home::new();
    let seen: Vec<String> = thread::scope(|scope| {
        let command = || {
            let cluster = home.open(Access::Share);
            cluster.ensure_database("enrollment").unwrap();
            query(&cluster, "SELECT system_identifier FROM pg_control_system()")
        };
        let commands: Vec<_> = (0..6).map(|_| scope.spawn(command)).collect();
        commands.into_iter().map(|command| command.join().unwrap()).collect()
    });
    assert!(seen.iter().all(|identifier| *identifier == seen[0] && !identifier.is_empty()), "{seen:?}");
}

#[test]
fn postgresql_stops_when_its_owner_is_killed() {
    let home = Home::new();
    let mut owner = home.open_elsewhere();
    let postmaster = owner.postmaster;
    owner.kill();
    wait_until("PostgreSQL has stopped", || !is_running(postmaster));
    // It was told to, rather than having crashed: it took its lock file along.
    assert!(!home.data_dir().join("postgres/postmaster.pid").exists());
    let log = fs::read_to_string(home.data_dir().join("postgres.log")).unwrap();
    assert!(log.contains("received fast shutdown request"), "{log}");
}

#[test]
fn postgresql_stops_when_its_owner_ends_without_a_word() {
    let home = Home::new();
    let mut owner = home.open_elsewhere();
    let postmaster = owner.postmaster;
    owner.exit();
    wait_until("PostgreSQL has stopped", || !is_running(postmaster));
}

#[test]
fn ctrl_c_at_the_terminal_does_not_reach_postgresql() {
    let home = Home::new();
    let owner = home.open_elsewhere();
    // The terminal sends it to the group in the foreground, which is the server's. Ours ignores it, as a server that
    // finishes what is in flight would.
    send("INT", &format!("-{}", owner.pid()));
    thread::sleep(Duration::from_millis(300));
    let guest = home.open(Access::Share);
    assert_eq!(guest.pid(), owner.postmaster);
    guest.ensure_database("enrollment").unwrap();
    assert_eq!(query(&guest, "SELECT 1"), "1");
}

#[test]
fn an_orphan_is_stopped_before_a_new_start() {
    let home = Home::new();
    let mut owner = home.open_elsewhere();
    let orphan = owner.postmaster;
    let guest = home.open(Access::Share);
    guest.ensure_database("enrollment").unwrap();
    query(&guest, "CREATE TABLE kept AS SELECT 42 AS answer");
    drop(guest);
    owner.kill_with_guards();
    assert!(is_running(orphan), "nobody is left to stop it");

    let cluster = home.open(Access::Own);
    assert!(!is_running(orphan));
    assert_ne!(cluster.pid(), orphan);
    assert_eq!(query(&cluster, "SELECT answer FROM kept"), "42");
}

#[test]
fn what_was_committed_survives_when_everything_is_killed() {
    let home = Home::new();
    let mut owner = home.open_elsewhere();
    let postmaster = owner.postmaster;
    let guest = home.open(Access::Share);
    guest.ensure_database("enrollment").unwrap();
    query(&guest, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n");
    drop(guest);
    owner.kill_with_guards();
    send("KILL", &postmaster.to_string());
    wait_until("PostgreSQL is gone", || !is_running(postmaster));
    let stale = fs::read_to_string(home.data_dir().join("postgres/postmaster.pid")).unwrap();
    assert!(stale.starts_with(&postmaster.to_string()), "{stale}");

    let cluster = home.open(Access::Own);
    assert_eq!(query(&cluster, "SELECT count(*) FROM kept"), "1000");
}

#[test]
fn a_stale_lock_file_does_not_stand_in_for_a_process_that_took_its_number() {
    let home = Home::new();
    home.open(Access::Own).close().unwrap();
    let pgdata = home.data_dir().join("postgres");
    let account = fs::metadata(&pgdata).unwrap();
    let mut command = Command::new("sleep");
    command.arg("60");
    if is_root() {
        command.uid(account.uid()).gid(account.gid());
    }
    let bystander = Process(command.spawn().unwrap());
    let (pid, run) = (bystander.0.id(), home.data_dir().join("run"));
    let lock = format!("{pid}\n{}\n1700000000\n5432\n{}\n\n 1 1\nready   \n", pgdata.display(), run.display());
    for path in [pgdata.join("postmaster.pid"), run.join(".s.PGSQL.5432.lock")] {
        fs::write(&path, &lock).unwrap();
        chown(&path, Some(account.uid()), Some(account.gid())).unwrap();
    }

    let cluster = home.open(Access::Own);
    cluster.ensure_database("enrollment").unwrap();
    assert_eq!(query(&cluster, "SELECT 1"), "1");
    assert!(is_running(bystander.0.id().cast_signed()), "the bystander is left alone");
}

#[test]
fn a_postgresql_that_died_is_seen_and_can_be_started_again() {
    let home = Home::new();
    let cluster = home.open(Access::Own);
    send("KILL", &cluster.pid().to_string());
    wait_until("the owner sees it", || !cluster.is_running());
    cluster.close().unwrap();
    assert!(home.open(Access::Own).is_running());
}

#[test]
fn a_cluster_half_made_is_made_anew() {
    let home = Home::new();
    let mut owner = home.spawn_elsewhere();
    wait_until("initdb is at work", || {
        let entries = fs::read_dir(home.data_dir()).into_iter().flatten().flatten();
        unfinished(entries.map(|entry| entry.path())).is_some_and(|dir| dir.join("base").exists())
    });
    owner.kill();
    assert!(!home.data_dir().join("postgres").exists(), "killed too late to be of use");

    let cluster = home.open(Access::Own);
    cluster.ensure_database("enrollment").unwrap();
    assert_eq!(query(&cluster, "SELECT 1"), "1");
    let entries = fs::read_dir(home.data_dir()).unwrap().flatten();
    assert_eq!(unfinished(entries.map(|entry| entry.path())), None);
}

#[test]
fn a_data_folder_with_a_long_path_has_its_socket_elsewhere() {
    let mut home = Home::new();
    home.nest(&"long name, ".repeat(15));
    let cluster = home.open(Access::Own);
    cluster.ensure_database("enrollment").unwrap();
    assert_eq!(query(&cluster, "SELECT 1"), "1");
    let socket_dir = PathBuf::from(query(&cluster, "SHOW unix_socket_directories").trim_matches('"'));
    assert!(!socket_dir.starts_with(home.data_dir()));
    assert_eq!(fs::metadata(&socket_dir).unwrap().mode() & 0o777, 0o700);
    let guest = home.open(Access::Share);
    assert_eq!(query(&guest, "SELECT 1"), "1");
    drop((guest, cluster));
    assert!(!socket_dir.exists(), "it is taken away again");

    // One that somebody else could enter is not trusted.
    fs::create_dir(&socket_dir).unwrap();
    fs::set_permissions(&socket_dir, Permissions::from_mode(0o777)).unwrap();
    let refusal = LocalCluster::open(&home.config(), Access::Own).unwrap_err();
    fs::remove_dir(&socket_dir).unwrap();
    assert!(matches!(refusal, ClusterError::UnsafeSocketDir { .. }), "{refusal:?}");
}

#[test]
fn a_data_folder_with_spaces_commas_and_quotes_serves() {
    let mut home = Home::new();
    home.nest("a, \"b\" 学");
    let cluster = home.open(Access::Own);
    cluster.ensure_database("enrollment").unwrap();
    assert_eq!(query(&cluster, "SELECT 1"), "1");
    assert_eq!(home.open(Access::Share).pid(), cluster.pid());
}

#[test]
fn a_data_folder_that_postgresql_cannot_reach_is_refused() {
    let mut home = Home::new();
    if !is_root() {
        eprintln!("only root hands PostgreSQL over to another account; nothing to test");
        return;
    }
    home.nest("closed/data");
    fs::create_dir_all(home.data_dir()).unwrap();
    let closed = home.data_dir().parent().unwrap();
    fs::set_permissions(closed, Permissions::from_mode(0o700)).unwrap();
    let refusal = LocalCluster::open(&home.config(), Access::Own).unwrap_err();
    assert!(matches!(refusal, ClusterError::Unreachable { .. }), "{refusal:?}");
    let remedy = format!("chmod a+x {}`", closed.canonicalize().unwrap().display());
    assert!(refusal.to_string().contains(&remedy), "{refusal}");

    fs::set_permissions(closed, Permissions::from_mode(0o711)).unwrap();
    assert!(home.open(Access::Own).is_running(), "the remedy helps");
}

#[test]
fn somebody_elses_data_folder_is_refused() {
    let mut home = Home::new();
    if is_root() {
        home.nest("theirs");
        fs::create_dir(home.data_dir()).unwrap();
        chown(home.data_dir(), Some(65534), None).unwrap();
    } else {
        home.data_dir = PathBuf::from("/usr");
    }
    let refusal = LocalCluster::open(&home.config(), Access::Own).unwrap_err();
    assert!(matches!(refusal, ClusterError::ForeignDataDir { .. }), "{refusal:?}");
}

#[test]
fn when_postgresql_does_not_start_its_log_is_shown() {
    let home = Home::new();
    home.open(Access::Own).close().unwrap();
    fs::remove_file(home.data_dir().join("postgres/global/pg_control")).unwrap();
    let refusal = LocalCluster::open(&home.config(), Access::Own).unwrap_err();
    assert!(matches!(refusal, ClusterError::Start { .. }), "{refusal:?}");
    assert!(refusal.to_string().contains("pg_control"), "{refusal}");
}

/// Not a test: the process that the tests above kill. It opens the cluster, says so, and stays until its input ends.
#[test]
#[ignore = "the tests run it themselves, as a process of its own"]
fn another_process() {
    let Some(data_dir) = std::env::var_os(DATA_DIR) else { return };
    let config = ClusterConfig {
        data_dir: data_dir.into(),
        binaries: None,
        purpose: "another process".to_owned(),
        durability: Durability::Durable,
    };
    let cluster = LocalCluster::open(&config, Access::Own).unwrap();
    // Past the test harness, which holds back what is printed in a test.
    writeln!(std::io::stderr(), "postmaster {}", cluster.pid()).unwrap();
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    // Without dropping anything.
    std::process::exit(0);
}

fn query(cluster: &LocalCluster, sql: &str) -> String {
    query_in(cluster, "enrollment", sql)
}

fn query_in(cluster: &LocalCluster, database: &str, sql: &str) -> String {
    let mut psql = Command::new(cluster.binaries().psql());
    psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
    // Named in the environment, another server's port would be used for ours.
    psql.env("PGPORT", "1").args(["--dbname", &cluster.url(database), "--command", sql]);
    let output = psql.output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn is_root() -> bool {
    let own = tempfile::tempfile().unwrap();
    own.metadata().unwrap().uid() == 0
}

fn unfinished(mut entries: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    entries.find(|entry| entry.to_string_lossy().contains("postgres.unfinished-"))
}
