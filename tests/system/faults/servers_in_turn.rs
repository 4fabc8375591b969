//! Two servers on one database are restarted in turn, as for a new version: students go to the other one. Whoever is told to stop
//! finishes what it has begun.

use super::Fault;
use super::rush::Rush;
use super::site::Site;

pub(super) const FAULT: Fault = Fault { name: "two servers are restarted in turn", servers: 2, settings: &[], strike };

fn strike(site: &mut Site<'_>, rush: &Rush) {
    for server in [0, 1] {
        site.stop_server(server);
        // The other one serves meanwhile.
        rush.wait_for_answers("two servers are restarted in turn", 20);
        site.start_server(server);
    }
    site.kill_server(0);
    rush.wait_for_answers("one of two servers is killed", 20);
    site.start_server(0);
}
