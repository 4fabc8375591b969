//! The whole made-up university, the same for the same number of students; only its dates follow the day.

use super::calendar::Calendar;
use super::catalogue::{self, DEPARTMENTS, Demand, Offered};
use super::ids::RepeatableIds;
use super::names::name;
use super::registrar::{Registrant, Registrar};
use super::timetable::{TINY, Timetable};
use super::{DemoError, entry};
use chrono::{DateTime, TimeDelta, Utc};
use enrollment_core::actor::Actor;
use enrollment_core::catalog::{Component, GradeScale, Student, Term};
use enrollment_core::fields::FieldErrors;
use enrollment_core::ids::{AttemptId, IdSource, SectionId, StudentCourseId, StudentId};
use enrollment_core::registration::Status;
use enrollment_core::text::Grade;
use enrollment_diesel::import::Batch;
use fastrand::Rng;
use serde_json::json;

/// Everything that is made up.
pub(super) struct University {
    pub(super) batch: Batch,
    /// A student, and a section that this student can enter now.
    pub(super) invitation: (StudentId, SectionId),
}

/// Changing it makes another university, which an existing database does not have.
const SEED: u64 = 0x656e_726f_6c6c;

/// Makes up a university.
pub(super) fn generate(students: u32, now: DateTime<Utc>, scale: &GradeScale) -> Result<University, DemoError> {
    let seed = SEED ^ u64::from(students);
    let ids = RepeatableIds::new(seed);
    let mut rng = Rng::with_seed(seed);
    // Students come first, so that their ids depend on nothing else.
    let people = (0..students).map(|number| person(number, &ids, now, &mut rng)).collect::<Result<Vec<_>, _>>()?;
    let calendar = Calendar::around(now, &ids)?;
    let courses = catalogue::courses(students, &ids, now)?;
    let mut registrar = Registrar::default();
    let mut sections = Vec::new();
    for (term, status) in [(&calendar.last, "closed"), (&calendar.next, "open")] {
        let timetable = Timetable { term, status, students, ids: &ids, now };
        for offered in &courses {
            for section in timetable.sections(offered, &mut rng)? {
                registrar.offer(&section, offered, term);
                sections.push(section);
            }
        }
    }
    let mut years = Years { calendar: &calendar, courses: &courses, registrar, scale, ids: &ids, now, rng };
    let registrants = years.live_through(&people);
    let invitation = years.invitation(&people, &registrants).ok_or(DemoError::NobodyCanEnroll)?;

    let batch = Batch {
        students: people.into_iter().map(|person| person.student).collect(),
        courses: courses.into_iter().map(|offered| offered.course).collect(),
        sections,
        student_courses: registrants.into_iter().flat_map(|registrant| registrant.into_rows(now)).collect(),
        ..Batch::new(Actor::system("demo"), AttemptId::mint(&ids), now)
    };
    Ok(University { batch: Batch { terms: vec![calendar.last, calendar.next], ..batch }, invitation })
}

/// A student, and how far on the path of which department.
struct Person {
    student: Student,
    department: usize,
    progress: usize,
}

/// The first student has everything still ahead: the one to try things with.
fn person(number: u32, ids: &dyn IdSource, now: DateTime<Utc>, rng: &mut Rng) -> Result<Person, FieldErrors> {
    let (given_name, family_name) = name(rng);
    let department = rng.usize(..DEPARTMENTS.len());
    let (progress, status) = (rng.usize(..5), rng.u8(..100));
    let is_first = number == 0;
    let progress = if is_first { 0 } else { progress };
    let status = match status {
        _ if is_first => "active",
        0..4 => "inactive",
        4..6 => "suspended",
        6..9 => "graduated",
        _ => "active",
    };
    let institution = 100_001 + number;
    let student = entry(
        json!({
            "number": institution.to_string(),
            "given_name": given_name,
            "family_name": family_name,
            "email": format!("s{institution}@example.edu"),
            "program": DEPARTMENTS[department].program,
            "level": if progress < 4 { "undergraduate" } else { "graduate" },
            "status": status,
            // A few may take more than others.
            "max_credits": (rng.u8(..50) == 0).then_some(36),
        }),
        ids,
        now,
    )?;
    Ok(Person { student, department, progress })
}

/// What happens to everybody.
struct Years<'a> {
    calendar: &'a Calendar,
    courses: &'a [Offered],
    registrar: Registrar,
    scale: &'a GradeScale,
    ids: &'a dyn IdSource,
    now: DateTime<Utc>,
    rng: Rng,
}

impl Years<'_> {
    fn live_through(&mut self, people: &[Person]) -> Vec<Registrant> {
        let mut registrants: Vec<Registrant> = people.iter().map(|person| self.early_years(person)).collect();
        for (person, registrant) in people.iter().zip(&mut registrants).skip(1) {
            self.last_term(person, registrant);
        }
        self.nearly_fill_the_choir(&mut registrants);
        for (person, registrant) in people.iter().zip(&mut registrants).skip(1) {
            if self.rng.bool() {
                self.next_term(person, registrant);
            }
        }
        registrants
    }

    /// Credit for the beginning of the path, from before there was this system.
    fn early_years(&mut self, person: &Person) -> Registrant {
        let mut registrant = Registrant::new(&person.student, self.scale);
        let ended = self.calendar.last.time_zone.start_of(self.calendar.last.starts_on);
        let path = catalogue::path(person.department);
        for offered in &self.courses[path][..person.progress] {
            let grade = self.grade(&["A+", "A", "A-", "B+", "B", "B-", "C+", "C"]);
            registrant.credit(offered, grade, ended, self.ids);
        }
        registrant
    }

    /// The next course of the path and others, most of them finished with a grade.
    fn last_term(&mut self, person: &Person, registrant: &mut Registrant) {
        let term = &self.calendar.last;
        let Some(opens_at) = term.enrollment_opens_at else { return };
        let mut wishes = self.others(2);
        wishes.push(catalogue::path(person.department).start + person.progress);
        for wish in wishes {
            let at = opens_at + TimeDelta::minutes(self.rng.i64(0..20_000));
            self.take(registrant, term, wish, at);
        }
    }

    /// The course after that and others, as far as the rules allow.
    fn next_term(&mut self, person: &Person, registrant: &mut Registrant) {
        let term = &self.calendar.next;
        let Some(opens_at) = term.enrollment_opens_at else { return };
        let mut wishes = self.others(1);
        let path = catalogue::path(person.department);
        wishes.extend(path.clone().nth(person.progress + 1));
        for wish in wishes {
            let at = opens_at + TimeDelta::minutes(self.rng.i64(0..(self.now - opens_at).num_minutes()));
            self.enroll(registrant, term, wish, at);
        }
    }

    /// So many introductions and one course of any kind, but not the choir, which is filled by itself.
    fn others(&mut self, count: usize) -> Vec<usize> {
        let introduction = |years: &mut Self| catalogue::path(years.rng.usize(..DEPARTMENTS.len())).start;
        let mut wishes: Vec<usize> = (0..count).map(|_| introduction(self)).collect();
        wishes.push(self.rng.usize(..self.courses.len() - 1));
        wishes
    }

    /// Enrolls in a course and, if it has one, its lab.
    fn enroll(
        &mut self,
        registrant: &mut Registrant,
        term: &Term,
        wish: usize,
        at: DateTime<Utc>,
    ) -> Vec<StudentCourseId> {
        let offered = &self.courses[wish];
        let components: &[Component] =
            if offered.has_lab { &[Component::Lecture, Component::Lab] } else { &[Component::Lecture] };
        let first = self.rng.usize(..1_000);
        let mut taken = Vec::new();
        for component in components {
            let wanted = (term.id, offered.course.id, *component);
            match self.registrar.enroll(registrant, wanted, first, at, self.ids) {
                Some(id) => taken.push(id),
                None => break,
            }
        }
        taken
    }

    /// Enrolls in a course of a term that is over, and ends it.
    fn take(&mut self, registrant: &mut Registrant, term: &Term, wish: usize, at: DateTime<Utc>) {
        let taken = self.enroll(registrant, term, wish, at);
        let begins = term.time_zone.start_of(term.starts_on);
        let (status, grade, ended) = match self.rng.u8(..100) {
            0..6 => (Status::Dropped, None, begins + TimeDelta::days(self.rng.i64(1..20))),
            6..10 => (Status::Withdrawn, None, begins + TimeDelta::days(self.rng.i64(25..60))),
            10..15 => (Status::Completed, self.grade(&["F", "F", "D", "D-"]), term.time_zone.end_of(term.ends_on)),
            _ => {
                let grade = self.grade(&["A+", "A", "A", "A-", "B+", "B", "B", "B-", "C+", "C", "C-", "D+"]);
                (Status::Completed, grade, term.time_zone.end_of(term.ends_on))
            }
        };
        for id in taken {
            // Whoever enrolled late leaves no earlier.
            self.registrar.end(registrant, id, (status, grade.clone()), ended.max(at));
        }
    }

    /// One of the grades, if the institution's scale has it.
    fn grade(&mut self, grades: &[&str]) -> Option<Grade> {
        let grade = Grade::try_from(grades[self.rng.usize(..grades.len())]).ok()?;
        self.scale.value(&grade).map(|_| grade)
    }

    /// All seats but one.
    fn nearly_fill_the_choir(&mut self, registrants: &mut [Registrant]) {
        let Some(choir) = self.courses.iter().position(|offered| offered.demand == Demand::Choir) else { return };
        let mut left = TINY - 1;
        for registrant in registrants.iter_mut().skip(1) {
            if left == 0 {
                return;
            }
            if !self.enroll(registrant, &self.calendar.next, choir, self.now).is_empty() {
                left -= 1;
            }
        }
    }

    /// A section that the first student can enter now.
    fn invitation(&self, people: &[Person], registrants: &[Registrant]) -> Option<(StudentId, SectionId)> {
        let (person, registrant) = people.first().zip(registrants.first())?;
        let own = self.courses[catalogue::path(person.department)].iter();
        let mut introductions = own.chain(self.courses).filter(|offered| offered.demand == Demand::Introduction);
        let section = introductions.find_map(|offered| {
            let wanted = (self.calendar.next.id, offered.course.id);
            self.registrar.invitation(registrant, wanted, self.now, self.ids)
        })?;
        Some((person.student.id, section))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use enrollment_core::catalog::{GradeBasis, GradeValue, Section};
    use std::collections::HashSet;

    fn scale() -> GradeScale {
        let grades = [("A+", 12), ("A", 11), ("A-", 10), ("B+", 9), ("B", 8), ("B-", 7), ("C+", 6), ("C", 5), ("F", 0)];
        grades
            .map(|(grade, rank)| {
                (grade.try_into().unwrap(), GradeValue { rank, passing: rank > 0, basis: GradeBasis::Graded })
            })
            .into_iter()
            .collect()
    }

    fn generate(students: u32, day: &str) -> University {
        super::generate(students, format!("{day}T12:00:00Z").parse().unwrap(), &scale()).unwrap()
    }

    fn debug(university: &University) -> String {
        format!("{:?}", university.batch)
    }

    #[test]
    fn it_is_the_same_each_time() {
        assert_eq!(debug(&generate(50, "2026-11-23")), debug(&generate(50, "2026-11-23")));
        assert_ne!(debug(&generate(50, "2026-11-23")), debug(&generate(51, "2026-11-23")));
    }

    #[test]
    fn its_people_and_sections_do_not_depend_on_the_day() {
        let ids = |university: &University| {
            let batch = &university.batch;
            let students: Vec<_> = batch.students.iter().map(|student| (student.id, student.number.clone())).collect();
            let sections: Vec<_> = batch.sections.iter().map(|section| section.id).collect();
            (students, sections, university.invitation)
        };
        assert_eq!(ids(&generate(50, "2026-11-23")), ids(&generate(50, "2027-03-01")));
    }

    #[test]
    fn it_grows_with_its_students() {
        let (small, large) = (generate(20, "2026-11-23").batch, generate(1_200, "2026-11-23").batch);
        assert!(large.courses.len() > small.courses.len() && large.sections.len() > 2 * small.sections.len());
        assert!(large.student_courses.len() > 2 * large.students.len());
    }

    #[test]
    fn even_a_university_of_one_has_something_to_enroll_in() {
        for students in 1..30 {
            generate(students, "2026-11-23");
        }
    }

    #[test]
    fn it_has_something_of_everything() {
        let batch = generate(200, "2026-11-23").batch;
        let has = |status| batch.student_courses.iter().filter(|row| row.status == status).count();
        for status in [Status::Enrolled, Status::Dropped, Status::Withdrawn, Status::Completed] {
            assert!(has(status) > 5, "{status} {}", has(status));
        }
        assert!(batch.student_courses.iter().any(|row| row.section_id.is_none()));
        assert!(batch.student_courses.iter().any(|row| row.component == Some(Component::Lab)));
        assert!(batch.courses.iter().any(|course| course.requisite.is_some()));
        let scripts: HashSet<u32> =
            batch.students.iter().filter_map(|s| s.given_name.as_str().chars().next()).map(|c| c as u32 >> 8).collect();
        assert!(scripts.len() >= 8, "{scripts:?}");
        let next: Vec<&Section> =
            batch.sections.iter().filter(|section| section.term_id == batch.terms[1].id).collect();
        let clashes =
            |a: &Section, b: &Section| a.meetings.iter().any(|one| b.meetings.iter().any(|other| one.clashes(other)));
        assert!(next.iter().any(|a| next.iter().any(|b| a.id != b.id && clashes(a, b))));
        let tiny = next.iter().find(|section| section.capacity.get() == TINY).unwrap();
        let taken = batch.student_courses.iter().filter(|row| row.section_id == Some(tiny.id)).count();
        assert_eq!(taken, 2);
    }

    #[test]
    fn many_have_what_the_next_courses_require() {
        let batch = generate(200, "2026-11-23").batch;
        let required: HashSet<_> =
            batch.courses.iter().filter(|course| course.requisite.is_some()).map(|course| course.id).collect();
        let next = batch.terms[1].id;
        let enrolled =
            batch.student_courses.iter().filter(|row| row.term_id == Some(next) && required.contains(&row.course_id));
        assert!(enrolled.count() > 20);
    }
}
