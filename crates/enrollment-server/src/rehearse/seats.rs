//! How the seats of the most wanted sections fill.

use super::campus::Campus;
use super::draw::Visit;
use super::record::{Outcome, Record};
use super::script::{Act, Click, Script};
use serde::Serialize;
use std::time::Duration;

/// A section, and what became of its seats.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filling {
    /// Course and number.
    pub section: String,
    /// How many seats there are.
    pub seats: u32,
    /// How many of them were free before.
    pub free: u32,
    /// How many students wanted one.
    pub wanted: usize,
    /// How many got one and kept it.
    pub got: i64,
    /// When the last free seat went, in seconds from the opening; none if there are free ones left.
    pub full_after: Option<f64>,
    /// After each answer: seconds from the opening, and how many had been given.
    #[serde(skip)]
    pub(super) curve: Vec<(f64, i64)>,
}

/// How many of the most wanted sections are told.
const MOST_WANTED: usize = 12;

/// The most wanted sections, in this order.
pub(super) fn most_wanted(campus: &Campus, visits: &[Visit], script: &Script, records: &[Record]) -> Vec<Filling> {
    let mut wanted = vec![0_usize; campus.sections.len()];
    for &(_, section) in visits.iter().flat_map(|visit| &visit.wants) {
        wanted[section] += 1;
    }
    let mut curves = curves(campus.sections.len(), script, records);
    let mut order: Vec<usize> = (0..campus.sections.len()).filter(|&section| wanted[section] > 0).collect();
    order.sort_by_key(|&section| std::cmp::Reverse(wanted[section]));
    let filling = |section: usize| {
        let offered = &campus.sections[section];
        let curve = std::mem::take(&mut curves[section]);
        let free = offered.seats().saturating_sub(offered.seats_taken);
        let full_after = curve.iter().find(|&&(_, given)| given >= i64::from(free)).map(|&(at, _)| at);
        Filling {
            section: offered.name(),
            seats: offered.seats(),
            free,
            wanted: wanted[section],
            got: curve.last().map_or(0, |&(_, given)| given),
            full_after,
            curve,
        }
    };
    order.into_iter().take(MOST_WANTED).map(filling).collect()
}

/// By section: the seats that were given so far, after each answer that gave one or took one back.
fn curves(sections: usize, script: &Script, records: &[Record]) -> Vec<Vec<(f64, i64)>> {
    let mut in_order: Vec<&Record> = records.iter().collect();
    in_order.sort_by_key(|record| record.answered_at);
    let mut curves: Vec<Vec<(f64, i64)>> = vec![Vec::new(); sections];
    for Record { step, answered_at, outcome } in in_order {
        if !matches!(outcome, Outcome::Done { .. }) {
            continue;
        }
        let mut change = |section: usize, by: i64| {
            let before = curves[section].last().map_or(0, |&(_, given)| given);
            curves[section].push((answered_at.as_secs_f64(), before + by));
        };
        match script.steps[*step].act {
            // The answer to one of the two clicks is a repetition.
            Act::Enroll { click: Click::Second, .. } | Act::Reload => {}
            Act::Enroll { section, .. } => change(section, 1),
            Act::Drop { section } => change(section, -1),
            Act::Swap { from, to } => {
                change(from, -1);
                change(to, 1);
            }
        }
    }
    curves
}

/// All seats that were given so far, after each second.
pub(super) fn given_by_second(script: &Script, records: &[Record], seconds: usize) -> Vec<i64> {
    let mut by_second = vec![0; seconds];
    for (at, change) in changes(script, records) {
        let second = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
        if let Some(counted) = by_second.get_mut(second) {
            *counted += change;
        }
    }
    by_second
        .into_iter()
        .scan(0, |sum, change| {
            *sum += change;
            Some(*sum)
        })
        .collect()
}

fn changes<'a>(script: &'a Script, records: &'a [Record]) -> impl Iterator<Item = (Duration, i64)> + 'a {
    records.iter().filter(|record| matches!(record.outcome, Outcome::Done { .. })).map(|record| {
        let change = match script.steps[record.step].act {
            Act::Enroll { click: Click::Only | Click::First, .. } => 1,
            Act::Drop { .. } => -1,
            Act::Enroll { .. } | Act::Swap { .. } | Act::Reload => 0,
        };
        (record.answered_at, change)
    })
}
