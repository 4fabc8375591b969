//! Who does what, and when: all of it planned before the first request.

use super::draw::Visit;
use fastrand::Rng;
use serde::Serialize;
use std::time::Duration;

/// What students do besides enrolling: shares, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Habits {
    /// Of the clicks on "enroll", those that are made twice.
    pub double_clicks: f64,
    /// Of the courses that somebody wants, those that they drop again if they get them.
    pub drops: f64,
    /// Of those, too, the ones that they exchange for another course if they get them.
    pub swaps: f64,
    /// Of the things that somebody does, those after which they look at their courses.
    pub reloads: f64,
}

/// One thing that one student does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// When, from the opening.
    pub(super) at: Duration,
    /// Who, by the place in the campus.
    pub(super) student: usize,
    pub(super) act: Act,
}

/// What is done. Sections are named by their places in the campus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Enroll { section: usize, click: Click },
    Drop { section: usize },
    Swap { from: usize, to: usize },
    Reload,
}

/// A double click is two of the same request, with the same idempotency key, as a well-made page sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Click {
    Only,
    First,
    Second,
}

/// What kind of request it is, for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A seat is asked for.
    Enroll,
    /// The same again, by a double click.
    SecondClick,
    /// A seat is given back.
    Drop,
    /// A seat is exchanged for another.
    Swap,
    /// A student looks at their courses.
    Reload,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Enroll, Self::SecondClick, Self::Drop, Self::Swap, Self::Reload];

    /// What it is called in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::SecondClick => "second click",
            Self::Drop => "drop",
            Self::Swap => "swap",
            Self::Reload => "reload",
        }
    }
}

impl Act {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Enroll { click: Click::Second, .. } => Kind::SecondClick,
            Self::Enroll { .. } => Kind::Enroll,
            Self::Drop { .. } => Kind::Drop,
            Self::Swap { .. } => Kind::Swap,
            Self::Reload => Kind::Reload,
        }
    }
}

/// All steps, in order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Script {
    pub(super) steps: Vec<Step>,
}

/// Between the two clicks of a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(120);

impl Script {
    /// The steps of these visits, with these habits.
    pub(super) fn of(visits: &[Visit], sections: usize, habits: Habits, think: Duration, rng: &mut Rng) -> Self {
        let mut steps = Vec::new();
        for visit in visits {
            steps.extend(of_one(visit, sections, habits, think, rng));
        }
        // The sort is stable: what one student does at one moment stays in order.
        steps.sort_by_key(|step| step.at);
        Self { steps }
    }

    /// When the last step is taken.
    pub(super) fn ends(&self) -> Duration {
        self.steps.last().map_or(Duration::ZERO, |step| step.at)
    }
}

fn of_one(visit: &Visit, sections: usize, habits: Habits, think: Duration, rng: &mut Rng) -> Vec<Step> {
    let mut acts: Vec<(Duration, Act)> = Vec::new();
    // Whoever changes their mind does so when they have asked for everything.
    let mut later = visit.wants.last().map_or(Duration::ZERO, |&(at, _)| at);
    for &(at, section) in &visit.wants {
        if rng.f64() < habits.double_clicks {
            acts.push((at, Act::Enroll { section, click: Click::First }));
            acts.push((at + DOUBLE_CLICK, Act::Enroll { section, click: Click::Second }));
        } else {
            acts.push((at, Act::Enroll { section, click: Click::Only }));
        }
        let change_of_mind = rng.f64();
        if change_of_mind < habits.drops {
            later += think;
            acts.push((later, Act::Drop { section }));
        } else if change_of_mind < habits.drops + habits.swaps {
            // Any section that they have not asked for before.
            let to = rng.usize(..sections);
            if visit.wants.iter().all(|&(_, wanted)| wanted != to) {
                later += think;
                acts.push((later, Act::Swap { from: section, to }));
            }
        }
    }
    let looks: Vec<_> = acts.iter().filter(|_| rng.f64() < habits.reloads).map(|&(at, _)| at + think / 2).collect();
    acts.extend(looks.into_iter().map(|at| (at, Act::Reload)));
    acts.into_iter().map(|(at, act)| Step { at, student: visit.student, act }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const THINK: Duration = Duration::from_secs(2);
    const NONE: Habits = Habits { double_clicks: 0.0, drops: 0.0, swaps: 0.0, reloads: 0.0 };

    fn visits() -> Vec<Visit> {
        let second = Duration::from_secs;
        (0..2_000).map(|student| Visit { student, wants: vec![(second(1), 0), (second(3), 1)] }).collect()
    }

    fn script(habits: Habits) -> Vec<Step> {
        Script::of(&visits(), 10, habits, THINK, &mut Rng::with_seed(5)).steps
    }

    fn count(steps: &[Step], kind: Kind) -> usize {
        steps.iter().filter(|step| step.act.kind() == kind).count()
    }

    #[test]
    fn without_habits_students_enroll_in_what_they_want_in_order_of_time() {
        let steps = script(NONE);
        assert_eq!((steps.len(), count(&steps, Kind::Enroll)), (4_000, 4_000));
        assert!(steps.is_sorted_by_key(|step| step.at));
    }

    #[test]
    fn a_double_click_is_the_same_request_twice() {
        let steps = script(Habits { double_clicks: 1.0, ..NONE });
        assert_eq!((count(&steps, Kind::Enroll), count(&steps, Kind::SecondClick)), (4_000, 4_000));
    }

    #[test]
    fn habits_are_kept_in_their_shares() {
        let steps = script(Habits { drops: 0.25, swaps: 0.25, reloads: 0.5, ..NONE });
        let [drops, swaps, reloads] = [Kind::Drop, Kind::Swap, Kind::Reload].map(|kind| count(&steps, kind));
        assert!((920..1_080).contains(&drops), "{drops}");
        // Of ten sections, two are wanted anyway.
        assert!((730..870).contains(&swaps), "{swaps}");
        assert!((2_750..3_050).contains(&reloads), "{reloads}");
    }

    #[test]
    fn whoever_changes_their_mind_has_asked_for_everything_before() {
        let steps = script(Habits { drops: 0.5, swaps: 0.5, ..NONE });
        for step in steps.iter().filter(|step| matches!(step.act, Act::Drop { .. } | Act::Swap { .. })) {
            assert!(step.at > Duration::from_secs(3));
        }
    }
}
