//! What the ground floor of the store promises, on a real PostgreSQL: what no fake could show.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Text};
use enrollment_diesel::error::Waited;
use enrollment_diesel::migrations;
use enrollment_diesel::pool::{Pool, Purpose};
use enrollment_diesel::transaction::{Ending, transaction};
use enrollment_diesel::workers::Lender;
use enrollment_diesel::{StoreConfig, StoreError};
use enrollment_tests::TestDatabase;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// A database of a test's own, without tables.
struct Place {
    database: TestDatabase,
}

impl Place {
    fn new() -> Self {
        Self { database: TestDatabase::empty() }
    }

    /// With a table of two counters, which may not be negative.
    fn with_counters() -> Self {
        let place = Self::new();
        let table =
            "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL CONSTRAINT counters_n_check CHECK (n >= 0))";
        place.connect().batch_execute(&format!("{table}; INSERT INTO counters VALUES (1, 0), (2, 0)")).unwrap();
        place
    }

    fn connect(&self) -> PgConnection {
        self.database.connect()
    }

    fn config(&self) -> StoreConfig {
        let mut config = StoreConfig::new(self.database.url());
        config.writers = 1;
        config
    }

    fn pool(&self) -> Pool {
        Pool::new(&self.config(), Purpose::Write)
    }

    /// What all counters say, to a connection of its own.
    fn sum(&self) -> String {
        text(&mut self.connect(), "(SELECT sum(n) FROM counters)")
    }
}

fn text(conn: &mut PgConnection, expression: &str) -> String {
    diesel::select(diesel::dsl::sql::<Text>(&format!("({expression})::text"))).get_result(conn).unwrap()
}

fn count(conn: &mut PgConnection, id: i32) -> Result<(), StoreError> {
    sql_query("UPDATE counters SET n = n + 1 WHERE id = $1").bind::<diesel::sql_types::Integer, _>(id).execute(conn)?;
    Ok(())
}

fn borrowing<R>(pool: &Pool, job: impl FnOnce(&mut PgConnection) -> Result<R, StoreError>) -> Result<R, StoreError> {
    pool.lend(|connection| connection.and_then(job))
}

/// Ends the session of a connection as an administrator does, or a failover.
fn kill(place: &Place, victim: &mut PgConnection) {
    let pid = text(victim, "pg_backend_pid()");
    let mut killer = place.connect();
    sql_query(format!("SELECT pg_terminate_backend({pid})")).execute(&mut killer).unwrap();
    while text(&mut killer, &format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}")) != "0" {
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn servers_that_start_at_once_migrate_once() {
    let place = Place::new();
    let expected = migrations::pending(&mut place.connect()).unwrap();
    assert!(!expected.is_empty());
    let mut applied: Vec<Vec<String>> = thread::scope(|scope| {
        let servers: Vec<_> = (0..4).map(|_| scope.spawn(|| migrations::run(&mut place.connect()).unwrap())).collect();
        servers.into_iter().map(|server| server.join().unwrap()).collect()
    });
    applied.sort();
    assert_eq!(applied, [vec![], vec![], vec![], expected]);
    assert!(migrations::pending(&mut place.connect()).unwrap().is_empty());
}

#[test]
fn a_reader_can_ask_for_pending_migrations_and_cannot_write() {
    let place = Place::with_counters();
    let readers = Pool::new(&place.config(), Purpose::Read);
    assert!(
        borrowing(&readers, |conn| Ok(migrations::pending(conn).unwrap())).is_ok_and(|pending| !pending.is_empty())
    );
    assert!(matches!(borrowing(&readers, |conn| count(conn, 1)), Err(StoreError::Database(_))));
    assert_eq!(place.sum(), "0");
}

#[test]
fn every_connection_is_bounded_in_time() {
    let place = Place::with_counters();
    let mut config = place.config();
    config.statement_timeout = Duration::from_millis(200);
    config.lock_timeout = Duration::from_millis(50);
    config.idle_in_transaction_session_timeout = Duration::from_millis(100);
    let pool = Pool::new(&config, Purpose::Write);

    let slow = borrowing(&pool, |conn| Ok(sql_query("SELECT pg_sleep(10)").execute(conn)?));
    assert!(matches!(slow, Err(StoreError::Timeout(Waited::Statement, _))), "{slow:?}");

    let mut holder = place.connect();
    holder.batch_execute("BEGIN; UPDATE counters SET n = 1 WHERE id = 1").unwrap();
    let blocked = borrowing(&pool, |conn| count(conn, 1));
    assert!(matches!(blocked, Err(StoreError::Timeout(Waited::Lock, _))), "{blocked:?}");
    let no_wait = "SELECT n FROM counters WHERE id = 1 FOR UPDATE NOWAIT";
    let blocked = borrowing(&pool, |conn| Ok(sql_query(no_wait).execute(conn)?));
    assert!(matches!(blocked, Err(StoreError::Timeout(Waited::Lock, _))), "{blocked:?}");

    let stuck = borrowing(&pool, |conn| {
        transaction(conn, |conn| {
            count(conn, 2)?;
            thread::sleep(Duration::from_millis(500));
            count(conn, 2).map(Ending::Commit)
        })
    });
    assert!(matches!(stuck, Err(StoreError::Lost(_))), "{stuck:?}");
}

#[test]
fn a_transaction_commits_or_rolls_back_as_its_work_says() {
    let place = Place::with_counters();
    let conn = &mut place.connect();
    assert_eq!(transaction(conn, |conn| count(conn, 1).map(|()| Ending::RollBack("refused"))).unwrap(), "refused");
    assert_eq!(place.sum(), "0");
    assert_eq!(transaction(conn, |conn| count(conn, 1).map(|()| Ending::Commit("done"))).unwrap(), "done");
    assert_eq!(place.sum(), "1");
}

#[test]
fn a_violated_constraint_undoes_the_work_and_is_told_by_name() {
    let place = Place::with_counters();
    let conn = &mut place.connect();
    let negative = transaction(conn, |conn| {
        count(conn, 1)?;
        sql_query("UPDATE counters SET n = -1 WHERE id = 2").execute(conn)?;
        Ok(Ending::Commit(()))
    });
    assert_eq!(negative.unwrap_err().constraint(), Some("counters_n_check"));
    assert_eq!(place.sum(), "0");
    transaction(conn, |conn| count(conn, 1).map(Ending::Commit)).unwrap();
}

#[test]
fn work_that_swallowed_an_error_is_not_taken_for_committed() {
    let place = Place::with_counters();
    let conn = &mut place.connect();
    let swallowed = transaction(conn, |conn| {
        count(conn, 1)?;
        let _ = sql_query("SELECT 1 / 0").execute(conn);
        Ok(Ending::Commit(()))
    });
    assert!(matches!(swallowed, Err(StoreError::Database(_))), "{swallowed:?}");
    assert_eq!(place.sum(), "0");
    transaction(conn, |conn| count(conn, 1).map(Ending::Commit)).unwrap();
    assert_eq!(place.sum(), "1");
}

#[test]
fn a_transaction_in_a_transaction_is_refused() {
    let place = Place::with_counters();
    let nested = transaction(&mut place.connect(), |conn| {
        count(conn, 1)?;
        transaction(conn, |conn| count(conn, 2).map(Ending::Commit)).map(Ending::Commit)
    });
    assert!(nested.is_err());
    assert_eq!(place.sum(), "0");
}

#[test]
fn a_deadlock_is_survived_by_both() {
    let place = Place::with_counters();
    let both_hold_one = Barrier::new(2);
    let attempts: usize = thread::scope(|scope| {
        let opponents = [(1, 2), (2, 1)].map(|(first, second)| {
            let (place, both_hold_one) = (&place, &both_hold_one);
            scope.spawn(move || {
                let mut attempts = 0;
                transaction(&mut place.connect(), |conn| {
                    attempts += 1;
                    count(conn, first)?;
                    if attempts == 1 {
                        both_hold_one.wait();
                    }
                    count(conn, second).map(Ending::Commit)
                })
                .unwrap();
                attempts
            })
        });
        opponents.into_iter().map(|opponent| opponent.join().unwrap()).sum()
    });
    assert!(attempts > 2, "they should have met");
    assert_eq!(place.sum(), "4");
}

#[test]
fn a_connection_lost_in_the_work_changes_nothing_and_is_replaced() {
    let place = Place::with_counters();
    let pool = place.pool();
    let lost = borrowing(&pool, |conn| {
        transaction(conn, |conn| {
            count(conn, 1)?;
            kill(&place, conn);
            count(conn, 1).map(Ending::Commit)
        })
    });
    assert!(matches!(lost, Err(StoreError::Lost(_))), "{lost:?}");
    assert_eq!(place.sum(), "0");
    borrowing(&pool, |conn| count(conn, 1)).unwrap();
}

#[test]
fn a_connection_lost_while_committing_leaves_the_outcome_unknown() {
    let place = Place::with_counters();
    let mut attempts = 0;
    let unknown = borrowing(&place.pool(), |conn| {
        transaction(conn, |conn| {
            attempts += 1;
            count(conn, 1)?;
            kill(&place, conn);
            Ok(Ending::Commit(()))
        })
    });
    assert!(matches!(unknown, Err(StoreError::OutcomeUnknown(_))), "{unknown:?}");
    assert_eq!(attempts, 1, "it must not be repeated");
}

#[test]
fn a_panic_in_a_transaction_leaves_nothing_behind() {
    let place = Place::with_counters();
    let pool = place.pool();
    let work = || {
        borrowing(&pool, |conn| {
            transaction::<()>(conn, |conn| count(conn, 1).map(|()| panic!("on purpose, in a test")))
        })
    };
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
    assert_eq!(place.sum(), "0");
    // By a connection that is not in the middle of anything: the row is free, and this commits by itself.
    borrowing(&pool, |conn| count(conn, 1)).unwrap();
    assert_eq!(place.sum(), "1");
}

#[test]
fn after_a_rest_nobody_is_lent_a_dead_connection() {
    let place = Place::with_counters();
    let pool = place.pool();
    let pid = borrowing(&pool, |conn| Ok(text(conn, "pg_backend_pid()"))).unwrap();
    sql_query(format!("SELECT pg_terminate_backend({pid})")).execute(&mut place.connect()).unwrap();
    thread::sleep(Duration::from_millis(1_200));
    let next = borrowing(&pool, |conn| Ok(text(conn, "pg_backend_pid()"))).unwrap();
    assert_ne!(next, pid);
}

#[test]
fn a_connection_that_was_lost_before_a_statement_was_prepared_is_not_lent_for_ever() {
    let place = Place::with_counters();
    let pool = place.pool();
    borrowing(&pool, |conn| {
        kill(&place, conn);
        Ok(())
    })
    .unwrap();
    // So often that no connection ever rests. This statement is prepared and kept, by the connection that has it for the first time.
    let prepared = |conn: &mut PgConnection| Ok(diesel::select(7.into_sql::<Integer>()).get_result::<i32>(conn)?);
    let deadline = Instant::now() + Duration::from_secs(5);
    while borrowing(&pool, prepared).is_err() {
        assert!(Instant::now() < deadline, "the dead connection is lent again and again");
        thread::sleep(Duration::from_millis(20));
    }
}
