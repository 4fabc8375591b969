//! What a request needs is locked for longer than a statement may wait: the seats of a hot section, or a whole table.

use super::Fault;
use super::rush::Rush;
use super::site::Site;
use diesel::connection::SimpleConnection;
use std::thread;
use std::time::Duration;

const HELD: Duration = Duration::from_secs(2);

pub(super) const LOCK: Fault = Fault {
    name: "waits for a lock time out",
    servers: 1,
    settings: &[("ENROLLMENT_LOCK_TIMEOUT", "400")],
    strike: hold_a_pool,
};

fn hold_a_pool(site: &mut Site<'_>, rush: &Rush) {
    let before = rush.answers_elsewhere();
    hold(site, &format!("SELECT FROM seat_pools WHERE id = '{}' FOR UPDATE", rush.hot()[0]));
    assert!(rush.answers_elsewhere() > before, "who wants other seats goes on");
}

pub(super) const STATEMENT: Fault = Fault {
    name: "statements time out",
    servers: 1,
    settings: &[("ENROLLMENT_STATEMENT_TIMEOUT", "400")],
    strike: hold_a_table,
};

fn hold_a_table(site: &mut Site<'_>, _: &Rush) {
    hold(site, "LOCK TABLE student_courses IN ACCESS EXCLUSIVE MODE");
}

fn hold(site: &Site<'_>, lock: &str) {
    let mut other = site.connect();
    other.batch_execute(&format!("BEGIN; {lock}")).unwrap();
    thread::sleep(HELD);
    other.batch_execute("ROLLBACK").unwrap();
}
