//! What can only be judged on all rows together: seats, and registrations that exclude each other.

use super::form::{SECTIONS, STUDENT_COURSES};
use super::lookup::Lookup;
use super::report::Report;
use super::student_courses::Placed;
use enrollment_core::catalog::{Component, Section, SectionStatus};
use enrollment_core::ids::{CourseId, SeatPoolId, SectionId, StudentCourseId, StudentId, TermId};
use enrollment_core::registration::{SeatPool, Status};
use enrollment_diesel::import::{KnownSection, KnownStudentCourse, SectionKey};
use std::collections::{HashMap, HashSet};

/// Reports each row for which there is no seat, and each capacity below what is taken.
pub(super) fn check_seats(
    rows: &[Placed],
    sections: &Lookup<SectionKey, Section>,
    written: &[Section],
    known: &HashMap<SectionKey, KnownSection>,
    report: &mut Report,
) {
    let mut pools = Pools::new(written, known);
    for pool in rows.iter().filter(|placed| gives_back(placed)).filter_map(|placed| placed.row.section_id) {
        pools.change(pool, |pool| pool.taken = pool.taken.saturating_sub(1));
    }
    for (key, known) in known {
        let Some((line, pool)) = sections.line(key).zip(pools.of(known.section.id)) else { continue };
        if pool.capacity < known.pool.capacity && pool.taken > pool.seats() {
            report.cell(&SECTIONS, line, "capacity", format!("is too low: {} seats are taken", pool.taken));
        }
    }
    for placed in rows.iter().filter(|placed| takes(placed)) {
        let Some(section) = placed.row.section_id else { continue };
        pools.change(section, |pool| pool.taken += 1);
        if let Some(pool) = pools.of(section).filter(|pool| pool.taken > pool.seats()) {
            let reason = format!("has {} seats, and this would be student {} in it", pool.seats(), pool.taken);
            report.cell(&STUDENT_COURSES, placed.line, "section", reason);
        }
    }
}

fn takes(placed: &Placed) -> bool {
    placed.row.status.holds_seat() && !placed.row.was.is_some_and(Status::holds_seat)
}

fn gives_back(placed: &Placed) -> bool {
    !placed.row.status.holds_seat() && placed.row.was.is_some_and(Status::holds_seat)
}

/// The seats of all sections, as they will be.
struct Pools {
    of_section: HashMap<SectionId, SeatPoolId>,
    pools: HashMap<SeatPoolId, SeatPool>,
}

impl Pools {
    fn new(written: &[Section], known: &HashMap<SectionKey, KnownSection>) -> Self {
        let mut pools = Self {
            of_section: known.values().map(|known| (known.section.id, known.pool.id)).collect(),
            pools: known.values().map(|known| (known.pool.id, known.pool)).collect(),
        };
        for section in written {
            // A new section has a pool of its own.
            let id = *pools.of_section.entry(section.id).or_insert_with(|| section.id.uuid().into());
            let none_yet = SeatPool { id, capacity: 0, overload: 0, taken: 0, waiting: 0 };
            pools.pools.entry(id).or_insert(none_yet).capacity = section.capacity.get();
        }
        pools
    }

    fn of(&self, section: SectionId) -> Option<&SeatPool> {
        self.pools.get(self.of_section.get(&section)?)
    }

    fn change(&mut self, section: SectionId, change: impl FnOnce(&mut SeatPool)) {
        if let Some(pool) = self.of_section.get(&section).and_then(|id| self.pools.get_mut(id)) {
            change(pool);
        }
    }
}

/// Reports each row that enrolls a student in a section that is cancelled.
pub(super) fn check_cancelled(rows: &[Placed], sections: &[Section], report: &mut Report) {
    let is_cancelled = |section: &&Section| section.status == SectionStatus::Cancelled;
    let cancelled: HashSet<SectionId> = sections.iter().filter(is_cancelled).map(|section| section.id).collect();
    for Placed { line, row, .. } in rows.iter().filter(|placed| placed.row.status == Status::Enrolled) {
        if row.section_id.is_some_and(|section| cancelled.contains(&section)) {
            report.cell(&STUDENT_COURSES, *line, "status", "cannot be enrolled: the section is cancelled".to_owned());
        }
    }
}

/// A student is enrolled once in a component of a course in a term.
type Seat = (StudentId, CourseId, TermId, Component);

/// Reports each row that enrolls a student in what another row, or a student course that is stored, does already.
pub(super) fn check_enrolled_once(rows: &[Placed], stored: &[KnownStudentCourse], report: &mut Report) {
    let of_rows: HashSet<StudentCourseId> = rows.iter().map(|placed| placed.row.id).collect();
    let others = stored.iter().filter(|known| known.status == Status::Enrolled && !of_rows.contains(&known.id));
    let mut seats: HashMap<Seat, String> = others
        .filter_map(|known| Some((known.student_id, known.course_id, known.term_id?, known.component?)))
        .map(|seat| (seat, "in the database".to_owned()))
        .collect();
    for Placed { line, row, .. } in rows.iter().filter(|placed| placed.row.status == Status::Enrolled) {
        let (Some(term), Some(component)) = (row.term_id, row.component) else { continue };
        let seat = (row.student_id, row.course_id, term, component);
        if let Some(place) = seats.get(&seat) {
            let reason = format!("is enrolled in another {component} of this course in this term {place}");
            report.cell(&STUDENT_COURSES, *line, "student", reason);
        } else {
            seats.insert(seat, format!("on line {line}"));
        }
    }
}
