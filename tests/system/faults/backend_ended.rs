//! One process of PostgreSQL ends: told to, as an administrator does, or killed with -9, upon which PostgreSQL ends all the others
//! and recovers.

use super::Fault;
use super::rush::Rush;
use super::site::Site;
use super::site::send;

pub(super) const TERMINATED: Fault =
    Fault { name: "a backend is terminated", servers: 1, settings: &[], strike: terminate };

fn terminate(site: &mut Site<'_>, _: &Rush) {
    let backends = [site.backends("enrollment-combine"), site.backends("enrollment-%")].concat();
    for backend in &backends[..2] {
        site.execute(&format!("SELECT pg_terminate_backend({backend})"));
    }
}

pub(super) const KILLED: Fault = Fault { name: "a backend is killed", servers: 1, settings: &[], strike: kill };

fn kill(site: &mut Site<'_>, _: &Rush) {
    send("KILL", site.backends("enrollment-combine")[0]);
    // PostgreSQL notices, ends all its processes, and recovers.
    site.wait_for_crash_and_recovery();
}
