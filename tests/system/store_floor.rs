//! Runs the store's own tests on a real PostgreSQL. They live beside the store, since only it may know the driver.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use enrollment_server::postgres::{Access, ClusterConfig, Durability, LocalCluster};
use std::env;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn the_store_keeps_its_promises() {
    // Root runs PostgreSQL as another account, which has to get in.
    let passable = Permissions::from_mode(0o755);
    let home = tempfile::Builder::new().prefix("store").permissions(passable).tempdir().unwrap();
    let config = ClusterConfig {
        data_dir: home.path().join("data"),
        binaries: None,
        purpose: "the store's tests".to_owned(),
        durability: Durability::Disposable,
    };
    let cluster = LocalCluster::open(&config, Access::Own).unwrap();
    cluster.ensure_database("store").unwrap();
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "test",
            "--locked",
            "--package",
            "enrollment-diesel",
            "--test",
            "postgres",
            "--test",
            "ports",
            "--",
            "--ignored",
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env("TEST_DATABASE_URL", cluster.url("store"))
        .output()
        .expect("cargo runs");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{complained}\n{said}");
    assert!(said.contains("test result: ok.") && !said.contains(" 0 passed"), "no test ran:\n{said}");
}
