//! The folder of the socket: in the data folder, or, where that would make too long a path for a socket or one that
//! cannot be told to libpq, in the temporary folder. Either way, only PostgreSQL's account (and root) may enter, which is what keeps others out.

use super::data_dir::DataDir;
use super::error::{ClusterError, io_error};
use super::settings::PORT;
use std::env;
use std::fs::{self, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The longest path of a socket on any system: 104 bytes on macOS, with the zero at the end.
const LONGEST_SOCKET: usize = 103;

/// Makes the folder ready for PostgreSQL to put its socket in. Only for the owner of the cluster, when no postmaster
/// runs.
pub(super) fn prepare(data_dir: &DataDir) -> Result<PathBuf, ClusterError> {
    let dir = place(data_dir.path(), &data_dir.run(), &env::temp_dir())?;
    match fs::symlink_metadata(&dir) {
        Ok(found) if is_private(&found, data_dir.account().uid()) => {}
        Ok(_) => {
            return Err(ClusterError::UnsafeSocketDir { path: dir, account: data_dir.account().name().to_owned() });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => data_dir.create_private(&dir)?,
        Err(error) => return Err(io_error("read", dir)(error)),
    }
    // What a crash left. PostgreSQL would refuse the lock if its number now belongs to another process of its account.
    for name in [socket_name(), format!("{}.lock", socket_name())] {
        let path = dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error("remove", path)(error)),
            _ => {}
        }
    }
    Ok(dir)
}

/// Removes a folder in the temporary folder when nothing is left in it; that in the data folder stays.
pub(super) fn tidy(data_dir: &DataDir, dir: &Path) {
    if dir != data_dir.run() {
        // One left behind is found again at the next start.
        let _ = fs::remove_dir(dir);
    }
}

fn is_private(found: &Metadata, owner: u32) -> bool {
    found.is_dir() && found.uid() == owner && found.mode() & 0o777 == 0o700
}

fn socket_name() -> String {
    format!(".s.PGSQL.{PORT}")
}

fn place(root: &Path, run: &Path, temporary: &Path) -> Result<PathBuf, ClusterError> {
    if serves(run) {
        return Ok(run.to_owned());
    }
    // The same for every start from one data folder. Should a new compiler hash otherwise, the folder is another one,
    // which does no harm: guests are told by the postmaster.
    let mut hasher = DefaultHasher::new();
    root.hash(&mut hasher);
    let short = temporary.join(format!("enrollment-{:016x}", hasher.finish()));
    if serves(&short) { Ok(short) } else { Err(ClusterError::NoSocketPath { path: run.to_owned() }) }
}

/// Whether a socket may be in this folder. One whose name has a comma cannot be told to libpq, which reads a list of hosts.
fn serves(dir: &Path) -> bool {
    let has_comma = dir.as_os_str().as_encoded_bytes().contains(&b',');
    !has_comma && dir.as_os_str().len() + 1 + socket_name().len() <= LONGEST_SOCKET
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn placed(root: &str, temporary: &str) -> Result<PathBuf, ClusterError> {
        place(Path::new(root), &Path::new(root).join("run"), Path::new(temporary))
    }

    #[test]
    fn the_socket_is_in_the_data_folder_where_it_serves() {
        assert_eq!(placed("/srv/enrollment", "/temporary").unwrap(), Path::new("/srv/enrollment/run"));
        let longest = format!("/{}", "d".repeat(LONGEST_SOCKET - "//run/".len() - socket_name().len()));
        assert_eq!(placed(&longest, "/temporary").unwrap(), Path::new(&longest).join("run"));
        assert!(placed(&format!("{longest}d"), "/temporary").unwrap().starts_with("/temporary"));
    }

    #[test]
    fn a_comma_is_kept_out_of_the_sockets_path() {
        assert!(placed("/srv/a,b", "/temporary").unwrap().starts_with("/temporary"));
        assert!(matches!(placed("/srv/a,b", "/c,d"), Err(ClusterError::NoSocketPath { .. })));
    }

    #[test]
    fn a_long_data_folder_has_a_short_one_of_its_own() {
        let [one, other] = ["a", "b"].map(|letter| format!("/{}", letter.repeat(200)));
        assert_eq!(placed(&one, "/temporary").unwrap(), placed(&one, "/temporary").unwrap());
        assert_ne!(placed(&one, "/temporary").unwrap(), placed(&other, "/temporary").unwrap());
    }

    #[test]
    fn when_all_is_too_long_the_remedy_is_named() {
        let long = format!("/{}", "d".repeat(200));
        let message = placed(&long, &long).unwrap_err().to_string();
        assert!(message.contains("another ENROLLMENT_DATA_DIR or TMPDIR"), "{message}");
    }
}
