//! Moments as a registrar writes them: an exact time, or a day of the term's own calendar.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, SubsecRound as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::ops::RangeInclusive;

/// A time zone of the [IANA database](https://www.iana.org/time-zones), such as `Europe/Berlin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct TimeZone(Tz);

impl TimeZone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Coordinated Universal Time: of facts that were stored before they told their time zone.
    pub(crate) fn utc() -> Self {
        Self::UTC
    }

    /// The first instant of a day here. A day whose midnight is skipped by daylight saving starts at the first time that
    /// exists, which for a day that is skipped whole is on the next; one whose midnight comes twice starts at the earlier.
    pub fn start_of(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        let exact = self.0.from_local_datetime(&midnight).earliest();
        let after_gap = || GapInfo::new(&midnight, &self.0).and_then(|gap| gap.end);
        exact.or_else(after_gap).map_or_else(|| midnight.and_utc(), |instant| instant.to_utc())
    }

    /// The first instant after a day here, which has 23, 24 or 25 hours. Where clocks go back from the next day to this one,
    /// that is the second midnight.
    pub fn end_of(self, day: NaiveDate) -> DateTime<Utc> {
        let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
        let second = self.0.from_local_datetime(&next.and_time(NaiveTime::MIN)).latest().map(|time| time.to_utc());
        let ends_this_day = |midnight: &DateTime<Utc>| self.day_of(*midnight - TimeDelta::nanoseconds(1)) == day;
        second.filter(ends_this_day).unwrap_or_else(|| self.start_of(next))
    }

    /// The instant at which clocks here show this time, as calendars read one
    /// ([RFC 5545](https://www.rfc-editor.org/rfc/rfc5545#section-3.3.5)): a time that comes twice is the first of the two, and
    /// one that is skipped is told by the offset from before.
    pub fn instant_of(self, local: chrono::NaiveDateTime) -> DateTime<Utc> {
        let day = TimeDelta::days(1);
        let exact = self.0.from_local_datetime(&local).earliest();
        let by_offset_before = || self.0.from_local_datetime(&(local - day)).latest().map(|before| before + day);
        exact.or_else(by_offset_before).map_or_else(|| local.and_utc(), |instant| instant.to_utc())
    }

    /// The day that it is here.
    pub fn day_of(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.0).date_naive()
    }

    /// The instant as people here would read it off a clock, such as `2026-09-01 08:00 CEST`.
    pub fn read(self, instant: DateTime<Utc>) -> String {
        instant.with_timezone(&self.0).format("%Y-%m-%d %H:%M %Z").to_string()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl TryFrom<String> for TimeZone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let zone = name.trim().parse().map(Self);
        zone.map_err(|_| format!("`{name}` is not a time zone of the IANA database, such as Europe/Berlin"))
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An exact time in input, with its offset. It is read to the microsecond, as all times are kept, so that two times that are in
/// order here are so for every party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Instant(DateTime<Utc>);

/// The years of which every party can write a time, whatever the offset.
pub(super) const YEARS: RangeInclusive<i32> = 2..=9998;

impl TryFrom<String> for Instant {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let instant = DateTime::parse_from_rfc3339(text.trim()).ok().map(|instant| instant.to_utc());
        let instant = instant.filter(|instant| YEARS.contains(&instant.year()));
        instant
            .map(|instant| Self(instant.trunc_subsecs(6)))
            .ok_or("must be an RFC 3339 time such as 2026-09-01T08:00:00Z")
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant)
    }
}

impl From<Instant> for DateTime<Utc> {
    fn from(Instant(instant): Instant) -> Self {
        instant
    }
}

/// A moment in input: an exact instant, or a whole day in the time zone of the term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Moment {
    /// An exact time, with its offset.
    Instant(DateTime<Utc>),
    /// A day.
    Day(NaiveDate),
}

impl Moment {
    /// When something that opens then opens: a day counts from its beginning.
    pub fn opens(self, zone: TimeZone) -> DateTime<Utc> {
        match self {
            Self::Instant(instant) => instant,
            Self::Day(day) => zone.start_of(day),
        }
    }

    /// The first instant at which something that lasts until then is over: a day counts whole.
    pub fn closes(self, zone: TimeZone) -> DateTime<Utc> {
        match self {
            Self::Instant(instant) => instant,
            Self::Day(day) => zone.end_of(day),
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let day = text.trim().parse::<NaiveDate>().ok().filter(|day| YEARS.contains(&day.year()));
        let moment =
            day.map(Self::Day).or_else(|| Instant::try_from(text).ok().map(|Instant(instant)| Self::Instant(instant)));
        moment.ok_or_else(|| {
            "must be an RFC 3339 time such as 2026-09-01T08:00:00Z, or a day such as 2026-09-01 in the term's time zone".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::try_from(name.to_owned()).unwrap()
    }

    fn moment(text: &str) -> Moment {
        Moment::try_from(text.to_owned()).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_that_of_the_zone() {
        let day = moment("2026-07-01");
        assert_eq!(day.opens(zone("Asia/Shanghai")), utc("2026-06-30T16:00:00Z"));
        assert_eq!(day.closes(zone("America/New_York")), utc("2026-07-02T04:00:00Z"));
    }

    #[test]
    fn daylight_saving_moves_both_ends_of_a_day_and_neither_is_off_by_a_microsecond() {
        // Zone, day, its first instant, the first one after it, and how long it is.
        let table = [
            ("Europe/Berlin", "2026-03-28", "2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", 24 * 60),
            ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23 * 60),
            ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25 * 60),
            ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z", 24 * 60 + 30),
            // Midnight does not exist: clocks went from 00:00 to 01:00.
            ("America/Sao_Paulo", "2018-11-03", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", 24 * 60),
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z", 23 * 60),
            ("Asia/Beirut", "2021-03-28", "2021-03-27T22:00:00Z", "2021-03-28T21:00:00Z", 23 * 60),
            // Clocks went back from midnight, so that the last hour of the day came twice.
            ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z", 25 * 60),
            ("Asia/Beirut", "2021-10-30", "2021-10-29T21:00:00Z", "2021-10-30T22:00:00Z", 25 * 60),
            // Midnight came twice: clocks went back to it from 01:00.
            ("America/Havana", "2026-10-31", "2026-10-31T04:00:00Z", "2026-11-01T04:00:00Z", 24 * 60),
            ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", 25 * 60),
            // Clocks went back from 00:01 to the day before.
            ("America/St_Johns", "2010-11-06", "2010-11-06T02:30:00Z", "2010-11-07T03:30:00Z", 25 * 60),
            // The day before one that was skipped whole.
            ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", 24 * 60),
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", 0),
        ];
        for (name, text, first, after, minutes) in table {
            let (day, zone) = (moment(text), zone(name));
            assert_eq!((day.opens(zone), day.closes(zone)), (utc(first), utc(after)), "{name} {text}");
            assert_eq!(day.closes(zone) - day.opens(zone), TimeDelta::minutes(minutes), "{name} {text}");
            let (date, tick) = (text.parse::<NaiveDate>().unwrap(), TimeDelta::microseconds(1));
            if minutes > 0 {
                assert_eq!([utc(first), utc(after) - tick].map(|at| zone.day_of(at)), [date; 2], "{name} {text}");
            }
            assert!([utc(first) - tick, utc(after)].iter().all(|at| zone.day_of(*at) != date), "{name} {text}");
        }
    }

    #[test]
    fn a_time_on_the_wall_is_read_as_calendars_read_it() {
        let table = [
            ("Europe/Berlin", "2026-03-29T01:59:00", "2026-03-29T00:59:00Z"),
            ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00Z"), // skipped
            ("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"), // comes twice
            ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:30:00Z"),
            ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z"),
            ("Pacific/Apia", "2011-12-30T10:00:00", "2011-12-30T20:00:00Z"), // the whole day is skipped
            ("Asia/Kolkata", "2026-07-01T00:00:00", "2026-06-30T18:30:00Z"),
        ];
        for (name, local, instant) in table {
            assert_eq!(zone(name).instant_of(local.parse().unwrap()), utc(instant), "{name} {local}");
        }
    }

    #[test]
    fn an_instant_is_exact_whatever_the_zone() {
        let instant = moment("2026-09-01T08:00:00+02:00");
        assert_eq!(instant.closes(zone("Asia/Tokyo")), utc("2026-09-01T06:00:00Z"));
        assert_eq!(moment("2026-09-01T08:00:00.1234567Z").opens(TimeZone::UTC), utc("2026-09-01T08:00:00.123456Z"));
        assert!(Moment::try_from("tomorrow".to_owned()).is_err());
        for unwritable in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00", "+10000-01-01", "0001-01-01"] {
            assert!(Moment::try_from(unwritable.to_owned()).is_err(), "{unwritable}");
        }
        assert!(TimeZone::try_from("Mars/Olympus".to_owned()).is_err());
    }
}
