//! The log of PostgreSQL.

use super::error::{ClusterError, io_error};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A log longer than this is put aside at the next start, in place of the one put aside before.
const LONG: u64 = 16 * 1024 * 1024;

/// How much of its end is shown in an error.
const TAIL_LINES: usize = 20;
const TAIL_BYTES: u64 = 16 * 1024;

/// The log, from where this start of PostgreSQL began to write.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    began_at: u64,
}

impl Log {
    /// Opens the log for PostgreSQL to write to.
    pub(super) fn open(path: PathBuf) -> Result<(Self, File), ClusterError> {
        if fs::metadata(&path).is_ok_and(|log| log.len() > LONG) {
            fs::rename(&path, path.with_extension("log.1")).map_err(io_error("rename", &path))?;
        }
        let mut options = OpenOptions::new();
        // It may quote what was in a statement, so it is for its owner's eyes.
        options.append(true).create(true).mode(0o600);
        let file = options.open(&path).map_err(io_error("open", &path))?;
        let began_at = file.metadata().map_err(io_error("read", &path))?.len();
        Ok((Self { path, began_at }, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The last lines that this start wrote.
    pub(super) fn tail(&self) -> String {
        let text = self.read_end().unwrap_or_else(|error| format!("(it cannot be read: {error})"));
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    fn read_end(&self) -> std::io::Result<String> {
        let mut file = File::open(&self.path)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(self.began_at.max(end.saturating_sub(TAIL_BYTES))))?;
        let mut bytes = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    #[test]
    fn the_tail_is_the_last_lines_of_this_start_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("postgres.log");
        fs::write(&path, "from before\n").unwrap();
        let (log, mut file) = Log::open(path).unwrap();
        assert_eq!(log.tail(), "");
        for line in 1..=30 {
            writeln!(file, "line {line}").unwrap();
        }
        let tail = log.tail();
        assert!(tail.starts_with("line 11\n") && tail.ends_with("\nline 30"), "{tail}");
    }

    #[test]
    fn a_long_log_is_put_aside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("postgres.log");
        File::create(&path).unwrap().set_len(LONG + 1).unwrap();
        let (log, _) = Log::open(path).unwrap();
        assert_eq!(log.began_at, 0);
        assert_eq!(fs::metadata(dir.path().join("postgres.log.1")).unwrap().len(), LONG + 1);
    }
}
