//! What must be so when all is over, judged from the outside: by what the server answered, and what it tells afterwards.

use super::aftermath::{Aftermath, Held};
use super::campus::Campus;
use super::record::{Outcome, Record};
use super::script::{Act, Click, Script, Step};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// Something that must be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invariant {
    /// What.
    pub name: &'static str,
    /// Where it is not.
    pub broken: Vec<String>,
}

impl Invariant {
    /// Whether it is so.
    pub fn holds(&self) -> bool {
        self.broken.is_empty()
    }
}

/// All of them.
pub(super) fn judge(campus: &Campus, script: &Script, records: &[Record], aftermath: &Aftermath) -> Vec<Invariant> {
    let asked: Vec<(Step, &Outcome)> =
        records.iter().map(|record| (script.steps[record.step], &record.outcome)).collect();
    let context = Context { campus, asked: &asked, aftermath };
    vec![
        Invariant { name: "no section has more students than seats", broken: context.oversold() },
        Invariant { name: "every seat that was given is still had, unless it was given back", broken: context.lost() },
        Invariant { name: "what was dropped or swapped away is not had any more", broken: context.not_left() },
        Invariant { name: "nobody has two seats in the same section or course", broken: context.seated_twice() },
        Invariant { name: "a double click has one effect and one answer", broken: context.doubled() },
    ]
}

struct Context<'a> {
    campus: &'a Campus,
    asked: &'a [(Step, &'a Outcome)],
    aftermath: &'a Aftermath,
}

impl Context<'_> {
    fn oversold(&self) -> Vec<String> {
        let oversold = self.aftermath.sections.iter().filter(|section| section.seats_taken > section.seats());
        oversold
            .map(|section| format!("{}: {} of {} seats", section.name(), section.seats_taken, section.seats()))
            .collect()
    }

    fn lost(&self) -> Vec<String> {
        let left = self.perhaps_left();
        let made = self.asked.iter().filter_map(|(step, outcome)| Some((step, made(outcome)?)));
        let lost = made.filter(|(step, id)| {
            let held = self.held(step.student, id);
            !held.is_some_and(|held| held.is_enrolled() || left.contains(id))
        });
        lost.map(|(step, id)| format!("{}: {id}", self.who(step.student))).collect()
    }

    fn not_left(&self) -> Vec<String> {
        let left = self.left(|outcome| matches!(outcome, Outcome::Done { .. }));
        let still = left.into_iter().filter(|(student, id)| self.held(*student, id).is_some_and(Held::is_live));
        still.map(|(student, id)| format!("{}: {id}", self.who(student))).collect()
    }

    fn seated_twice(&self) -> Vec<String> {
        let mut students: Vec<_> = self.aftermath.courses.iter().collect();
        students.sort_by_key(|&(&student, _)| student);
        let twice = students.into_iter().filter(|(_, courses)| {
            has_duplicates(courses.iter().filter(|held| held.is_live()).filter_map(Held::section))
                || has_duplicates(courses.iter().filter(|held| held.is_enrolled()).filter_map(Held::component))
        });
        twice.map(|(&student, _)| self.who(student).to_owned()).collect()
    }

    /// The second answer is the first again, so it names the same student course; unless one of both has none.
    fn doubled(&self) -> Vec<String> {
        let mut first: HashMap<(usize, usize), &str> = HashMap::new();
        let mut broken = Vec::new();
        for (step, outcome) in self.asked {
            let Act::Enroll { section, click: Click::First | Click::Second } = step.act else { continue };
            let Some(id) = made(outcome) else { continue };
            let other = *first.entry((step.student, section)).or_insert(id);
            if other != id {
                broken.push(format!("{}: {other} and {id}", self.who(step.student)));
            }
        }
        broken
    }

    /// Student courses that a drop or a swap was asked to end, with the outcome wanted.
    fn left(&self, wanted: impl Fn(&Outcome) -> bool) -> Vec<(usize, &str)> {
        let mut made_in: HashMap<(usize, usize), &str> = HashMap::new();
        for (step, outcome) in self.asked {
            let (Act::Enroll { section, .. } | Act::Swap { to: section, .. }) = step.act else { continue };
            if let Some(id) = made(outcome) {
                made_in.insert((step.student, section), id);
            }
        }
        let ends = self.asked.iter().filter(|(_, outcome)| wanted(outcome));
        let ended = ends.filter_map(|(step, _)| match step.act {
            Act::Drop { section } | Act::Swap { from: section, .. } => {
                Some((step.student, *made_in.get(&(step.student, section))?))
            }
            Act::Enroll { .. } | Act::Reload => None,
        });
        ended.collect()
    }

    /// Those that were left, or may have been: nobody knows what came of a request without an answer.
    fn perhaps_left(&self) -> HashSet<&str> {
        let perhaps =
            |outcome: &Outcome| matches!(outcome, Outcome::Done { .. } | Outcome::Lost { .. } | Outcome::Failed { .. });
        self.left(perhaps).into_iter().map(|(_, id)| id).collect()
    }

    fn held(&self, student: usize, id: &str) -> Option<&Held> {
        self.aftermath.courses.get(&student)?.iter().find(|held| held.id == id)
    }

    fn who(&self, student: usize) -> &str {
        &self.campus.students[student].number
    }
}

fn made(outcome: &Outcome) -> Option<&str> {
    if let Outcome::Done { made: Some(made) } = outcome { Some(made) } else { None }
}

fn has_duplicates<T: Eq + Hash>(items: impl Iterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    items.into_iter().any(|item| !seen.insert(item))
}

#[cfg(test)]
mod tests {
    use super::super::campus::tests::campus;
    use super::*;
    use std::time::Duration;

    const FIRST: Act = Act::Enroll { section: 0, click: Click::First };
    const SECOND: Act = Act::Enroll { section: 0, click: Click::Second };
    const DROP: Act = Act::Drop { section: 0 };

    fn done(id: &str) -> Outcome {
        Outcome::Done { made: Some(id.to_owned()) }
    }

    fn held(id: &str, status: &str) -> Held {
        Held::made_up(id, status, "section-0", "course-0")
    }

    /// The names of what is broken, of one student in section 0.
    fn broken(asked: Vec<(Act, Outcome)>, courses: Vec<Held>, taken: u32) -> Vec<&'static str> {
        let campus = campus(1, 1);
        let at = |place: usize| Duration::from_secs(u64::try_from(place).unwrap_or(0));
        let steps =
            asked.iter().enumerate().map(|(place, &(act, _))| Step { at: at(place), student: 0, act }).collect();
        let records: Vec<Record> = asked
            .into_iter()
            .enumerate()
            .map(|(step, (_, outcome))| Record { step, answered_at: at(step), outcome })
            .collect();
        let mut sections = campus.sections.clone();
        sections[0].seats_taken = taken;
        let aftermath = Aftermath { sections, courses: HashMap::from([(0, courses)]) };
        let judged = judge(&campus, &Script { steps }, &records, &aftermath);
        judged.into_iter().filter(|invariant| !invariant.holds()).map(|invariant| invariant.name).collect()
    }

    #[test]
    fn what_is_as_it_was_answered_is_not_broken() {
        assert!(broken(vec![(FIRST, done("a")), (SECOND, done("a"))], vec![held("a", "enrolled")], 10).is_empty());
        assert!(
            broken(
                vec![(FIRST, done("a")), (DROP, Outcome::Done { made: Some("a".into()) })],
                vec![held("a", "dropped")],
                0
            )
            .is_empty()
        );
        // Nobody knows whether it was dropped.
        let lost = || Outcome::Lost { reason: "no answer".to_owned() };
        assert!(broken(vec![(FIRST, done("a")), (DROP, lost())], vec![held("a", "dropped")], 0).is_empty());
        assert!(broken(vec![(FIRST, done("a")), (DROP, lost())], vec![held("a", "enrolled")], 1).is_empty());
    }

    #[test]
    fn an_oversold_section_is_found() {
        assert_eq!(broken(vec![], vec![], 11), ["no section has more students than seats"]);
    }

    #[test]
    fn a_seat_that_was_answered_and_is_not_there_is_found() {
        let name = "every seat that was given is still had, unless it was given back";
        assert_eq!(broken(vec![(FIRST, done("a"))], vec![], 0), [name]);
        assert_eq!(broken(vec![(FIRST, done("a"))], vec![held("a", "dropped")], 0), [name]);
    }

    #[test]
    fn a_seat_that_was_dropped_and_is_still_there_is_found() {
        let asked = vec![(FIRST, done("a")), (DROP, Outcome::Done { made: None })];
        assert_eq!(
            broken(asked, vec![held("a", "enrolled")], 1),
            ["what was dropped or swapped away is not had any more"]
        );
    }

    #[test]
    fn a_second_seat_is_found() {
        let courses = vec![held("a", "enrolled"), held("b", "enrolled")];
        let asked = vec![(FIRST, done("a")), (SECOND, done("b"))];
        assert_eq!(
            broken(asked, courses, 2),
            ["nobody has two seats in the same section or course", "a double click has one effect and one answer"]
        );
    }
}
