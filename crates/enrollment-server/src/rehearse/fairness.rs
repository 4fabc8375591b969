//! Whether who comes first is served first.

use super::draw::Visit;
use super::record::{Outcome, Record};
use super::script::{Act, Click, Script};
use serde::Serialize;
use std::collections::HashSet;
use std::time::Duration;

/// What arriving earlier was worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Fairness {
    /// Ten equal groups of students, the earliest first.
    pub groups: Vec<Group>,
    /// Requests that were refused because the section was full, although one that was planned later got a seat in it. Sections in
    /// which somebody gave a seat back do not count.
    pub overtaken: usize,
    /// Requests that were refused because the section was full.
    pub too_late: usize,
    /// By how many milliseconds the one that was overtaken by most had come before the last that got a seat.
    pub overtaken_by_at_most: f64,
}

/// A tenth of the students.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Group {
    /// How many courses they wanted.
    pub wanted: u32,
    /// How many of these they got when they asked.
    pub got: u32,
}

impl Group {
    /// The share of what they wanted that they got.
    pub fn share(&self) -> f64 {
        if self.wanted == 0 { 0.0 } else { f64::from(self.got) / f64::from(self.wanted) }
    }
}

/// How many groups there are.
const GROUPS: usize = 10;

/// A request for a seat.
struct Request {
    at: Duration,
    student: usize,
    section: usize,
    got: bool,
    was_full: bool,
}

pub(super) fn judge(visits: &[Visit], script: &Script, records: &[Record]) -> Fairness {
    let mut requests: Vec<Request> = records.iter().filter_map(|record| request(script, record)).collect();
    requests.sort_by_key(|request| request.at);
    let left: HashSet<usize> = records.iter().filter_map(|record| left(script, record)).collect();
    let (overtaken, by_at_most) = overtaken(&requests, &left);
    Fairness {
        groups: groups(visits, &requests),
        overtaken,
        too_late: requests.iter().filter(|request| request.was_full).count(),
        overtaken_by_at_most: by_at_most.as_secs_f64() * 1e3,
    }
}

fn request(script: &Script, record: &Record) -> Option<Request> {
    let step = script.steps[record.step];
    let Act::Enroll { section, click: Click::Only | Click::First } = step.act else { return None };
    let was_full = matches!(&record.outcome, Outcome::Refused { codes } if codes[..] == ["section_full"]);
    let got = matches!(record.outcome, Outcome::Done { .. });
    Some(Request { at: step.at, student: step.student, section, got, was_full })
}

/// The section in which a seat was, or may have been, given back.
fn left(script: &Script, record: &Record) -> Option<usize> {
    if matches!(record.outcome, Outcome::Nothing | Outcome::Refused { .. } | Outcome::TurnedAway) {
        return None;
    }
    match script.steps[record.step].act {
        Act::Drop { section } | Act::Swap { from: section, .. } => Some(section),
        Act::Enroll { .. } | Act::Reload => None,
    }
}

/// How many were overtaken, and by how much at most. The requests are in order of time.
fn overtaken(requests: &[Request], left: &HashSet<usize>) -> (usize, Duration) {
    let mut last_seat = std::collections::HashMap::new();
    for request in requests.iter().filter(|request| request.got) {
        last_seat.insert(request.section, request.at);
    }
    let late = requests.iter().filter(|request| request.was_full && !left.contains(&request.section));
    let gaps = late.filter_map(|request| last_seat.get(&request.section)?.checked_sub(request.at));
    gaps.filter(|gap| !gap.is_zero()).fold((0, Duration::ZERO), |(count, most), gap| (count + 1, most.max(gap)))
}

fn groups(visits: &[Visit], requests: &[Request]) -> Vec<Group> {
    let mut by_arrival: Vec<(Duration, usize)> =
        visits.iter().filter_map(|visit| Some((visit.wants.first()?.0, visit.student))).collect();
    by_arrival.sort_unstable();
    let size = by_arrival.len().div_ceil(GROUPS).max(1);
    let place = by_arrival.iter().enumerate().map(|(place, &(_, student))| (student, place / size));
    let group_of: std::collections::HashMap<usize, usize> = place.collect();
    let mut groups = vec![Group::default(); by_arrival.len().div_ceil(size)];
    for request in requests {
        if let Some(&group) = group_of.get(&request.student) {
            groups[group].wanted += 1;
            groups[group].got += u32::from(request.got);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::super::script::Step;
    use super::*;

    fn full() -> Outcome {
        Outcome::Refused { codes: vec!["section_full".to_owned()] }
    }

    fn got() -> Outcome {
        Outcome::Done { made: Some("it".to_owned()) }
    }

    /// One request a second, each by another student, for section 0.
    fn judged(outcomes: Vec<Outcome>) -> Fairness {
        let at = |second: usize| Duration::from_secs(u64::try_from(second).unwrap_or(0));
        let act = Act::Enroll { section: 0, click: Click::Only };
        let steps = (0..outcomes.len()).map(|student| Step { at: at(student), student, act }).collect();
        let visits: Vec<_> =
            (0..outcomes.len()).map(|student| Visit { student, wants: vec![(at(student), 0)] }).collect();
        let record = |(step, outcome)| Record { step, answered_at: at(step), outcome };
        judge(&visits, &Script { steps }, &outcomes.into_iter().enumerate().map(record).collect::<Vec<_>>())
    }

    #[test]
    fn where_seats_go_in_the_order_of_arrival_nobody_is_overtaken() {
        let fairness = judged([vec![got(); 50], vec![full(); 50]].concat());
        assert_eq!((fairness.overtaken, fairness.too_late), (0, 50));
        let shares: Vec<f64> = fairness.groups.iter().map(Group::share).collect();
        assert_eq!(shares, [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn who_is_refused_before_somebody_later_gets_a_seat_is_overtaken() {
        let fairness = judged(vec![got(), full(), full(), got(), full()]);
        assert_eq!((fairness.overtaken, fairness.too_late), (2, 3));
        assert!((fairness.overtaken_by_at_most - 2_000.0).abs() < 1e-9);
    }

    #[test]
    fn with_nobody_there_is_nothing_to_tell() {
        assert_eq!(judged(vec![]), Fairness::default());
    }
}
