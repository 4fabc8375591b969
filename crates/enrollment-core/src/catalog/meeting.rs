//! When and where a section meets.

use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::text::Location;
use chrono::{NaiveTime, TimeDelta, Weekday};
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A set of days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Day>", into = "Vec<Day>")]
pub struct Days(u8);

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the days of the week")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    /// All days, Monday first ([ISO 8601](https://www.iso.org/iso-8601-date-and-time-format.html)).
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl From<Weekday> for Day {
    fn from(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][*self as usize])
    }
}

impl Days {
    /// As a bit mask, Monday lowest.
    pub fn mask(self) -> u8 {
        self.0
    }

    /// From a bit mask, Monday lowest; none if it is empty or has more than seven bits.
    pub fn from_mask(mask: u8) -> Option<Self> {
        (1..=127).contains(&mask).then_some(Self(mask))
    }

    /// The days, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Day> {
        Day::ALL.into_iter().filter(move |day| self.contains(*day))
    }

    /// Whether this day is one of them.
    pub fn contains(self, day: Day) -> bool {
        self.0 & day.bit() != 0
    }
}

impl TryFrom<Vec<Day>> for Days {
    type Error = String;

    fn try_from(days: Vec<Day>) -> Result<Self, Self::Error> {
        let mask = days.into_iter().fold(0, |mask, day| mask | day.bit());
        Self::from_mask(mask).ok_or_else(|| "must name at least one day, such as [\"mon\"]".to_owned())
    }
}

/// As a list of a query writes them: `mon,wed`.
impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = |name: &str| {
            let name: StrDeserializer<'_, serde::de::value::Error> = name.trim().into_deserializer();
            Day::deserialize(name).map_err(|_| "must be days of the week, such as mon,wed".to_owned())
        };
        Self::try_from(text.split(',').map(day).collect::<Result<Vec<Day>, _>>()?)
    }
}

impl From<Days> for Vec<Day> {
    fn from(days: Days) -> Self {
        days.iter().collect()
    }
}

/// A set of teaching weeks of a term, of the weeks 1 to 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<u32>", into = "Vec<u32>")]
pub struct Weeks(u64);

impl Weeks {
    /// The last week that there can be.
    pub const LAST: u32 = 63;

    /// As a bit mask, week 1 lowest.
    pub fn mask(self) -> u64 {
        self.0
    }

    /// Whether this week is one of them.
    pub fn contains(self, week: u32) -> bool {
        (1..=Self::LAST).contains(&week) && self.0 & 1 << (week - 1) != 0
    }

    /// From a bit mask, week 1 lowest; none if it is empty or goes beyond week 63.
    pub fn from_mask(mask: u64) -> Option<Self> {
        (mask != 0 && mask >> Self::LAST == 0).then_some(Self(mask))
    }
}

impl TryFrom<Vec<u32>> for Weeks {
    type Error = String;

    fn try_from(weeks: Vec<u32>) -> Result<Self, Self::Error> {
        if let Some(week) = weeks.iter().find(|week| !(1..=Self::LAST).contains(*week)) {
            return Err(format!("week {week} is not one of the weeks 1 to {}", Self::LAST));
        }
        let mask = weeks.into_iter().fold(0, |mask, week| mask | 1 << (week - 1));
        Self::from_mask(mask).ok_or_else(|| "must name at least one week; leave it out for all weeks".to_owned())
    }
}

impl From<Weeks> for Vec<u32> {
    fn from(weeks: Weeks) -> Self {
        (1..=Weeks::LAST).filter(|week| weeks.contains(*week)).collect()
    }
}

/// A time of day to the minute, on the clock of the term's time zone: `08:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime(u16);

impl LocalTime {
    /// Minutes since midnight: 0 to 1439.
    pub fn minutes(self) -> u16 {
        self.0
    }

    /// The time so many minutes after midnight; none beyond 23:59.
    pub fn from_minutes(minutes: u16) -> Option<Self> {
        (minutes < 24 * 60).then_some(Self(minutes))
    }
}

impl TryFrom<String> for LocalTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let two_digits = |part: &str| if part.len() == 2 { part.parse::<u16>().ok() } else { None };
        let text = text.trim();
        text.split_once(':')
            .and_then(|(hours, minutes)| Some((two_digits(hours)?, two_digits(minutes)?)))
            .filter(|(hours, minutes)| *hours < 24 && *minutes < 60)
            .map(|(hours, minutes)| Self(hours * 60 + minutes))
            .ok_or_else(|| format!("`{text}` is not a time of day such as 08:30"))
    }
}

impl From<LocalTime> for NaiveTime {
    fn from(time: LocalTime) -> Self {
        Self::MIN + TimeDelta::minutes(time.0.into())
    }
}

impl From<LocalTime> for String {
    fn from(time: LocalTime) -> Self {
        time.to_string()
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// When and where a section meets, week by week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Meeting {
    /// The days of the week.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Day>))]
    pub days: Days,
    /// When it starts.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "10:00"))]
    pub starts_at: LocalTime,
    /// When it ends; later than it starts.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "11:15"))]
    pub ends_at: LocalTime,
    /// The teaching weeks of the term; none means all.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<u32>>))]
    pub weeks: Option<Weeks>,
    /// Where.
    pub location: Option<Location>,
}

impl Meeting {
    /// Whether two meetings of one term share a weekday, a week and a minute. Touching ends do not clash.
    pub fn clashes(&self, other: &Self) -> bool {
        self.days.0 & other.days.0 != 0
            && self.weeks.is_none_or(|weeks| other.weeks.is_none_or(|others| weeks.0 & others.0 != 0))
            && self.starts_at < other.ends_at
            && other.starts_at < self.ends_at
    }
}

impl fmt::Display for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<String> = self.days.iter().map(|day| day.to_string()).collect();
        write!(f, "{} {}–{}", days.join(", "), self.starts_at, self.ends_at)
    }
}

/// The input form of a meeting.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeetingDraft {
    /// The days of the week.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Day>, required = true))]
    #[serde(default)]
    pub days: Field<Days>,
    /// When it starts.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true, example = "10:00"))]
    #[serde(default)]
    pub starts_at: Field<LocalTime>,
    /// When it ends.
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = true, example = "11:15"))]
    #[serde(default)]
    pub ends_at: Field<LocalTime>,
    /// The teaching weeks, 1 to 63; absent for all.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<u32>>))]
    #[serde(default)]
    pub weeks: Field<Weeks>,
    /// Where.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Location>))]
    #[serde(default)]
    pub location: Field<Location>,
    /// Fields that a meeting does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl MeetingDraft {
    /// The meeting, or everything that is wrong with it.
    pub fn parse(self) -> Result<Meeting, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let days = errors.required("/days", self.days);
        let starts_at = errors.required("/starts_at", self.starts_at);
        let ends_at = errors.required("/ends_at", self.ends_at);
        let weeks = errors.optional("/weeks", self.weeks);
        let location = errors.optional("/location", self.location);
        if let (Some(start), Some(end)) = (starts_at, ends_at)
            && end <= start
        {
            errors.add("/ends_at", format!("must be later than starts_at ({start})"));
        }
        match (days, starts_at, ends_at) {
            (Some(days), Some(starts_at), Some(ends_at)) if errors.is_empty() => {
                Ok(Meeting { days, starts_at, ends_at, weeks, location })
            }
            _ => Err(errors),
        }
    }
}

impl From<&Meeting> for MeetingDraft {
    fn from(meeting: &Meeting) -> Self {
        Self {
            days: Field::Value(meeting.days),
            starts_at: Field::Value(meeting.starts_at),
            ends_at: Field::Value(meeting.ends_at),
            weeks: meeting.weeks.into(),
            location: meeting.location.clone().into(),
            unknown: UnknownFields::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meeting(value: serde_json::Value) -> Meeting {
        serde_json::from_value::<MeetingDraft>(value).unwrap().parse().unwrap()
    }

    #[test]
    fn days_are_read_from_a_list() {
        let days = |text: &str| text.parse().map(Days::mask);
        assert_eq!((days("mon"), days("wed, mon,wed")), (Ok(0b1), Ok(0b101)));
        for bad in ["", "mon,", "Monday", "mon;wed", "8"] {
            assert!(days(bad).unwrap_err().contains("mon,wed"), "{bad}");
        }
    }

    #[test]
    fn meetings_clash_when_they_share_a_day_a_week_and_a_minute() {
        let base = meeting(json!({"days": ["mon", "wed"], "starts_at": "10:00", "ends_at": "11:00", "weeks": [1, 2]}));
        let table = [
            (json!({"days": ["wed"], "starts_at": "10:59", "ends_at": "12:00", "weeks": [2, 3]}), true),
            (json!({"days": ["wed"], "starts_at": "11:00", "ends_at": "12:00", "weeks": [2]}), false),
            (json!({"days": ["wed"], "starts_at": "09:00", "ends_at": "10:00"}), false),
            (json!({"days": ["tue"], "starts_at": "10:00", "ends_at": "11:00"}), false),
            (json!({"days": ["mon"], "starts_at": "10:00", "ends_at": "11:00", "weeks": [3]}), false),
            (json!({"days": ["mon"], "starts_at": "08:00", "ends_at": "20:00"}), true),
        ];
        for (other, clash) in table {
            let other = meeting(other);
            assert_eq!(base.clashes(&other), clash, "{other}");
            assert_eq!(other.clashes(&base), clash, "{other}");
        }
    }

    #[test]
    fn everything_wrong_with_a_meeting_is_said() {
        let bad = json!({"days": [], "starts_at": "25:00", "weeks": [64], "room": "H 101"});
        let errors = serde_json::from_value::<MeetingDraft>(bad).unwrap().parse().unwrap_err();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/room", "/days", "/starts_at", "/ends_at", "/weeks"]);
    }

    #[test]
    fn a_meeting_reads_back_as_it_was_written() {
        let written = json!({"days": ["mon", "sun"], "starts_at": "08:05", "ends_at": "23:59", "weeks": [1, 63], "location": "H 101"});
        assert_eq!(serde_json::to_value(meeting(written.clone())).unwrap(), written);
    }
}
