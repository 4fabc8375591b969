//! What holds for every university, student and request.

use super::facts::{Facts, HoldFacts, PermitFacts, SectionFacts};
use super::sample;
use super::windows::{TermWindows, WindowFacts};
use super::{Attempt, Code, Decision, Record, Status, Verdict};
use crate::catalog::{Blocks, Component, Credits, RepeatPolicy, SectionStatus, StudentStatus, WindowAction};
use chrono::TimeDelta;
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn any_repeat_policy() -> impl Strategy<Value = RepeatPolicy> {
    prop_oneof![
        Just(RepeatPolicy::UntilPassed),
        Just(RepeatPolicy::Never),
        Just(RepeatPolicy::Freely),
        (2_u8..5).prop_map(|most| RepeatPolicy::AtMost(most.try_into().unwrap())),
    ]
}

/// A section of one of four courses, of any status, meeting on some hour of Monday, in a term with any window.
fn any_section(number: u128) -> impl Strategy<Value = SectionFacts> {
    let status = prop_oneof![8 => Just(SectionStatus::Open), 1 => Just(SectionStatus::Closed), 1 => Just(SectionStatus::Planned)];
    let component = prop_oneof![3 => Just(Component::Lecture), 1 => Just(Component::Lab)];
    let window = (option::weighted(0.2, -2_i64..2), option::weighted(0.2, -2_i64..2));
    let asks = (any::<bool>(), weighted(0.2), weighted(0.2), weighted(0.2), any_repeat_policy());
    (100_u128..104, status, component, 8_u32..18, window, option::of(3_u32..12), asks).prop_map(
        move |(
            course,
            status,
            component,
            hour,
            (opens, closes),
            limit,
            (needs, beside, excludes, restricts, repeats),
        )| {
            let mut section = sample::section(course, number);
            section.status = status;
            section.course.repeat_policy = repeats;
            section.section.component = component;
            section.meetings = vec![sample::monday(hour, hour + 2)];
            section.term.max_credits = limit.map(sample::credits);
            section.term.enrollment_opens_at = opens.map(|hours| sample::now() + TimeDelta::hours(hours));
            section.term.enrollment_closes_at = closes.map(|hours| sample::now() + TimeDelta::hours(hours));
            if restricts {
                section.restriction = serde_json::from_value(serde_json::json!({"levels": ["graduate"]})).unwrap();
            }
            if excludes {
                section.course.excludes = ["CS99", "CS103"].map(|code| code.try_into().unwrap()).into();
            }
            if beside {
                section.course.corequisite =
                    serde_json::from_value(serde_json::json!({"any": [{"course": "CS99"}, {"course": "CS100"}]}))
                        .unwrap();
            }
            if needs {
                section.course.requisite = serde_json::from_value(serde_json::json!({"course": "CS99"})).unwrap();
            }
            section
        },
    )
}

/// Up to three windows of the term, which is the same for all sections, for any cohort.
fn any_windows() -> impl Strategy<Value = Vec<TermWindows>> {
    let action = select(vec![WindowAction::Add, WindowAction::Drop, WindowAction::Both]);
    let hours = |from: i64, to: i64| option::weighted(0.8, from..to);
    let window = (action, hours(-3, 1), hours(1, 3), weighted(0.3), option::weighted(0.3, 0_u32..9));
    prop_oneof![
        3 => Just(vec![]),
        1 => vec(window, 1..4).prop_map(|windows| {
            let windows = (1..).zip(windows).map(|(number, (action, opens, closes, graduates, least))| WindowFacts {
                opens_at: opens.map(|hours| sample::now() + TimeDelta::hours(hours)),
                closes_at: closes.map(|hours| sample::now() + TimeDelta::hours(hours)),
                levels: graduates.then(|| serde_json::from_value(serde_json::json!(["graduate"])).unwrap()),
                min_earned_credits: least.map(sample::credits),
                ..sample::window(number, action, None, None)
            });
            vec![sample::windows(windows.collect())]
        }),
    ]
}

/// A student with any status and limit, some history, and up to eight sections to ask for.
fn any_facts() -> impl Strategy<Value = Facts> {
    let sections = (1..=8_u128).map(any_section).collect::<Vec<_>>();
    let status = prop_oneof![9 => Just(StudentStatus::Active), 1 => Just(StudentStatus::Suspended)];
    let holds = vec((select(vec![Blocks::Enroll, Blocks::Drop, Blocks::Both]), -2_i64..2), 0..2);
    let passed = vec((99_u128..104, option::of(prop_oneof!["A", "F"])), 0..3);
    let seats = vec((0_u32..4, 0_u32..4), 8);
    (sections, seats, status, option::of(3_u32..12), passed, holds, any_windows(), any::<bool>()).prop_map(
        |(sections, seats, status, limit, passed, holds, windows, graduate)| {
            let mut facts = sample::facts();
            facts.windows = windows;
            facts.pools = sections
                .iter()
                .zip(seats)
                .map(|(section, (capacity, taken))| sample::pool(section, capacity, taken.min(capacity)))
                .collect();
            facts.sections = sections;
            facts.student.status = status;
            facts.student.level = graduate.then(|| "graduate".try_into().unwrap());
            facts.holds = (1..)
                .zip(holds)
                .map(|(number, (blocks, hours))| HoldFacts {
                    from: Some(sample::now() + TimeDelta::hours(hours)),
                    ..sample::hold(number, blocks)
                })
                .collect();
            facts.student.max_credits = limit.map(sample::credits);
            facts.held = passed.iter().map(|(course, grade)| sample::passed(*course, grade.as_deref())).collect();
            facts
        },
    )
}

/// Permits for some of these sections and their courses: in force, expired or used up, for any rules whatever.
fn any_permits(facts: Facts) -> impl Strategy<Value = Facts> {
    let codes =
        vec![Code::Hold, Code::WindowClosed, Code::SectionNotOpen, Code::AlreadyPassed, Code::PrerequisiteMissing];
    let more =
        vec![Code::CorequisiteMissing, Code::ExcludedCourse, Code::Restricted, Code::CreditLimit, Code::SectionFull];
    let waives = vec(select([codes, more].concat()), 1..10);
    let target = (0..8_usize, any::<bool>());
    let limits = (option::of(-1_i64..2), 0_u32..2, any::<bool>());
    vec((waives, target, limits), 0..4).prop_map(move |all| {
        let mut facts = facts.clone();
        for (number, (waives, (index, of_course), (expires, uses, often))) in (1..).zip(all) {
            let section = &facts.sections[index];
            let mut permit = sample::permit_for(number, section, &waives);
            if of_course {
                (permit.course_id, permit.section_id) = (Some(section.course.course.id), None);
            }
            permit.expires_at = expires.map(|hours| sample::now() + TimeDelta::hours(hours));
            permit.uses = uses;
            permit.max_uses = permit.max_uses.filter(|_| !often);
            facts.permits.push(permit);
        }
        facts
    })
}

/// The facts that an attempt for one section, or for all sections of a course, would be given.
fn scoped(facts: &Facts, in_scope: impl Fn(&SectionFacts) -> bool) -> Facts {
    let sections: Vec<SectionFacts> = facts.sections.iter().filter(|section| in_scope(section)).cloned().collect();
    Facts { sections, ..facts.clone() }
}

/// An attempt for a section or for its course, with the facts it would be given.
fn attempt_for(number: u128, index: usize, by_course: bool, facts: &Facts) -> (Attempt, Facts) {
    let asked = &facts.sections[index % facts.sections.len()];
    if by_course {
        let course = asked.course.course.id;
        (sample::enroll_in_course(number, course), scoped(facts, |section| section.course.course.id == course))
    } else {
        (sample::enroll_in(number, asked), scoped(facts, |section| section.section.id == asked.section.id))
    }
}

/// Lets the whole university take what was decided on a part of it.
fn commit(university: &mut Facts, decision: &Decision) {
    university.apply(decision.changes());
}

proptest! {
    #[test]
    fn deciding_is_deterministic(facts in any_facts(), index in 0..8_usize, by_course: bool) {
        let (attempt, facts) = attempt_for(1, index, by_course, &facts);
        prop_assert_eq!(attempt.decide(&facts), attempt.decide(&facts.clone()));
    }

    #[test]
    fn violations_come_in_the_fixed_order_and_each_rule_speaks_once(facts in any_facts(), index in 0..8_usize, by_course: bool) {
        let (attempt, facts) = attempt_for(1, index, by_course, &facts);
        if let Decision::Refuse(violations) = attempt.decide(&facts) {
            let codes: Vec<Code> = violations.iter().map(|violation| violation.code).collect();
            prop_assert!(!codes.is_empty());
            prop_assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", codes);
            prop_assert!(violations.iter().all(|violation| !violation.message.is_empty() && !violation.remedy.is_empty()));
        }
    }

    #[test]
    fn a_hold_in_force_lets_nothing_through_that_it_blocks(facts in any_facts(), index in 0..8_usize, leave: bool) {
        let (attempt, facts) = if leave {
            let held = sample::held(1, &facts.sections[index], Status::Enrolled);
            let attempt = sample::drop_of(1, held.student_course.id);
            (attempt, Facts { held: vec![held], ..facts })
        } else {
            attempt_for(1, index, false, &facts)
        };
        let blocks = |hold: &HoldFacts| if leave { hold.blocks.dropping() } else { hold.blocks.enrolling() };
        let blocked = facts.holds.iter().any(|hold| blocks(hold) && hold.is_in_force(attempt.at));
        let refused = match attempt.decide(&facts) {
            Decision::Accept(_) => false,
            Decision::Refuse(violations) => violations.iter().any(|violation| violation.code == Code::Hold),
        };
        prop_assert_eq!(refused, blocked);
    }

    /// Said once more, and less cleverly: some window is open, for what is done and for the student.
    #[test]
    fn where_a_term_has_windows_one_of_ones_own_must_be_open(facts in any_facts(), index in 0..8_usize, leave: bool) {
        let (attempt, facts) = if leave {
            let held = sample::held(1, &facts.sections[index], Status::Enrolled);
            let attempt = sample::drop_of(1, held.student_course.id);
            (attempt, Facts { held: vec![held], ..facts })
        } else {
            attempt_for(1, index, false, &facts)
        };
        let applies = |window: &&WindowFacts| if leave { window.action.dropping() } else { window.action.adding() };
        let windows: Vec<&WindowFacts> = facts.windows.iter().flat_map(|term| &term.windows).filter(applies).collect();
        let graduate = facts.student.level.is_some();
        let admitted = windows.iter().any(|window| {
            window.opens_at.is_none_or(|opens_at| opens_at <= attempt.at)
                && window.closes_at.is_none_or(|closes_at| closes_at > attempt.at)
                && (window.levels.is_none() || graduate)
                && window.min_earned_credits.is_none_or(|least| least <= facts.earned_credits())
        });
        let term = &facts.sections[0].term;
        let by_term = leave
            || term.enrollment_opens_at.is_none_or(|opens_at| opens_at <= attempt.at)
                && term.enrollment_closes_at.is_none_or(|closes_at| closes_at > attempt.at);
        let refused = attempt.judge(&facts).steps[0].rules.iter().any(|finding| finding.violation.is_some() && finding.rule == Code::WindowClosed);
        prop_assert_eq!(refused, if windows.is_empty() { !by_term } else { !admitted });
    }

    #[test]
    fn an_accepted_request_made_again_is_refused_as_already_enrolled(university in any_facts()) {
        for index in 0..university.sections.len() {
            let (attempt, mut facts) = attempt_for(1, index, false, &university);
            let decision = attempt.decide(&facts);
            if matches!(decision, Decision::Refuse(_)) {
                continue;
            }
            facts.apply(decision.changes());
            let Decision::Refuse(violations) = sample::enroll_in(2, &facts.sections[0]).decide(&facts) else {
                return Err(TestCaseError::fail("accepted twice"));
            };
            prop_assert!(violations.iter().any(|violation| violation.code == Code::AlreadyEnrolled));
        }
    }

    #[test]
    fn decisions_survive_being_stored(facts in any_facts(), index in 0..8_usize, by_course: bool) {
        let (attempt, facts) = attempt_for(1, index, by_course, &facts);
        let stored: Facts = serde_json::from_value(serde_json::to_value(&facts).unwrap()).unwrap();
        prop_assert_eq!(&stored, &facts);
        let decision = attempt.decide(&stored);
        let read: Decision = serde_json::from_value(serde_json::to_value(&decision).unwrap()).unwrap();
        prop_assert_eq!(read, attempt.decide(&facts));
    }

    #[test]
    fn a_record_that_was_stored_decides_the_same_again(facts in any_facts(), index in 0..8_usize, by_course: bool, leave: bool) {
        let (attempt, facts) = if leave {
            let held = sample::held(1, &facts.sections[index], Status::ALL[index % Status::ALL.len()]);
            let attempt = sample::drop_of(1, held.student_course.id);
            (attempt, Facts { held: vec![held], ..facts })
        } else {
            attempt_for(1, index, by_course, &facts)
        };
        let record = Record::of(&attempt, facts.clone(), attempt.judge(&facts));
        let stored: Record = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        prop_assert_eq!(&stored, &record);
        prop_assert_eq!(stored.judge_again(), record.judgement.clone());
        prop_assert_eq!(stored.judge_again().decision(), attempt.decide(&facts));
    }

    #[test]
    fn every_rule_is_told_of_in_the_fixed_order_and_the_outcome_follows(facts in any_facts(), index in 0..8_usize) {
        let (attempt, facts) = attempt_for(1, index, false, &facts);
        let judgement = attempt.judge(&facts);
        prop_assert_eq!(judgement.steps[0].section.as_ref(), Some(&facts.sections[0].section));
        prop_assert!(judgement.steps[0].rules.windows(2).all(|pair| pair[0].rule < pair[1].rule));
        for finding in &judgement.steps[0].rules {
            prop_assert!(finding.violation.as_ref().is_none_or(|violation| violation.code == finding.rule));
        }
        let admitted = judgement.steps[0].rules.iter().all(|finding| finding.violation.is_none());
        prop_assert_eq!(judgement.outcome == Verdict::Accepted, admitted);
        prop_assert_eq!(judgement.changes.len(), usize::from(admitted));
    }

    #[test]
    fn permits_waive_what_they_name_where_it_refuses_and_nothing_else(
        facts in any_facts().prop_flat_map(any_permits),
        index in 0..8_usize,
    ) {
        let (attempt, facts) = attempt_for(1, index, false, &facts);
        let without = attempt.judge(&Facts { permits: Vec::new(), ..facts.clone() });
        let with = attempt.judge(&facts);
        let section = &facts.sections[0];
        let holds = |permit: &&PermitFacts| {
            permit.is_in_force(attempt.at) && permit.is_for(section.course.course.id, Some(section.section.id))
        };
        let in_force: Vec<&PermitFacts> = facts.permits.iter().filter(holds).collect();
        for (with, without) in with.steps[0].rules.iter().zip(&without.steps[0].rules) {
            prop_assert_eq!(&with.violation, &without.violation);
            let waivable = with.rule != Code::SectionFull && in_force.iter().any(|permit| permit.waives.contains(&with.rule));
            prop_assert_eq!(with.refuses(), without.refuses() && !waivable);
            if let Some(by) = with.waived_by {
                prop_assert!(without.refuses() && in_force.iter().any(|permit| permit.id == by && permit.waives(with.rule)));
            }
        }
        let used = with.permits_used();
        prop_assert!(used.is_empty() || with.outcome == Verdict::Accepted && without.outcome == Verdict::Refused);
        let mut after = facts.clone();
        after.use_permits(&used);
        for (before, after) in facts.permits.iter().zip(&after.permits) {
            let is_used = used.iter().any(|waiver| waiver.permit_id == before.id);
            prop_assert_eq!(after.uses, before.uses + u32::from(is_used));
            prop_assert!(after.max_uses.is_none_or(|most| after.uses <= u32::from(most.get()).max(before.uses)));
        }
        let record = Record::of(&attempt, facts, with);
        let stored: Record = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        prop_assert_eq!(stored.judge_again(), record.judgement);
    }

    /// Any sequence of enrolling and dropping, each decided on what the ones before left.
    #[test]
    fn seats_credits_and_time_are_never_broken(
        mut university in any_facts(),
        steps in vec((0..8_usize, any::<bool>(), any::<bool>()), 1..40),
    ) {
        let taken_before: Vec<u32> = university.pools.iter().map(|pool| pool.taken).collect();
        for (number, (index, by_course, leave)) in steps.into_iter().enumerate() {
            let enrolled: Vec<_> = university.held.iter().map(|held| &held.student_course).filter(|held| held.status == Status::Enrolled).collect();
            let decision = match enrolled.get(index) {
                Some(held) if leave => sample::drop_of(number as u128, held.id).decide(&university),
                _ => {
                    let (attempt, facts) = attempt_for(number as u128, index, by_course, &university);
                    attempt.decide(&facts)
                }
            };
            commit(&mut university, &decision);

            for (pool, before) in university.pools.iter().zip(&taken_before) {
                prop_assert!(pool.taken <= pool.seats());
                let section = university.sections.iter().find(|section| section.seat_pool_id == pool.id).unwrap();
                let seated = university.held.iter().filter(|held| held.student_course.is_in_section(section.section.id) && held.student_course.status == Status::Enrolled);
                prop_assert_eq!(pool.taken, before + u32::try_from(seated.count()).unwrap());
            }
            let enrolled: Vec<_> = university.held.iter().filter(|held| held.student_course.status == Status::Enrolled).collect();
            for (index, one) in enrolled.iter().enumerate() {
                for other in &enrolled[index + 1..] {
                    let clash = one.meetings.iter().any(|own| other.meetings.iter().any(|its| its.clashes(own)));
                    prop_assert!(!clash, "{} and {}", one.student_course.course.code, other.student_course.course.code);
                }
            }
            if let Some(limit) = university.student.max_credits {
                let mut courses: Vec<_> = enrolled.iter().map(|held| (held.student_course.course.id, held.student_course.credits)).collect();
                courses.sort_unstable();
                courses.dedup_by_key(|(course, _)| *course);
                let total: Credits = courses.into_iter().map(|(_, credits)| credits).sum();
                prop_assert!(total <= limit, "{} over {}", total, limit);
            }
        }
    }
}
