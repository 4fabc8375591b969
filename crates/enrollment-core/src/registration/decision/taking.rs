//! Taking: which sections, and whether every rule admits them.
//!
//! Each thing to take has options, in the order of preference: sections that the request ranks, or those of a course. What is
//! looked for is one option for each such that all are admitted together, the earlier ones with the better options. Where there
//! is no such choice, the answer is about the one that comes nearest, taken one after the other.

use super::leaving::{self, Leaving};
use super::{Change, Outcome};
use crate::catalog::{Component, Credits, Version};
use crate::ids::{CourseId, SectionId, StudentCourseId, TermId};
use crate::registration::facts::{Facts, SectionFacts};
use crate::registration::rules::{self, Case, Violation};
use crate::registration::{Attempt, Code, Enroll, GradingBasis, Status, StepJudgement, StudentCourse, Waiting};
use chrono::NaiveDate;
use serde_json::json;
use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// One thing to take: a seat in one of some sections.
#[derive(Clone)]
pub(in crate::registration) struct Taking {
    /// Which part of the request asks for it.
    pub(super) pointer: String,
    /// The id of the student course that begins.
    pub(super) id: StudentCourseId,
    pub(super) choice: Choice,
    pub(in crate::registration) grading_basis: GradingBasis,
    /// For how many credits; none for what the course says.
    pub(in crate::registration) credits: Option<Credits>,
    /// Whether a place on the waitlist will do.
    pub(in crate::registration) may_wait: bool,
    /// What is to be left together with having the seat.
    pub(super) swap_from: Option<StudentCourseId>,
}

/// What can be taken.
#[derive(Clone)]
pub(in crate::registration) enum Choice {
    /// The first of these that fits.
    Ranked(Vec<SectionId>),
    /// The emptiest that fits of a component of a course.
    OfCourse { course_id: CourseId, term_id: Option<TermId>, component: Component },
}

impl Choice {
    pub(super) fn of_course(course_id: CourseId, term_id: Option<TermId>, component: Component) -> Self {
        Self::OfCourse { course_id, term_id, component }
    }
}

impl Taking {
    pub(super) fn new(pointer: String, enroll: &Enroll, choice: Choice) -> Self {
        let request = &enroll.request;
        Self {
            pointer,
            id: enroll.student_course_id,
            choice,
            grading_basis: request.grading_basis,
            credits: request.credits,
            may_wait: request.waitlist,
            swap_from: request.swap_from,
        }
    }

    /// What a request asks for, for the tests of rules.
    #[cfg(test)]
    pub(in crate::registration) fn sample(request: &crate::registration::EnrollRequest) -> Self {
        let student_course_id = uuid::Uuid::nil().into();
        let enroll = Enroll { student_course_id, request: request.clone() };
        Self::new(String::new(), &enroll, Choice::Ranked(request.target.sections().to_vec()))
    }

    /// The sections to choose from.
    fn options<'a>(&'a self, at: chrono::DateTime<chrono::Utc>, facts: &'a Facts) -> Vec<&'a SectionFacts> {
        match &self.choice {
            Choice::Ranked(ids) => ids.iter().filter_map(|id| section(facts, *id)).collect(),
            Choice::OfCourse { course_id, term_id, component } => {
                let mut offered = offered(at, facts, *course_id, *term_id);
                offered.retain(|section| section.section.component == *component);
                offered
            }
        }
    }

    /// Whether this takes the place of what is left, whichever option is taken: a seat in the same component of the course in the
    /// term.
    pub(super) fn replaces(&self, at: chrono::DateTime<chrono::Utc>, facts: &Facts, left: &StudentCourse) -> bool {
        self.options(at, facts).into_iter().all(|section| {
            left.course.id == section.course.course.id
                && left.is_in_term(section.term.term.id)
                && left.section.as_ref().is_some_and(|own| own.component == section.section.component)
        })
    }
}

fn section(facts: &Facts, id: SectionId) -> Option<&SectionFacts> {
    facts.sections.iter().find(|section| section.section.id == id)
}

/// The sections of a course to choose from. Without a term, sections of terms that are over count only if there are no others,
/// and then only those of the latest term.
fn offered(
    at: chrono::DateTime<chrono::Utc>,
    facts: &Facts,
    course: CourseId,
    term: Option<TermId>,
) -> Vec<&SectionFacts> {
    let is_asked = |section: &&SectionFacts| {
        section.course.course.id == course && term.is_none_or(|term| section.term.term.id == term)
    };
    let mut sections: Vec<&SectionFacts> = facts.sections.iter().filter(is_asked).collect();
    let is_over = |section: &SectionFacts| section.term.ends_on < section.term.time_zone.day_of(at);
    if sections.iter().any(|section| !is_over(section)) {
        sections.retain(|section| !is_over(section));
    } else {
        let latest = sections.iter().map(|section| section.term.starts_on).max();
        sections.retain(|section| Some(section.term.starts_on) == latest);
    }
    sections
}

/// The components to take of a course that is named alone: the main one, for who asks for a course means its lecture and not
/// its lab, and those that belong together with it, unless the student has them.
pub(super) fn components(facts: &Facts, course: CourseId, term: Option<TermId>) -> Vec<Component> {
    let is_asked = |section: &&SectionFacts| {
        section.course.course.id == course && term.is_none_or(|term| section.term.term.id == term)
    };
    let sections: Vec<&SectionFacts> = facts.sections.iter().filter(is_asked).collect();
    let main = sections.iter().map(|section| section.section.component).min().unwrap_or_default();
    let linked = sections.iter().flat_map(|section| &section.course.linked_components).copied();
    let is_held = |component: &Component| {
        facts.held.iter().map(|held| &held.student_course).any(|held| {
            held.status == Status::Enrolled
                && held.course.id == course
                && sections.iter().any(|section| held.is_in_term(section.term.term.id))
                && held.section.as_ref().is_some_and(|section| section.component == *component)
        })
    };
    let others: BTreeSet<Component> = linked.filter(|component| *component != main && !is_held(component)).collect();
    std::iter::once(main).chain(others).collect()
}

/// The most options that are judged in search of a choice that fits: enough for any week's timetable, and bounded in time.
const MOST_JUDGED: u32 = 5_000;

/// Judges taking all of these.
pub(super) fn judge<'a>(attempt: &Attempt, facts: &Cow<'a, Facts>, takings: &[Taking]) -> Outcome<'a> {
    let search = Search { attempt, takings, left: Cell::new(MOST_JUDGED) };
    let begin = Node { facts: facts.clone(), steps: Vec::new(), changes: Vec::new(), chosen: Vec::new() };
    let found = match takings.len() {
        // The nearest is the best that there is, as every option has been judged.
        1 => None,
        _ => search.fitting(begin.clone()),
    };
    let node = found.unwrap_or_else(|| search.nearest(begin));
    Outcome { facts: node.facts, steps: node.steps, changes: node.changes }
}

struct Search<'s> {
    attempt: &'s Attempt,
    takings: &'s [Taking],
    /// How many options may still be judged.
    left: Cell<u32>,
}

/// What has been chosen so far, and the facts as that would leave them.
#[derive(Clone)]
struct Node<'a> {
    facts: Cow<'a, Facts>,
    steps: Vec<StepJudgement>,
    changes: Vec<Change>,
    chosen: Vec<SectionId>,
}

/// One option, judged.
struct Judged {
    section: SectionId,
    steps: Vec<StepJudgement>,
    changes: Vec<Change>,
    preference: Preference,
}

/// Smaller is better: what is admitted, then the rank or the term, a seat before a place on the waitlist, what needs no
/// permit, fewer refusals, more free seats, and the number, so that the answer never depends on the order in which sections were loaded.
type Preference = (bool, usize, NaiveDate, bool, bool, usize, Reverse<u32>, String, SectionId);

impl Search<'_> {
    /// The first choice in which everything is admitted.
    fn fitting<'a>(&self, node: Node<'a>) -> Option<Node<'a>> {
        let Some(taking) = self.takings.get(node.chosen.len()) else {
            return self.together(node).filter(Node::is_admitted);
        };
        let admitted = self.judged(taking, &node).into_iter().take_while(|judged| !judged.preference.0);
        admitted.map(|judged| self.choose(&node, judged)).find_map(|node| self.fitting(node))
    }

    /// For one after the other the option that is best, admitted or not.
    fn nearest<'a>(&self, mut node: Node<'a>) -> Node<'a> {
        self.left.set(MOST_JUDGED);
        for taking in self.takings {
            match self.judged(taking, &node).into_iter().next() {
                Some(judged) => node = self.choose(&node, judged),
                None => node.steps.push(not_offered(taking)),
            }
        }
        if self.takings.len() > 1 { self.together(node.clone()).unwrap_or(node) } else { node }
    }

    /// Asks the rules for which the sections beside it matter again, now that all are chosen; none where one could not be.
    fn together<'a>(&self, mut node: Node<'a>) -> Option<Node<'a>> {
        if node.chosen.len() < self.takings.len() {
            return None;
        }
        let chosen: Vec<&SectionFacts> = node.chosen.iter().filter_map(|id| section(&node.facts, *id)).collect();
        for (taking, own) in self.takings.iter().zip(&chosen) {
            let beside: Vec<&SectionFacts> =
                chosen.iter().filter(|other| other.section.id != own.section.id).copied().collect();
            let pool = node.facts.pool_of(own)?;
            let case =
                Case { at: self.attempt.at, facts: &node.facts, section: own, pool, asked: taking, beside: &beside };
            if let Some(step) = node.steps.iter_mut().find(|step| step.takes(own.section.id)) {
                step.rules = rules::findings_beside(&case, &step.rules);
            }
        }
        Some(node)
    }

    /// What has been chosen with one more option.
    fn choose<'a>(&self, node: &Node<'a>, judged: Judged) -> Node<'a> {
        let mut node = node.clone();
        // Where nothing else is taken, nobody asks for the facts after it.
        if !judged.preference.0 && self.takings.len() > 1 {
            node.facts.to_mut().apply(&judged.changes);
        }
        node.steps.extend(judged.steps);
        node.changes.extend(judged.changes);
        node.chosen.push(judged.section);
        node
    }

    /// The options of what comes next, judged, the best first.
    fn judged(&self, taking: &Taking, node: &Node<'_>) -> Vec<Judged> {
        let options = taking.options(self.attempt.at, &node.facts);
        let ranks = matches!(taking.choice, Choice::Ranked(_));
        let mut judged: Vec<Judged> = Vec::with_capacity(options.len());
        for (rank, option) in options.into_iter().enumerate() {
            let Some(left) = self.left.get().checked_sub(1) else { break };
            self.left.set(left);
            judged.extend(self.judge(taking, node, option, if ranks { rank } else { 0 }));
        }
        judged.sort_by(|one, other| one.preference.cmp(&other.preference));
        judged
    }

    fn judge(&self, taking: &Taking, node: &Node<'_>, option: &SectionFacts, rank: usize) -> Option<Judged> {
        let mut facts: Cow<'_, Facts> = Cow::Borrowed(&node.facts);
        let (mut steps, mut swapped) = (Vec::new(), Vec::new());
        let is_other = |id: &StudentCourseId| {
            node.facts.held(*id).is_none_or(|held| !held.student_course.is_in_section(option.section.id))
        };
        // A place in the same section is no swap, but what one has already.
        if let Some(id) = taking.swap_from.filter(|_| taking.may_wait).filter(is_other) {
            // Left only with the seat, but judged as if: who waits for a swap may have to leave the one for the other.
            let leaving = Leaving::new(format!("{}/swap_from", taking.pointer), id);
            let left = leaving::judge(self.attempt, &node.facts, vec![leaving], &self.with_only(taking, option));
            (steps, swapped, facts) = (left.steps, left.changes, left.facts);
        }
        let beside = self.beside(node, option);
        let section = section(&facts, option.section.id)?;
        let pool = facts.pool_of(section)?;
        let case = Case { at: self.attempt.at, facts: &facts, section, pool, asked: taking, beside: &beside };
        let waits = case.waits();
        let rules = rules::findings(&case);
        let refusing = rules.iter().filter(|finding| finding.refuses()).count();
        let begun = Change::Start(started(self.attempt, taking, &case));
        let preference = (
            refusing > 0 || steps.iter().any(StepJudgement::refuses),
            rank,
            section.term.starts_on,
            waits,
            // A permit is not spent where there is a section that needs none.
            rules.iter().any(|finding| finding.waived_by.is_some()),
            refusing,
            Reverse(case.free_seats()),
            section.section.number.to_string(),
            section.section.id,
        );
        steps.push(StepJudgement { pointer: taking.pointer.clone(), section: Some(section.section.clone()), rules });
        let changes = if waits { vec![begun] } else { swapped.into_iter().chain([begun]).collect() };
        Some(Judged { section: option.section.id, steps, changes, preference })
    }

    /// What is to be taken, if this one is by this option.
    fn with_only(&self, taking: &Taking, option: &SectionFacts) -> Vec<Taking> {
        let only = Taking { choice: Choice::Ranked(vec![option.section.id]), ..taking.clone() };
        let others = self.takings.iter().filter(|other| other.id != taking.id).cloned();
        std::iter::once(only).chain(others).collect()
    }

    /// The sections that may be taken beside this one: those that are chosen, and all options of those that are not yet.
    fn beside<'f>(&self, node: &'f Node<'_>, own: &SectionFacts) -> Vec<&'f SectionFacts>
    where
        Self: 'f,
    {
        let chosen = node.chosen.iter().filter_map(|id| section(&node.facts, *id));
        let later = self.takings.iter().skip(node.chosen.len() + 1);
        let open: BTreeSet<SectionId> = later
            .flat_map(|taking| taking.options(self.attempt.at, &node.facts).into_iter().map(|option| option.section.id))
            .collect();
        let open = open.into_iter().filter_map(|id| section(&node.facts, id));
        chosen.chain(open).filter(|other| other.section.id != own.section.id).collect()
    }
}

impl Node<'_> {
    fn is_admitted(&self) -> bool {
        !self.steps.iter().any(StepJudgement::refuses)
    }
}

impl StepJudgement {
    /// Whether it is about taking this section, not about leaving it.
    fn takes(&self, section: SectionId) -> bool {
        self.section.as_ref().is_some_and(|own| own.id == section)
            && self.rules.iter().any(|finding| finding.rule == Code::LinkedSectionMissing)
    }
}

fn started(attempt: &Attempt, taking: &Taking, case: &Case<'_>) -> StudentCourse {
    let section = case.section;
    let waitlist = &section.waitlist;
    let waiting = case.waits().then(|| Waiting {
        priority: 0,
        sequence: waitlist.last_sequence + 1,
        eligible_position: Some(waitlist.eligible_ahead + 1),
        swap_from: taking.swap_from,
        passed_over: None,
    });
    StudentCourse {
        id: taking.id,
        student_id: attempt.student_id,
        status: if waiting.is_some() { Status::Waitlisted } else { Status::Enrolled },
        course: section.course.course.clone(),
        section: Some(section.section.clone()),
        term: Some(section.term.term.clone()),
        credits: case.credits(),
        grading_basis: taking.grading_basis,
        grade: None,
        waitlist_position: waiting.as_ref().map(|_| waitlist.ahead + 1),
        reservation_id: case.quota().filter(|_| waiting.is_none()),
        enrolled_at: waiting.is_none().then_some(attempt.at),
        waitlist: waiting,
        ended_at: None,
        end_reason: None,
        version: Version::FIRST,
    }
}

fn not_offered(taking: &Taking) -> StepJudgement {
    let violation = Violation::new(
        Code::SectionNotOpen,
        "No section of this course is offered.",
        "Choose another term or another course.",
        json!({}),
    );
    StepJudgement { pointer: taking.pointer.clone(), section: None, rules: vec![violation.into()] }
}
