//! A timetable as iCalendar ([RFC 5545](https://www.rfc-editor.org/rfc/rfc5545)), for calendar programs: one event for each
//! meeting, which recurs week by week ([`recurrence`]).
//!
//! This is a rendering of core's value and decides nothing. The library writes the text (escaping, folding) and describes
//! each time zone that the events name. To show more of a course: a property in [`event`].

mod recurrence;

use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarParameter, ICalendarProperty,
};
use chrono::{DateTime, Datelike as _, NaiveDateTime, Timelike as _, Utc};
use enrollment_core::catalog::{Meeting, TimeZone};
use enrollment_core::registration::{Timetable, TimetableEntry};

const PRODUCT: &str = concat!("-//Enrollment//Enrollment ", env!("CARGO_PKG_VERSION"), "//EN");

/// The timetable as the text of a calendar.
pub(crate) fn icalendar(timetable: &Timetable) -> String {
    let mut root = ICalendarComponent::new(ICalendarComponentType::VCalendar);
    root.add_property(ICalendarProperty::Version, "2.0");
    root.add_property(ICalendarProperty::Prodid, PRODUCT);
    let events: Vec<ICalendarComponent> =
        timetable.items.iter().flat_map(|entry| events(timetable.at, entry)).collect();
    // Components refer to each other by their places; the root's is 0.
    root.component_ids = (1..).take(events.len()).collect();
    let is_empty = events.is_empty();
    let mut calendar = ICalendar { components: [vec![root], events].concat() };
    if is_empty {
        // A calendar must have a component, so one without events has this.
        calendar.add_timezone(TimeZone::UTC.name(), timetable.at.timestamp(), timetable.at.timestamp());
    }
    calendar.add_missing_timezones();
    calendar.to_string()
}

/// The events of a section, one for each meeting that ever takes place.
fn events(at: DateTime<Utc>, entry: &TimetableEntry) -> impl Iterator<Item = ICalendarComponent> {
    let meetings = entry.meetings.iter().enumerate();
    meetings.filter_map(move |(position, meeting)| event(at, entry, position, meeting))
}

fn event(at: DateTime<Utc>, entry: &TimetableEntry, position: usize, meeting: &Meeting) -> Option<ICalendarComponent> {
    let TimetableEntry { course, section, term, .. } = entry;
    let mut event = ICalendarComponent::new(ICalendarComponentType::VEvent);
    // The same event in every calendar that is made of it, so that a program replaces what it has.
    event.add_uid(&format!("{}-{position}", entry.student_course_id));
    event.add_dtstamp(utc(at));
    event.entries.extend(recurrence::properties(term, meeting)?);
    let summary = format!("{} {} ({} {})", course.code, course.title, section.component, section.number);
    event.add_property(ICalendarProperty::Summary, summary);
    if let Some(location) = &meeting.location {
        event.add_property(ICalendarProperty::Location, location.as_str());
    }
    if let Some(instructor) = &entry.instructor {
        event.add_property(ICalendarProperty::Description, instructor.as_str());
    }
    Some(event)
}

/// A property whose values are times on clocks in a time zone.
fn times(
    property: ICalendarProperty,
    zone: TimeZone,
    times: impl IntoIterator<Item = NaiveDateTime>,
) -> ICalendarEntry {
    let values = times.into_iter().map(|time| local(time).into()).collect();
    ICalendarEntry::new(property).with_param(ICalendarParameter::tzid(zone.name().to_owned())).with_values(values)
}

fn utc(instant: DateTime<Utc>) -> PartialDateTime {
    PartialDateTime { tz_hour: Some(0), tz_minute: Some(0), ..local(instant.naive_utc()) }
}

fn local(time: NaiveDateTime) -> PartialDateTime {
    PartialDateTime {
        year: u16::try_from(time.year()).ok(),
        month: u8::try_from(time.month()).ok(),
        day: u8::try_from(time.day()).ok(),
        hour: u8::try_from(time.hour()).ok(),
        minute: u8::try_from(time.minute()).ok(),
        second: u8::try_from(time.second()).ok(),
        ..PartialDateTime::default()
    }
}

#[cfg(test)]
mod tests;
