//! Who and what there is to rehearse with: read from the server before it begins.

use super::api::{Api, ApiError};
use super::report::Cast;
use serde::Deserialize;
use std::collections::HashMap;
use std::ops::Range;
use thiserror::Error;

/// Why there is nothing to rehearse with.
#[derive(Debug, Error)]
pub enum CampusError {
    /// The server could not be asked.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// There is no such term.
    #[error("the server has no term `{0}`")]
    NoTerm(String),
    /// The term has nothing to enroll in.
    #[error("the term `{0}` has no open section")]
    NoSections(String),
    /// There are fewer students than wanted.
    #[error("{wanted} students are to come, and the server has {there} that are active")]
    TooFewStudents {
        /// How many are wanted.
        wanted: usize,
        /// How many there are.
        there: usize,
    },
}

/// A term, its open sections and all active students.
pub(super) struct Campus {
    pub(super) term: Term,
    pub(super) sections: Vec<Section>,
    pub(super) students: Vec<Student>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Term {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Student {
    pub(super) id: String,
    pub(super) number: String,
    status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Section {
    pub(super) id: String,
    pub(super) course_id: String,
    /// The course's code.
    #[serde(skip)]
    pub(super) course: String,
    pub(super) number: String,
    pub(super) component: String,
    capacity: u32,
    overload: u32,
    /// By all sections that share its seats.
    pub(super) seats_taken: u32,
}

#[derive(Deserialize)]
struct Course {
    id: String,
    code: String,
}

impl Section {
    /// What it is called among people.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.course, self.number)
    }

    /// How many seats there are.
    pub(super) fn seats(&self) -> u32 {
        self.capacity + self.overload
    }
}

impl Campus {
    pub(super) async fn load(api: &Api, code: &str) -> Result<Self, CampusError> {
        let no_term = || CampusError::NoTerm(code.to_owned());
        // What a code may not contain in a URL, no code of a term contains but by mistake.
        let is_plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        let terms: Vec<Term> =
            if is_plain { api.list("/terms", &format!("&code={code}"), 1).await? } else { Vec::new() };
        let term = terms.into_iter().next().ok_or_else(no_term)?;
        let sections = open_sections(api, &term).await?;
        if sections.is_empty() {
            return Err(CampusError::NoSections(code.to_owned()));
        }
        let students: Vec<Student> = api.list("/students", "", usize::MAX).await?;
        let students = students.into_iter().filter(|student| student.status == "active").collect();
        Ok(Self { term, sections, students })
    }

    /// The first so many students, by their places.
    pub(super) fn first_students(&self, wanted: usize) -> Result<Range<usize>, CampusError> {
        let there = self.students.len();
        if wanted > there { Err(CampusError::TooFewStudents { wanted, there }) } else { Ok(0..wanted) }
    }

    /// Those who take part.
    pub(super) fn cast(&self, students: impl Iterator<Item = usize>) -> Cast {
        Cast { students: students.map(|place| self.students[place].number.clone()).collect() }
    }
}

/// The open sections of a term, as they are now, with the codes of their courses.
pub(super) async fn open_sections(api: &Api, term: &Term) -> Result<Vec<Section>, ApiError> {
    let courses: Vec<Course> = api.list("/courses", "", usize::MAX).await?;
    let codes: HashMap<String, String> = courses.into_iter().map(|course| (course.id, course.code)).collect();
    let of_term = format!("&term_id={}", term.id);
    let sections: Vec<ListedSection> = api.list("/sections", &of_term, usize::MAX).await?;
    let open = sections.into_iter().filter(|section| section.status == "open").map(|listed| listed.section);
    let named =
        open.map(|section| Section { course: codes.get(&section.course_id).cloned().unwrap_or_default(), ..section });
    Ok(named.collect())
}

#[derive(Deserialize)]
struct ListedSection {
    #[serde(flatten)]
    section: Section,
    status: String,
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// So many sections of ten seats, each of a course of its own.
    pub(in super::super) fn sections(count: usize) -> Vec<Section> {
        let section = |n: usize| Section {
            id: format!("section-{n}"),
            course_id: format!("course-{n}"),
            course: format!("C{n}"),
            number: "1".to_owned(),
            component: "lecture".to_owned(),
            capacity: 10,
            overload: 0,
            seats_taken: 0,
        };
        (0..count).map(section).collect()
    }

    pub(in super::super) fn campus(students: usize, count: usize) -> Campus {
        let student =
            |n: usize| Student { id: format!("student-{n}"), number: format!("S{n}"), status: "active".to_owned() };
        Campus {
            term: Term { id: "term".to_owned() },
            sections: sections(count),
            students: (0..students).map(student).collect(),
        }
    }

    #[test]
    fn no_more_students_come_than_there_are() {
        assert_eq!(campus(3, 1).first_students(2).unwrap(), 0..2);
        let error = campus(3, 1).first_students(4).unwrap_err();
        assert_eq!(error.to_string(), "4 students are to come, and the server has 3 that are active");
    }
}
