//! What permits are used for by requests of several steps, and by those who wait.

use super::codes;
use crate::catalog::Component;
use crate::ids::{PermitId, StudentCourseId};
use crate::registration::facts::SectionFacts;
use crate::registration::{
    Attempt, Change, Code, Command, Enroll, Facts, Judgement, Origin, Plan, Promote, Status, Target, Verdict, sample,
};
use serde_json::json;

fn plan(plan: Plan) -> Attempt {
    sample::attempt(1, Command::Plan(plan))
}

fn add(number: u128, target: Target) -> Enroll {
    sample::adding(number, sample::request_for(target))
}

fn graduates_only(section: &mut SectionFacts) {
    section.restriction = serde_json::from_value(json!({"levels": ["graduate"]})).unwrap();
}

/// The permits that are used, each with what for.
fn used(judgement: &Judgement) -> Vec<(PermitId, StudentCourseId, Vec<Code>)> {
    let used = judgement.permits_used().into_iter();
    used.map(|waiver| (waiver.permit_id, waiver.student_course_id, waiver.rules)).collect()
}

/// A lecture and a lab of course 101 that are taken together, for graduates only.
fn linked() -> Facts {
    let mut facts = sample::facts();
    let mut lab = sample::section(101, 2);
    lab.section.component = Component::Lab;
    lab.meetings = vec![sample::monday(14, 16)];
    facts.pools.push(sample::pool(&lab, 10, 0));
    facts.sections.push(lab);
    for section in &mut facts.sections {
        section.course.linked_components = [Component::Lecture, Component::Lab].into();
        graduates_only(section);
    }
    facts
}

#[test]
fn a_lecture_and_its_lab_are_one_use_of_a_permit() {
    let mut facts = linked();
    let attempt = sample::enroll_in_course(1, sample::id(101));
    assert_eq!(codes(&attempt.decide(&facts)), [Code::Restricted; 2]);
    facts.permits.push(sample::permit(7, &[Code::Restricted]));
    let judgement = attempt.judge(&facts);
    let begun: Vec<_> = judgement.changes.iter().map(|change| change.student_course().id).collect();
    assert_eq!(used(&judgement), [begun[0], begun[1]].map(|id| (sample::id(7), id, vec![Code::Restricted])));
    facts.use_permits(&judgement.permits_used());
    assert_eq!(facts.permits[0].uses, 1);
}

#[test]
fn no_permit_waives_a_component_that_is_missing() {
    let mut facts = linked();
    facts.permits.push(sample::permit(7, &[Code::Restricted, Code::LinkedSectionMissing]));
    let alone = sample::enroll_in(1, &facts.sections[0]);
    assert_eq!(codes(&alone.decide(&facts)), [Code::LinkedSectionMissing]);
}

#[test]
fn each_step_of_a_plan_uses_what_it_needs() {
    let mut facts = sample::facts();
    graduates_only(&mut facts.sections[0]);
    let left = sample::section(102, 1);
    facts.held.push(sample::held(1, &left, Status::Enrolled));
    facts.held[0].withdraw_deadline = Some(sample::now());
    let left_id = facts.held[0].student_course.id;
    facts.permits.push(sample::permit(7, &[Code::Restricted]));
    let asked = plan(Plan {
        drops: vec![sample::leaving(left_id)],
        adds: vec![add(1, Target::Section(facts.sections[0].section.id))],
        ..Plan::default()
    });
    let refused = asked.judge(&facts);
    assert_eq!((codes(&refused.clone().decision()), used(&refused)), (vec![Code::DeadlinePassed], vec![]));
    facts.permits.push(sample::permit_for(8, &left, &[Code::DeadlinePassed]));
    let judgement = asked.judge(&facts);
    let [Change::End(_), Change::Start(begun)] = &judgement.changes[..] else { panic!("{judgement:?}") };
    let expected =
        [(sample::id(8), left_id, vec![Code::DeadlinePassed]), (sample::id(7), begun.id, vec![Code::Restricted])];
    assert_eq!(used(&judgement), expected);
}

#[test]
fn to_take_again_what_is_left_tells_the_one_from_the_other() {
    let mut facts = sample::facts();
    graduates_only(&mut facts.sections[0]);
    facts.held.push(sample::held(1, &facts.sections[0], Status::Enrolled));
    let left_id = facts.held[0].student_course.id;
    facts.permits.push(sample::permit(7, &[Code::Restricted]));
    let asked = plan(Plan {
        drops: vec![sample::leaving(left_id)],
        adds: vec![add(1, Target::Section(facts.sections[0].section.id))],
        ..Plan::default()
    });
    let judgement = asked.judge(&facts);
    assert_eq!(used(&judgement), [(sample::id(7), judgement.changes[1].student_course().id, vec![Code::Restricted])]);
    assert_ne!(judgement.changes[1].student_course().id, left_id);
}

#[test]
fn a_permit_for_a_corequisite_is_used_only_if_that_is_not_taken_beside() {
    let mut facts = sample::facts();
    facts.sections[0].course.corequisite = serde_json::from_value(json!({"course": "CS102"})).unwrap();
    let mut others = [sample::section(102, 1), sample::section(103, 1)];
    for other in &mut others {
        other.meetings = vec![sample::monday(14, 16)];
        facts.pools.push(sample::pool(other, 10, 0));
        facts.sections.push(other.clone());
    }
    let [first, either] = [
        Target::Section(facts.sections[0].section.id),
        Target::Any(others.iter().map(|other| other.section.id).collect()),
    ];
    let asked = plan(Plan { adds: vec![add(1, first), add(2, either)], ..Plan::default() });
    facts.permits.push(sample::permit(7, &[Code::CorequisiteMissing]));
    let judgement = asked.judge(&facts);
    assert_eq!((judgement.outcome, used(&judgement)), (Verdict::Accepted, vec![]));
    facts.pools[1].taken = 10;
    let judgement = asked.judge(&facts);
    let begun = judgement.changes[0].student_course().id;
    assert_eq!(used(&judgement), [(sample::id(7), begun, vec![Code::CorequisiteMissing])]);
    facts.permits.clear();
    assert_eq!(codes(&asked.decide(&facts)), [Code::CorequisiteMissing]);
}

#[test]
fn all_rules_of_a_step_are_waived_anew_once_what_is_beside_it_is_known() {
    let mut facts = sample::facts();
    graduates_only(&mut facts.sections[0]);
    facts.sections[0].course.corequisite = serde_json::from_value(json!({"course": "CS103"})).unwrap();
    let mut beside = sample::section(102, 1);
    beside.meetings = vec![sample::monday(14, 16)];
    facts.pools.push(sample::pool(&beside, 10, 0));
    facts.sections.push(beside.clone());
    // Number 8 is needed for the restriction, so it spares number 7, although that comes first.
    facts.permits.push(sample::permit_for(7, &facts.sections[0], &[Code::CorequisiteMissing]));
    facts.permits.push(sample::permit(8, &[Code::CorequisiteMissing, Code::Restricted]));
    let adds = [&facts.sections[0], &beside].map(|section| Target::Section(section.section.id));
    let adds = (1..).zip(adds).map(|(number, target)| add(number, target)).collect();
    let judgement = plan(Plan { adds, ..Plan::default() }).judge(&facts);
    let begun = judgement.changes[0].student_course().id;
    assert_eq!(used(&judgement), [(sample::id(8), begun, vec![Code::CorequisiteMissing, Code::Restricted])]);
}

#[test]
fn the_seat_uses_a_permit_and_not_the_place_on_the_waitlist() {
    let mut facts = sample::facts();
    graduates_only(&mut facts.sections[0]);
    facts.sections[0].waitlist.capacity = 5;
    facts.pools[0].taken = 10;
    facts.permits.push(sample::permit(7, &[Code::Restricted]));
    let joining = sample::waiting_in(1, &facts.sections[0], true);
    let joined = joining.judge(&facts);
    assert_eq!((joined.outcome, used(&joined)), (Verdict::Accepted, vec![]));
    facts.apply(&joined.changes);
    facts.pools[0].taken = 9;

    let waits = joined.changes[0].student_course().id;
    let promote = Promote { student_course_id: waits, section_id: facts.sections[0].section.id, swap_from: None };
    let offer = Origin::from(&joining).promotion(0, sample::student(), promote);
    let offered = offer.judge(&facts);
    assert!(matches!(&offered.changes[..], [Change::Promote(_)]));
    assert_eq!(used(&offered), [(sample::id(7), waits, vec![Code::Restricted])]);
    facts.use_permits(&offered.permits_used());
    let offered = offer.judge(&facts);
    assert!(matches!(&offered.changes[..], [Change::PassOver(_)]), "somebody has used it up meanwhile");
    assert_eq!((offered.outcome, used(&offered)), (Verdict::Refused, vec![]));
}

#[test]
fn a_permit_for_leaving_is_not_used_while_the_swap_waits() {
    let mut facts = sample::facts();
    facts.sections[0].waitlist.capacity = 5;
    facts.pools[0].taken = 10;
    let held = sample::section(102, 1);
    facts.held.push(sample::held(1, &held, Status::Enrolled));
    facts.held[0].withdraw_deadline = Some(sample::now());
    let left = facts.held[0].student_course.id;
    facts.permits.push(sample::permit_for(7, &held, &[Code::DeadlinePassed]));
    let mut request = sample::request_for(Target::Section(facts.sections[0].section.id));
    (request.waitlist, request.swap_from) = (true, Some(left));
    let asked = sample::enroll(1, request);
    let waits = asked.judge(&facts);
    assert_eq!((waits.outcome, waits.changes.len(), used(&waits)), (Verdict::Accepted, 1, vec![]));
    facts.pools[0].taken = 9;
    assert_eq!(used(&asked.judge(&facts)), [(sample::id(7), left, vec![Code::DeadlinePassed])]);
}
