//! Who owns the cluster, and who is a guest.
//!
//! A lock on an open file is let go by the system when its process ends, however it ends, so there are no stale ones.
//! What the file says is for people, and for guests to know which postmaster the owner runs.

use super::data_dir::DataDir;
use super::error::{ClusterError, io_error};
use super::postmaster;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process;

/// The right to run the cluster, until dropped.
#[derive(Debug)]
pub(super) struct OwnerLock {
    file: File,
    path: PathBuf,
    holder: Holder,
}

/// What the owner wrote into its lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) pid: i32,
    /// What it is doing, for people: `enrollment serve`.
    pub(super) purpose: String,
    /// The postmaster it runs, once that is ready.
    pub(super) ready: Option<i32>,
}

/// What came of asking for the owner's lock.
#[derive(Debug)]
pub(super) enum Claim {
    /// It is ours.
    Granted(OwnerLock),
    /// Somebody else has it. Who is unknown in the moment between locking and writing.
    Taken(Option<Holder>),
}

impl OwnerLock {
    /// Takes the lock unless another process has it.
    pub(super) fn claim(data_dir: &DataDir, purpose: &str) -> Result<Claim, ClusterError> {
        let path = data_dir.owner_lock();
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Claim::Taken(read_holder(file, &path)?)),
            Err(TryLockError::Error(source)) => return Err(io_error("lock", path)(source)),
        }
        let purpose = purpose.replace('\n', " ");
        let holder = Holder { pid: process::id().cast_signed(), purpose, ready: None };
        let mut lock = Self { file, path, holder };
        lock.write()?;
        Ok(Claim::Granted(lock))
    }

    /// Tells guests which postmaster to use.
    pub(super) fn announce(&mut self, postmaster: i32) -> Result<(), ClusterError> {
        self.holder.ready = Some(postmaster);
        self.write()
    }

    fn write(&mut self) -> Result<(), ClusterError> {
        let text = self.holder.to_string();
        self.file
            .rewind()
            .and_then(|()| self.file.set_len(0))
            .and_then(|()| self.file.write_all(text.as_bytes()))
            .map_err(io_error("write", &self.path))
    }
}

/// Joins the guests, who share a cluster that another process runs; `None` while the owner is seeing the guests off.
pub(super) fn join_guests(data_dir: &DataDir) -> Result<Option<File>, ClusterError> {
    let path = data_dir.guests_lock();
    let file = open(&path)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(io_error("lock", path)(source)),
    }
}

/// Waits until all guests have left. None can come while what is answered is held.
pub(super) fn see_guests_off(data_dir: &DataDir) -> Result<File, ClusterError> {
    let path = data_dir.guests_lock();
    let file = open(&path)?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(source)) => return Err(io_error("lock", path)(source)),
    }
    tracing::info!("another command is using the database; waiting for it to finish");
    file.lock().map_err(io_error("lock", path))?;
    Ok(file)
}

fn open(path: &Path) -> Result<File, ClusterError> {
    let mut options = OpenOptions::new();
    // Not truncated: until it is locked, what it says is another's.
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(io_error("open", path))
}

/// Who holds the lock; `None` when that is not written yet, and the file still names an owner of the past.
fn read_holder(mut file: File, path: &Path) -> Result<Option<Holder>, ClusterError> {
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(io_error("read", path))?;
    Ok(Holder::parse(&text).filter(|holder| postmaster::is_alive(holder.pid)))
}

impl Holder {
    /// Reads what [`Display`](std::fmt::Display) wrote; `None` for anything less.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let pid = lines.next()?.parse().ok()?;
        let purpose = lines.next()?.to_owned();
        let ready = lines.next()?;
        // The last line break is written last: without it, the file is not all there.
        lines.next()?;
        Some(Self { pid, purpose, ready: ready.parse().ok() })
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}\n", self.pid, self.purpose)?;
        match self.ready {
            Some(postmaster) => writeln!(f, "{postmaster}"),
            None => writeln!(f, "starting"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_reads_back_as_written() {
        for ready in [None, Some(4711)] {
            let holder = Holder { pid: 42, purpose: "enrollment serve".to_owned(), ready };
            assert_eq!(Holder::parse(&holder.to_string()), Some(holder));
        }
    }

    #[test]
    fn a_half_written_holder_is_none() {
        let text = Holder { pid: 42, purpose: "enrollment serve".to_owned(), ready: Some(4711) }.to_string();
        for end in 0..text.len() {
            assert_eq!(Holder::parse(&text[..end]), None, "{:?}", &text[..end]);
        }
    }
}
