//! Sections of the courses: how many, how large, and when they meet.

use super::catalogue::{Demand, Offered};
use super::entry;
use chrono::{DateTime, Utc};
use enrollment_core::catalog::{Component, Section, Term};
use enrollment_core::fields::FieldErrors;
use enrollment_core::ids::IdSource;
use fastrand::Rng;
use serde_json::{Value, json};

/// The seats of the choir.
pub(super) const TINY: u32 = 3;

const INSTRUCTORS: [&str; 12] = [
    "E. Noether",
    "A. Turing",
    "M. Curie",
    "祖冲之",
    "S. Ramanujan",
    "الخوارزمي",
    "K. Johnson",
    "С. Ковалевская",
    "L. Euler",
    "C. V. Raman",
    "Υπατία",
    "B. McClintock",
];

/// Few enough that sections clash.
const HOURS: [(&str, &str); 6] = [
    ("08:30", "10:00"),
    ("10:15", "11:45"),
    ("12:00", "13:30"),
    ("14:00", "15:30"),
    ("15:45", "17:15"),
    ("17:30", "19:00"),
];

/// Makes the sections of a term.
pub(super) struct Timetable<'a> {
    pub(super) term: &'a Term,
    /// Whether students can still enroll.
    pub(super) status: &'static str,
    pub(super) students: u32,
    pub(super) ids: &'a dyn IdSource,
    pub(super) now: DateTime<Utc>,
}

impl Timetable<'_> {
    /// The sections of a course: some lectures, and as many labs if it has labs.
    pub(super) fn sections(&self, offered: &Offered, rng: &mut Rng) -> Result<Vec<Section>, FieldErrors> {
        let (sections, capacity) = match offered.demand {
            Demand::Introduction => (1 + self.students / 150, 40),
            Demand::Path => (1 + self.students / 400, 25),
            Demand::Elective => (1 + self.students / 4_000, 20),
            Demand::Choir => (1, TINY),
        };
        let mut all = Vec::new();
        for number in 1..=sections {
            all.push(self.section(offered, &number.to_string(), Component::Lecture, capacity, rng)?);
            if offered.has_lab {
                all.push(self.section(offered, &format!("L{number}"), Component::Lab, capacity, rng)?);
            }
        }
        Ok(all)
    }

    fn section(
        &self,
        offered: &Offered,
        number: &str,
        component: Component,
        capacity: u32,
        rng: &mut Rng,
    ) -> Result<Section, FieldErrors> {
        let draft = json!({
            "course_id": offered.course.id,
            "term_id": self.term.id,
            "number": number,
            "component": component,
            "capacity": capacity,
            "waitlist_capacity": capacity / 5,
            "status": self.status,
            "instructor": INSTRUCTORS[rng.usize(..INSTRUCTORS.len())],
            "meetings": meetings(component, rng),
        });
        entry(draft, self.ids, self.now)
    }
}

fn meetings(component: Component, rng: &mut Rng) -> Value {
    let (starts_at, ends_at) = HOURS[rng.usize(..HOURS.len())];
    let location = format!("{} {}", ["Hall", "North", "South"][rng.usize(..3)], rng.u16(100..400));
    let weekday = |rng: &mut Rng| ["mon", "tue", "wed", "thu", "fri"][rng.usize(..5)];
    if component == Component::Lab {
        // Labs begin when there is something to try.
        let weeks: Vec<u32> = (3..=14).collect();
        return json!([{
            "days": [weekday(rng)], "starts_at": starts_at, "ends_at": ends_at, "weeks": weeks, "location": location
        }]);
    }
    let days = [["mon", "wed"], ["tue", "thu"]][rng.usize(..2)];
    let mut meetings = vec![json!({"days": days, "starts_at": starts_at, "ends_at": ends_at, "location": location})];
    if rng.u8(..4) == 0 {
        meetings.push(json!({"days": ["fri"], "starts_at": starts_at, "ends_at": ends_at, "weeks": [1, 8, 15]}));
    }
    Value::Array(meetings)
}
