//! A request for the grades of a roster.

use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::{StudentCourseId, StudentId};
use crate::text::{Grade, StudentNumber};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a row of a roster is named by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RosterName {
    /// By itself.
    StudentCourse(StudentCourseId),
    /// By the student.
    Student(StudentId),
    /// By the institution's own number of the student.
    Number(StudentNumber),
}

impl RosterName {
    /// The field of the input that names it.
    pub(super) fn pointer(&self, index: usize) -> String {
        let field = match self {
            Self::StudentCourse(_) => "student_course_id",
            Self::Student(_) => "student_id",
            Self::Number(_) => "student_number",
        };
        format!("/grades/{index}/{field}")
    }
}

/// One grade to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GradeRow {
    pub(super) name: RosterName,
    pub(super) grade: Option<Grade>,
}

/// The most grades that are given in one call.
const MOST_ROWS: usize = 1_000;

/// The input form of the grades of a roster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GradesDraft {
    /// The grades, each of another student; 1 to 1,000.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<GradeRowDraft>, required = true))]
    #[serde(default)]
    pub grades: Field<Vec<Field<GradeRowDraft>>>,
    /// Fields that the request does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// The input form of one grade.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GradeRowDraft {
    /// The student course; either this, or `student_id`, or `student_number`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StudentCourseId>))]
    #[serde(default)]
    pub student_course_id: Field<StudentCourseId>,
    /// The student, by the id.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StudentId>))]
    #[serde(default)]
    pub student_id: Field<StudentId>,
    /// The student, by the number.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StudentNumber>))]
    #[serde(default)]
    pub student_number: Field<StudentNumber>,
    /// The grade; null for what is audited, which ends without one.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Grade>, required = true))]
    #[serde(default)]
    pub grade: Field<Grade>,
    /// Fields that a row does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl GradesDraft {
    /// The rows, or everything that is wrong with them.
    pub(super) fn parse(self) -> Result<Vec<GradeRow>, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let drafts = errors.required("/grades", self.grades);
        if let Some(count) = drafts.as_ref().map(Vec::len).filter(|count| !(1..=MOST_ROWS).contains(count)) {
            errors.add("/grades", format!("must have 1 to {MOST_ROWS} rows; this has {count}"));
            return Err(errors);
        }
        let (mut rows, mut seen) = (Vec::new(), BTreeMap::new());
        for (index, draft) in drafts.unwrap_or_default().into_iter().enumerate() {
            let pointer = format!("/grades/{index}");
            let Some(draft) = errors.required(&pointer, draft) else { continue };
            match draft.parse() {
                Err(nested) => errors.add_nested(&pointer, nested),
                Ok(row) => {
                    if let Some(first) = seen.insert(row.name.clone(), index) {
                        errors.add(row.name.pointer(index), names_twice(first));
                    }
                    rows.push(row);
                }
            }
        }
        if errors.is_empty() { Ok(rows) } else { Err(errors) }
    }
}

/// What is said of a row whose student course an earlier one names.
pub(super) fn names_twice(first: usize) -> String {
    format!("names what /grades/{first} names already: keep one of them")
}

impl GradeRowDraft {
    fn parse(self) -> Result<GradeRow, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let given = [
            !matches!(self.student_course_id, Field::Absent | Field::Null),
            !matches!(self.student_id, Field::Absent | Field::Null),
            !matches!(self.student_number, Field::Absent | Field::Null),
        ];
        let count = given.into_iter().filter(|is_given| *is_given).count();
        let names = [
            errors.optional("/student_course_id", self.student_course_id).map(RosterName::StudentCourse),
            errors.optional("/student_id", self.student_id).map(RosterName::Student),
            errors.optional("/student_number", self.student_number).map(RosterName::Number),
        ];
        match count {
            0 => {
                errors.add("/student_course_id", "is required: name a student_course_id, student_id or student_number");
            }
            1 => {}
            _ => errors.add("", "must have only one of student_course_id, student_id and student_number"),
        }
        if self.grade == Field::Absent {
            errors.add("/grade", "is required; it is null for what is audited");
        }
        let grade = errors.optional("/grade", self.grade);
        match names.into_iter().flatten().next() {
            Some(name) if errors.is_empty() => Ok(GradeRow { name, grade }),
            _ => Err(errors),
        }
    }
}
