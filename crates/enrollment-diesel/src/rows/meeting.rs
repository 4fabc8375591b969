//! A row of `meetings`.

use super::{Corrupt, Place};
use crate::schema::meetings;
use chrono::{NaiveTime, Timelike as _};
use diesel::prelude::*;
use enrollment_core::catalog::{Days, LocalTime, Meeting, Weeks};
use enrollment_core::ids::SectionId;
use serde::Deserialize;
use uuid::Uuid;

/// The JSON object of a meeting `m`, and the order of meetings: what statements that read sections select.
macro_rules! meetings_of {
    ($section:literal) => {
        concat!(
            "(SELECT coalesce(json_agg(json_build_object('days', m.days, 'weeks', m.weeks, 'starts_at', m.starts_at,
                'ends_at', m.ends_at, 'location', m.location) ORDER BY m.position), '[]')
              FROM meetings m WHERE m.section_id = ",
            $section,
            ")"
        )
    };
}
pub(crate) use meetings_of;

/// As [`meetings_of!`] selects it.
#[derive(Debug, Deserialize)]
pub(crate) struct MeetingRow {
    days: i16,
    weeks: Option<i64>,
    starts_at: NaiveTime,
    ends_at: NaiveTime,
    location: Option<String>,
}

/// As it is written.
#[derive(Insertable)]
#[diesel(table_name = meetings)]
pub(crate) struct NewMeeting {
    section_id: Uuid,
    position: i16,
    days: i16,
    weeks: Option<i64>,
    starts_at: NaiveTime,
    ends_at: NaiveTime,
    location: Option<String>,
}

impl NewMeeting {
    /// The rows of all meetings of a section, in their order.
    pub(crate) fn all(section: SectionId, meetings: &[Meeting]) -> Vec<Self> {
        (0..).zip(meetings).map(|(position, meeting)| Self::new(section, position, meeting)).collect()
    }

    fn new(section: SectionId, position: i16, meeting: &Meeting) -> Self {
        Self {
            section_id: section.uuid(),
            position,
            days: meeting.days.mask().into(),
            // Weeks end at 63, so bit 63 is never set and nothing is lost.
            weeks: meeting.weeks.map(|weeks| weeks.mask().cast_signed()),
            starts_at: time(meeting.starts_at),
            ends_at: time(meeting.ends_at),
            location: meeting.location.as_ref().map(ToString::to_string),
        }
    }
}

fn time(local: LocalTime) -> NaiveTime {
    let minutes = u32::from(local.minutes());
    NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap_or_default()
}

/// The meetings of a section.
pub(crate) fn meetings(section: Uuid, rows: Vec<MeetingRow>) -> Result<Vec<Meeting>, Corrupt> {
    let place = Place::new("meetings of section", section);
    rows.into_iter().map(|row| row.meeting(place)).collect()
}

impl MeetingRow {
    fn meeting(self, place: Place) -> Result<Meeting, Corrupt> {
        let days = u8::try_from(self.days).ok().and_then(Days::from_mask);
        let weeks = self.weeks.map(|mask| Weeks::from_mask(mask.cast_unsigned()).ok_or(mask)).transpose();
        Ok(Meeting {
            days: days.ok_or_else(|| place.corrupt("days", self.days))?,
            starts_at: minutes(self.starts_at).ok_or_else(|| place.corrupt("starts_at", self.starts_at))?,
            ends_at: minutes(self.ends_at).ok_or_else(|| place.corrupt("ends_at", self.ends_at))?,
            weeks: weeks.map_err(|mask| place.corrupt("weeks", mask))?,
            location: place.read_maybe("location", self.location)?,
        })
    }
}

/// A time of day; none unless it is to the minute.
fn minutes(time: NaiveTime) -> Option<LocalTime> {
    let seconds = time.num_seconds_from_midnight();
    let whole = seconds.is_multiple_of(60) && time.nanosecond() == 0;
    u16::try_from(seconds / 60).ok().filter(|_| whole).and_then(LocalTime::from_minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(row: serde_json::Value) -> Result<Meeting, String> {
        let rows = vec![serde_json::from_value(row).unwrap()];
        meetings(Uuid::nil(), rows).map(|mut all| all.remove(0)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_meeting_survives_the_way_there_and_back() {
        let row = json!({"days": 5, "weeks": (1_u64 << 62) + 1, "starts_at": "08:30:00", "ends_at": "23:59:00", "location": "H 101"});
        let meeting = read(row).unwrap();
        let back = NewMeeting::new(SectionId::from(Uuid::nil()), 3, &meeting);
        assert_eq!((back.position, back.days, back.weeks), (3, 5, Some((1 << 62) + 1)));
        assert_eq!((back.starts_at.to_string(), back.ends_at.to_string()), ("08:30:00".into(), "23:59:00".into()));
    }

    #[test]
    fn what_cannot_be_a_meeting_is_told() {
        let good = json!({"days": 1, "weeks": null, "starts_at": "08:30:00", "ends_at": "09:00:00", "location": null});
        assert!(read(good.clone()).is_ok());
        for (column, bad) in
            [("days", json!(0)), ("days", json!(128)), ("weeks", json!(-1)), ("ends_at", json!("09:00:01"))]
        {
            let mut row = good.clone();
            row[column] = bad;
            assert!(read(row).unwrap_err().contains(&format!("has a {column} that cannot be")), "{column}");
        }
    }
}
