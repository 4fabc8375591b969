//! What breaks on registration day, in the middle of a rush, and what must hold after it all the same: every answer that a student
//! got is true, nothing took effect twice, every invariant holds, and the server serves again by itself, soon.
//!
//! A fault is a file here: what it needs of the servers, and a function that strikes. `rush` makes the students, who insist on an
//! answer; `site` has the servers and their PostgreSQL; `verdict` compares what the students were told with what there is.
//!
//! The short form goes through all faults once. The long one (`script/faults`) repeats them with bigger rushes:
//! `ENROLLMENT_FAULTS_ROUNDS`, `ENROLLMENT_FAULTS_STUDENTS` at once, `ENROLLMENT_FAULTS_ANSWERS` before and after each, and
//! `ENROLLMENT_FAULTS_ONLY` for those whose name contains it.
//!
//! To add a fault: its file, and a line in [`FAULTS`].

mod backend_ended;
mod connection_frozen;
mod database_stopped;
mod pool_filled;
mod rush;
mod server_killed;
mod servers_in_turn;
mod site;
mod statements_time_out;
mod verdict;

use rush::{Rush, Told};
use site::{Cluster, Site};
use std::thread;
use std::time::{Duration, Instant};

/// Something that breaks.
struct Fault {
    name: &'static str,
    /// How many servers there are on the database.
    servers: usize,
    /// Settings of theirs, so that a timeout need not be waited for as long as in earnest.
    settings: &'static [(&'static str, &'static str)],
    /// Breaks it and, where somebody else would, mends it.
    strike: fn(&mut Site, &Rush),
}

const FAULTS: [Fault; 11] = [
    server_killed::FAULT,
    backend_ended::TERMINATED,
    backend_ended::KILLED,
    database_stopped::FAULT,
    connection_frozen::ONE,
    connection_frozen::ALL,
    pool_filled::CONNECTIONS,
    pool_filled::LOCKS,
    statements_time_out::LOCK,
    statements_time_out::STATEMENT,
    servers_in_turn::FAULT,
];

/// Nothing that breaks.
const NONE: Fault = Fault { name: "nothing", servers: 1, settings: &[], strike: |_, _| () };

/// The bound of the product: so soon it serves again, by itself, when what was broken is whole.
const SERVES_AGAIN_WITHIN: Duration = Duration::from_secs(5);

/// How hard the rush is.
#[derive(Clone, Copy)]
struct Size {
    /// How many students wait for an answer at once.
    at_once: usize,
    /// How many answers are given before the fault, and how many after it.
    answers: usize,
}

#[test]
fn nothing_is_lost_whatever_breaks() {
    let cluster = Cluster::start();
    for fault in &FAULTS {
        survive(&cluster, fault, Size { at_once: 16, answers: 60 });
    }
}

#[test]
#[ignore = "takes minutes: script/faults runs it"]
fn nothing_is_lost_however_often_it_breaks() {
    let number = |name: &str, default: usize| {
        std::env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is no number")))
    };
    let size =
        Size { at_once: number("ENROLLMENT_FAULTS_STUDENTS", 64), answers: number("ENROLLMENT_FAULTS_ANSWERS", 1_000) };
    let only = std::env::var("ENROLLMENT_FAULTS_ONLY").unwrap_or_default();
    let chosen: Vec<&Fault> = FAULTS.iter().filter(|fault| fault.name.contains(&only)).collect();
    assert!(!chosen.is_empty(), "no fault is called {only}");
    let cluster = Cluster::start();
    for _ in 0..number("ENROLLMENT_FAULTS_ROUNDS", 3) {
        for fault in &chosen {
            survive(&cluster, fault, size);
        }
    }
}

/// Lets a fault strike in the middle of a rush, and asserts that it did no harm.
fn survive(cluster: &Cluster, fault: &Fault, scale: Size) {
    let (name, began) = (fault.name, Instant::now());
    let mut site = Site::new(cluster, fault);
    let rush = Rush::on(&site);
    let (again, told) = strike(&mut site, &rush, fault, scale);
    let findings = verdict::findings(&site, &rush, &told);
    assert!(findings.is_empty(), "{name}: {findings:#?}");
    let (again_after, took) = (again.as_millis(), began.elapsed().as_secs_f32());
    println!("{name}: served again after {again_after} ms; {}; {took:.1} s in all", rush.summary());
    assert!(again <= SERVES_AGAIN_WITHIN, "{name}: served again only after {again:?}");
}

/// Lets a fault strike in the middle of a rush; after how long it served again, and what the students were told.
fn strike(site: &mut Site, rush: &Rush, fault: &Fault, scale: Size) -> (Duration, Vec<Told>) {
    thread::scope(|scope| {
        let students: Vec<_> = (0..scale.at_once).map(|_| scope.spawn(|| rush.student())).collect();
        // Also when something panics here: the students would go on for ever.
        let ending = rush.ending();
        rush.wait_for_answers(fault.name, scale.answers);
        (fault.strike)(site, rush);
        let mended = Instant::now();
        let probes = site.wait_until_all_serve(fault.name, rush);
        let again = mended.elapsed();
        rush.wait_for_answers(fault.name, scale.answers);
        drop(ending);
        let told = students.into_iter().flat_map(|student| student.join().unwrap());
        (again, told.chain(probes).collect())
    })
}

#[test]
fn the_verdict_finds_what_is_lost_what_nobody_was_told_of_and_what_is_broken() {
    let cluster = Cluster::start();
    let mut site = Site::new(&cluster, &NONE);
    let rush = Rush::on(&site);
    let (_, told) = strike(&mut site, &rush, &NONE, Size { at_once: 4, answers: 20 });
    assert_eq!(verdict::findings(&site, &rush, &told), Vec::<String>::new());
    site.execute(
        "ALTER TABLE student_courses ALTER COLUMN elsewhere_course_id DROP EXPRESSION, ALTER COLUMN elsewhere_term_id DROP EXPRESSION;
         CREATE TABLE kept AS SELECT * FROM student_courses; CREATE TABLE kept_keys AS SELECT * FROM idempotency_keys",
    );
    let mend = "TRUNCATE student_courses, idempotency_keys; INSERT INTO student_courses SELECT * FROM kept; INSERT INTO idempotency_keys SELECT * FROM kept_keys";
    let one = "(SELECT min(id::text)::uuid FROM student_courses)";
    for (breaking, finding) in [
        (format!("DELETE FROM student_courses WHERE id = {one}"), "acknowledged and lost"),
        (format!("UPDATE student_courses SET id = gen_random_uuid() WHERE id = {one}"), "nobody was told"),
        (
            format!(
                "UPDATE student_courses SET status = 'dropped', ended_at = now() WHERE status = 'enrolled' AND id >= {one}"
            ),
            "is not what",
        ),
        ("DELETE FROM idempotency_keys".to_owned(), "told or kept, but not both"),
        ("UPDATE seat_pools SET taken = taken + 1".to_owned(), "seats that a pool counts"),
    ] {
        site.execute(&format!("SET session_replication_role = replica; {breaking}"));
        let findings = verdict::findings(&site, &rush, &told);
        assert!(findings.iter().any(|found| found.contains(finding)), "{finding}: {findings:#?}");
        site.execute(&format!("SET session_replication_role = replica; {mend}"));
    }
}
