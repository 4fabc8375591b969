//! Takes the steps, each at its time.
//!
//! An open loop: whether a step is taken does not depend on the answers to others, but for those that need one (who has not got a
//! course cannot drop it). The connections are bounded; a step that finds none free waits, and that counts.

use super::api::Api;
use super::campus::Campus;
use super::record::{Outcome, Record};
use super::script::{Act, Click, Script, Step};
use crate::ids::SystemIds;
use actix_web::rt;
use enrollment_core::ids::IdSource as _;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Who is told how it goes.
pub trait Progress {
    /// What happens now.
    fn say(&mut self, what: &str);
    /// How far the steps are.
    fn steps(&mut self, now: Steps);
}

/// How far the steps are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steps {
    /// Since the opening.
    pub after: Duration,
    /// All that there will be.
    pub planned: usize,
    /// Taken so far.
    pub taken: usize,
    /// Answered so far.
    pub answered: usize,
    /// Answered with a seat or whatever else was asked for.
    pub done: usize,
    /// Refused by rules.
    pub refused: usize,
    /// Turned away, failed or without an answer.
    pub trouble: usize,
}

/// The time between two tellings of the progress.
const TELL_EVERY: Duration = Duration::from_millis(250);
/// Before the first step, so that it is not late already.
const RUN_UP: Duration = Duration::from_millis(50);

/// What the tasks of the steps share.
struct Stage {
    api: Rc<Api>,
    opened: Instant,
    /// A key for double clicks that no other rehearsal uses.
    key: String,
    /// Who has got which section, and as which student course.
    held: RefCell<HashMap<(usize, usize), String>>,
    records: RefCell<Vec<Record>>,
    steps: RefCell<Steps>,
}

/// Takes all steps, and waits for all answers.
pub(super) async fn drive(
    api: &Rc<Api>,
    script: &Script,
    campus: &Rc<Campus>,
    progress: &mut dyn Progress,
) -> Vec<Record> {
    let stage = Rc::new(Stage {
        api: Rc::clone(api),
        opened: Instant::now() + RUN_UP,
        key: SystemIds.next().to_string(),
        held: RefCell::default(),
        records: RefCell::new(Vec::with_capacity(script.steps.len())),
        steps: RefCell::new(Steps { planned: script.steps.len(), ..Steps::default() }),
    });
    let mut tasks = Vec::with_capacity(script.steps.len());
    let mut told = Instant::now();
    for (place, &step) in script.steps.iter().enumerate() {
        wait_until(stage.opened + step.at, &stage, &mut told, progress).await;
        stage.steps.borrow_mut().taken += 1;
        tasks.push(rt::spawn(take(place, step, Rc::clone(&stage), Rc::clone(campus))));
    }
    for task in tasks {
        while !task.is_finished() {
            wait_until(Instant::now() + Duration::from_millis(1), &stage, &mut told, progress).await;
        }
    }
    progress.steps(*stage.steps.borrow());
    stage.records.take()
}

/// Waits, and tells the progress meanwhile.
async fn wait_until(at: Instant, stage: &Stage, told: &mut Instant, progress: &mut dyn Progress) {
    loop {
        if told.elapsed() >= TELL_EVERY {
            *told = Instant::now();
            let after = stage.opened.elapsed();
            progress.steps(Steps { after, ..*stage.steps.borrow() });
        }
        let left = at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        rt::time::sleep(left.min(TELL_EVERY)).await;
    }
}

async fn take(place: usize, step: Step, stage: Rc<Stage>, campus: Rc<Campus>) {
    let outcome = ask(step, &stage, &campus).await;
    let answered_at = stage.opened.elapsed();
    {
        let mut steps = stage.steps.borrow_mut();
        steps.answered += 1;
        match &outcome {
            Outcome::Done { .. } => steps.done += 1,
            Outcome::Refused { .. } => steps.refused += 1,
            Outcome::TurnedAway | Outcome::Failed { .. } | Outcome::Lost { .. } => steps.trouble += 1,
            Outcome::Nothing => {}
        }
    }
    stage.records.borrow_mut().push(Record { step: place, answered_at, outcome });
}

async fn ask(Step { student, act, .. }: Step, stage: &Stage, campus: &Campus) -> Outcome {
    let who = &campus.students[student].id;
    let id = |section: usize| &campus.sections[section].id;
    match act {
        Act::Reload => Outcome::of(stage.api.courses(who).await),
        Act::Enroll { section, click } => {
            let key = (click != Click::Only).then(|| format!("{}-{student}-{section}", stage.key));
            let outcome = Outcome::of(stage.api.enroll(who, id(section), key.as_deref()).await);
            stage.remember(student, section, &outcome);
            outcome
        }
        Act::Drop { section } => {
            let Some(held) = stage.held(student, section) else { return Outcome::Nothing };
            Outcome::of(stage.api.leave(who, &held).await)
        }
        Act::Swap { from, to } => {
            let Some(held) = stage.held(student, from) else { return Outcome::Nothing };
            let outcome = Outcome::of(stage.api.swap(who, &held, id(to)).await);
            stage.remember(student, to, &outcome);
            outcome
        }
    }
}

impl Stage {
    fn held(&self, student: usize, section: usize) -> Option<String> {
        self.held.borrow().get(&(student, section)).cloned()
    }

    fn remember(&self, student: usize, section: usize, outcome: &Outcome) {
        if let Outcome::Done { made: Some(made) } = outcome {
            self.held.borrow_mut().insert((student, section), made.clone());
        }
    }
}
