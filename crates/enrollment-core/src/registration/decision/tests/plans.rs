//! Several changes at once.

use super::codes;
use crate::catalog::{Blocks, Component};
use crate::ids::SectionId;
use crate::registration::facts::SectionFacts;
use crate::registration::{
    Attempt, Change, Code, Command, Decision, EnrollRequest, Facts, Plan, Status, Target, sample,
};
use serde_json::json;

fn plan(plan: Plan) -> Attempt {
    sample::attempt(1, Command::Plan(plan))
}

fn section_of(target: &[&SectionFacts]) -> Target {
    match target {
        [one] => Target::Section(one.section.id),
        several => Target::Any(several.iter().map(|section| section.section.id).collect()),
    }
}

fn add(number: u128, sections: &[&SectionFacts]) -> crate::registration::Enroll {
    sample::adding(number, sample::request_for(section_of(sections)))
}

/// The facts with these sections in it, each with so many free seats.
fn offering(sections: &[(&SectionFacts, u32)]) -> Facts {
    let mut facts = sample::facts();
    facts.pools = sections.iter().map(|(section, free)| sample::pool(section, *free, 0)).collect();
    facts.sections = sections.iter().map(|(section, _)| (*section).clone()).collect();
    facts
}

fn begun(decision: &Decision) -> Vec<SectionId> {
    let Decision::Accept(changes) = decision else { panic!("{decision:?}") };
    let begun = changes.iter().filter_map(|change| match change {
        Change::Start(begun) => begun.section.as_ref(),
        _ => None,
    });
    begun.map(|section| section.id).collect()
}

fn at(section: &SectionFacts, from: u32, to: u32) -> SectionFacts {
    SectionFacts { meetings: vec![sample::monday(from, to)], ..section.clone() }
}

#[test]
fn all_of_it_is_done_or_none() {
    let (one, other) = (at(&sample::section(101, 1), 8, 9), at(&sample::section(102, 1), 9, 10));
    let asked = || plan(Plan { adds: vec![add(1, &[&one]), add(2, &[&other])], ..Plan::default() });
    assert_eq!(begun(&asked().decide(&offering(&[(&one, 1), (&other, 1)]))), [one.section.id, other.section.id]);
    let full = offering(&[(&one, 1), (&other, 0)]);
    let Decision::Refuse(violations) = asked().decide(&full) else { panic!("accepted") };
    assert_eq!(violations.len(), 1);
    assert_eq!((violations[0].code, violations[0].pointer.as_deref()), (Code::SectionFull, Some("/adds/1")));
}

#[test]
fn what_is_added_is_judged_on_what_was_added_before() {
    let (one, clashing) = (sample::section(101, 1), sample::section(102, 1));
    let asked = plan(Plan { adds: vec![add(1, &[&one]), add(2, &[&clashing])], ..Plan::default() });
    let mut facts = offering(&[(&one, 1), (&clashing, 1)]);
    assert_eq!(codes(&asked.decide(&facts)), [Code::TimeConflict]);
    facts.sections[1].meetings = vec![sample::monday(14, 16)];
    facts.student.max_credits = Some(sample::credits(5));
    assert_eq!(codes(&asked.decide(&facts)), [Code::CreditLimit]);
}

#[test]
fn of_ranked_alternatives_the_first_with_which_all_fits_are_taken() {
    // CS101 at 10 or 14; CS102 only at 10: the first choice for CS101 has to give way.
    let (ten, two) = (sample::section(101, 1), at(&sample::section(101, 2), 14, 16));
    let only = sample::section(102, 1);
    let facts = offering(&[(&ten, 5), (&two, 1), (&only, 1)]);
    let asked = plan(Plan { adds: vec![add(1, &[&ten, &two]), add(2, &[&only])], ..Plan::default() });
    assert_eq!(begun(&asked.decide(&facts)), [two.section.id, only.section.id]);
    let alone = plan(Plan { adds: vec![add(1, &[&two, &ten])], ..Plan::default() });
    assert_eq!(begun(&alone.decide(&facts)), [two.section.id], "the rank decides, not the free seats");
}

#[test]
fn drops_make_room_before_anything_is_added() {
    let (held, wanted) = (sample::section(101, 1), sample::section(102, 1));
    let mut facts = offering(&[(&wanted, 1)]);
    facts.held.push(sample::held(1, &held, Status::Enrolled));
    let drop = sample::leaving(facts.held[0].student_course.id);
    let asked = plan(Plan { drops: vec![drop], adds: vec![add(1, &[&wanted])], ..Plan::default() });
    let Decision::Accept(changes) = asked.decide(&facts) else { panic!("refused") };
    let states: Vec<Status> = changes.iter().map(|change| change.student_course().status).collect();
    assert_eq!(states, [Status::Dropped, Status::Enrolled]);
    facts.holds.push(sample::hold(1, Blocks::Drop));
    let Decision::Refuse(violations) = asked.decide(&facts) else { panic!("accepted") };
    assert_eq!(violations[0].pointer.as_deref(), Some("/drops/0"));
    assert_eq!(violations.len(), 1, "what is added is judged as if the drop were done");
}

#[test]
fn a_swap_keeps_the_old_seat_unless_the_new_one_is_had() {
    let (old, new) = (sample::section(101, 1), at(&sample::section(101, 2), 14, 16));
    let mut request = sample::request_for(section_of(&[&new]));
    let mut facts = offering(&[(&new, 1)]);
    facts.held.push(sample::held(1, &old, Status::Enrolled));
    request.swap_from = Some(facts.held[0].student_course.id);
    let swap = |request| plan(Plan { swaps: vec![sample::adding(1, request)], ..Plan::default() });
    let Decision::Accept(changes) = swap(request.clone()).decide(&facts) else { panic!("refused") };
    assert!(matches!(&changes[..], [Change::End(left), Change::Start(_)] if left.status == Status::Dropped));

    facts.pools[0].taken = 1;
    facts.sections[0].waitlist.capacity = 1;
    assert_eq!(codes(&swap(request.clone()).decide(&facts)), [Code::SectionFull]);
    request.waitlist = true;
    let Decision::Accept(changes) = swap(request.clone()).decide(&facts) else { panic!("refused") };
    let [Change::Start(waiting)] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(waiting.status, Status::Waitlisted);
    assert_eq!(waiting.waitlist.as_ref().unwrap().swap_from, request.swap_from);
}

#[test]
fn a_swap_that_may_wait_is_had_at_once_where_there_is_a_seat() {
    let (old, new) = (sample::section(101, 1), at(&sample::section(101, 2), 14, 16));
    let mut facts = offering(&[(&new, 1)]);
    facts.held.push(sample::held(1, &old, Status::Enrolled));
    let mut request = sample::request_for(section_of(&[&new]));
    (request.swap_from, request.waitlist) = (Some(facts.held[0].student_course.id), true);
    let attempt = sample::enroll(1, request);
    let Decision::Accept(changes) = attempt.decide(&facts) else { panic!("refused") };
    assert!(matches!(&changes[..], [Change::End(_), Change::Start(seat)] if seat.status == Status::Enrolled));
    facts.holds.push(sample::hold(1, Blocks::Drop));
    assert_eq!(codes(&attempt.decide(&facts)), [Code::Hold], "what cannot be left cannot be swapped");
}

#[test]
fn courses_that_must_be_taken_together_can_be() {
    let (mut theory, mut practice) = (at(&sample::section(101, 1), 8, 9), at(&sample::section(102, 1), 9, 10));
    theory.course.corequisite = serde_json::from_value(json!({"course": "CS102"})).unwrap();
    practice.course.corequisite = serde_json::from_value(json!({"course": "CS101"})).unwrap();
    let facts = offering(&[(&theory, 1), (&practice, 1)]);
    assert_eq!(codes(&sample::enroll_in(1, &theory).decide(&facts)), [Code::CorequisiteMissing]);
    let asked = plan(Plan { adds: vec![add(1, &[&theory]), add(2, &[&practice])], ..Plan::default() });
    assert_eq!(begun(&asked.decide(&facts)).len(), 2);
    // An alternative that is not taken does not count.
    let other = at(&sample::section(103, 1), 12, 13);
    let facts = offering(&[(&theory, 1), (&practice, 0), (&other, 1)]);
    let asked = plan(Plan { adds: vec![add(1, &[&theory]), add(2, &[&practice, &other])], ..Plan::default() });
    assert!(codes(&asked.decide(&facts)).contains(&Code::CorequisiteMissing));
}

/// CS101 as a lecture at 8, and as a lecture at 10, with labs at 8 and at 10, of which the first is full.
fn linked() -> (Facts, [SectionFacts; 4]) {
    let of = |number: u128, component, from| {
        let mut section = at(&sample::section(101, number), from, from + 2);
        section.section.component = component;
        section.course.linked_components = [Component::Lecture, Component::Lab].into();
        section
    };
    let sections = [
        of(1, Component::Lecture, 8),
        of(2, Component::Lecture, 10),
        of(3, Component::Lab, 8),
        of(4, Component::Lab, 10),
    ];
    let [early, late, full, lab] = &sections;
    (offering(&[(early, 1), (late, 9), (full, 0), (lab, 2)]), sections)
}

#[test]
fn of_a_course_alone_a_combination_that_fits_is_found() {
    let (facts, [early, late, _, lab]) = linked();
    let by_course = sample::enroll_in_course(1, sample::id(101));
    assert_eq!(
        begun(&by_course.decide(&facts)),
        [early.section.id, lab.section.id],
        "the late lecture clashes with the lab"
    );
    let mut without = facts.clone();
    without.sections.retain(|section| section.section.id != early.section.id);
    assert_eq!(codes(&by_course.decide(&without)), [Code::TimeConflict]);
    let ids: Vec<_> = by_course.decide(&facts).changes().iter().map(|change| change.student_course().id).collect();
    assert_ne!(ids[0], ids[1]);
    assert_eq!(codes(&sample::enroll_in(1, &late).decide(&facts)), [Code::LinkedSectionMissing]);
}

#[test]
fn linked_sections_are_taken_and_left_together() {
    let (mut facts, [early, _, _, lab]) = linked();
    let together = Target::Together(vec![early.section.id, lab.section.id]);
    let decision = sample::enroll(1, sample::request_for(together)).decide(&facts);
    assert_eq!(begun(&decision), [early.section.id, lab.section.id]);
    let taken = facts.pools.clone();
    facts.apply(decision.changes());
    let lecture = decision.changes()[0].student_course().id;
    let left = sample::drop_of(2, lecture).decide(&facts);
    assert_eq!(
        left.changes().iter().map(Change::student_course).filter(|own| own.status == Status::Dropped).count(),
        2
    );
    assert_eq!(left.changes()[0].student_course().id, lecture, "first what was named");
    facts.apply(left.changes());
    assert_eq!(facts.pools, taken, "every seat is given back");
}

#[test]
fn one_of_linked_sections_is_exchanged_alone() {
    let (mut facts, [early, _, full, lab]) = linked();
    let together = Target::Together(vec![early.section.id, lab.section.id]);
    let decision = sample::enroll(1, sample::request_for(together)).decide(&facts);
    facts.apply(decision.changes());
    // The other lab is free by now, but meets with the lecture; moved, it will do.
    facts.pools[2].capacity = 1;
    let held = decision.changes()[1].student_course().id;
    let mut request = sample::request_for(section_of(&[&full]));
    request.swap_from = Some(held);
    let swap = sample::enroll(2, request);
    assert_eq!(codes(&swap.decide(&facts)), [Code::TimeConflict]);
    facts.sections[2].meetings = vec![sample::monday(16, 18)];
    let Decision::Accept(changes) = swap.decide(&facts) else { panic!("refused") };
    assert!(matches!(&changes[..], [Change::End(left), Change::Start(_)] if left.id == held), "the lecture stays");
}

/// A student in a lecture and a lab of CS101, which are taken together, asks to swap the lecture, and waits if need be.
fn swapping_the_lecture(wanted: &[&SectionFacts], free: u32) -> (Attempt, Facts) {
    let linked = |number, component, hour| {
        let mut section = at(&sample::section(101, number), hour, hour + 1);
        section.section.component = component;
        section.course.linked_components = [Component::Lecture, Component::Lab].into();
        section
    };
    let offered: Vec<(&SectionFacts, u32)> = wanted.iter().map(|section| (*section, free)).collect();
    let mut facts = offering(&offered);
    facts.held.push(sample::held(1, &linked(1, Component::Lecture, 8), Status::Enrolled));
    facts.held.push(sample::held(2, &linked(2, Component::Lab, 9), Status::Enrolled));
    let request = EnrollRequest {
        waitlist: true,
        swap_from: Some(facts.held[0].student_course.id),
        ..sample::request_for(section_of(wanted))
    };
    (sample::enroll(3, request), facts)
}

#[test]
fn what_is_swapped_is_left_with_what_belongs_to_it() {
    let other = at(&sample::section(102, 1), 14, 16);
    let mut lecture = at(&sample::section(101, 3), 16, 17);
    lecture.course.linked_components = [Component::Lecture, Component::Lab].into();
    let table = [
        (vec![&other], vec![1, 2]),
        (vec![&other, &lecture], vec![1, 2]),
        // The lab goes on with the other lecture.
        (vec![&lecture, &other], vec![1]),
    ];
    for (wanted, left) in table {
        let (asked, facts) = swapping_the_lecture(&wanted, 1);
        let Decision::Accept(changes) = asked.decide(&facts) else { panic!("refused") };
        let ended: Vec<_> = changes.iter().filter(|change| matches!(change, Change::End(_))).collect();
        let ended: Vec<_> = ended.into_iter().map(|change| change.student_course().id).collect();
        assert_eq!(ended, left.into_iter().map(|number| sample::id(500_000 + number)).collect::<Vec<_>>());
        assert_eq!(begun(&Decision::Accept(changes)), [wanted[0].section.id]);
    }
}

#[test]
fn a_plan_with_a_refused_part_is_refused_however_its_parts_are_left() {
    // To swap the lecture for a lab leaves the lab without a lecture.
    let (mut lab, other) = (at(&sample::section(101, 3), 16, 17), at(&sample::section(102, 1), 14, 16));
    lab.section.component = Component::Lab;
    lab.course.linked_components = [Component::Lecture, Component::Lab].into();
    let (asked, facts) = swapping_the_lecture(&[&lab, &other], 1);
    let Command::Enroll(mut swap) = asked.command else { panic!("it enrolls") };
    swap.request.target = section_of(&[&lab]);
    let asked = plan(Plan { adds: vec![add(9, &[&other])], swaps: vec![swap], ..Plan::default() });
    assert_eq!(codes(&asked.decide(&facts)), [Code::LinkedSectionMissing]);
}
