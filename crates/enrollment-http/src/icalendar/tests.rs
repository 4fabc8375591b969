//! What was written is read by a parser and a recurrence engine of other authors, and means what core says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::icalendar;
use ::icalendar::{Calendar, CalendarComponent, Component, Event, EventLike};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::TZ_VARIANTS;
use enrollment_core::catalog::{Component as SectionComponent, Days, LocalTime, Meeting, TimeZone, Weeks};
use enrollment_core::registration::{CourseRef, SectionRef, Timetable, TimetableEntry, TimetableTerm};
use enrollment_core::text::{Instructor, Location};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

fn zone(name: &str) -> TimeZone {
    TimeZone::try_from(name.to_owned()).unwrap()
}

fn meeting(days: u8, weeks: Option<u64>, starts_at: u16, minutes: u16) -> Meeting {
    Meeting {
        days: Days::from_mask(days).unwrap(),
        starts_at: LocalTime::from_minutes(starts_at).unwrap(),
        ends_at: LocalTime::from_minutes(starts_at + minutes).unwrap(),
        weeks: weeks.map(|mask| Weeks::from_mask(mask).unwrap()),
        location: None,
    }
}

fn entry(zone: TimeZone, starts_on: NaiveDate, ends_on: NaiveDate, meetings: Vec<Meeting>) -> TimetableEntry {
    TimetableEntry {
        student_course_id: Uuid::from_u128(0x0190_a1b2_0000_7000_8000_0000_0000_0005).into(),
        course: CourseRef {
            id: Uuid::from_u128(2).into(),
            code: "CS101".try_into().unwrap(),
            title: "Computing".try_into().unwrap(),
        },
        section: SectionRef {
            id: Uuid::from_u128(4).into(),
            number: "27".try_into().unwrap(),
            component: SectionComponent::Lab,
        },
        term: TimetableTerm {
            id: Uuid::from_u128(3).into(),
            code: "F26".try_into().unwrap(),
            name: "Fall".try_into().unwrap(),
            time_zone: zone,
            starts_on,
            ends_on,
        },
        instructor: None,
        meetings,
    }
}

fn timetable(items: Vec<TimetableEntry>) -> Timetable {
    let at = "2026-09-01T08:00:00Z".parse().unwrap();
    Timetable { student_id: Uuid::from_u128(1).into(), at, items }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What the other parser finds.
fn parsed(text: &str) -> Calendar {
    text.parse().unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

fn events(calendar: &Calendar) -> Vec<&Event> {
    calendar.components.iter().filter_map(CalendarComponent::as_event).collect()
}

/// The instants at which an event starts, as the other engine expands it.
fn starts(event: &Event) -> Vec<DateTime<Utc>> {
    let found = event.get_recurrence().unwrap().all(u16::MAX);
    assert!(!found.limited);
    let mut starts: Vec<DateTime<Utc>> = found.dates.into_iter().map(|date| date.to_utc()).collect();
    starts.sort();
    starts
}

fn time(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y%m%dT%H%M%S").unwrap()
}

fn offset(text: &str) -> TimeDelta {
    let (hours, minutes): (i64, i64) = (text[1..3].parse().unwrap(), text[3..5].parse().unwrap());
    let sign = if text.starts_with('-') { -1 } else { 1 };
    TimeDelta::minutes(sign * (60 * hours + minutes))
}

/// The changes of a time zone that a calendar describes, read from nothing but its VTIMEZONE: from when on which offset.
struct DescribedZone(BTreeMap<NaiveDateTime, TimeDelta>);

impl DescribedZone {
    fn of(calendar: &Calendar, name: &str) -> Self {
        let zones = calendar.components.iter().filter_map(|component| match component {
            CalendarComponent::Other(other) if other.property_value("TZID") == Some(name) => Some(other),
            _ => None,
        });
        let zones: Vec<_> = zones.collect();
        assert_eq!(zones.len(), 1, "{name} is described once");
        Self(zones[0].components().iter().flat_map(Self::changes).collect())
    }

    fn changes(observance: &impl Component) -> Vec<(NaiveDateTime, TimeDelta)> {
        let property = |name| observance.property_value(name);
        let (from, to) = (offset(property("TZOFFSETFROM").unwrap()), offset(property("TZOFFSETTO").unwrap()));
        let first = time(property("DTSTART").unwrap());
        let Some(rule) = property("RRULE") else { return vec![(first - from, to)] };
        // The rule is expanded as if its times were in UTC, so its end has to be compared afterwards.
        let (until, endless): (Vec<&str>, Vec<&str>) = rule.split(';').partition(|part| part.starts_with("UNTIL="));
        let until = until.first().map(|until| time(until.trim_start_matches("UNTIL=")));
        let set = format!("DTSTART:{}Z\nRRULE:{}", first.format("%Y%m%dT%H%M%S"), endless.join(";"));
        let onsets = set.parse::<::icalendar::RRuleSet>().unwrap().all(20).dates;
        let onsets = onsets.into_iter().map(|onset| onset.naive_utc() - from);
        onsets.filter(|onset| until.is_none_or(|until| *onset <= until)).map(|onset| (onset, to)).collect()
    }

    fn offset_at(&self, instant: DateTime<Utc>) -> TimeDelta {
        let (_, offset) = self.0.range(..=instant.naive_utc()).next_back().expect("the zone is described from then on");
        *offset
    }
}

/// Asserts that the calendar says of each meeting what core says.
fn assert_faithful(entry: &TimetableEntry) {
    let text = icalendar(&timetable(vec![entry.clone()]));
    let calendar = parsed(&text);
    let zone = entry.term.time_zone;
    let (mut events, mut described) = (events(&calendar).into_iter(), None);
    for meeting in &entry.meetings {
        let occurrences: Vec<_> = entry.term.occurrences_of(meeting).collect();
        if occurrences.is_empty() {
            continue;
        }
        let event = events.next().unwrap_or_else(|| panic!("no event of {meeting}:\n{text}"));
        let expected: Vec<_> = occurrences.iter().map(|one| zone.instant_of(one.starts_at)).collect();
        assert_eq!(starts(event), expected, "{meeting}:\n{text}");
        let at = |name| time(event.property_value(name).unwrap());
        assert_eq!((at("DTSTART"), at("DTEND")), (occurrences[0].starts_at, occurrences[0].ends_at), "{text}");
        let described = described.get_or_insert_with(|| DescribedZone::of(&calendar, zone.name()));
        for (occurrence, instant) in occurrences.iter().zip(expected) {
            let local = instant.naive_utc() + described.offset_at(instant);
            assert_eq!(local, occurrence.starts_at, "{zone}:\n{text}");
        }
    }
    assert!(events.next().is_none(), "an event too many:\n{text}");
}

/// Zones whose clocks change at different times of the year, by an hour, by half of one, backwards in winter, or never.
const ZONES: [&str; 12] = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Africa/Casablanca",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Tehran",
    "Asia/Shanghai",
    "UTC",
];

fn any_meeting() -> impl Strategy<Value = Meeting> {
    let weeks = prop_oneof![
        Just(None),
        (1_u64..1 << 20).prop_map(Some),
        (1_u64..1 << 63).prop_map(Some),
        Just(Some(0x5555_5555)),
    ];
    // Clocks change at night, and a time that comes twice or not at all is read in more than one way.
    (1_u8..=127, weeks, 4 * 60_u16..22 * 60, 1_u16..120)
        .prop_map(|(days, weeks, starts_at, minutes)| meeting(days, weeks, starts_at, minutes))
}

fn any_entry() -> impl Strategy<Value = TimetableEntry> {
    let first = day("2015-01-01");
    let meetings = prop::collection::vec(any_meeting(), 1..4);
    (prop::sample::select(&ZONES), 0_i64..8000, 0_i64..500, meetings).prop_map(
        move |(name, start, length, meetings)| {
            let starts_on = first + TimeDelta::days(start);
            entry(zone(name), starts_on, starts_on + TimeDelta::days(length), meetings)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn a_calendar_says_what_core_says(entry in any_entry()) {
        assert_faithful(&entry);
    }

    #[test]
    fn text_comes_back_as_it_was(title in "\\PC{1,80}", place in "[ -~]{1,80}", instructor in "\\PC{1,80}") {
        let (Ok(title), Ok(place), Ok(instructor)) = (title.try_into(), place.try_into(), instructor.try_into()) else {
            return Ok(());
        };
        let meeting = Meeting { location: Some(place), ..meeting(1, None, 600, 60) };
        let mut entry = entry(zone("UTC"), day("2026-09-01"), day("2026-12-31"), vec![meeting]);
        entry.course.title = title;
        entry.instructor = Some(instructor);
        let text = icalendar(&timetable(vec![entry.clone()]));
        let calendar = parsed(&text);
        let event = events(&calendar)[0];
        prop_assert_eq!(event.get_summary(), Some(&*format!("CS101 {} (lab 27)", entry.course.title)));
        prop_assert_eq!(event.get_location(), entry.meetings[0].location.as_ref().map(Location::as_str));
        prop_assert_eq!(event.get_description(), entry.instructor.as_ref().map(Instructor::as_str));
        prop_assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 75), "{}", text);
    }
}

#[test]
fn a_calendar_is_right_across_each_change_of_clocks() {
    // Forward and back in the north, back and forward in the south, and never.
    let meetings = || vec![meeting(0b11, None, 9 * 60, 60), meeting(0b100_0000, Some(0b10_1101), 18 * 60, 90)];
    for (name, starts_on) in [
        ("Europe/Berlin", "2026-03-16"),
        ("Europe/Berlin", "2026-10-12"),
        ("America/New_York", "2026-02-23"),
        ("America/New_York", "2026-10-19"),
        ("Pacific/Auckland", "2026-03-23"),
        ("Pacific/Auckland", "2026-09-14"),
        ("Asia/Kolkata", "2026-03-16"),
    ] {
        let starts_on = day(starts_on);
        let entry = entry(zone(name), starts_on, starts_on + TimeDelta::days(50), meetings());
        assert_faithful(&entry);
        let occurrences = entry.term.occurrences_of(&entry.meetings[0]);
        let at: Vec<_> = occurrences.map(|one| zone(name).instant_of(one.starts_at).time()).collect();
        assert_eq!(at[0] == at[at.len() - 1], name == "Asia/Kolkata", "{name} does not cross a change");
    }
}

#[test]
fn every_time_zone_that_a_term_can_have_is_described() {
    for tz in TZ_VARIANTS {
        let entry = entry(zone(tz.name()), day("2026-01-12"), day("2026-12-20"), vec![meeting(1, None, 12 * 60, 60)]);
        assert_faithful(&entry);
    }
}

#[test]
fn the_text_is_this() {
    let meeting = Meeting {
        location: Some("H 101, left".to_owned().try_into().unwrap()),
        ..meeting(0b101, Some(0b11011), 10 * 60, 75)
    };
    let mut entry = entry(zone("Europe/Berlin"), day("2026-10-14"), day("2027-02-13"), vec![meeting]);
    entry.instructor = Some("Grace Hopper".to_owned().try_into().unwrap());
    let text = icalendar(&timetable(vec![entry])).replace("\r\n", "\n");
    let (head, event) = text.split_once("BEGIN:VEVENT\n").unwrap();
    let expected = format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:{}\nBEGIN:VTIMEZONE\n", super::PRODUCT);
    assert!(head.starts_with(&expected), "{head}");
    assert!(head.ends_with("END:VTIMEZONE\n"), "{head}");
    let expected = "\
UID:0190a1b2-0000-7000-8000-000000000005-0
DTSTAMP:20260901T080000Z
DTSTART;TZID=Europe/Berlin:20261014T100000
DTEND;TZID=Europe/Berlin:20261014T111500
RRULE:FREQ=WEEKLY;UNTIL=20261111T090000Z;BYDAY=MO,WE;WKST=MO
EXDATE;TZID=Europe/Berlin:20261026T100000,20261028T100000
SUMMARY:CS101 Computing (lab 27)
LOCATION:H 101\\, left
DESCRIPTION:Grace Hopper
END:VEVENT
END:VCALENDAR
";
    assert_eq!(event, expected);
}

#[test]
fn few_weeks_are_listed_every_other_week_is_a_rule_and_what_never_is_is_left_out() {
    let meetings = vec![
        meeting(1, Some(1 | 1 << 5 | 1 << 12), 600, 60),
        meeting(1, Some(0b1010_1010), 600, 60),
        meeting(1, Some(0b100), 600, 60),
        meeting(1, Some(1 << 62), 600, 60),
    ];
    let entry = entry(zone("Asia/Kolkata"), day("2026-09-07"), day("2026-12-18"), meetings);
    let text = icalendar(&timetable(vec![entry.clone()]));
    let calendar = parsed(&text);
    let events = events(&calendar);
    let rules: Vec<Option<&str>> = events.iter().map(|event| event.property_value("RRULE")).collect();
    assert_eq!(rules, [None, Some("FREQ=WEEKLY;UNTIL=20261026T043000Z;INTERVAL=2;BYDAY=MO;WKST=MO"), None]);
    assert!(text.contains("RDATE;TZID=Asia/Kolkata:20261012T100000,20261130T100000\r\n"), "{text}");
    let ids: Vec<_> = events.iter().map(|event| event.get_uid().unwrap().rsplit('-').next().unwrap()).collect();
    assert_eq!(ids, ["0", "1", "2"]);
    assert_faithful(&entry);
}

#[test]
fn a_calendar_without_events_is_still_one() {
    let never = entry(zone("Asia/Kolkata"), day("2026-09-08"), day("2026-09-09"), vec![meeting(1, None, 600, 60)]);
    for items in [vec![], vec![never]] {
        let calendar = parsed(&icalendar(&timetable(items)));
        assert_eq!(events(&calendar).len(), 0);
        assert_eq!(
            DescribedZone::of(&calendar, "UTC").offset_at("2026-09-01T08:00:00Z".parse().unwrap()),
            TimeDelta::zero()
        );
    }
}
