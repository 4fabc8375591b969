//! PostgreSQL is stopped at once (in its immediate mode, as if the power had failed), and started again.

use super::Fault;
use super::rush::Rush;
use super::site::Site;

pub(super) const FAULT: Fault = Fault { name: "the database is stopped", servers: 1, settings: &[], strike };

fn strike(site: &mut Site<'_>, _: &Rush) {
    site.restart_database();
}
