//! Makes the cluster.
//!
//! In a folder beside its place, renamed into it when finished: what is in its place is whole. What an interrupted one
//! left is removed at the next start.

use super::binaries::Binaries;
use super::data_dir::DataDir;
use super::error::{ClusterError, io_error};
use super::settings::Durability;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

/// The name of every unfinished cluster starts with this; a number follows, so that an `initdb` that survived its
/// owner does not write into its successor's.
const UNFINISHED: &str = "postgres.unfinished-";

/// How long an `initdb` may take to notice that its folder is gone.
const CONTEST: Duration = Duration::from_secs(10);

/// The superuser of the cluster, who owns the tables.
pub(super) const SUPERUSER: &str = "enrollment";

/// The role of the server, which reads and writes rows.
pub(super) const SERVER: &str = "enrollment_server";

/// The major version from which PostgreSQL has C.UTF-8 built in.
const BUILTIN_LOCALE_SINCE: u32 = 17;

/// Makes the cluster unless there is one. Only for its owner.
pub(super) fn ensure_cluster(
    data_dir: &DataDir,
    binaries: &Binaries,
    durability: Durability,
) -> Result<(), ClusterError> {
    remove_unfinished(data_dir)?;
    if data_dir.cluster_version()?.is_some() {
        return Ok(());
    }
    tracing::info!(data_dir = %data_dir.path().display(), "making a PostgreSQL cluster");
    let unfinished = data_dir.path().join(format!("{UNFINISHED}{}", process::id()));
    data_dir.create_private(&unfinished)?;
    let mut initdb = data_dir.account().command(binaries.initdb());
    initdb.arg("-D").arg(&unfinished).args(["--username", SUPERUSER, "--encoding=UTF8", "--data-checksums"]);
    // No password: who may enter the socket's folder is who may connect.
    initdb.args(["--auth=trust", "--no-instructions"]).args(locale(binaries.major(), cfg!(target_os = "macos")));
    if durability == Durability::Disposable {
        initdb.arg("--no-sync");
    }
    let output = initdb.output().map_err(io_error("run", binaries.initdb()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(ClusterError::Init { path: data_dir.path().to_owned(), output: said });
    }
    let pgdata = data_dir.pgdata();
    fs::rename(&unfinished, &pgdata).map_err(io_error("rename", unfinished))?;
    File::open(data_dir.path()).and_then(|dir| dir.sync_all()).map_err(io_error("sync", data_dir.path()))
}

fn remove_unfinished(data_dir: &DataDir) -> Result<(), ClusterError> {
    let root = data_dir.path();
    for entry in fs::read_dir(root).map_err(io_error("list", root))? {
        let entry = entry.map_err(io_error("list", root))?;
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            remove_contested(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a folder that an `initdb` which outlived its owner may still be writing to. It fails, and ends, when it
/// misses what is removed.
fn remove_contested(dir: &Path) -> Result<(), ClusterError> {
    let deadline = Instant::now() + CONTEST;
    loop {
        match fs::remove_dir_all(dir) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !dir.exists() => return Ok(()),
            Err(error) if Instant::now() >= deadline => return Err(io_error("remove", dir)(error)),
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Text sorts by code point, the same on every system and after every upgrade of its libraries, so that indexes stay
/// valid; letters of every script have their upper and lower case.
fn locale(major: u32, macos: bool) -> &'static [&'static str] {
    if major >= BUILTIN_LOCALE_SINCE {
        &["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    } else if macos {
        &["--locale=C", "--lc-ctype=en_US.UTF-8"]
    } else {
        &["--locale=C.UTF-8"]
    }
}

#[cfg(test)]
mod tests {
    use super::locale;

    #[test]
    fn the_locale_is_the_builtin_one_where_there_is_one() {
        assert_eq!(locale(18, false), locale(17, true));
        assert_eq!(locale(17, false)[1], "--builtin-locale=C.UTF-8");
        assert_eq!(locale(15, false), ["--locale=C.UTF-8"]);
        assert_eq!(locale(15, true), ["--locale=C", "--lc-ctype=en_US.UTF-8"]);
    }
}
