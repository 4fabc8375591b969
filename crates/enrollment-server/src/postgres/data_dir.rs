//! The data folder: where it is, who may own it, and what is in it.

use super::account::{Account, user_name};
use super::error::{ClusterError, io_error};
use nix::unistd::Uid;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where the data is kept when nobody says: `/var/lib/enrollment` for root, else a folder of the user's own. Takes what
/// the environment says, so that it can be tested and the environment is read in one place.
pub fn default_data_dir(
    is_root: bool,
    xdg_data_home: Option<&Path>,
    home: Option<&Path>,
) -> Result<PathBuf, ClusterError> {
    if is_root {
        return Ok(PathBuf::from("/var/lib/enrollment"));
    }
    // The XDG specification has relative paths ignored.
    let xdg = xdg_data_home.filter(|dir| dir.is_absolute()).map(|dir| dir.join("enrollment"));
    let in_home = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
    let home = home.filter(|dir| dir.is_absolute()).map(|dir| dir.join(in_home).join("enrollment"));
    xdg.or(home).ok_or(ClusterError::NoHome)
}

/// A data folder that exists, is ours, and can be reached by the account that PostgreSQL runs as.
#[derive(Debug, Clone)]
pub(super) struct DataDir {
    root: PathBuf,
    account: Account,
}

impl DataDir {
    /// Creates the folder if need be and checks that it can serve.
    pub(super) fn prepare(path: &Path) -> Result<Self, ClusterError> {
        create_data_dir(path)?;
        // One name for one folder, whichever links lead to it: the socket's place and the postmaster are told by it.
        let root = path.canonicalize().map_err(io_error("resolve", path))?;
        refuse_foreign(&root)?;
        let account = Account::for_cluster(&root.join("postgres"))?;
        if let Some(blocked) = account.barred_from(&root)? {
            return Err(ClusterError::Unreachable { account: account.name().to_owned(), blocked, data_dir: root });
        }
        Ok(Self { root, account })
    }

    pub(super) fn path(&self) -> &Path {
        &self.root
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    pub(super) fn pgdata(&self) -> PathBuf {
        self.root.join("postgres")
    }

    pub(super) fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    pub(super) fn owner_lock(&self) -> PathBuf {
        self.root.join("owner.lock")
    }

    pub(super) fn guests_lock(&self) -> PathBuf {
        self.root.join("guests.lock")
    }

    /// The major version of the cluster, if there is one.
    pub(super) fn cluster_version(&self) -> Result<Option<u32>, ClusterError> {
        let pgdata = self.pgdata();
        match fs::read_to_string(pgdata.join("PG_VERSION")) {
            Ok(version) => version.trim().parse().map(Some).map_err(|_| ClusterError::NotACluster { path: pgdata }),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !pgdata.exists() => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(ClusterError::NotACluster { path: pgdata }),
            Err(error) => Err(io_error("read", pgdata.join("PG_VERSION"))(error)),
        }
    }

    /// Creates a folder that only PostgreSQL's account may enter; it must not exist.
    pub(super) fn create_private(&self, path: &Path) -> Result<(), ClusterError> {
        DirBuilder::new().mode(0o700).create(path).map_err(io_error("create", path))?;
        self.account.take_over(path)
    }
}

/// Root's is open to be passed through, since PostgreSQL runs as another account; anybody else's is private.
fn create_data_dir(path: &Path) -> Result<(), ClusterError> {
    if path.is_dir() {
        return Ok(());
    }
    let mode = if Uid::effective().is_root() { 0o755 } else { 0o700 };
    DirBuilder::new().recursive(true).mode(mode).create(path).map_err(io_error("create", path))?;
    // Whatever the umask says.
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(io_error("set the mode of", path))
}

/// A folder of somebody else's is not written to, and what they put there is not followed.
fn refuse_foreign(root: &Path) -> Result<(), ClusterError> {
    let owner = Uid::from_raw(fs::metadata(root).map_err(io_error("read", root))?.uid());
    let runner = Uid::effective();
    if owner == runner {
        return Ok(());
    }
    Err(ClusterError::ForeignDataDir { path: root.to_owned(), owner: user_name(owner), runner: user_name(runner) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn default_for(is_root: bool, xdg: Option<&str>, home: Option<&str>) -> Result<PathBuf, ClusterError> {
        default_data_dir(is_root, xdg.map(Path::new), home.map(Path::new))
    }

    #[test]
    fn root_keeps_its_data_with_the_system() {
        let dir = default_for(true, Some("/xdg"), Some("/root")).unwrap();
        assert_eq!(dir, Path::new("/var/lib/enrollment"));
    }

    #[test]
    fn a_user_keeps_data_where_xdg_says_or_else_at_home() {
        let at_home = if cfg!(target_os = "macos") {
            "Library/Application Support/enrollment"
        } else {
            ".local/share/enrollment"
        };
        let at_home = Path::new("/home/ada").join(at_home);
        assert_eq!(default_for(false, Some("/xdg"), Some("/home/ada")).unwrap(), Path::new("/xdg/enrollment"));
        assert_eq!(default_for(false, None, Some("/home/ada")).unwrap(), at_home);
        assert_eq!(default_for(false, Some("relative"), Some("/home/ada")).unwrap(), at_home);
        assert_eq!(default_for(false, Some(""), Some("/home/ada")).unwrap(), at_home);
    }

    #[test]
    fn without_a_home_the_remedy_is_named() {
        let message = default_for(false, None, None).unwrap_err().to_string();
        assert!(message.contains("ENROLLMENT_DATA_DIR"), "{message}");
    }

    #[test]
    fn a_folder_in_the_clusters_place_that_is_no_cluster_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        fs::set_permissions(parent.path(), Permissions::from_mode(0o755)).unwrap();
        let data_dir = DataDir::prepare(&parent.path().join("data")).unwrap();
        assert_eq!(data_dir.cluster_version().unwrap(), None);

        fs::create_dir(data_dir.pgdata()).unwrap();
        assert!(matches!(data_dir.cluster_version(), Err(ClusterError::NotACluster { .. })));

        fs::write(data_dir.pgdata().join("PG_VERSION"), "15\n").unwrap();
        assert_eq!(data_dir.cluster_version().unwrap(), Some(15));
    }
}
