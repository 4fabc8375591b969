//! The grade scale: which grades there are, which one is better, and which ones pass.
//!
//! A grade is a name, be it a letter or a mark such as `87`: what it is worth is only what the scale says, so an institution
//! may have letters, marks, and both, compared by their ranks.

use crate::Error;
use crate::access::{Gate, Operation, Principal, Resource};
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::text::Grade;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a grade is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeValue {
    /// Its rank: of two grades, the one of higher rank is better.
    pub rank: i32,
    /// Whether a course with this grade counts as passed.
    pub passing: bool,
    /// Which courses can end with it.
    #[serde(default)]
    pub basis: GradeBasis,
}

/// Which courses can end with a grade: those that are taken for a grade of the scale, those that are passed or not, or both. What is
/// audited ends without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GradeBasis {
    /// Those that are graded: a letter, a mark.
    #[default]
    Graded,
    /// Those that are passed or not.
    PassFail,
    /// Both.
    Any,
}

impl fmt::Display for GradeBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// All grades of an institution. To clone it is to share it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GradeScale(Arc<BTreeMap<Grade, GradeValue>>);

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
        Self(Arc::new(grades.into_iter().collect()))
    }
}

/// A grade of the scale, with what it is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScaleGrade {
    /// The grade.
    pub grade: Grade,
    /// Its rank: of two grades, the one of higher rank is better.
    pub rank: i32,
    /// Whether a course with this grade counts as passed.
    pub passing: bool,
    /// Which courses can end with it.
    pub basis: GradeBasis,
}

/// The input form of what a grade is worth.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScaleGradeDraft {
    /// Its rank: of two grades, the one of higher rank is better. Several may have the same.
    #[cfg_attr(feature = "openapi", schema(value_type = i32, required = true))]
    #[serde(default)]
    pub rank: Field<i32>,
    /// Whether a course with this grade counts as passed.
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = true))]
    #[serde(default)]
    pub passing: Field<bool>,
    /// Which courses can end with it; `graded` unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<GradeBasis>))]
    #[serde(default)]
    pub basis: Field<GradeBasis>,
    /// Fields that a grade does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl ScaleGradeDraft {
    /// The grade with this worth, or everything that is wrong with that.
    fn parse(self, grade: Grade) -> Result<ScaleGrade, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let rank = errors.required("/rank", self.rank);
        let passing = errors.required("/passing", self.passing);
        let basis = errors.or_default("/basis", self.basis);
        match (rank, passing) {
            (Some(rank), Some(passing)) if errors.is_empty() => Ok(ScaleGrade { grade, rank, passing, basis }),
            _ => Err(errors),
        }
    }
}

/// Whether a grade was on the scale before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was not.
    Added,
    /// It was, and was worth this or something else.
    Replaced,
}

/// Keeps the grade scale. A grade is named by itself and belongs to nobody, so it is no [`Entry`](super::Entry).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait GradeRepository: Send + Sync {
    /// All grades, the best first.
    async fn scale(&self) -> Result<Vec<ScaleGrade>, Error>;

    /// Adds a grade, or changes what it is worth.
    async fn put(&self, grade: ScaleGrade) -> Result<Put, Error>;

    /// Takes a grade off the scale.
    ///
    /// It MUST answer [`Error::NotFound`] when it is not on it, and [`Error::InUse`] when a student course has it or a
    /// course asks for it.
    async fn delete(&self, grade: Grade) -> Result<(), Error>;
}

/// The service for the grade scale.
pub struct Grades {
    repository: Arc<dyn GradeRepository>,
    gate: Gate,
}

impl Grades {
    /// A service on this port, behind this gate.
    pub fn new(repository: Arc<dyn GradeRepository>, gate: Gate) -> Self {
        Self { repository, gate }
    }

    /// All grades, the best first.
    ///
    /// # Errors
    /// What the port answers.
    pub async fn scale(&self, by: &Principal) -> Result<Vec<ScaleGrade>, Error> {
        self.gate.admit(by, Operation::ReadCatalog, Resource::Institution).await?;
        self.repository.scale().await
    }

    /// Adds a grade, or changes what it is worth: from then on, and for all who have it.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field.
    pub async fn put(&self, by: &Principal, grade: Grade, draft: ScaleGradeDraft) -> Result<(ScaleGrade, Put), Error> {
        self.gate.admit(by, Operation::WriteCatalog, Resource::Institution).await?;
        let grade = draft.parse(grade)?;
        let put = self.repository.put(grade.clone()).await?;
        Ok((grade, put))
    }

    /// Takes a grade off the scale.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not on it, [`Error::InUse`] when a student course has it or a course asks for it.
    pub async fn delete(&self, by: &Principal, grade: Grade) -> Result<(), Error> {
        self.gate.admit(by, Operation::WriteCatalog, Resource::Institution).await?;
        self.repository.delete(grade).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pollster::block_on;
    use serde_json::json;

    fn grade(text: &str) -> Grade {
        text.try_into().unwrap()
    }

    fn draft(value: serde_json::Value) -> ScaleGradeDraft {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_mark_is_worth_what_the_scale_says_and_not_what_its_digits_do() {
        let scale: GradeScale = [("B", 80, true), ("C", 50, true), ("P", 10, true), ("NP", 0, false), ("F", 0, false)]
            .into_iter()
            .chain([("100", 115, true), ("87", 84, true), ("9", 0, false), ("60", 10, true)])
            .map(|(text, rank, passing)| (grade(text), GradeValue { rank, passing, basis: GradeBasis::Any }))
            .collect();
        let table = [
            ("87", "B", true),
            ("87", "60", true),
            ("100", "87", true),
            ("60", "87", false),
            ("9", "60", false),
            ("B", "87", false),
            ("60", "P", true),
            ("P", "60", true),
            ("P", "C", false),
            ("NP", "NP", false),
            ("88", "60", false),
            ("87", "88", false),
        ];
        for (have, least, reaches) in table {
            assert_eq!(scale.reaches(Some(&grade(have)), &grade(least)), reaches, "{have} for {least}");
        }
        assert!(scale.passes(Some(&grade("60"))) && !scale.passes(Some(&grade("9"))));
    }

    #[test]
    fn a_grade_needs_a_rank_and_whether_it_passes() {
        let mut repository = MockGradeRepository::new();
        let expected = ScaleGrade { grade: grade("87"), rank: 84, passing: true, basis: GradeBasis::Graded };
        let put = expected.clone();
        repository.expect_put().once().withf(move |grade| *grade == put).returning(|_| Ok(Put::Added));
        let grades = Grades::new(Arc::new(repository), Gate::without_affiliations());
        let made =
            block_on(grades.put(&Principal::anonymous(), grade("87"), draft(json!({"rank": 84, "passing": true}))))
                .unwrap();
        assert_eq!(made, (expected, Put::Added));
        let Err(Error::Invalid(errors)) = block_on(grades.put(
            &Principal::anonymous(),
            grade("87"),
            draft(json!({"rank": 1.5, "points": 4, "basis": "audit"})),
        )) else {
            panic!("it is not valid")
        };
        assert_eq!(
            errors.iter().map(|error| error.pointer.as_str()).collect::<Vec<_>>(),
            ["/points", "/rank", "/passing", "/basis"]
        );
    }
}
