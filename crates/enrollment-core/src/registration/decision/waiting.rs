//! Waiting: getting the seat that one waits for, and changing places.

use super::Change;
use super::taking::{Choice, Taking};
use crate::registration::facts::Facts;
use crate::registration::rules::{self, Leave};
use crate::registration::{
    Attempt, Judgement, PassedOver, Prioritize, Promote, Status, StepJudgement, StudentCourse, Verdict, Waiting,
};

/// Gives who waits the seat that is there, if every rule admits it. Who is refused keeps the place, and learns why.
pub(super) fn promote(attempt: &Attempt, facts: &Facts, promote: &Promote) -> Judgement {
    let waiting = super::live(facts, promote.student_course_id).map(|held| &held.student_course);
    let Some((own, section)) = waiting.and_then(|own| Some((own, own.section.as_ref()?))) else {
        return none_waits(promote.student_course_id);
    };
    if own.status != Status::Waitlisted {
        return none_waits(promote.student_course_id);
    }
    let mut without = facts.clone();
    without.held.retain(|held| held.student_course.id != own.id);
    // What was to be left may be left already: then there is nothing more to do for it.
    let swap_from = promote.swap_from.filter(|id| super::live(facts, *id).is_some());
    let taking = Taking {
        pointer: String::new(),
        id: own.id,
        choice: Choice::Ranked(vec![section.id]),
        grading_basis: own.grading_basis,
        credits: Some(own.credits),
        may_wait: false,
        swap_from,
    };
    let judged = super::judge_steps(attempt, &without, Vec::new(), &[taking]);
    let seated = |change| match change {
        Change::Start(seat) => Change::Promote(own.clone().promoted(seat.reservation_id, attempt.at)),
        other => other,
    };
    match judged.outcome {
        Verdict::Accepted => Judgement { changes: judged.changes.into_iter().map(seated).collect(), ..judged },
        Verdict::Refused => {
            let changes = passed_over(attempt, own, &judged).map(Change::PassOver).into_iter().collect();
            Judgement { changes, ..judged }
        }
    }
}

/// What waits, with why it was passed over; none where it was for the same reasons before.
fn passed_over(attempt: &Attempt, own: &StudentCourse, judged: &Judgement) -> Option<StudentCourse> {
    let waiting = own.waitlist.as_ref()?;
    let passed_over = PassedOver { at: attempt.at, violations: judged.violations() };
    let codes = |passed: &PassedOver| passed.violations.iter().map(|violation| violation.code).collect::<Vec<_>>();
    if waiting.passed_over.as_ref().is_some_and(|before| codes(before) == codes(&passed_over)) {
        return None;
    }
    let waiting = Waiting { passed_over: Some(passed_over), ..waiting.clone() };
    Some(StudentCourse { waitlist: Some(waiting), version: own.version.next(), ..own.clone() })
}

/// Gives who waits another place.
pub(super) fn prioritize(attempt: &Attempt, facts: &Facts, prioritize: &Prioritize) -> Judgement {
    let Some(held) = facts.held(prioritize.student_course_id) else {
        return none_waits(prioritize.student_course_id);
    };
    let finding = rules::waiting_finding(&Leave { at: attempt.at, facts, held });
    let own = &held.student_course;
    let moved = own.waitlist.as_ref().map(|waiting| {
        let waiting = Waiting { priority: prioritize.priority, ..waiting.clone() };
        Change::Move(StudentCourse { waitlist: Some(waiting), version: own.version.next(), ..own.clone() })
    });
    let step = StepJudgement { pointer: String::new(), section: own.section.clone(), rules: vec![finding] };
    Judgement::of(vec![step], moved.into_iter().collect())
}

fn none_waits(id: crate::ids::StudentCourseId) -> Judgement {
    let rules = vec![rules::not_enrolled::unknown(id).into()];
    Judgement::of(vec![StepJudgement { pointer: String::new(), section: None, rules }], Vec::new())
}
