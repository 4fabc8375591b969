//! Student courses: registrations and their history.
//!
//! A row is one student in one section, or, without a section, credit earned elsewhere. Where a student was in a section
//! several times, the row is about the live student course if there is one, and else about the last.

use super::entries::Origin;
use super::form::STUDENT_COURSES;
use super::lookup::{Found, Lookup};
use super::report::Report;
use super::rows::Row;
use super::sections::{Offer, no_such_section, section_key};
use super::summary::{Count, Outcome};
use chrono::{DateTime, Utc};
use enrollment_core::catalog::{Course, GradeScale, Section, Student, Term, Version};
use enrollment_core::fields::Field;
use enrollment_core::ids::{CourseId, SectionId, StudentId, TermId};
use enrollment_core::registration::{GradingBasis, Status};
use enrollment_core::text::{Grade, StudentNumber};
use enrollment_diesel::import::{KnownStudentCourse, SectionKey, StudentCourseRow};
use std::collections::HashMap;

/// The student courses of the file.
pub(super) struct ComposedStudentCourses {
    /// Every row as it will be, with its line; those that are unchanged, too.
    pub(super) rows: Vec<Placed>,
    pub(super) count: Count,
}

/// A student course as it will be.
pub(super) struct Placed {
    pub(super) line: u64,
    pub(super) row: StudentCourseRow,
    pub(super) outcome: Outcome,
}

/// What student courses refer to.
#[derive(Clone, Copy)]
pub(super) struct Register<'a> {
    pub(super) offer: Offer<'a>,
    pub(super) students: &'a Lookup<StudentNumber, Student>,
    pub(super) sections: &'a Lookup<SectionKey, Section>,
    pub(super) scale: &'a GradeScale,
}

/// The student courses that the rows describe, laid over what is stored.
pub(super) fn compose(
    rows: &[Row],
    register: Register<'_>,
    stored: &[KnownStudentCourse],
    origin: Origin<'_>,
    report: &mut Report,
) -> ComposedStudentCourses {
    let stored = Stored::new(stored);
    let mut lines: HashMap<(StudentId, Place), u64> = HashMap::new();
    let mut composed = ComposedStudentCourses { rows: Vec::with_capacity(rows.len()), count: Count::default() };
    for row in rows {
        let Some(line) = Line::read(row, register, report) else { continue };
        if let Some(first) = lines.insert((line.student, line.place), row.line) {
            lines.insert((line.student, line.place), first);
            report.cell(&STUDENT_COURSES, row.line, "student", format!("is in the same place on line {first} already"));
            continue;
        }
        match line.over(stored.find(line.student, line.place), origin) {
            Ok((student_course, outcome)) => {
                composed.count.add(outcome);
                composed.rows.push(Placed { line: row.line, row: student_course, outcome });
            }
            Err(reason) => report.cell(&STUDENT_COURSES, row.line, "status", reason),
        }
    }
    composed
}

/// Where a student is or was.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Section(SectionId),
    Elsewhere(CourseId, Option<TermId>),
}

/// What is stored, by student and place; the oldest first.
struct Stored<'a>(HashMap<(StudentId, Place), Vec<&'a KnownStudentCourse>>);

impl<'a> Stored<'a> {
    fn new(stored: &'a [KnownStudentCourse]) -> Self {
        let mut places: HashMap<_, Vec<_>> = HashMap::new();
        for known in stored {
            let elsewhere = Place::Elsewhere(known.course_id, known.term_id);
            let place = known.section_id.map_or(elsewhere, Place::Section);
            places.entry((known.student_id, place)).or_default().push(known);
        }
        Self(places)
    }

    /// The live student course, or else the last.
    fn find(&self, student: StudentId, place: Place) -> Option<&'a KnownStudentCourse> {
        let all = self.0.get(&(student, place))?;
        let is_live = |known: &&&KnownStudentCourse| matches!(known.status, Status::Waitlisted | Status::Enrolled);
        all.iter().find(is_live).or(all.last()).copied()
    }
}

/// What a row says.
struct Line<'a> {
    student: StudentId,
    course: &'a Course,
    term: Option<TermId>,
    section: Option<&'a Section>,
    place: Place,
    status: Status,
    grade: Field<Grade>,
}

impl<'a> Line<'a> {
    /// Reads a row. None if something is wrong with it, which is reported, or with what it refers to.
    fn read(row: &Row, register: Register<'a>, report: &mut Report) -> Option<Self> {
        let student = register.students.refer(row, &STUDENT_COURSES, "student", report);
        let is_elsewhere = row.text("section").is_none() && !row.is_unreadable("section");
        let status = read_status(row, is_elsewhere, report);
        let grade = read_grade(row, status, register.scale, report);
        // All of a row is read before any of it is given up.
        let place = if is_elsewhere {
            read_elsewhere(row, register.offer, report).map(|(course, term)| (course, term, None))
        } else {
            read_section(row, register, report).map(|(course, section)| (course, Some(section.term_id), Some(section)))
        };
        let (course, term, section) = place?;
        let elsewhere = Place::Elsewhere(course.id, term);
        let place = section.map_or(elsewhere, |section| Place::Section(section.id));
        Some(Self { student: student?.1.id, course, term, section, place, status: status?, grade: grade? })
    }

    /// Lays the row over what is stored, or says why the state cannot become the row's.
    fn over(
        &self,
        stored: Option<&KnownStudentCourse>,
        origin: Origin<'_>,
    ) -> Result<(StudentCourseRow, Outcome), String> {
        let Some(stored) = stored else { return Ok((self.new_row(origin), Outcome::Added)) };
        let status = self.status;
        let grade = value(self.grade.clone().or_maybe(|| stored.grade.clone()));
        let moves = status != stored.status;
        if moves && !stored.status.can_become(status) {
            return Err(format!("cannot become {status}: it is {} in the database", stored.status));
        }
        let is_same = !moves && grade == stored.grade;
        let row = StudentCourseRow {
            id: stored.id,
            was: Some(stored.status),
            grade,
            enrolled_at: stored.enrolled_at.or(Some(origin.now)).filter(|_| self.section.is_some()),
            ended_at: if moves { self.ended_at(origin) } else { stored.ended_at },
            version: if is_same { stored.version } else { stored.version.next() },
            ..self.new_row(origin)
        };
        Ok((row, if is_same { Outcome::Unchanged } else { Outcome::Changed }))
    }

    /// The file has no times, so what it tells begins, and has ended, now.
    fn new_row(&self, origin: Origin<'_>) -> StudentCourseRow {
        StudentCourseRow {
            id: origin.ids.next().into(),
            student_id: self.student,
            course_id: self.course.id,
            term_id: self.term,
            section_id: self.section.map(|section| section.id),
            component: self.section.map(|section| section.component),
            was: None,
            status: self.status,
            credits: self.course.credits,
            grading_basis: GradingBasis::Graded,
            grade: value(self.grade.clone()),
            enrolled_at: self.section.is_some().then_some(origin.now),
            ended_at: self.ended_at(origin),
            version: Version::FIRST,
            created_at: origin.now,
            updated_at: origin.now,
        }
    }

    fn ended_at(&self, origin: Origin<'_>) -> Option<DateTime<Utc>> {
        (self.status != Status::Enrolled).then_some(origin.now)
    }
}

fn read_status(row: &Row, is_elsewhere: bool, report: &mut Report) -> Option<Status> {
    let status = match row.text("status") {
        None if is_elsewhere => Ok(Status::Completed),
        None if row.is_unreadable("status") => return None,
        None => Err("is required".to_owned()),
        Some(text) => serde_json::from_value(text.into()).map_err(|error| error.to_string()),
    };
    let status = status.and_then(|status| match status {
        Status::Waitlisted => Err("waitlists cannot be imported yet: this server keeps none".to_owned()),
        Status::Completed => Ok(status),
        _ if is_elsewhere => {
            Err("must be completed, or empty, without a section: that is credit earned elsewhere".to_owned())
        }
        _ => Ok(status),
    });
    status.map_err(|reason| report.cell(&STUDENT_COURSES, row.line, "status", reason)).ok()
}

/// The grade: absent where the file has no such column, null where the cell is empty.
fn read_grade(row: &Row, status: Option<Status>, scale: &GradeScale, report: &mut Report) -> Option<Field<Grade>> {
    let Some(text) = row.text("grade") else {
        let empty = if row.has("grade") { Field::Null } else { Field::Absent };
        return (!row.is_unreadable("grade")).then_some(empty);
    };
    let grade = Grade::try_from(text).and_then(|grade| match scale.value(&grade) {
        None => Err(format!("`{grade}` is not in the grade scale")),
        Some(_) if status.is_some_and(|status| status != Status::Completed) => {
            Err("must be empty: only what is completed has a grade".to_owned())
        }
        Some(_) => Ok(grade),
    });
    grade.map(Field::Value).map_err(|reason| report.cell(&STUDENT_COURSES, row.line, "grade", reason)).ok()
}

fn value<T>(field: Field<T>) -> Option<T> {
    if let Field::Value(value) = field { Some(value) } else { None }
}

fn read_elsewhere<'a>(row: &Row, offer: Offer<'a>, report: &mut Report) -> Option<(&'a Course, Option<TermId>)> {
    let course = offer.courses.refer(row, &STUDENT_COURSES, "course", report);
    let term: Option<Option<&Term>> = match row.text("term") {
        None => (!row.is_unreadable("term")).then_some(None),
        Some(_) => offer.terms.refer(row, &STUDENT_COURSES, "term", report).map(|(_, term)| Some(term)),
    };
    Some((course?.1, term?.map(|term| term.id)))
}

fn read_section<'a>(row: &Row, register: Register<'a>, report: &mut Report) -> Option<(&'a Course, &'a Section)> {
    let key = section_key(row, &STUDENT_COURSES, "section", register.offer, report)?;
    let Found::Entry(course) = register.offer.courses.find(&key.course) else { return None };
    match register.sections.find(&key) {
        Found::Entry(section) => Some((course, section)),
        Found::Wrong => None,
        Found::Nothing => {
            report.cell(&STUDENT_COURSES, row.line, "section", no_such_section(&key));
            None
        }
    }
}
