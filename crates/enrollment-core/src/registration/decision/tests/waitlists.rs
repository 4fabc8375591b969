//! Waiting, and what becomes of it.

use super::codes;
use crate::catalog::{Blocks, Version};
use crate::registration::{
    Attempt, Change, Code, Command, Decision, EnrollRequest, Facts, Mode, Origin, Plan, Prioritize, Promote, Status,
    Target, Verdict, WaitlistFacts, sample,
};

/// A student who waits for a section in which a seat is free.
fn waiting() -> Facts {
    let mut facts = sample::facts();
    facts.sections[0].waitlist.capacity = 5;
    facts.sections[0].waitlist.waiting = 1;
    facts.pools[0].waiting = 1;
    facts.held.push(sample::held(1, &facts.sections[0], Status::Waitlisted));
    facts
}

/// The offer of that seat.
fn offer(facts: &Facts) -> Attempt {
    let own = &facts.held[0].student_course;
    let swap_from = own.waitlist.as_ref().unwrap().swap_from;
    let cause = sample::enroll_in(9, &facts.sections[0]);
    Origin::from(&cause).promotion(
        0,
        sample::student(),
        Promote { student_course_id: own.id, section_id: facts.sections[0].section.id, swap_from },
    )
}

#[test]
fn a_seat_that_comes_is_taken_by_who_waits() {
    let mut facts = waiting();
    let attempt = offer(&facts);
    assert_eq!((attempt.actor.as_str(), attempt.mode), ("system:waitlist", Mode::Commit));
    assert_eq!(attempt.caused_by, Some(sample::enroll_in(9, &facts.sections[0]).id));
    let decision = attempt.decide(&facts);
    let [Change::Promote(seated)] = decision.changes() else { panic!("{decision:?}") };
    assert_eq!((seated.id, seated.status), (facts.held[0].student_course.id, Status::Enrolled));
    assert_eq!((seated.enrolled_at, &seated.waitlist), (Some(sample::now()), &None));
    assert_eq!(seated.version, Version::FIRST.next());
    facts.apply(decision.changes());
    assert_eq!((facts.pools[0].taken, facts.pools[0].waiting, facts.sections[0].waitlist.waiting), (1, 0, 0));
}

#[test]
fn who_is_refused_keeps_the_place_and_learns_why_once() {
    let mut facts = waiting();
    facts.holds.push(sample::hold(1, Blocks::Enroll));
    let attempt = offer(&facts);
    let judgement = attempt.judge(&facts);
    assert_eq!(judgement.outcome, Verdict::Refused);
    let [Change::PassOver(passed)] = &judgement.changes[..] else { panic!("{judgement:?}") };
    let place = passed.waitlist.as_ref().unwrap();
    assert_eq!((passed.status, place.sequence), (Status::Waitlisted, 1));
    let reason = place.passed_over.as_ref().unwrap();
    assert_eq!((reason.at, reason.violations[0].code), (sample::now(), Code::Hold));
    facts.apply(&judgement.changes);
    assert_eq!(facts.pools[0].waiting, 1);
    assert_eq!(attempt.judge(&facts).changes, [], "the same reason is not told again");
    facts.student.max_credits = Some(sample::credits(1));
    assert_eq!(attempt.judge(&facts).changes.len(), 1, "another is");
}

#[test]
fn a_waiting_swap_leaves_the_old_seat_with_the_new_one_and_only_then() {
    let mut facts = waiting();
    let mut old = sample::section(102, 1);
    old.meetings = facts.sections[0].meetings.clone();
    facts.held.push(sample::held(2, &old, Status::Enrolled));
    assert_eq!(codes(&offer(&facts).decide(&facts)), [Code::TimeConflict]);
    let old = facts.held[1].student_course.id;
    facts.held[0].student_course.waitlist.as_mut().unwrap().swap_from = Some(old);
    let decision = offer(&facts).decide(&facts);
    assert!(matches!(decision.changes(), [Change::End(left), Change::Promote(_)] if left.id == old));
    // What was to be left is left already.
    facts.held[1].student_course.status = Status::Dropped;
    assert!(matches!(offer(&facts).decide(&facts).changes(), [Change::Promote(_)]));
    facts.held[1].student_course.status = Status::Enrolled;
    facts.held[1].withdraw_deadline = Some(sample::now());
    assert_eq!(codes(&offer(&facts).decide(&facts)), [Code::DeadlinePassed]);
}

#[test]
fn who_does_not_wait_any_more_gets_no_seat() {
    let mut facts = waiting();
    let attempt = offer(&facts);
    facts.held[0].student_course.status = Status::Cancelled;
    assert_eq!(codes(&attempt.decide(&facts)), [Code::NotEnrolled]);
}

#[test]
fn a_walk_in_passes_who_waits_and_an_offer_passes_nobody() {
    let mut facts = waiting();
    facts.held.clear();
    let walk_in = sample::enroll_in(1, &facts.sections[0]).judge(&facts);
    assert_eq!(walk_in.pools_passed(&facts), [facts.pools[0].id]);
    facts.pools[0].waiting = 0;
    assert_eq!(walk_in.pools_passed(&facts), []);
    let facts = waiting();
    assert_eq!(offer(&facts).judge(&facts).pools_passed(&facts), []);
}

#[test]
fn a_registrar_changes_the_place_of_who_waits_and_of_nobody_else() {
    let mut facts = waiting();
    let id = facts.held[0].student_course.id;
    let command = Command::Prioritize(Prioritize { student_course_id: id, priority: -1, expected: None });
    let attempt = sample::attempt(1, command);
    let Decision::Accept(changes) = attempt.decide(&facts) else { panic!("refused") };
    let [Change::Move(moved)] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(moved.waitlist.as_ref().map(|place| (place.priority, place.sequence)), Some((-1, 1)));
    facts.held[0].student_course.status = Status::Enrolled;
    assert_eq!(codes(&attempt.decide(&facts)), [Code::NotWaitlisted]);
}

#[test]
fn the_institution_ends_what_a_student_has_whatever_the_rules_for_leaving_say() {
    let mut facts = sample::facts();
    facts.held.push(sample::held(1, &sample::section(101, 1), Status::Enrolled));
    facts.holds.push(sample::hold(1, Blocks::Both));
    facts.held[0].withdraw_deadline = Some(sample::now());
    let id = facts.held[0].student_course.id;
    let reason: crate::text::Reason = "The lecturer is ill.".try_into().unwrap();
    let cancel = crate::registration::Cancel { student_course_id: id, reason: reason.clone() };
    let attempt = sample::attempt(1, Command::Cancel(cancel));
    let decision = attempt.decide(&facts);
    let [Change::End(ended)] = decision.changes() else { panic!("{decision:?}") };
    assert_eq!((ended.status, &ended.end_reason), (Status::Cancelled, &Some(reason)));
    facts.apply(decision.changes());
    assert_eq!(codes(&attempt.decide(&facts)), [Code::NotEnrolled]);
}

#[test]
fn a_place_is_not_swapped_for_one_in_the_same_section() {
    let mut facts = waiting();
    facts.sections[0].waitlist.capacity = 1;
    let own = facts.held[0].student_course.id;
    for taken in [0, 10] {
        facts.pools[0].taken = taken;
        let mut asked = sample::waiting_in(2, &facts.sections[0], true);
        let Command::Enroll(enroll) = &mut asked.command else { panic!("it enrolls") };
        enroll.request.swap_from = Some(own);
        assert!(codes(&asked.decide(&facts)).contains(&Code::AlreadyEnrolled), "{taken}");
    }
}

#[test]
fn who_leaves_a_waitlist_and_joins_another_of_the_same_seats_comes_last() {
    let mut facts = waiting();
    facts.pools[0].taken = 10;
    facts.sections[0].waitlist =
        WaitlistFacts { capacity: 5, waiting: 1, ahead: 1, eligible_ahead: 1, last_sequence: 1 };
    let mut shared = sample::section(102, 1);
    shared.seat_pool_id = facts.sections[0].seat_pool_id;
    shared.waitlist = WaitlistFacts { capacity: 5, waiting: 0, ahead: 0, eligible_ahead: 0, last_sequence: 1 };
    facts.sections.push(shared.clone());
    let joining = |number, section: &crate::registration::SectionFacts| {
        let request = sample::request_for(Target::Section(section.section.id));
        sample::adding(number, EnrollRequest { waitlist: true, ..request })
    };
    let asked = Plan {
        drops: vec![sample::leaving(facts.held[0].student_course.id)],
        adds: vec![joining(1, &shared), joining(2, &facts.sections[0])],
        ..Plan::default()
    };
    let decision = sample::attempt(3, Command::Plan(asked)).decide(&facts);
    let begun = decision.changes().iter().filter_map(|change| match change {
        Change::Start(begun) => begun.waitlist.as_ref().map(|place| (begun.waitlist_position, place.sequence)),
        _ => None,
    });
    assert_eq!(begun.collect::<Vec<_>>(), [(Some(1), 2), (Some(1), 3)]);
}
