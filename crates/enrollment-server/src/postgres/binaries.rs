//! Finds the programs of PostgreSQL.
//!
//! Distributions keep `initdb` and `postgres` off the PATH and several major versions side by side. To look in one more
//! place: add a row to [`VERSIONED`].

use super::error::ClusterError;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a folder must hold to be of use.
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "psql"];

/// The oldest major version that the schema is written for.
const OLDEST_MAJOR: u32 = 14;

/// Folders that hold one folder a version: where they are, what its name starts with, and where its programs are.
const VERSIONED: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

/// A folder with PostgreSQL's programs, and their major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    dir: PathBuf,
    major: u32,
}

impl Binaries {
    /// Finds the programs: in `given`, or else on the PATH, where `pg_config` says, or where distributions put them,
    /// highest version first. With `major`, the version that made an existing cluster, no other version will do.
    pub fn find(given: Option<&Path>, major: Option<u32>) -> Result<Self, ClusterError> {
        if let Some(dir) = given {
            let found = Self::in_dir(dir)?;
            return if found.suits(major) { Ok(found) } else { Err(wrong_version(major, &[found])) };
        }
        let candidates = candidates();
        let mut unsuitable = Vec::new();
        for dir in &candidates {
            match Self::in_dir(dir) {
                Ok(found) if found.suits(major) => return Ok(found),
                Ok(found) => unsuitable.push(found),
                Err(_) => {}
            }
        }
        if unsuitable.is_empty() {
            Err(ClusterError::NoBinaries { looked_in: looked_in() })
        } else {
            Err(wrong_version(major, &unsuitable))
        }
    }

    /// The programs in this folder, of whatever version.
    fn in_dir(dir: &Path) -> Result<Self, ClusterError> {
        let missing =
            |program: &'static str| ClusterError::IncompleteBinaries { dir: dir.to_owned(), missing: program };
        if let Some(program) = PROGRAMS.into_iter().find(|program| !dir.join(program).is_file()) {
            return Err(missing(program));
        }
        let version = output_of(&dir.join("postgres"), "--version").ok_or_else(|| missing("postgres"))?;
        let major = major_version(&version).ok_or_else(|| missing("postgres"))?;
        // Programs are run from another folder than ours, so a relative path would not be found.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        Ok(Self { dir, major })
    }

    fn suits(&self, major: Option<u32>) -> bool {
        major.map_or(self.major >= OLDEST_MAJOR, |major| self.major == major)
    }

    /// The major version: 15 of 15.4.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The server.
    pub fn postgres(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    /// The maker of clusters.
    pub fn initdb(&self) -> PathBuf {
        self.dir.join("initdb")
    }

    /// The command-line client.
    pub fn psql(&self) -> PathBuf {
        self.dir.join("psql")
    }
}

/// Every folder worth a look, best first.
fn candidates() -> Vec<PathBuf> {
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let configured = output_of(Path::new("pg_config"), "--bindir").map(|dir| PathBuf::from(dir.trim()));
    let mut folders: Vec<PathBuf> = on_path.into_iter().chain(configured).collect();
    let mut versioned: Vec<(u32, PathBuf)> =
        VERSIONED.iter().flat_map(|(parent, prefix, bin)| versions_in(Path::new(parent), prefix, bin)).collect();
    versioned.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
    folders.extend(versioned.into_iter().map(|(_, dir)| dir));
    folders
}

/// The folders `<parent>/<prefix><major>/<bin>`.
fn versions_in(parent: &Path, prefix: &str, bin: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let major = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((major, entry.path().join(bin)))
        })
        .collect()
}

/// What a program says to one argument.
fn output_of(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The major version in `postgres (PostgreSQL) 15.4 (Debian 15.4-1)` or `… 18beta1`.
fn major_version(said: &str) -> Option<u32> {
    let number = said.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}

fn wrong_version(major: Option<u32>, found: &[Binaries]) -> ClusterError {
    let wanted = match major {
        Some(major) => format!("{major}, which made this cluster,"),
        None => format!("{OLDEST_MAJOR} or newer"),
    };
    let found: Vec<String> =
        found.iter().map(|binaries| format!("{} in {}", binaries.major, binaries.dir.display())).collect();
    ClusterError::WrongVersion { wanted, found: found.join(", ") }
}

fn looked_in() -> String {
    let versioned = VERSIONED.iter().map(|(parent, prefix, bin)| format!("{parent}/{prefix}*/{bin}"));
    ["the PATH".to_owned(), "`pg_config --bindir`".to_owned()]
        .into_iter()
        .chain(versioned)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Written by a shell: were they written here, a test that starts a process at this moment would hold them open for
    /// writing, and they could not be run.
    fn install(dir: &Path, version: &str) {
        for program in PROGRAMS {
            let script = format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'");
            let path = dir.join(program);
            let written = Command::new("sh")
                .args(["-c", r#"printf '%s\n' "$1" >"$2"; chmod 755 "$2""#, "sh", &script])
                .arg(path)
                .status();
            assert!(written.unwrap().success());
        }
    }

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(major_version("something else 15"), None);
    }

    #[test]
    fn a_given_folder_is_used_when_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path(), "16.2");
        let binaries = Binaries::find(Some(dir.path()), None).unwrap();
        assert_eq!(binaries.major(), 16);
        assert_eq!(binaries.postgres(), dir.path().join("postgres"));
    }

    #[test]
    fn a_given_folder_that_lacks_a_program_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path(), "16.2");
        fs::remove_file(dir.path().join("initdb")).unwrap();
        let message = Binaries::find(Some(dir.path()), None).unwrap_err().to_string();
        assert!(message.contains("has no `initdb`"), "{message}");
        assert!(message.contains("ENROLLMENT_POSTGRES_BIN"), "{message}");
    }

    #[test]
    fn a_version_too_old_or_not_that_of_the_cluster_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        install(dir.path(), "9.6.24");
        let message = Binaries::find(Some(dir.path()), None).unwrap_err().to_string();
        assert!(message.contains("14 or newer") && message.contains("only 9 in"), "{message}");

        install(dir.path(), "17.1");
        let message = Binaries::find(Some(dir.path()), Some(15)).unwrap_err().to_string();
        assert!(message.contains("15, which made this cluster"), "{message}");
    }

    #[test]
    fn versions_side_by_side_are_all_seen() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["postgresql@14", "postgresql@17", "postgresql", "other@3"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let mut found = versions_in(parent.path(), "postgresql@", "bin");
        found.sort();
        let expected = [14, 17].map(|major| (major, parent.path().join(format!("postgresql@{major}/bin"))));
        assert_eq!(found, expected);
    }

    #[test]
    fn nothing_found_names_the_remedies() {
        let message = ClusterError::NoBinaries { looked_in: looked_in() }.to_string();
        for part in ["script/bootstrap", "DATABASE_URL", "/usr/lib/postgresql/*/bin", "pg_config"] {
            assert!(message.contains(part), "{message}");
        }
    }
}
