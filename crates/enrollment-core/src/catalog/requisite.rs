//! What a student must have passed before taking a course, or must take together with it.

use crate::text::{CourseCode, Grade};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A condition on the courses that a student has passed, to any depth:
/// `{"course": "CS101", "min_grade": "C", "in_progress": true}`, `{"all": […]}` or `{"any": […]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RequisiteDraft", rename_all = "snake_case", untagged)]
pub enum Requisite {
    /// One course must be passed.
    Course(RequiredCourse),
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

/// One course of a requisite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequiredCourse {
    /// Its code.
    pub course: CourseCode,
    /// The least grade that suffices; none means that any passing grade does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_grade: Option<Grade>,
    /// Whether being enrolled in it suffices, before there is a grade.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_progress: bool,
}

impl Requisite {
    /// What is left of the requisite for a student who meets the courses for which `is_met` says so; none when all of it is
    /// met. An `all` shrinks to the conditions that fail; an `any` stays whole, since each of them would do.
    pub fn unmet(&self, is_met: &impl Fn(&RequiredCourse) -> bool) -> Option<Self> {
        match self {
            Self::Course(required) => (!is_met(required)).then(|| self.clone()),
            Self::All { all } => {
                let mut unmet: Vec<Self> = all.iter().filter_map(|part| part.unmet(is_met)).collect();
                if unmet.len() == 1 { unmet.pop() } else { (!unmet.is_empty()).then_some(Self::All { all: unmet }) }
            }
            Self::Any { any } => {
                let unmet: Option<Vec<Self>> = any.iter().map(|part| part.unmet(is_met)).collect();
                unmet.map(|any| Self::Any { any })
            }
        }
    }
}

impl fmt::Display for Requisite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Course(RequiredCourse { course, min_grade, in_progress }) => {
                let or_in_progress = if *in_progress { " (or in progress)" } else { "" };
                match min_grade {
                    None => write!(f, "{course}{or_in_progress}"),
                    Some(grade) => write!(f, "{course} with {grade} or better{or_in_progress}"),
                }
            }
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
            Requisite::Course(_) => write!(f, "{part}")?,
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
    in_progress: Option<bool>,
    all: Option<Vec<Requisite>>,
    any: Option<Vec<Requisite>>,
}

impl TryFrom<RequisiteDraft> for Requisite {
    type Error = &'static str;

    fn try_from(draft: RequisiteDraft) -> Result<Self, Self::Error> {
        match draft {
            RequisiteDraft { course: Some(course), min_grade, in_progress, all: None, any: None } => {
                Ok(Self::Course(RequiredCourse { course, min_grade, in_progress: in_progress.unwrap_or_default() }))
            }
            RequisiteDraft { course: None, min_grade: None, in_progress: None, all: Some(all), any: None }
                if !all.is_empty() =>
            {
                Ok(Self::All { all })
            }
            RequisiteDraft { course: None, min_grade: None, in_progress: None, all: None, any: Some(any) }
                if !any.is_empty() =>
            {
                Ok(Self::Any { any })
            }
            _ => Err(
                r#"a requisite is {"course": "CS101", "min_grade": "C", "in_progress": true} (the last two are optional), {"all": […]} or {"any": […]}, with at least one part"#,
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
            |codes: &'static [&str]| move |required: &RequiredCourse| codes.contains(&required.course.as_str());
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
            json!({"in_progress": true}),
            json!({"all": [{"course": "A"}], "in_progress": true}),
            json!({"cours": "A"}),
            json!({"course": ""}),
        ] {
            assert!(serde_json::from_value::<Requisite>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn it_reads_back_as_it_was_written() {
        let written = json!({"any": [{"course": "A"}, {"all": [{"course": "B", "min_grade": "C"}, {"course": "C", "in_progress": true}]}]});
        assert_eq!(serde_json::to_value(requisite(written.clone())).unwrap(), written);
        let told = requisite(written).to_string();
        assert_eq!(told, "A or (B with C or better and C (or in progress))");
    }
}
