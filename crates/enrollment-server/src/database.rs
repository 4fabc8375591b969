//! The PostgreSQL to use: the one that a URL names, or one of our own.

use crate::postgres::{Access, ClusterConfig, ClusterError, Durability, LocalCluster, default_data_dir};
use secrecy::SecretString;
use std::path::PathBuf;

/// The name of our database in a cluster of our own.
const NAME: &str = "enrollment";

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Location {
    /// In the database that this URL names.
    Url(SecretString),
    /// In a PostgreSQL of our own, in this folder, or in the one for this account.
    Own {
        /// The data folder.
        data_dir: Option<PathBuf>,
        /// The folder of PostgreSQL's programs; found when not given.
        binaries: Option<PathBuf>,
    },
}

/// A database that is ready for connections, for as long as this value lives.
pub struct Database {
    url: SecretString,
    owner_url: SecretString,
    /// Stops when dropped, unless another process runs it.
    cluster: Option<LocalCluster>,
}

impl Database {
    /// Makes the database ready, starting a cluster of our own where one is needed. `purpose` is the command that asks.
    ///
    /// # Errors
    /// When the cluster cannot be started, or another process keeps it for itself.
    pub fn open(location: &Location, purpose: &str, access: Access) -> Result<Self, ClusterError> {
        let (data_dir, binaries) = match location {
            // Which role that is, and whether another one migrates, is for whoever named it to say.
            Location::Url(url) => return Ok(Self { url: url.clone(), owner_url: url.clone(), cluster: None }),
            Location::Own { data_dir, binaries } => (data_dir, binaries),
        };
        let data_dir = data_dir.clone().map_or_else(account_data_dir, Ok)?;
        let config = ClusterConfig {
            data_dir,
            binaries: binaries.clone(),
            durability: Durability::Durable,
            purpose: purpose.to_owned(),
        };
        let cluster = LocalCluster::open(&config, access)?;
        cluster.ensure_database(NAME)?;
        cluster.ensure_roles(NAME)?;
        let (url, owner_url) = (cluster.server_url(NAME).into(), cluster.url(NAME).into());
        Ok(Self { url, owner_url, cluster: Some(cluster) })
    }

    /// How to connect in order to migrate: as the owner of the tables, where that is another role.
    pub fn owner_url(&self) -> &SecretString {
        &self.owner_url
    }

    /// How to connect.
    pub fn url(&self) -> &SecretString {
        &self.url
    }

    /// The cluster, if it is one of our own.
    pub fn cluster(&self) -> Option<&LocalCluster> {
        self.cluster.as_ref()
    }
}

/// The data folder of the account that runs this process.
fn account_data_dir() -> Result<PathBuf, ClusterError> {
    let [xdg_data_home, home] = ["XDG_DATA_HOME", "HOME"].map(|name| std::env::var_os(name).map(PathBuf::from));
    default_data_dir(nix::unistd::geteuid().is_root(), xdg_data_home.as_deref(), home.as_deref())
}
