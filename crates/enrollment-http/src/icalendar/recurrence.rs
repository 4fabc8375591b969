//! When a meeting takes place, as iCalendar says it: the first time, and a rule or a list for the others.
//!
//! Most meetings are a weekly rule with few exceptions. Where the exceptions would outnumber the meetings, as in "weeks 1
//! and 12", the days are listed instead.

use super::{times, utc};
use calcard::icalendar::{
    ICalendarDay, ICalendarEntry, ICalendarFrequency, ICalendarProperty, ICalendarRecurrenceRule, ICalendarWeekday,
};
use chrono::{Datelike as _, NaiveDate};
use enrollment_core::catalog::{Day, Meeting};
use enrollment_core::registration::{Occurrence, TimetableTerm};

/// The properties that tell when a meeting takes place; none if it never does.
pub(super) fn properties(term: &TimetableTerm, meeting: &Meeting) -> Option<Vec<ICalendarEntry>> {
    let mut occurrences = term.occurrences_of(meeting);
    let first = occurrences.next()?;
    let mut properties = vec![
        times(ICalendarProperty::Dtstart, term.time_zone, [first.starts_at]),
        times(ICalendarProperty::Dtend, term.time_zone, [first.ends_at]),
    ];
    if let Some(last) = occurrences.next_back() {
        properties.extend(repeats(term, meeting, last));
    }
    Some(properties)
}

fn repeats(term: &TimetableTerm, meeting: &Meeting, last: Occurrence) -> Vec<ICalendarEntry> {
    if meeting.weeks.is_none() {
        return vec![rule(term, meeting, last, 1)];
    }
    let days: Vec<NaiveDate> = term.days_of(meeting).collect();
    let interval = interval(term, &days);
    let exceptions = exceptions(term, meeting, interval, &days);
    let starts = |days: Vec<NaiveDate>| days.into_iter().map(|day| day.and_time(meeting.starts_at.into()));
    if exceptions.len() > days.len() {
        return vec![times(ICalendarProperty::Rdate, term.time_zone, starts(days).skip(1))];
    }
    let mut repeats = vec![rule(term, meeting, last, interval)];
    if !exceptions.is_empty() {
        repeats.push(times(ICalendarProperty::Exdate, term.time_zone, starts(exceptions)));
    }
    repeats
}

/// Every so many weeks on the meeting's days, until the last time.
fn rule(term: &TimetableTerm, meeting: &Meeting, last: Occurrence, interval: u16) -> ICalendarEntry {
    let day = |day| ICalendarDay { ordwk: None, weekday: weekday(day) };
    let rule = ICalendarRecurrenceRule {
        freq: ICalendarFrequency::Weekly,
        // In UTC, as it has to be where the first time names a time zone.
        until: Some(utc(term.time_zone.instant_of(last.starts_at))),
        interval: (interval > 1).then_some(interval),
        byday: meeting.days.iter().map(day).collect(),
        // Teaching weeks begin on Mondays, which matters where some weeks are left out.
        wkst: Some(ICalendarWeekday::Monday),
        ..ICalendarRecurrenceRule::default()
    };
    ICalendarEntry::new(ICalendarProperty::Rrule).with_value(rule)
}

/// The most weeks by which all weeks of these days are apart: 2 where every other week is taught.
fn interval(term: &TimetableTerm, days: &[NaiveDate]) -> u16 {
    let gaps = days.windows(2).map(|pair| (term.week_of(pair[1]) - term.week_of(pair[0])).unsigned_abs());
    u16::try_from(gaps.fold(0, greatest_common_divisor).max(1)).unwrap_or(1)
}

fn greatest_common_divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

/// The days on which the rule has a meeting where there is none.
fn exceptions(term: &TimetableTerm, meeting: &Meeting, interval: u16, days: &[NaiveDate]) -> Vec<NaiveDate> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let by_rule = |day: &NaiveDate| {
        let weeks = term.week_of(*day) - term.week_of(*first);
        weeks % i64::from(interval) == 0 && meeting.days.contains(day.weekday().into())
    };
    let between = first.iter_days().take_while(|day| day <= last);
    between.filter(by_rule).filter(|day| days.binary_search(day).is_err()).collect()
}

fn weekday(day: Day) -> ICalendarWeekday {
    match day {
        Day::Mon => ICalendarWeekday::Monday,
        Day::Tue => ICalendarWeekday::Tuesday,
        Day::Wed => ICalendarWeekday::Wednesday,
        Day::Thu => ICalendarWeekday::Thursday,
        Day::Fri => ICalendarWeekday::Friday,
        Day::Sat => ICalendarWeekday::Saturday,
        Day::Sun => ICalendarWeekday::Sunday,
    }
}
