//! Who PostgreSQL runs as.
//!
//! PostgreSQL refuses to run as root, so root hands over to an unprivileged account; anybody else runs it themselves.

use super::error::{ClusterError, io_error};
use nix::unistd::{Gid, Uid, User};
use std::env;
use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Accounts that root hands over to, the first that exists.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The account that PostgreSQL's programs run as and that owns their files.
#[derive(Debug, Clone)]
pub(super) struct Account {
    name: String,
    uid: Uid,
    gid: Gid,
    /// Whether that is another account than this process's own.
    other: bool,
}

impl Account {
    /// The account for the cluster in `pgdata`. One that exists keeps its owner, even when a user `postgres` has since
    /// been created.
    pub(super) fn for_cluster(pgdata: &Path) -> Result<Self, ClusterError> {
        let own = Uid::effective();
        if !own.is_root() {
            return Ok(Self { name: user_name(own), uid: own, gid: Gid::effective(), other: false });
        }
        let owner = fs::metadata(pgdata).ok().map(|cluster| Uid::from_raw(cluster.uid())).filter(|uid| !uid.is_root());
        let user = match owner {
            Some(uid) => User::from_uid(uid).ok().flatten(),
            None => UNPRIVILEGED.into_iter().find_map(|name| User::from_name(name).ok().flatten()),
        };
        let user = user.ok_or(ClusterError::NoAccount)?;
        Ok(Self { name: user.name, uid: user.uid, gid: user.gid, other: true })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid.as_raw()
    }

    /// A command that runs as this account, untouched by the PostgreSQL settings in our environment.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        // Messages in one language, and a valid one: PostgreSQL on macOS needs that to start at all.
        command.env("LC_ALL", "C").env("TZ", "UTC");
        // The account may not be allowed into the folder that we were started in.
        command.current_dir("/").stdin(Stdio::null());
        if self.other {
            // As root, the standard library also clears the supplementary groups.
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
        command
    }

    /// Gives this account a folder that was just created.
    pub(super) fn take_over(&self, created: &Path) -> Result<(), ClusterError> {
        if !self.other {
            return Ok(());
        }
        lchown(created, Some(self.uid.as_raw()), Some(self.gid.as_raw())).map_err(io_error("give away", created))
    }

    /// The first folder on the way to `dir` that this account may not enter.
    pub(super) fn barred_from(&self, dir: &Path) -> Result<Option<PathBuf>, ClusterError> {
        if !self.other {
            return Ok(None);
        }
        // Asked of the system rather than computed from modes, so that access lists and mounts count too.
        let mut way: Vec<&Path> = dir.ancestors().collect();
        way.reverse();
        for folder in way {
            let entered = self.command("/bin/sh").args(["-c", r#"test -x "$1""#, "sh"]).arg(folder).status();
            if !entered.map_err(io_error("enter", folder))?.success() {
                return Ok(Some(folder.to_owned()));
            }
        }
        Ok(None)
    }
}

/// The name of a user, or the number when it has none.
pub(super) fn user_name(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn commands_do_not_see_the_callers_postgresql_settings() {
        let account = Account { name: String::new(), uid: Uid::effective(), gid: Gid::effective(), other: false };
        let command = account.command("psql");
        // The environment of a test cannot be changed safely, so what is checked is that nothing named PG… is passed on.
        let passed_on = command.get_envs().filter(|(_, value)| value.is_some());
        assert_eq!(passed_on.map(|(name, _)| name.to_str().unwrap()).collect::<Vec<_>>(), ["LC_ALL", "TZ"]);
        assert_eq!(command.get_current_dir(), Some(Path::new("/")));
    }

    #[test]
    fn a_user_without_a_name_is_called_by_number() {
        assert_eq!(user_name(Uid::from_raw(0)), "root");
        assert_eq!(user_name(Uid::from_raw(3_999_999_999)), "3999999999");
    }
}
