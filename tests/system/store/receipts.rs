//! The records of attempts: written with what was accepted, behind the answer of what was refused.

use super::university::{University, dropping, enrolling, id, now, with_key};
use enrollment_core::actor::Actor;
use enrollment_core::ids::AttemptId;
use enrollment_core::page::{Limit, PageRequest};
use enrollment_core::registration::{
    Attempt, Change, Code, Event, HistoryRepository, Mode, Receipt, Record, Target, Verdict,
};
use enrollment_core::{Error, Subject};
use enrollment_diesel::{PgStore, StoreConfig};
use pollster::block_on;
use serde_json::{Value, json};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

fn record(university: &University, attempt: AttemptId) -> Result<Record, Error> {
    block_on(university.store.record(attempt))
}

/// Lets the store write what it has behind its answers, as it does when it ends, and begins anew.
fn restart(university: &mut University) {
    university.store = PgStore::new(&StoreConfig::new(&university.url)).unwrap();
}

fn is_unknown(answer: &Result<Record, Error>) -> bool {
    matches!(answer, Err(Error::NotFound(Subject::Receipt)))
}

/// What the rules refused by.
fn refusing(record: &Record) -> Vec<Code> {
    record.judgement.steps[0]
        .rules
        .iter()
        .filter(|finding| finding.violation.is_some())
        .map(|finding| finding.rule)
        .collect()
}

#[test]
fn what_is_done_for_another_says_on_whose_behalf_and_why() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(1));
    let by = |actor: Actor, reason: &str, command: &Attempt| Attempt {
        actor,
        reason: Some(reason.try_into().unwrap()),
        ..command.clone()
    };
    let taken = by(Actor::user("registrar"), "Härtefall: 病気", &enrolling(student, Target::Section(section)));
    let held = university.register(taken.clone()).unwrap().student_course().unwrap().id;
    let left = by(Actor::student(student), "I move away", &dropping(student, held));
    university.register(left.clone()).unwrap();

    for (attempt, on_behalf_of) in [(&taken, Some(student)), (&left, None)] {
        let kept = record(&university, attempt.id).unwrap();
        assert_eq!((kept.on_behalf_of, &kept.reason), (on_behalf_of, &attempt.reason));
        assert_eq!((&kept.actor, &kept.command), (&attempt.actor, &attempt.command));
        assert_eq!(kept.judge_again(), kept.judgement);
    }
    let told = |events: Vec<Event>| -> Vec<_> {
        events.into_iter().map(|event| (event.actor, event.on_behalf_of, event.reason)).collect()
    };
    let expected = |attempt: &Attempt, on_behalf_of| (attempt.actor.clone(), on_behalf_of, attempt.reason.clone());
    let (first, second) = (expected(&taken, Some(student)), expected(&left, None));
    let newest_first = block_on(university.store.of_student(student, PageRequest::default())).unwrap().items;
    assert_eq!(told(newest_first), [second.clone(), first.clone()]);
    let feed = block_on(university.store.feed(0, Limit::greatest())).unwrap().items;
    assert_eq!(told(feed.into_iter().filter(|event| event.student_id == Some(student)).collect()), [first, second]);
    university.check();
}

#[test]
fn the_receipt_of_what_was_accepted_is_there_with_the_answer() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(1));
    let attempt = enrolling(student, Target::Section(section));
    let held = university.register(attempt.clone()).unwrap().student_course().unwrap().clone();
    let kept = record(&university, attempt.id).unwrap();
    assert_eq!((kept.attempt_id, kept.at, kept.student_id), (attempt.id, now(), student));
    assert_eq!((kept.actor.clone(), kept.command.clone()), (attempt.actor.clone(), attempt.command.clone()));
    assert_eq!(
        (kept.judgement.outcome, &kept.judgement.changes[..]),
        (Verdict::Accepted, &[Change::Start(held.clone())][..])
    );
    assert_eq!(kept.judgement.steps[0].section.as_ref(), held.section.as_ref());
    assert!(kept.judgement.steps[0].rules.len() > 8 && refusing(&kept).is_empty(), "{kept:?}");
    assert_eq!((kept.facts.pools[0].taken, kept.facts.held.len()), (0, 0), "the facts are those from before");
    assert_eq!(kept.judge_again(), kept.judgement);

    let leaving = dropping(student, held.id);
    let left = university.register(leaving.clone()).unwrap().student_course().unwrap().clone();
    let kept = record(&university, leaving.id).unwrap();
    assert_eq!(kept.judgement.changes, [Change::End(left)]);
    assert_eq!(kept.judge_again(), kept.judgement);
    university.check();
}

/// In each form in which facts have been stored: in full; with what is held in full, beside documents of the rest; with what is held in short, each
/// beside a document of the rest; and as now.
#[test]
fn facts_read_the_same_in_whichever_form_they_were_stored() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(9));
    university.credit_from_elsewhere(student, university.course("MA1"), "A");
    university.enrolled(student, university.some_section(9));
    let attempt = university.enroll(student, section).unwrap().attempt_id;
    let kept = record(&university, attempt).unwrap();
    let full = serde_json::to_value(&kept.facts).unwrap();
    let (completed, held): (Vec<&Value>, Vec<&Value>) =
        full["held"].as_array().unwrap().iter().partition(|held| held["student_course"]["status"] == "completed");
    assert_eq!((completed.len(), held.len()), (1, 1));

    let stored = university.text("SELECT facts FROM receipts ORDER BY attempt_id DESC LIMIT 1");
    let now: Value = serde_json::from_str(&stored).unwrap();
    assert!(now["enrolled"].is_string() && now["completed"].is_string() && now["scale"].is_string(), "{now}");
    assert_eq!(now["held"], json!([]));
    let mut without_enrolled = now.clone();
    without_enrolled.as_object_mut().unwrap().remove("enrolled");
    let mut in_full = without_enrolled.clone();
    in_full["held"] = json!(held);
    in_full["completed"] = document(&university, &json!(completed)).into();
    let mut in_short = without_enrolled;
    in_short["held"] = json!([in_two(&university, held[0])]);
    for form in [full, in_full, in_short, now] {
        university.execute(&format!(
            "SET session_replication_role = replica; UPDATE receipts SET facts = '{form}' WHERE attempt_id = '{attempt}'"
        ));
        assert_eq!(record(&university, attempt).unwrap(), kept, "{form}");
    }
}

/// Something held as it is told in short: the student's own, beside a document of the rest.
fn in_two(university: &University, held: &Value) -> Value {
    let own = |field: &str| held["student_course"][field].clone();
    let mut rest = held.clone();
    rest["student_course"] = json!({ "course": own("course"), "section": own("section"), "term": own("term") });
    let own = json!({ "id": own("id"), "credits": own("credits"), "enrolled_at": own("enrolled_at") });
    json!({ "document": document(university, &rest), "own": own })
}

/// Adds a document that receipts can share, and tells its digest.
fn document(university: &University, document: &Value) -> String {
    let digest = format!("left(encode(sha256(convert_to('{document}', 'UTF8')), 'hex'), 32)::uuid");
    university.execute(&format!("INSERT INTO receipt_documents VALUES ({digest}, '{document}')"));
    university.text(&format!("SELECT {digest}"))
}

#[test]
fn the_receipt_of_a_refusal_follows_its_answer_and_is_there_at_the_latest_when_the_store_has_ended() {
    let mut university = University::new();
    let (student, section) = (university.student(), university.some_section(0));
    let attempts: Vec<Attempt> = (0..30).map(|_| enrolling(student, Target::Section(section))).collect();
    for attempt in &attempts {
        university.register(attempt.clone()).unwrap();
    }
    restart(&mut university);
    for attempt in &attempts {
        let kept = record(&university, attempt.id).unwrap();
        assert_eq!((kept.judgement.outcome, refusing(&kept)), (Verdict::Refused, vec![Code::SectionFull]));
        assert_eq!(kept.judge_again(), kept.judgement);
    }
    // One statement for many: a batch has one time, by which it becomes visible.
    let batches = university.text("SELECT count(DISTINCT xmin::text) FROM receipts");
    assert!(batches.parse::<u32>().unwrap() < 10, "{batches} statements for {} refusals", attempts.len());

    let late = enrolling(student, Target::Section(section));
    university.register(late.clone()).unwrap();
    let began = Instant::now();
    while is_unknown(&record(&university, late.id)) {
        assert!(began.elapsed() < Duration::from_secs(10), "it is never written while the store lives");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(university.store_dropped(), 0);
}

#[test]
fn a_refusal_under_a_key_has_its_receipt_in_the_transaction_of_the_key() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(0));
    let ask = || university.register(with_key(enrolling(student, Target::Section(section)), "key")).unwrap();
    let (first, again): (Receipt, Receipt) = (ask(), ask());
    assert_eq!((again.replayed, again.attempt_id), (true, first.attempt_id), "a repetition names the first receipt");
    let kept = record(&university, first.attempt_id).unwrap();
    assert_eq!(refusing(&kept), [Code::SectionFull]);
    let same = university.text("SELECT r.xmin = k.xmin FROM receipts r JOIN idempotency_keys k USING (attempt_id)");
    assert_eq!(same, "true");
    assert_eq!(university.text("SELECT count(*) FROM receipts"), "1");
}

#[test]
fn what_was_not_decided_has_no_receipt() {
    let mut university = University::new();
    let (student, section, full) = (university.student(), university.some_section(1), university.some_section(0));
    let dry = |section| Attempt { mode: Mode::DryRun, ..enrolling(student, Target::Section(section)) };
    let attempts = [dry(section), dry(full), enrolling(student, Target::Section(id().into()))];
    for attempt in &attempts {
        let _ = university.register(attempt.clone());
    }
    restart(&mut university);
    assert!(attempts.iter().all(|attempt| is_unknown(&record(&university, attempt.id))));
    assert_eq!(university.text("SELECT count(*) FROM receipts"), "0");
}

#[test]
fn a_rush_of_refusals_does_not_wait_for_receipts_that_cannot_be_written() {
    let mut university = University::with(|config| config.refusals = 5);
    let (student, section) = (university.student(), university.some_section(0));
    university.enroll(student, section).unwrap();
    let mut locked = university.connect();
    diesel::connection::SimpleConnection::batch_execute(&mut locked, "BEGIN; LOCK TABLE receipts").unwrap();
    let began = Instant::now();
    // More than wait in the queue and are on their way together.
    for _ in 0..50 {
        university.enroll(student, section).unwrap();
        thread::sleep(Duration::from_millis(2));
    }
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let dropped = university.store_dropped();
    assert!(dropped > 0);
    drop(locked);
    restart(&mut university);
    let kept: u64 = university.text("SELECT count(*) FROM receipts").parse().unwrap();
    assert_eq!(kept + dropped, 51, "each is kept or counted");
}

#[test]
fn everything_that_several_threads_have_decided_can_be_decided_again() {
    const THREADS: usize = 6;
    const ROUNDS: usize = 15;
    let mut university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let sections: Vec<_> = (0..3).map(|_| university.section(course, term, 2)).collect();
    let gate = Barrier::new(THREADS);
    let run = |number: usize| {
        let student = university.student();
        gate.wait();
        let mut decided = 0;
        for round in 0..ROUNDS {
            let target = match round % 3 {
                0 => Target::Course { course_id: course, term_id: None },
                _ => Target::Section(sections[(number + round) % sections.len()]),
            };
            let receipt = university.register(enrolling(student, target)).unwrap();
            decided += 1;
            if let Some(held) = receipt.student_course() {
                university.drop(student, held.id).unwrap();
                decided += 1;
            }
        }
        decided
    };
    let decided: usize = thread::scope(|scope| {
        let run = &run;
        let running: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || run(number))).collect();
        running.into_iter().map(|running| running.join().unwrap()).sum()
    });
    restart(&mut university);
    let attempts = university.text("SELECT string_agg(attempt_id::text, ',') FROM receipts");
    let attempts: Vec<AttemptId> = attempts.split(',').map(|id| id.parse().unwrap()).collect();
    assert_eq!(attempts.len(), decided);
    for attempt in attempts {
        let kept = record(&university, attempt).unwrap();
        assert_eq!(kept.judge_again(), kept.judgement);
    }
    university.check();
}
