//! Places for clusters, and other processes that own one.

use super::processes::{guards_of, is_running, kill_if_there, send, wait_until};
use enrollment_server::postgres::{Access, ClusterConfig, Durability, LocalCluster};
use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Tells [`another_process`](super::another_process) its data folder.
pub(super) const DATA_DIR: &str = "ENROLLMENT_TEST_CLUSTER";

/// A place for a cluster, thrown away with it.
pub(super) struct Home {
    /// Kept for as long as the cluster.
    temporary: TempDir,
    pub(super) data_dir: PathBuf,
}

impl Home {
    pub(super) fn new() -> Self {
        // Root runs PostgreSQL as another account, which has to get in.
        let passable = Permissions::from_mode(0o755);
        let temporary = tempfile::Builder::new().prefix("cluster").permissions(passable).tempdir().unwrap();
        let data_dir = temporary.path().join("data");
        Self { temporary, data_dir }
    }

    pub(super) fn nest(&mut self, name: &str) {
        self.data_dir = self.temporary.path().join(name);
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub(super) fn config(&self) -> ClusterConfig {
        ClusterConfig {
            data_dir: self.data_dir.clone(),
            binaries: None,
            purpose: "this test".to_owned(),
            durability: Durability::Disposable,
        }
    }

    pub(super) fn open(&self, access: Access) -> LocalCluster {
        LocalCluster::open(&self.config(), access).unwrap()
    }

    /// Opens the cluster in another process, and waits until it is open.
    pub(super) fn open_elsewhere(&self) -> Owner {
        let mut process = self.spawn_elsewhere();
        let mut said = String::new();
        let mut output = BufReader::new(process.0.stderr.take().unwrap());
        let postmaster = loop {
            let line = said.len();
            let length = output.read_line(&mut said).unwrap();
            assert!(length > 0, "the other process did not open the cluster:\n{said}");
            if let Some(pid) = said[line..].strip_prefix("postmaster ") {
                break pid.trim_end().parse().unwrap();
            }
        };
        Owner { process, postmaster }
    }

    /// Starts to open the cluster in another process, which leads a group of its own and ignores SIGINT.
    pub(super) fn spawn_elsewhere(&self) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", r#"trap '' INT; exec "$@""#, "sh"]).arg(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "--nocapture", "postgres_cluster::another_process"]);
        command.env(DATA_DIR, &self.data_dir).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        Process(command.spawn().unwrap())
    }
}

/// A process that a test started, which does not outlive it.
pub(super) struct Process(pub(super) Child);

impl Process {
    /// Kills it, as `kill -9` does.
    pub(super) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Another process that owns a cluster.
pub(super) struct Owner {
    process: Process,
    pub(super) postmaster: i32,
}

impl Owner {
    pub(super) fn pid(&self) -> u32 {
        self.process.0.id()
    }

    pub(super) fn kill(&mut self) {
        self.process.kill();
    }

    /// Kills it and what would stop PostgreSQL in its place.
    pub(super) fn kill_with_guards(&mut self) {
        let guards = guards_of(self.postmaster);
        assert!(!guards.is_empty());
        // Made to stand still first, so that none can act on another's end; and before their owner, at whose end they would be
        // woken, as the kernel does with a stopped group that nobody is left to wake.
        for guard in &guards {
            send("STOP", guard);
        }
        for guard in &guards {
            kill_if_there(guard);
        }
        self.kill();
    }

    /// Lets it end by itself.
    pub(super) fn exit(&mut self) {
        drop(self.process.0.stdin.take());
        assert!(self.process.0.wait().unwrap().success());
    }
}

impl Drop for Owner {
    /// Waits for the cluster, too, so that its folder can be removed.
    fn drop(&mut self) {
        let _ = self.process.0.kill();
        let _ = self.process.0.wait();
        wait_until("PostgreSQL has stopped", || !is_running(self.postmaster));
    }
}
