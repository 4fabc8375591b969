//! There is no room: others have every connection that PostgreSQL allows when the server needs new ones; or everybody who writes
//! waits for locks that others hold on what is hot.

use super::Fault;
use super::rush::Rush;
use super::site::Site;
use diesel::connection::SimpleConnection;
use diesel::{RunQueryDsl, sql_query};
use std::thread;
use std::time::Duration;

const HELD: Duration = Duration::from_millis(2_500);

pub(super) const CONNECTIONS: Fault =
    Fault { name: "others have all connections", servers: 1, settings: &[], strike: take_connections };

fn take_connections(site: &mut Site<'_>, _: &Rush) {
    let mut first = site.connect();
    let mut others = Vec::new();
    // The server connects again as soon as it can, so it is a race for each place.
    for _ in 0..200 {
        others.extend(std::iter::from_fn(|| site.try_connect().ok()));
        if sql_query(END).execute(&mut first).unwrap() == 0 {
            thread::sleep(HELD);
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
    panic!("the server keeps its connections");
}

/// Ends the server's connections, and tells how many there were.
const END: &str = "
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'enrollment-%'";

pub(super) const LOCKS: Fault =
    Fault { name: "others hold the hot pools", servers: 1, settings: &[], strike: hold_pools };

fn hold_pools(site: &mut Site<'_>, rush: &Rush) {
    let mut other = site.connect();
    let hot = rush.hot().join("', '");
    other
        .batch_execute(&format!("BEGIN; SELECT FROM seat_pools WHERE id IN ('{hot}') ORDER BY id FOR UPDATE"))
        .unwrap();
    thread::sleep(HELD);
    other.batch_execute("ROLLBACK").unwrap();
}
