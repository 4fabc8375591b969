//! A student's timetable: what the student is enrolled in, and when and where it meets.
//!
//! Meetings recur by weekday and teaching week. **Week 1 is the week, from Monday to Sunday, that holds the first day of
//! the term**, whatever weekday that is, so that "week 3" names the same Monday to Sunday for everybody. Nothing meets
//! before the first or after the last day of the term: with a term that begins on a Wednesday, a Monday meeting begins in
//! week 2. Times are those of clocks in the term's time zone, on both sides of a change to daylight saving.
//!
//! The JSON of the API is this value, and its iCalendar is made of it: to show more of a course, a field of
//! [`TimetableEntry`], and its column in the stores.

use super::{CourseRef, SectionRef};
use crate::catalog::{Meeting, TimeZone};
use crate::ids::{StudentCourseId, StudentId, TermId};
use crate::text::{Instructor, TermCode, TermName};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, Utc};
use serde::Serialize;

/// What a student is enrolled in, as it was at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Timetable {
    /// The student.
    pub student_id: StudentId,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// What the student is enrolled in, by the beginning of the term, the code of the course and the number of the section.
    pub items: Vec<TimetableEntry>,
}

/// One section that a student is enrolled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimetableEntry {
    /// The student course.
    pub student_course_id: StudentCourseId,
    /// The course.
    pub course: CourseRef,
    /// The section.
    pub section: SectionRef,
    /// The term.
    pub term: TimetableTerm,
    /// Who teaches it.
    pub instructor: Option<Instructor>,
    /// When and where it meets; times are those of clocks in the term's time zone.
    pub meetings: Vec<Meeting>,
}

/// The calendar of a term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimetableTerm {
    /// Its identifier.
    pub id: TermId,
    /// Its code.
    pub code: TermCode,
    /// Its name.
    pub name: TermName,
    /// The time zone of its calendar and its meetings.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "Europe/Berlin"))]
    pub time_zone: TimeZone,
    /// The first day. Teaching week 1 is the week, from Monday to Sunday, that holds it.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
}

/// Which terms a timetable is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimetableTerms {
    /// This one.
    One(TermId),
    /// Those whose last day is this one or later.
    EndingFrom(NaiveDate),
}

impl TimetableTerms {
    /// At least all terms that are not over at this moment. Which day that is depends on the time zone of each, so one more
    /// day is asked for: no zone is a whole day behind UTC.
    pub fn current(at: DateTime<Utc>) -> Self {
        let today = at.date_naive();
        Self::EndingFrom(today.pred_opt().unwrap_or(today))
    }
}

/// One time that a section meets, on clocks in the term's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// When it starts.
    pub starts_at: NaiveDateTime,
    /// When it ends.
    pub ends_at: NaiveDateTime,
}

impl Timetable {
    /// The timetable of what a store found in these terms. Where the terms are those that are not over, this is where each
    /// one's time zone has its say.
    pub fn of(
        student_id: StudentId,
        terms: TimetableTerms,
        at: DateTime<Utc>,
        mut entries: Vec<TimetableEntry>,
    ) -> Self {
        if matches!(terms, TimetableTerms::EndingFrom(_)) {
            entries.retain(|entry| !entry.term.is_over(at));
        }
        entries.sort_by(|one, other| one.place().cmp(&other.place()));
        Self { student_id, at, items: entries }
    }
}

impl TimetableEntry {
    fn place(&self) -> (NaiveDate, &str, &str, StudentCourseId) {
        (self.term.starts_on, self.course.code.as_str(), self.section.number.as_str(), self.student_course_id)
    }
}

impl TimetableTerm {
    /// Whether its last day has passed.
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        self.ends_on < self.time_zone.day_of(at)
    }

    /// The teaching week that a day is in: 1 for the week of the first day of the term, 0 or less for those before.
    pub fn week_of(&self, day: NaiveDate) -> i64 {
        let since_monday = i64::from(self.starts_on.weekday().num_days_from_monday());
        (since_monday + (day - self.starts_on).num_days()).div_euclid(7) + 1
    }

    /// The days on which a meeting takes place, in order.
    pub fn days_of(&self, meeting: &Meeting) -> impl DoubleEndedIterator<Item = NaiveDate> {
        let length = u64::try_from((self.ends_on - self.starts_on).num_days() + 1).unwrap_or(0);
        let days = (0..length).filter_map(|days| self.starts_on.checked_add_days(Days::new(days)));
        days.filter(|day| meeting.days.contains(day.weekday().into()) && self.is_taught(meeting, *day))
    }

    fn is_taught(&self, meeting: &Meeting, day: NaiveDate) -> bool {
        let in_week = |week| u32::try_from(week).ok();
        meeting.weeks.is_none_or(|weeks| in_week(self.week_of(day)).is_some_and(|week| weeks.contains(week)))
    }

    /// The times at which a meeting takes place, in order.
    pub fn occurrences_of(&self, meeting: &Meeting) -> impl DoubleEndedIterator<Item = Occurrence> {
        let (starts_at, ends_at) = (meeting.starts_at.into(), meeting.ends_at.into());
        self.days_of(meeting)
            .map(move |day| Occurrence { starts_at: day.and_time(starts_at), ends_at: day.and_time(ends_at) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::MeetingDraft;
    use crate::registration::sample::{at, id};
    use serde_json::json;

    /// A term in Berlin.
    fn term(starts_on: &str, ends_on: &str) -> TimetableTerm {
        TimetableTerm {
            id: id(11),
            code: "F26".try_into().unwrap(),
            name: "Fall".try_into().unwrap(),
            time_zone: TimeZone::try_from("Europe/Berlin".to_owned()).unwrap(),
            starts_on: starts_on.parse().unwrap(),
            ends_on: ends_on.parse().unwrap(),
        }
    }

    fn meeting(days: &[&str], weeks: Option<&[u32]>) -> Meeting {
        let draft = json!({"days": days, "starts_at": "10:00", "ends_at": "11:15", "weeks": weeks});
        serde_json::from_value::<MeetingDraft>(draft).unwrap().parse().unwrap()
    }

    fn entry(number: u128, code: &str, term: TimetableTerm) -> TimetableEntry {
        let section = crate::registration::sample::section(number, 1);
        let course = CourseRef { code: code.try_into().unwrap(), ..section.course.course };
        TimetableEntry {
            student_course_id: id(number),
            course,
            section: section.section,
            term,
            instructor: None,
            meetings: section.meetings,
        }
    }

    #[test]
    fn week_1_is_the_week_from_monday_that_holds_the_first_day() {
        // 2026-09-02 is a Wednesday.
        let term = term("2026-09-02", "2027-01-31");
        let table = [
            ("2026-08-30", 0),
            ("2026-08-31", 1),
            ("2026-09-02", 1),
            ("2026-09-06", 1),
            ("2026-09-07", 2),
            ("2026-12-31", 18),
            ("2027-01-03", 18),
            ("2027-01-04", 19),
            ("2026-08-23", -1),
        ];
        for (day, week) in table {
            assert_eq!(term.week_of(day.parse().unwrap()), week, "{day}");
        }
    }

    #[test]
    fn a_meeting_takes_place_on_its_days_in_its_weeks_within_the_term() {
        type Case<'a> = (&'a [&'a str], Option<&'a [u32]>, &'a [&'a str]);
        // From a Wednesday to the Tuesday after next.
        let term = term("2026-09-02", "2026-09-15");
        let table: [Case<'_>; 8] = [
            (&["mon"], None, &["2026-09-07", "2026-09-14"]),
            (&["wed"], None, &["2026-09-02", "2026-09-09"]),
            (&["tue", "wed"], None, &["2026-09-02", "2026-09-08", "2026-09-09", "2026-09-15"]),
            (&["tue", "wed"], Some(&[1]), &["2026-09-02"]),
            (&["tue", "wed"], Some(&[2, 3]), &["2026-09-08", "2026-09-09", "2026-09-15"]),
            (&["mon"], Some(&[1]), &[]),
            (&["wed"], Some(&[3]), &[]),
            (&["sun"], Some(&[1, 63]), &["2026-09-06"]),
        ];
        for (days, weeks, expected) in table {
            let meeting = meeting(days, weeks);
            let found: Vec<String> = term.days_of(&meeting).map(|day| day.to_string()).collect();
            assert_eq!(found, expected, "{days:?} {weeks:?}");
            let mut backwards: Vec<String> = term.days_of(&meeting).rev().map(|day| day.to_string()).collect();
            backwards.reverse();
            assert_eq!(backwards, expected, "{days:?} {weeks:?}");
        }
    }

    #[test]
    fn a_meeting_of_all_weeks_goes_on_after_the_last_week_that_can_be_named() {
        let term = term("2026-01-05", "2027-12-31");
        assert_eq!(term.days_of(&meeting(&["mon"], None)).count(), 104);
        let named: Vec<u32> = (1..=63).collect();
        assert_eq!(term.days_of(&meeting(&["mon"], Some(&named))).count(), 63);
    }

    #[test]
    fn a_meeting_keeps_its_time_on_the_wall_when_clocks_change() {
        // Clocks go back on 2026-10-25 and forward on 2027-03-28, both Sundays.
        let term = term("2026-10-19", "2027-04-04");
        let meeting = meeting(&["mon"], Some(&[1, 2, 23, 24]));
        let occurrences: Vec<Occurrence> = term.occurrences_of(&meeting).collect();
        let local: Vec<String> = occurrences.iter().map(|one| one.starts_at.to_string()).collect();
        assert_eq!(
            local,
            ["2026-10-19", "2026-10-26", "2027-03-22", "2027-03-29"].map(|day| format!("{day} 10:00:00"))
        );
        assert!(occurrences.iter().all(|one| one.ends_at - one.starts_at == chrono::TimeDelta::minutes(75)));
        let instants: Vec<String> =
            occurrences.iter().map(|one| term.time_zone.instant_of(one.starts_at).to_rfc3339()).collect();
        let expected = ["2026-10-19T08", "2026-10-26T09", "2027-03-22T09", "2027-03-29T08"];
        assert_eq!(instants, expected.map(|hour| format!("{hour}:00:00+00:00")));
    }

    #[test]
    fn a_term_is_over_when_its_last_day_is_in_its_own_time_zone() {
        let mut term = term("2026-09-01", "2027-01-31");
        let table = [
            ("Europe/Berlin", "2027-01-31T22:59:59Z", false),
            ("Europe/Berlin", "2027-01-31T23:00:00Z", true),
            ("Pacific/Kiritimati", "2027-01-31T09:59:59Z", false),
            ("Pacific/Kiritimati", "2027-01-31T10:00:00Z", true),
            ("Etc/GMT+12", "2027-02-01T11:59:59Z", false),
            ("Etc/GMT+12", "2027-02-01T12:00:00Z", true),
        ];
        for (zone, now, is_over) in table {
            term.time_zone = TimeZone::try_from(zone.to_owned()).unwrap();
            assert_eq!(term.is_over(at(now)), is_over, "{zone} {now}");
            let TimetableTerms::EndingFrom(day) = TimetableTerms::current(at(now)) else { panic!("{zone}") };
            assert!(is_over || term.ends_on >= day, "{zone} {now}: the store would leave it out");
        }
    }

    #[test]
    fn a_timetable_is_in_order_and_leaves_out_what_is_over_unless_asked_for() {
        let (over, now, next) =
            (term("2026-02-01", "2026-08-31"), term("2026-09-01", "2027-01-31"), term("2027-02-01", "2027-07-31"));
        let entries = vec![entry(1, "B", next), entry(2, "C", now.clone()), entry(3, "A", over), entry(4, "B", now)];
        let order = |terms| {
            let made = Timetable::of(id(1), terms, at("2026-08-31T22:00:00Z"), entries.clone());
            made.items.iter().map(|entry| entry.student_course_id).collect::<Vec<_>>()
        };
        let current = TimetableTerms::current(at("2026-08-31T22:00:00Z"));
        assert_eq!(order(current), [id(4), id(2), id(1)]);
        assert_eq!(order(TimetableTerms::One(id(11))), [id(3), id(4), id(2), id(1)]);
    }
}
