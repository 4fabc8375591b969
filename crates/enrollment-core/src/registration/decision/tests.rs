mod permits;
mod plans;
mod waitlists;

use super::*;
use crate::catalog::Version;
use crate::catalog::{Blocks, Draft as _, SectionStatus, Stamp, TermDraft, WindowAction};
use crate::ids::StudentCourseId;
use crate::registration::facts::SectionFacts;
use crate::registration::rules::Code;
use crate::registration::sample::{self, at};
use crate::registration::{HeldCourse, Receipt, Target};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

fn codes(decision: &Decision) -> Vec<Code> {
    match decision {
        Decision::Accept(changes) => panic!("accepted: {changes:?}"),
        Decision::Refuse(violations) => violations.iter().map(|violation| violation.code).collect(),
    }
}

fn picked(decision: &Decision) -> &str {
    let section = decision.changes().first().and_then(|change| change.student_course().section.as_ref());
    section.unwrap_or_else(|| panic!("{decision:?}")).number.as_str()
}

#[test]
fn every_rule_that_refuses_is_named_in_the_fixed_order() {
    let mut facts = sample::facts();
    facts.student.status = crate::catalog::StudentStatus::Suspended;
    facts.student.max_credits = Some(sample::credits(1));
    facts.holds.push(sample::hold(1, Blocks::Both));
    let asked = &mut facts.sections[0];
    asked.status = SectionStatus::Closed;
    asked.term.enrollment_closes_at = Some(sample::now());
    asked.course.requisite = serde_json::from_value(json!({"course": "CS1"})).unwrap();
    asked.course.corequisite = serde_json::from_value(json!({"course": "CS2"})).unwrap();
    asked.course.excludes = ["CS103".try_into().unwrap()].into();
    asked.restriction = serde_json::from_value(json!({"levels": ["graduate"]})).unwrap();
    facts.pools[0].taken = 10;
    facts.held.push(sample::passed(103, Some("A")));
    // Another lecture of the course: already enrolled, but its credits are counted once, so the limit does not speak.
    facts.held.push(sample::held(1, &sample::section(102, 1), Status::Enrolled));
    facts.held.push(sample::held(2, &facts.sections[0], Status::Waitlisted));
    facts.held.push(sample::passed(101, Some("A")));
    let decision = sample::enroll_in(1, &facts.sections[0]).decide(&facts);
    let all = [
        Code::StudentNotActive,
        Code::Hold,
        Code::WindowClosed,
        Code::SectionNotOpen,
        Code::AlreadyEnrolled,
        Code::AlreadyPassed,
        Code::PrerequisiteMissing,
        Code::CorequisiteMissing,
        Code::ExcludedCourse,
        Code::Restricted,
        Code::TimeConflict,
        Code::CreditLimit,
        Code::SectionFull,
    ];
    assert_eq!(codes(&decision), all);
}

#[test]
fn an_accepted_request_makes_the_student_course_that_was_asked_for() {
    let facts = sample::facts();
    let attempt = sample::enroll_in(1, &facts.sections[0]);
    let decision = attempt.decide(&facts);
    let receipt = Receipt::of(&attempt, &attempt.judge(&facts));
    let made = receipt.student_course().unwrap();
    assert_eq!(decision.changes(), [Change::Start(made.clone())]);
    assert_eq!((made.id, made.status), (sample::id(0x80_0100), Status::Enrolled));
    assert_eq!((made.enrolled_at, made.credits), (Some(sample::now()), sample::credits(3)));
    assert!(made.is_in_section(facts.sections[0].section.id) && made.is_in_term(facts.sections[0].term.term.id));
}

#[test]
fn of_a_course_the_emptiest_admissible_section_is_picked() {
    let mut facts = sample::facts();
    // 1: full. 2: closed. 3: clashes. 4: two free. 5: three free, and the winner. 6: three free, but a later number.
    let mut sections: Vec<SectionFacts> = (1..=6).map(|number| sample::section(101, number)).collect();
    for section in &mut sections {
        section.meetings = vec![sample::monday(14, 16)];
    }
    sections[1].status = SectionStatus::Closed;
    sections[2].meetings = vec![sample::monday(10, 12)];
    let taken = [10, 0, 0, 8, 7, 7];
    facts.pools = sections.iter().zip(taken).map(|(section, taken)| sample::pool(section, 10, taken)).collect();
    facts.sections = sections;
    facts.held.push(sample::held(1, &sample::section(102, 1), Status::Enrolled));
    let attempt = sample::enroll_in_course(1, sample::id(101));
    assert_eq!(picked(&attempt.decide(&facts)), "5");
    facts.sections.reverse();
    assert_eq!(picked(&attempt.decide(&facts)), "5", "whatever the order in which sections are loaded");
}

#[test]
fn of_a_course_that_nothing_admits_the_nearest_section_explains() {
    let mut facts = sample::facts();
    let (full, mut closed_and_full) = (sample::section(101, 2), sample::section(101, 1));
    closed_and_full.status = SectionStatus::Closed;
    facts.pools = vec![sample::pool(&full, 1, 1), sample::pool(&closed_and_full, 1, 1)];
    facts.sections = vec![closed_and_full, full];
    let attempt = sample::enroll_in_course(1, sample::id(101));
    assert_eq!(codes(&attempt.decide(&facts)), [Code::SectionFull]);
    let nearest = attempt.judge(&facts).steps[0].section.as_ref().map(|section| section.number.to_string());
    assert_eq!(nearest.as_deref(), Some("2"), "the rules' answers are those to this section");
    facts.sections.clear();
    assert_eq!(codes(&attempt.decide(&facts)), [Code::SectionNotOpen], "nothing is offered");
    assert_eq!(attempt.judge(&facts).steps[0].section, None);
}

#[test]
fn of_a_course_without_a_term_sections_of_past_terms_count_only_when_there_are_no_others() {
    let mut facts = sample::facts();
    let (mut old, mut older) = (sample::section(101, 2), sample::section(101, 3));
    (old.term.starts_on, old.term.ends_on) = ("2026-01-01".parse().unwrap(), "2026-08-31".parse().unwrap());
    (older.term.starts_on, older.term.ends_on) = ("2025-01-01".parse().unwrap(), "2025-08-31".parse().unwrap());
    facts.pools[0].taken = 10;
    facts.pools.extend([sample::pool(&old, 5, 0), sample::pool(&older, 10, 0)]);
    facts.sections.extend([old, older]);
    let attempt = sample::enroll_in_course(1, sample::id(101));
    assert!(
        matches!(attempt.command, Command::Enroll(ref enroll) if matches!(enroll.request.target, Target::Course { .. }))
    );
    assert_eq!(codes(&attempt.decide(&facts)), [Code::SectionFull], "a seat of last year is no seat");
    facts.sections.remove(0);
    assert_eq!(picked(&attempt.decide(&facts)), "2");
}

#[test]
fn of_a_course_the_main_component_is_picked_and_only_once() {
    let mut facts = sample::facts();
    let mut lab = sample::section(101, 2);
    lab.section.component = crate::catalog::Component::Lab;
    facts.pools.push(sample::pool(&lab, 100, 0));
    facts.sections.push(lab);
    let decision = sample::enroll_in_course(1, sample::id(101)).decide(&facts);
    assert_eq!(picked(&decision), "1");
    facts.apply(decision.changes());
    assert_eq!(codes(&sample::enroll_in_course(2, sample::id(101)).decide(&facts)), [Code::AlreadyEnrolled]);
}

#[test]
fn leaving_is_a_drop_until_the_drop_deadline_and_a_withdrawal_from_then_on() {
    let section = sample::section(101, 1);
    let mut facts = sample::facts();
    facts.held.push(sample::held(1, &section, Status::Enrolled));
    let mut attempt = sample::drop_of(1, facts.held[0].student_course.id);
    let mut outcome = |now: &str, drop: Option<&str>| {
        attempt.at = at(now);
        facts.held[0].drop_deadline = drop.map(at);
        let decision = attempt.decide(&facts);
        let ended = decision.changes()[0].student_course();
        assert_eq!((ended.ended_at, ended.version), (Some(attempt.at), Version::FIRST.next()));
        ended.status
    };
    assert_eq!(outcome("2026-10-15T21:59:59.999999Z", Some("2026-10-15T22:00:00Z")), Status::Dropped);
    assert_eq!(outcome("2026-10-15T22:00:00Z", Some("2026-10-15T22:00:00Z")), Status::Withdrawn);
    assert_eq!(outcome("2099-10-15T22:00:00Z", None), Status::Dropped);
}

/// Days as deadlines, in terms whose clocks change about them, and the instants at which what leaving is changes.
#[test]
fn deadlines_given_as_days_are_exact_to_the_microsecond_whatever_clocks_do() {
    let table = [
        ("Europe/Berlin", "2026-03-28", "2026-03-28T23:00:00Z", "2026-03-29", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "2026-10-24", "2026-10-24T22:00:00Z", "2026-10-25", "2026-10-25T23:00:00Z"),
        ("America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00Z", "2018-11-04", "2018-11-05T02:00:00Z"),
        ("Asia/Beirut", "2021-03-27", "2021-03-27T22:00:00Z", "2021-03-28", "2021-03-28T21:00:00Z"),
        ("America/St_Johns", "2010-11-06", "2010-11-07T03:30:00Z", "2010-11-07", "2010-11-08T03:30:00Z"),
    ];
    for (zone, drop, dropped_until, withdraw, withdrawn_until) in table {
        let draft: TermDraft = serde_json::from_value(json!({
            "code": "T", "name": "Term", "time_zone": zone, "starts_on": "2010-01-01", "ends_on": "2027-01-31",
            "drop_deadline": drop, "withdraw_deadline": withdraw
        }))
        .unwrap();
        let term = draft.parse(Stamp::new(sample::id(11), sample::now())).unwrap();
        let mut facts = sample::facts();
        facts.held.push(HeldCourse {
            drop_deadline: term.drop_deadline,
            withdraw_deadline: term.withdraw_deadline,
            time_zone: term.time_zone,
            ..sample::held(1, &sample::section(101, 1), Status::Enrolled)
        });
        let mut attempt = sample::drop_of(1, facts.held[0].student_course.id);
        let mut status_at = |instant: DateTime<Utc>| {
            attempt.at = instant;
            attempt.decide(&facts).changes().first().map(|change| change.student_course().status)
        };
        let (tick, [dropped, withdrawn]) = (TimeDelta::microseconds(1), [dropped_until, withdrawn_until].map(at));
        assert_eq!(status_at(dropped - tick), Some(Status::Dropped), "{zone}");
        assert_eq!(status_at(dropped), Some(Status::Withdrawn), "{zone}");
        assert_eq!(status_at(withdrawn - tick), Some(Status::Withdrawn), "{zone}");
        assert_eq!(status_at(withdrawn), None, "{zone}");
    }
}

#[test]
fn every_rule_that_refuses_to_let_go_is_named_in_the_fixed_order() {
    let mut facts = sample::facts();
    facts.holds.push(sample::hold(1, Blocks::Drop));
    facts.held.push(sample::held(1, &sample::section(101, 1), Status::Enrolled));
    facts.held[0].withdraw_deadline = Some(sample::now());
    let closed = sample::window(1, WindowAction::Drop, None, Some("2026-09-01T12:00:00Z"));
    facts.windows.push(sample::windows(vec![closed]));
    let attempt = sample::drop_of(1, facts.held[0].student_course.id);
    assert_eq!(codes(&attempt.decide(&facts)), [Code::Hold, Code::WindowClosed, Code::DeadlinePassed]);
}

#[test]
fn leaving_a_waitlist_cancels_and_leaving_nothing_is_refused() {
    let section = sample::section(101, 1);
    let mut facts = sample::facts();
    facts.held.push(sample::held(1, &section, Status::Waitlisted));
    let attempt = sample::drop_of(1, facts.held[0].student_course.id);
    assert_eq!(attempt.decide(&facts).changes()[0].student_course().status, Status::Cancelled);
    let unknown: StudentCourseId = sample::id(42);
    assert_eq!(codes(&sample::drop_of(2, unknown).decide(&facts)), [Code::NotEnrolled]);
}
