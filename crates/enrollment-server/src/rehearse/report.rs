//! What is told at the end, computed from the plan, the records and the aftermath. As JSON it is what `--json` writes.

use super::aftermath::Aftermath;
use super::campus::Campus;
use super::draw::Visit;
use super::fairness::{self, Fairness};
use super::invariants::{self, Invariant};
use super::latency::Latency;
use super::record::{Outcome, Record};
use super::script::{Habits, Kind, Script};
use super::seats::{self, Filling};
use super::{Settings, Wishes};
use hdrhistogram::CreationError;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The report of a rehearsal.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was rehearsed.
    pub rehearsal: Rehearsal,
    /// What was asked, by kind.
    pub requests: Vec<Requests>,
    /// Second by second.
    pub timeline: Vec<Second>,
    /// The rules that refused, and how often; the most frequent first.
    pub refusals: Vec<Refusal>,
    /// The most wanted sections.
    pub sections: Vec<Filling>,
    /// What arriving earlier was worth.
    pub fairness: Fairness,
    /// What must be so, as judged by what the server answers.
    pub invariants: Vec<Invariant>,
    /// What `enrollment check` found broken in the database; none if it was not asked.
    pub check: Option<Vec<String>>,
    /// Who took part.
    pub cast: Cast,
}

/// What was rehearsed.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsal {
    /// The server.
    pub url: String,
    /// The term.
    pub term: String,
    /// How many students took part.
    pub students: usize,
    /// How many open sections there were.
    pub open_sections: usize,
    /// The file of requests, where they were not drawn.
    pub requests: Option<String>,
    /// The seed.
    pub seed: u64,
    /// In how many seconds everybody arrived.
    pub over: f64,
    /// How many seconds it took until the last answer.
    pub took: f64,
    /// The most connections at a time.
    pub connections: usize,
    /// What students did besides enrolling.
    pub habits: Habits,
}

/// Requests of a kind, and what came of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Requests {
    /// The kind.
    pub kind: Kind,
    /// How many were planned.
    pub planned: usize,
    /// How many were done.
    pub done: usize,
    /// How many were refused by rules.
    pub refused: usize,
    /// How many the server turned away because it had too much to do.
    pub turned_away: usize,
    /// How many had another status.
    pub failed: usize,
    /// How many had no answer.
    pub lost: usize,
    /// For how many there was nothing to do, so that they were not sent.
    pub nothing_to_do: usize,
    /// From the planned time to the answer.
    pub latency: Latency,
}

/// One second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Second {
    /// How many requests were planned for it.
    pub planned: u32,
    /// How many were answered in it.
    pub answered: u32,
    /// The latency of those that were planned for it.
    pub latency: Latency,
    /// How many seats had been given by its end.
    pub seats_given: i64,
}

/// A rule, and how often it refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Its code.
    pub code: String,
    /// How often.
    pub count: usize,
}

/// Who took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cast {
    /// The numbers of the students.
    pub students: Vec<String>,
}

impl Report {
    pub(super) fn new(
        settings: &Settings,
        campus: &Campus,
        visits: &[Visit],
        script: &Script,
        records: &[Record],
        aftermath: &Aftermath,
    ) -> Result<Self, CreationError> {
        let took = records.iter().map(|record| record.answered_at).max().unwrap_or_default();
        Ok(Self {
            rehearsal: Rehearsal {
                url: settings.url.clone(),
                term: settings.term.clone(),
                students: visits.len(),
                open_sections: campus.sections.len(),
                requests: match &settings.wishes {
                    Wishes::Drawn { .. } => None,
                    Wishes::File(path) => Some(path.display().to_string()),
                },
                seed: settings.seed,
                over: settings.over.as_secs_f64(),
                took: took.as_secs_f64(),
                connections: settings.connections,
                habits: settings.habits,
            },
            requests: Kind::ALL.into_iter().map(|kind| requests(kind, script, records)).collect::<Result<_, _>>()?,
            timeline: timeline(script, records, took)?,
            refusals: refusals(records),
            sections: seats::most_wanted(campus, visits, script, records),
            fairness: fairness::judge(visits, script, records),
            invariants: invariants::judge(campus, script, records, aftermath),
            check: None,
            cast: campus.cast(visits.iter().map(|visit| visit.student)),
        })
    }

    /// Whether all that must be so is so.
    pub fn is_sound(&self) -> bool {
        self.invariants.iter().all(Invariant::holds) && self.check.as_ref().is_none_or(Vec::is_empty)
    }
}

/// From the planned time to the answer; none for what was not sent.
fn latency(script: &Script, record: &Record) -> Option<Duration> {
    let sent = record.outcome != Outcome::Nothing;
    sent.then(|| record.answered_at.saturating_sub(script.steps[record.step].at))
}

fn requests(kind: Kind, script: &Script, records: &[Record]) -> Result<Requests, CreationError> {
    let own: Vec<&Record> = records.iter().filter(|record| script.steps[record.step].act.kind() == kind).collect();
    let count = |wanted: fn(&Outcome) -> bool| own.iter().filter(|record| wanted(&record.outcome)).count();
    Ok(Requests {
        kind,
        planned: own.len(),
        done: count(|outcome| matches!(outcome, Outcome::Done { .. })),
        refused: count(|outcome| matches!(outcome, Outcome::Refused { .. })),
        turned_away: count(|outcome| matches!(outcome, Outcome::TurnedAway)),
        failed: count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        lost: count(|outcome| matches!(outcome, Outcome::Lost { .. })),
        nothing_to_do: count(|outcome| matches!(outcome, Outcome::Nothing)),
        latency: Latency::of(own.iter().filter_map(|record| latency(script, record)))?,
    })
}

fn timeline(script: &Script, records: &[Record], took: Duration) -> Result<Vec<Second>, CreationError> {
    let second = |at: Duration| usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
    let seconds = second(took.max(script.ends())) + 1;
    let mut latencies: Vec<Vec<Duration>> = vec![Vec::new(); seconds];
    let mut answered = vec![0; seconds];
    for record in records {
        let Some(latency) = latency(script, record) else { continue };
        latencies[second(script.steps[record.step].at)].push(latency);
        answered[second(record.answered_at)] += 1;
    }
    let given = seats::given_by_second(script, records, seconds);
    latencies
        .into_iter()
        .zip(answered)
        .zip(given)
        .map(|((latencies, answered), seats_given)| {
            let planned = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
            Ok(Second { planned, answered, latency: Latency::of(latencies)?, seats_given })
        })
        .collect()
}

fn refusals(records: &[Record]) -> Vec<Refusal> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        let Outcome::Refused { codes } = &record.outcome else { continue };
        for code in codes {
            *counts.entry(code).or_default() += 1;
        }
    }
    let mut refusals: Vec<Refusal> =
        counts.into_iter().map(|(code, count)| Refusal { code: code.to_owned(), count }).collect();
    refusals.sort_by_key(|refusal| std::cmp::Reverse(refusal.count));
    refusals
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::script::{Act, Click, Step};
    use super::*;

    const SECTION: Act = Act::Enroll { section: 0, click: Click::Only };

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn script() -> Script {
        let step = |at, act| Step { at: seconds(at), student: 0, act };
        Script {
            steps: vec![
                step(0.1, SECTION),
                step(0.2, SECTION),
                step(1.5, Act::Drop { section: 0 }),
                step(1.6, Act::Reload),
            ],
        }
    }

    fn records() -> Vec<Record> {
        let record = |step, at, outcome| Record { step, answered_at: seconds(at), outcome };
        vec![
            record(0, 0.15, Outcome::Done { made: Some("a".to_owned()) }),
            record(1, 3.2, Outcome::Refused { codes: vec!["section_full".to_owned(), "hold".to_owned()] }),
            record(2, 1.5, Outcome::Nothing),
            record(3, 1.7, Outcome::Done { made: None }),
        ]
    }

    #[test]
    fn latency_counts_from_the_planned_time_and_what_was_not_sent_has_none() {
        let enroll = requests(Kind::Enroll, &script(), &records()).unwrap();
        assert_eq!((enroll.planned, enroll.done, enroll.refused), (2, 1, 1));
        assert!((2.99..3.01).contains(&(enroll.latency.max / 1e3)), "{enroll:?}");
        let dropped = requests(Kind::Drop, &script(), &records()).unwrap();
        assert_eq!((dropped.planned, dropped.nothing_to_do, dropped.latency), (1, 1, Latency::default()));
    }

    #[test]
    fn seconds_tell_what_was_planned_what_was_answered_and_the_seats() {
        let timeline = timeline(&script(), &records(), seconds(3.2)).unwrap();
        let told: Vec<_> =
            timeline.iter().map(|second| (second.planned, second.answered, second.seats_given)).collect();
        assert_eq!(told, [(2, 1, 1), (1, 1, 1), (0, 0, 1), (0, 1, 1)]);
    }

    #[test]
    fn refusals_are_counted_by_rule() {
        let codes: Vec<_> = refusals(&records()).into_iter().map(|refusal| (refusal.code, refusal.count)).collect();
        assert_eq!(codes, [("hold".to_owned(), 1), ("section_full".to_owned(), 1)]);
    }
}
