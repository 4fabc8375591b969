//! A connection says nothing any more for some seconds: that of one writer, with all its locks, or all of them at once, as when a
//! virtual machine is moved.

use super::Fault;
use super::rush::Rush;
use super::site::Site;
use super::site::send;
use std::thread;
use std::time::Duration;

const FROZEN: Duration = Duration::from_secs(2);

pub(super) const ONE: Fault = Fault { name: "a writer is frozen", servers: 1, settings: &[], strike: freeze_one };

fn freeze_one(site: &mut Site<'_>, _: &Rush) {
    freeze(&site.backends("enrollment-combine")[..1]);
}

pub(super) const ALL: Fault = Fault { name: "the database is frozen", servers: 1, settings: &[], strike: freeze_all };

fn freeze_all(site: &mut Site<'_>, _: &Rush) {
    freeze(&site.processes());
}

fn freeze(processes: &[i32]) {
    for process in processes {
        send("STOP", *process);
    }
    thread::sleep(FROZEN);
    for process in processes {
        send("CONT", *process);
    }
}
