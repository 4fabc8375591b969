//! What a student must have passed before taking a course.

use crate::text::{CourseCode, Grade};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A condition on the courses that a student has passed, to any depth:
/// `{"course": "CS101", "min_grade": "C"}`, `{"all": […]}` or `{"any": […]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RequisiteDraft", rename_all = "snake_case", untagged)]
pub enum Requisite {
    /// One course must be passed.
    Course {
        /// Its code.
        course: CourseCode,
        /// The least grade that suffices; none means that any passing grade does.
        #[serde(skip_serializing_if = "Option::is_none")]
        min_grade: Option<Grade>,
    },
    /// Every one of these must hold.
    All {
        /// The conditions; at least one.
        all: Vec<Requisite>,
    },
    /// At least one of these must hold.
    Any {
        /// The conditions; at least one.
        any: Vec<Requisite>,
    },
}

impl Requisite {
    /// What is left of the requisite for a student who has passed the courses for which `passed` says so; none when it
    /// is met. An `all` shrinks to the conditions that fail; an `any` stays whole, since each of them would do.
    pub fn unmet(&self, passed: &impl Fn(&CourseCode, Option<&Grade>) -> bool) -> Option<Self> {
        match self {
            Self::Course { course, min_grade } => (!passed(course, min_grade.as_ref())).then(|| self.clone()),
            Self::All { all } => {
                let mut unmet: Vec<Self> = all.iter().filter_map(|part| part.unmet(passed)).collect();
                if unmet.len() == 1 { unmet.pop() } else { (!unmet.is_empty()).then_some(Self::All { all: unmet }) }
            }
            Self::Any { any } => {
                let unmet: Option<Vec<Self>> = any.iter().map(|part| part.unmet(passed)).collect();
                unmet.map(|any| Self::Any { any })
            }
        }
    }
}

impl fmt::Display for Requisite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Course { course, min_grade: None } => write!(f, "{course}"),
            Self::Course { course, min_grade: Some(grade) } => write!(f, "{course} with {grade} or better"),
            Self::All { all } => write_joined(f, all, "and"),
            Self::Any { any } => write_joined(f, any, "or"),
        }
    }
}

fn write_joined(f: &mut fmt::Formatter<'_>, parts: &[Requisite], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            write!(f, " {word} ")?;
        }
        match part {
            Requisite::Course { .. } => write!(f, "{part}")?,
            _ => write!(f, "({part})")?,
        }
    }
    Ok(())
}

/// The input form, which says what is wrong instead of that nothing matches.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequisiteDraft {
    course: Option<CourseCode>,
    min_grade: Option<Grade>,
    all: Option<Vec<Requisite>>,
    any: Option<Vec<Requisite>>,
}

impl TryFrom<RequisiteDraft> for Requisite {
    type Error = &'static str;

    fn try_from(draft: RequisiteDraft) -> Result<Self, Self::Error> {
        match draft {
            RequisiteDraft { course: Some(course), min_grade, all: None, any: None } => {
                Ok(Self::Course { course, min_grade })
            }
            RequisiteDraft { course: None, min_grade: None, all: Some(all), any: None } if !all.is_empty() => {
                Ok(Self::All { all })
            }
            RequisiteDraft { course: None, min_grade: None, all: None, any: Some(any) } if !any.is_empty() => {
                Ok(Self::Any { any })
            }
            _ => Err(
                r#"a requisite is {"course": "CS101", "min_grade": "C"} (min_grade is optional), {"all": […]} or {"any": […]}, with at least one part"#,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn requisite(value: serde_json::Value) -> Requisite {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_unmet_is_told_and_no_more() {
        let tree = requisite(json!({"all": [
            {"course": "MATH1"},
            {"any": [{"course": "CS1", "min_grade": "B"}, {"course": "CS2"}]},
            {"course": "PHYS1"}
        ]}));
        let passed =
            |codes: &'static [&str]| move |code: &CourseCode, _: Option<&Grade>| codes.contains(&code.as_str());
        assert_eq!(tree.unmet(&passed(&["MATH1", "CS2", "PHYS1"])), None);
        assert_eq!(tree.unmet(&passed(&["MATH1", "CS2"])).unwrap(), requisite(json!({"course": "PHYS1"})));
        let rest = tree.unmet(&passed(&["MATH1"])).unwrap();
        assert_eq!(rest.to_string(), "(CS1 with B or better or CS2) and PHYS1");
    }

    #[test]
    fn a_malformed_requisite_is_refused() {
        for bad in [
            json!({}),
            json!({"all": []}),
            json!({"any": []}),
            json!({"course": "A", "all": []}),
            json!({"min_grade": "C"}),
            json!({"cours": "A"}),
            json!({"course": ""}),
        ] {
            assert!(serde_json::from_value::<Requisite>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn it_reads_back_as_it_was_written() {
        let written = json!({"any": [{"course": "A"}, {"all": [{"course": "B", "min_grade": "C"}, {"course": "C"}]}]});
        assert_eq!(serde_json::to_value(requisite(written.clone())).unwrap(), written);
    }
}
