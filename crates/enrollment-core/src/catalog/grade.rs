//! The grade scale: which grades there are, which one is better, and which ones pass.

use crate::text::Grade;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a grade is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeValue {
    /// Its rank: of two grades, the one of higher rank is better.
    pub rank: i32,
    /// Whether a course with this grade counts as passed.
    pub passing: bool,
}

/// All grades of an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GradeScale(BTreeMap<Grade, GradeValue>);

impl GradeScale {
    /// What the grade is worth, if the scale has it.
    pub fn value(&self, grade: &Grade) -> Option<GradeValue> {
        self.0.get(grade).copied()
    }

    /// Whether a completed course with this grade counts as passed. No grade at all counts: credit is often transferred
    /// without one.
    pub fn passes(&self, grade: Option<&Grade>) -> bool {
        grade.is_none_or(|grade| self.value(grade).is_some_and(|value| value.passing))
    }

    /// Whether this grade passes and is at least as good as `least`. Without a grade, or with one that the scale does not
    /// have, there is nothing to compare, and the answer is no.
    pub fn reaches(&self, grade: Option<&Grade>, least: &Grade) -> bool {
        let (Some(have), Some(need)) = (grade.and_then(|grade| self.value(grade)), self.value(least)) else {
            return false;
        };
        have.passing && have.rank >= need.rank
    }
}

impl FromIterator<(Grade, GradeValue)> for GradeScale {
    fn from_iter<I: IntoIterator<Item = (Grade, GradeValue)>>(grades: I) -> Self {
        Self(grades.into_iter().collect())
    }
}
