//! One process of PostgreSQL ends: told to, as an administrator does, or killed with -9, upon which PostgreSQL ends all the others
//! and recovers.

use super::Fault;
use super::rush::Rush;
use super::site::Site;
use super::site::send;

pub(super) const TERMINATED: Fault =
    Fault { name: "a backend is terminated", servers: 1, settings: &[], strike: terminate };

fn terminate(site: &mut Site<'_>, _: &Rush) {
    for application in ["enrollment-write", "enrollment-write", "enrollment-read%"] {
        if let Some(backend) = site.backends(application).first() {
            site.execute(&format!("SELECT pg_terminate_backend({backend})"));
        }
    }
}

pub(super) const KILLED: Fault = Fault { name: "a backend is killed", servers: 1, settings: &[], strike: kill };

fn kill(site: &mut Site<'_>, _: &Rush) {
    send("KILL", site.backends("enrollment-write")[0]);
}
