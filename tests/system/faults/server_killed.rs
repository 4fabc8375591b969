//! The server is killed with -9, and whatever watches over it starts it again.

use super::Fault;
use super::rush::Rush;
use super::site::Site;

pub(super) const FAULT: Fault = Fault { name: "the server is killed", servers: 1, settings: &[], strike };

fn strike(site: &mut Site<'_>, _: &Rush) {
    site.kill_server(0);
    site.start_server(0);
}
