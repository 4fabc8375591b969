//! What the made-up university teaches.

use super::entry;
use chrono::{DateTime, Utc};
use enrollment_core::catalog::Course;
use enrollment_core::fields::FieldErrors;
use enrollment_core::ids::IdSource;
use serde_json::{Value, json};

/// A subject with its courses, each of which leads on to the next.
pub(super) struct Department {
    pub(super) program: &'static str,
    prefix: &'static str,
    path: [Outline; 5],
}

struct Outline {
    number: u16,
    title: &'static str,
    credits: f64,
    has_lab: bool,
    requires: Requires,
}

enum Requires {
    Nothing,
    /// This course.
    Course(&'static str),
    /// This course, with at least a C.
    Well(&'static str),
    /// All of these courses.
    All(&'static [&'static str]),
    /// The first course, and one of the others.
    AndAny(&'static str, &'static [&'static str]),
}

/// A course as it is offered.
pub(super) struct Offered {
    pub(super) course: Course,
    pub(super) has_lab: bool,
    pub(super) demand: Demand,
}

/// How many want a course.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// Many: it requires nothing, and everything else requires it.
    Introduction,
    /// Those who follow the path.
    Path,
    /// Those who have time for it.
    Elective,
    /// More than can be: it takes very few.
    Choir,
}

/// Where each course of a department's path is among all courses.
pub(super) fn path(department: usize) -> std::ops::Range<usize> {
    let length = DEPARTMENTS[department].path.len();
    department * length..(department + 1) * length
}

/// The courses: first the paths of all departments, then electives, more of them for more students, and the choir last.
pub(super) fn courses(students: u32, ids: &dyn IdSource, now: DateTime<Utc>) -> Result<Vec<Offered>, FieldErrors> {
    let mut courses = Vec::new();
    for department in &DEPARTMENTS {
        for outline in &department.path {
            courses.push(Offered {
                course: entry(outline.draft(department.prefix), ids, now)?,
                has_lab: outline.has_lab,
                demand: if let Requires::Nothing = outline.requires { Demand::Introduction } else { Demand::Path },
            });
        }
    }
    for number in 1..=(students / 500).min(20) {
        for department in &DEPARTMENTS {
            courses.push(elective(department, number, ids, now)?);
        }
    }
    courses.push(choir(ids, now)?);
    Ok(courses)
}

impl Outline {
    fn draft(&self, prefix: &str) -> Value {
        json!({
            "code": format!("{prefix}{}", self.number),
            "title": self.title,
            "description": format!("{}. One of the courses of a university that does not exist.", self.title),
            "credits": self.credits,
            "requisite": self.requires.requisite(),
        })
    }
}

impl Requires {
    fn requisite(&self) -> Option<Value> {
        let course = |code: &&str| json!({ "course": code });
        Some(match self {
            Self::Nothing => return None,
            Self::Course(code) => course(code),
            Self::Well(code) => json!({ "course": code, "min_grade": "C" }),
            Self::All(codes) => json!({ "all": codes.iter().map(course).collect::<Vec<_>>() }),
            Self::AndAny(code, others) => {
                json!({ "all": [course(code), { "any": others.iter().map(course).collect::<Vec<_>>() }] })
            }
        })
    }
}

fn elective(
    department: &Department,
    number: u32,
    ids: &dyn IdSource,
    now: DateTime<Utc>,
) -> Result<Offered, FieldErrors> {
    let introduction = &department.path[0];
    let draft = json!({
        "code": format!("{}{}", department.prefix, 500 + number),
        "title": format!("{}: selected topics {number}", introduction.title),
        "credits": 4,
        "repeatable": true,
        "requisite": { "course": format!("{}{}", department.prefix, introduction.number) },
    });
    Ok(Offered { course: entry(draft, ids, now)?, has_lab: false, demand: Demand::Elective })
}

/// What is nearly full: the last seat is there to race for.
fn choir(ids: &dyn IdSource, now: DateTime<Utc>) -> Result<Offered, FieldErrors> {
    let draft = json!({"code": "MUS100", "title": "Chamber choir", "credits": 1.5, "repeatable": true});
    Ok(Offered { course: entry(draft, ids, now)?, has_lab: false, demand: Demand::Choir })
}

const fn outline(number: u16, title: &'static str, credits: f64, requires: Requires) -> Outline {
    Outline { number, title, credits, has_lab: false, requires }
}

const fn with_lab(number: u16, title: &'static str, credits: f64, requires: Requires) -> Outline {
    Outline { number, title, credits, has_lab: true, requires }
}

pub(super) const DEPARTMENTS: [Department; 8] = [
    Department {
        program: "BSc Mathematics",
        prefix: "MATH",
        path: [
            outline(101, "Calculus", 7.5, Requires::Nothing),
            outline(102, "Linear algebra", 7.5, Requires::Course("MATH101")),
            outline(201, "Analysis", 7.5, Requires::Well("MATH102")),
            outline(210, "Probability", 6.0, Requires::All(&["MATH102", "MATH201"])),
            outline(301, "Topology", 6.0, Requires::AndAny("MATH201", &["MATH210", "PHYS201"])),
        ],
    },
    Department {
        program: "BSc Computer Science",
        prefix: "CS",
        path: [
            with_lab(101, "Programming", 7.5, Requires::Nothing),
            outline(102, "Data structures", 6.0, Requires::Course("CS101")),
            outline(201, "Algorithms", 6.0, Requires::Well("CS102")),
            with_lab(220, "Operating systems", 7.5, Requires::Course("CS201")),
            outline(301, "Distributed systems", 6.0, Requires::AndAny("CS201", &["CS220", "MATH210"])),
        ],
    },
    Department {
        program: "BSc Physics",
        prefix: "PHYS",
        path: [
            with_lab(101, "Mechanics", 7.5, Requires::Nothing),
            with_lab(102, "Electromagnetism", 7.5, Requires::Course("PHYS101")),
            outline(201, "Quantum mechanics", 7.5, Requires::Well("PHYS102")),
            outline(220, "Thermodynamics", 6.0, Requires::Course("PHYS102")),
            outline(301, "General relativity", 6.0, Requires::AndAny("PHYS201", &["PHYS220", "MATH201"])),
        ],
    },
    Department {
        program: "BSc Biology",
        prefix: "BIO",
        path: [
            with_lab(101, "Cells", 7.5, Requires::Nothing),
            outline(102, "Genetics", 6.0, Requires::Course("BIO101")),
            with_lab(201, "Molecular biology", 7.5, Requires::Well("BIO102")),
            outline(220, "Ecology", 6.0, Requires::Course("BIO102")),
            outline(301, "Evolution", 6.0, Requires::All(&["BIO201", "BIO220"])),
        ],
    },
    Department {
        program: "BA Economics",
        prefix: "ECON",
        path: [
            outline(101, "Microeconomics", 6.0, Requires::Nothing),
            outline(102, "Macroeconomics", 6.0, Requires::Course("ECON101")),
            outline(201, "Econometrics", 7.5, Requires::Well("ECON102")),
            outline(220, "Game theory", 6.0, Requires::Course("ECON102")),
            outline(301, "Market design", 6.0, Requires::AndAny("ECON201", &["ECON220", "CS201"])),
        ],
    },
    Department {
        program: "BA History",
        prefix: "HIST",
        path: [
            outline(101, "The ancient world", 6.0, Requires::Nothing),
            outline(102, "The Silk Road", 6.0, Requires::Course("HIST101")),
            outline(201, "Trade and empire", 6.0, Requires::Well("HIST102")),
            outline(220, "Archives and sources", 4.5, Requires::Course("HIST102")),
            outline(301, "History of science", 6.0, Requires::AndAny("HIST201", &["HIST220", "PHYS101"])),
        ],
    },
    Department {
        program: "BA Linguistics",
        prefix: "LING",
        path: [
            outline(101, "Phonetics", 6.0, Requires::Nothing),
            outline(102, "Syntax", 6.0, Requires::Course("LING101")),
            outline(201, "Semantics", 6.0, Requires::Well("LING102")),
            outline(220, "Writing systems", 4.5, Requires::Course("LING102")),
            outline(301, "Computational linguistics", 6.0, Requires::AndAny("LING201", &["CS102", "LING220"])),
        ],
    },
    Department {
        program: "BFA Design",
        prefix: "ART",
        path: [
            outline(101, "Drawing", 4.5, Requires::Nothing),
            outline(102, "Typography", 4.5, Requires::Course("ART101")),
            outline(201, "Interaction", 6.0, Requires::Well("ART102")),
            outline(220, "Printmaking", 4.5, Requires::Course("ART102")),
            outline(301, "Exhibition", 9.0, Requires::All(&["ART201", "ART220"])),
        ],
    },
];
