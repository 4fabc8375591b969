//! A PostgreSQL of the server's own, for when no `DATABASE_URL` is given.
//!
//! [`LocalCluster::open`] makes a cluster from the PostgreSQL programs installed on the machine, starts it, and stops it
//! when dropped. It listens on a Unix socket in a folder that only its account may enter, and on no TCP port: nothing
//! can collide with it, and nobody else can reach it, which is why it asks for no password.
//!
//! ```text
//! <data_dir>/owner.lock     held by the one process that runs the cluster; says who, doing what, and when it is ready
//! <data_dir>/guests.lock    shared by the commands that use a cluster run by another process
//! <data_dir>/postgres/      the cluster (PGDATA)
//! <data_dir>/postgres.log   what PostgreSQL says
//! <data_dir>/run/           the socket
//! ```
//!
//! Each file here is one part of that:
//! - `binaries` finds `initdb`, `postgres` and `psql`, of the major version that made the cluster;
//! - `account` is who they run as: PostgreSQL refuses root, so root hands over to an unprivileged account;
//! - `data_dir` is the folder above: where it is, who may own it, what is in it;
//! - `lock` decides who owns the cluster and who is a guest;
//! - `init` makes the cluster, so that one half made is never mistaken for one;
//! - `socket` is the folder of the socket, which has to be short;
//! - `settings` is the configuration, all of it on the command line. To change a setting: change it there, and every
//!   cluster has it at its next start;
//! - `guard` runs `postgres` so that it ends with its owner, however the owner ends;
//! - `postmaster` reads `postmaster.pid`: is it ready, and did an earlier owner leave one behind;
//! - `cluster` puts these in order.

mod account;
mod binaries;
mod cluster;
mod data_dir;
mod error;
mod guard;
mod init;
mod lock;
mod log;
mod postmaster;
mod settings;
mod socket;

pub use binaries::Binaries;
pub use cluster::{Access, ClusterConfig, LocalCluster};
pub use data_dir::default_data_dir;
pub use error::ClusterError;
pub use settings::Durability;
