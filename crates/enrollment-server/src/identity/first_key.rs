//! The key of a first start, so that somebody can get in: it is printed once, and kept in a file that only its owner can read.

use enrollment_core::Error;
use enrollment_core::access::{ApiKeys, Principal, Secret};
use enrollment_core::error::Cause;
use enrollment_core::text::KeyName;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The first key of an installation, and where it is kept.
#[derive(Debug)]
pub struct FirstKey {
    secret: Secret,
    file: PathBuf,
}

impl FirstKey {
    /// What the file is called, in the data folder.
    pub const FILE: &str = "administrator.key";

    /// Makes a key for a registrar who is also the administrator, unless there is any key already.
    ///
    /// # Errors
    /// When it can be kept neither in the database nor in this folder.
    pub async fn make(keys: &ApiKeys, folder: &Path) -> Result<Option<Self>, Error> {
        let name = KeyName::try_from("First key").map_err(|error| Error::Internal(error.into()))?;
        let file = folder.join(Self::FILE);
        let keep = |secret: &Secret| write(&file, secret).map_err(|error| unwritten(&file, &error));
        let issued = keys.create_first(&Principal::system("serve"), name, keep).await?;
        Ok(issued.map(|issued| Self { secret: issued.secret, file }))
    }
}

impl fmt::Display for FirstKey {
    /// To be pasted into a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secret, file } = self;
        writeln!(
            f,
            "The first key, of a registrar and administrator. It is shown only now, and kept in {}:\n",
            file.display()
        )?;
        writeln!(f, "  export ENROLLMENT_KEY={}", secret.expose())
    }
}

fn unwritten(file: &Path, error: &io::Error) -> Cause {
    format!("cannot write the first key to {}: {error}", file.display()).into()
}

/// A file of its owner's from the moment that it is there; it takes the place of what an earlier database has left.
fn write(file: &Path, secret: &Secret) -> io::Result<()> {
    let new = file.with_extension("new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut writer = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    writeln!(writer, "{}", secret.expose())?;
    writer.sync_all()?;
    fs::rename(new, file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::clock::SystemClock;
    use crate::ids::SystemIds;
    use crate::randomness::SystemRandomness;
    use enrollment_core::access::{Gate, MockAffiliations, MockApiKeyRepository, MockRevocations};
    use pollster::block_on;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    fn keys(any: bool) -> ApiKeys {
        let mut repository = MockApiKeyRepository::new();
        repository.expect_any().returning(move || Ok(any));
        repository.expect_insert().returning(|key, _| Ok(key));
        ApiKeys::new(
            Arc::new(repository),
            Gate::new(Arc::new(MockAffiliations::new())),
            Arc::new(SystemClock),
            Arc::new(SystemIds),
            Arc::new(SystemRandomness),
            Arc::new(MockRevocations::new()),
        )
    }

    #[test]
    fn the_first_key_is_kept_where_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FirstKey::FILE);
        fs::write(&file, "of an earlier database").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let first = block_on(FirstKey::make(&keys(false), folder.path())).unwrap().unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let kept = fs::read_to_string(&file).unwrap();
        assert_eq!(kept.trim_end(), first.secret.expose());
        assert!(first.to_string().contains(&format!("export ENROLLMENT_KEY={kept}")), "{first}");
        assert!(!format!("{first:?}").contains(kept.trim_end()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn where_there_is_a_key_none_is_made() {
        let folder = tempfile::tempdir().unwrap();
        assert!(block_on(FirstKey::make(&keys(true), folder.path())).unwrap().is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_key_that_cannot_be_kept_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        assert!(block_on(FirstKey::make(&keys(false), &folder.path().join("missing"))).is_err());
    }
}
