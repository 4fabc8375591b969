use super::{Leave, check, check_leave};
use crate::catalog::WindowAction;
use crate::registration::sample::{self, at};
use crate::registration::{Facts, Status, Violation, WindowFacts};
use serde_json::json;

const OPEN: &str = "2026-09-01T08:00:00Z";
const CLOSE: &str = "2026-09-30T22:00:00Z";

/// From when until when, and whether one is admitted then.
const BOUNDS: [(Option<&str>, Option<&str>, &str, bool); 6] = [
    (Some(OPEN), Some(CLOSE), "2026-09-01T07:59:59.999999Z", false),
    (Some(OPEN), Some(CLOSE), "2026-09-01T08:00:00Z", true),
    (Some(OPEN), Some(CLOSE), "2026-09-30T21:59:59.999999Z", true),
    (Some(OPEN), Some(CLOSE), "2026-09-30T22:00:00Z", false),
    (Some(OPEN), None, "2099-01-01T00:00:00Z", true),
    (None, Some(CLOSE), "1999-01-01T00:00:00Z", true),
];

fn adding(facts: &Facts, now: &str) -> Option<Violation> {
    sample::check(check, at(now), facts)
}

fn leaving(facts: &Facts, status: Status, now: &str) -> Option<Violation> {
    let held = sample::held(1, &facts.sections[0], status);
    check_leave(&Leave { at: at(now), facts, held: &held })
}

fn with(windows: Vec<WindowFacts>) -> Facts {
    Facts { windows: vec![sample::windows(windows)], ..sample::facts() }
}

fn berlin(facts: &mut Facts) {
    facts.sections[0].term.time_zone = "Europe/Berlin".to_owned().try_into().unwrap();
}

#[test]
fn a_term_without_windows_is_open_from_its_opening_until_its_closing() {
    for (opens, closes, now, admitted) in BOUNDS.into_iter().chain([(None, None, "1999-01-01T00:00:00Z", true)]) {
        let mut facts = sample::facts();
        facts.sections[0].term.enrollment_opens_at = opens.map(at);
        facts.sections[0].term.enrollment_closes_at = closes.map(at);
        assert_eq!(adding(&facts, now).is_none(), admitted, "{now}");
        assert_eq!(leaving(&facts, Status::Enrolled, now), None, "{now}");
    }
}

#[test]
fn times_are_told_as_the_clocks_of_the_term_show_them() {
    let mut facts = sample::facts();
    berlin(&mut facts);
    facts.sections[0].term.enrollment_opens_at = Some(at("2026-09-02T06:00:00Z"));
    let violation = sample::check(check, sample::now(), &facts).unwrap();
    assert_eq!(violation.message, "Registration for F26 opens at 2026-09-02 08:00 CEST.");
}

#[test]
fn a_window_is_exact_at_both_ends_for_what_it_is_for_whatever_the_term_says() {
    for (opens, closes, now, admitted) in BOUNDS {
        for action in [WindowAction::Add, WindowAction::Drop, WindowAction::Both] {
            let mut facts = with(vec![sample::window(1, action, opens, closes)]);
            if action.adding() {
                // Which is over, and no longer asked.
                facts.sections[0].term.enrollment_closes_at = Some(at("1990-01-01T00:00:00Z"));
            }
            assert_eq!(adding(&facts, now).is_none(), admitted || !action.adding(), "{action} {now}");
            let may_leave = admitted || !action.dropping();
            assert_eq!(leaving(&facts, Status::Enrolled, now).is_none(), may_leave, "{action} {now}");
        }
    }
}

#[test]
fn windows_of_another_term_say_nothing() {
    let mut facts = with(vec![sample::window(1, WindowAction::Both, Some("2099-01-01T00:00:00Z"), None)]);
    facts.windows[0].term_id = sample::id(12);
    assert_eq!(adding(&facts, OPEN), None);
    assert_eq!(leaving(&facts, Status::Enrolled, OPEN), None);
}

#[test]
fn only_a_seat_is_kept_by_a_window_a_waitlist_can_be_left_at_any_time() {
    let facts = with(vec![sample::window(1, WindowAction::Drop, Some("2099-01-01T00:00:00Z"), None)]);
    for status in Status::ALL {
        assert_eq!(leaving(&facts, status, OPEN).is_some(), status == Status::Enrolled, "{status}");
    }
}

#[test]
fn a_window_is_for_those_who_fit_all_of_its_criteria() {
    let list = |listed: &[&str]| json!((!listed.is_empty()).then_some(listed));
    // The window's programs, levels and credits; the student has 6 earned credits, and is of this program and level.
    let table = [
        (&["Logic", "Art"][..], &[][..], None, Some("Art"), None, true),
        (&["Logic"], &[], None, Some("logic"), None, false),
        (&["Logic"], &[], None, None, Some("graduate"), false),
        (&[], &["graduate"], None, None, Some("graduate"), true),
        (&[], &["graduate"], None, Some("graduate"), None, false),
        (&["Logic"], &["graduate"], None, Some("Logic"), Some("graduate"), true),
        (&["Logic"], &["graduate"], None, Some("Logic"), Some("other"), false),
        (&[], &[], Some(6), None, None, true),
        (&[], &[], Some(7), None, None, false),
        (&["Logic"], &[], Some(7), Some("Logic"), None, false),
    ];
    for (programs, levels, least, program, level, admitted) in table {
        let window = WindowFacts {
            programs: serde_json::from_value(list(programs)).unwrap(),
            levels: serde_json::from_value(list(levels)).unwrap(),
            min_earned_credits: least.map(sample::credits),
            ..sample::window(1, WindowAction::Add, Some(OPEN), None)
        };
        let mut facts = with(vec![window]);
        facts.student.program = program.map(|text| text.try_into().unwrap());
        facts.student.level = level.map(|text| text.try_into().unwrap());
        facts.held = vec![sample::passed(201, Some("C")), sample::passed(202, Some("F")), sample::passed(203, None)];
        let case = format!("{programs:?} {levels:?} {least:?} for {program:?} {level:?}");
        assert_eq!(adding(&facts, OPEN).is_none(), admitted, "{case}");
    }
}

#[test]
fn windows_that_list_only_others_keep_one_out_all_the_same() {
    let mut facts = with(Vec::new());
    (facts.windows[0].adding, facts.windows[0].dropping) = (true, false);
    let refused = adding(&facts, OPEN).unwrap();
    assert_eq!(refused.message, "No window for registration for F26 is for you.");
    assert_eq!(leaving(&facts, Status::Enrolled, OPEN), None);
}

#[test]
fn one_of_several_windows_is_enough_and_otherwise_the_next_is_told_and_then_the_last() {
    let mut facts = with(vec![
        sample::window(1, WindowAction::Add, Some("2026-09-05T06:00:00Z"), Some("2026-09-06T06:00:00Z")),
        sample::window(2, WindowAction::Add, Some("2026-09-03T06:00:00Z"), Some("2026-09-04T06:00:00Z")),
        sample::window(3, WindowAction::Drop, Some("2026-09-02T06:00:00Z"), None),
    ]);
    berlin(&mut facts);
    let told = |now: &str| adding(&facts, now).map(|violation| violation.message);
    let for_you = |rest: &str| Some(format!("For you, registration for F26 {rest} CEST."));
    assert_eq!(told("2026-09-01T00:00:00Z"), for_you("opens at 2026-09-03 08:00"));
    assert_eq!(told("2026-09-03T06:00:00Z"), None);
    assert_eq!(told("2026-09-04T06:00:00Z"), for_you("opens at 2026-09-05 08:00"));
    assert_eq!(told("2026-09-05T06:00:00Z"), None);
    assert_eq!(told("2026-09-06T06:00:00Z"), for_you("closed at 2026-09-06 08:00"));

    let (first, second) = (facts.windows[0].windows[1].clone(), facts.windows[0].windows[0].clone());
    let fact = |window: &WindowFacts| json!({"window_id": window.id, "opens_at": window.opens_at, "closes_at": window.closes_at});
    let between = adding(&facts, "2026-09-04T12:00:00Z").unwrap();
    let expected = json!({
        "term": "F26", "opens_at": "2026-09-05T06:00:00Z", "closes_at": "2026-09-06T06:00:00Z",
        "now": "2026-09-04T12:00:00Z", "windows": [fact(&second), fact(&first)], "earned_credits": null
    });
    assert_eq!(between.facts, expected);
    let leave = leaving(&facts, Status::Enrolled, "2026-09-01T00:00:00Z").unwrap();
    assert_eq!(leave.message, "For you, dropping courses of F26 opens at 2026-09-02 08:00 CEST.");
}

#[test]
fn who_lacks_credits_for_a_window_is_told_how_many() {
    let seniors = WindowFacts {
        min_earned_credits: Some(sample::credits(60)),
        ..sample::window(1, WindowAction::Both, Some(OPEN), None)
    };
    let mut facts = with(vec![seniors]);
    facts.held.push(sample::passed(201, Some("A")));
    let refused = adding(&facts, CLOSE).unwrap();
    assert_eq!(
        refused.message,
        "No window for registration for F26 is for you: those that could be ask for 60 earned credits, and you have 3."
    );
    let told = |field: &str| refused.facts[field].clone();
    assert_eq!((told("earned_credits"), told("windows"), told("opens_at")), (json!(3), json!([]), json!(null)));
}
