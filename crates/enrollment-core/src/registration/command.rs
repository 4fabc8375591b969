//! What can be asked: enroll, and drop.

use super::GradingBasis;
use crate::catalog::Credits;
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::{CourseId, SectionId, StudentCourseId, TermId};
use serde::{Deserialize, Serialize};

/// A change to a student's registrations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Take a seat in a section.
    Enroll(Enroll),
    /// Leave a section: the date decides whether that is a drop or a withdrawal.
    Drop(Drop),
}

/// Take a seat in a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enroll {
    /// The id of the student course that is made if the request is accepted.
    pub student_course_id: StudentCourseId,
    /// What the student asked for.
    pub request: EnrollRequest,
}

/// Leave a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Drop {
    /// The student course to end.
    pub student_course_id: StudentCourseId,
}

/// What a student asks for when enrolling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrollRequest {
    /// Where.
    pub target: Target,
    /// How it shall be graded.
    pub grading_basis: GradingBasis,
    /// For how many credits, where the course has a range of them; absent for what it says.
    // Left out where absent, so that the fingerprints of idempotency keys stay what they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<Credits>,
}

/// Where to enroll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// In this section.
    Section(SectionId),
    /// In a section of this course's main component that the engine picks: open, with a seat, without a clash, the
    /// emptiest first.
    Course {
        /// The course.
        course_id: CourseId,
        /// The term; without it, the terms that are not over yet.
        term_id: Option<TermId>,
    },
}

/// The input form of a request to enroll.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrollDraft {
    /// The section; either this or `course_id`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SectionId>))]
    #[serde(default)]
    pub section_id: Field<SectionId>,
    /// The course, for the engine to pick a section: open, with a seat, without a clash, the emptiest first.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CourseId>))]
    #[serde(default)]
    pub course_id: Field<CourseId>,
    /// The term of the course; only with `course_id`. Without it, the terms that are not over yet.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<TermId>))]
    #[serde(default)]
    pub term_id: Field<TermId>,
    /// Whether to wait for a seat when there is none. Waiting is not possible yet: only `false` is accepted.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    #[serde(default)]
    pub waitlist: Field<bool>,
    /// How it shall be graded; `graded` unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<GradingBasis>))]
    #[serde(default)]
    pub grading_basis: Field<GradingBasis>,
    /// For how many credits, where the course has a range of them; the least of it unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Credits>))]
    #[serde(default)]
    pub credits: Field<Credits>,
    /// Fields that a request to enroll does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl EnrollDraft {
    /// The request, or everything that is wrong with it.
    pub fn parse(self) -> Result<EnrollRequest, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let neither =
            matches!((&self.section_id, &self.course_id), (Field::Absent | Field::Null, Field::Absent | Field::Null));
        let section_id = errors.optional("/section_id", self.section_id);
        let course_id = errors.optional("/course_id", self.course_id);
        let term_id = errors.optional("/term_id", self.term_id);
        let waitlist = errors.or_default("/waitlist", self.waitlist);
        let grading_basis = errors.or_default("/grading_basis", self.grading_basis);
        let credits = errors.optional("/credits", self.credits);
        if neither {
            errors.add("/section_id", "is required: name a section_id, or a course_id for a section to be picked");
        }
        if section_id.is_some() && course_id.is_some() {
            errors.add("/course_id", "must not be given together with section_id: the section says which course it is");
        }
        if section_id.is_some() && term_id.is_some() {
            errors.add("/term_id", "must not be given together with section_id: the section says which term it is in");
        }
        if waitlist {
            errors.add("/waitlist", "must be false: this server keeps no waitlists yet");
        }
        let target =
            section_id.map(Target::Section).or(course_id.map(|course_id| Target::Course { course_id, term_id }));
        match target {
            Some(target) if errors.is_empty() => Ok(EnrollRequest { target, grading_basis, credits }),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "0190a1b2-0000-7000-8000-000000000001";

    fn parse(value: serde_json::Value) -> Result<EnrollRequest, Vec<String>> {
        let parsed = serde_json::from_value::<EnrollDraft>(value).unwrap().parse();
        parsed.map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    #[test]
    fn a_section_or_a_course_is_named_and_not_both() {
        assert_eq!(parse(json!({"section_id": ID})).unwrap().target, Target::Section(ID.parse().unwrap()));
        let course = Target::Course { course_id: ID.parse().unwrap(), term_id: None };
        assert_eq!(parse(json!({"course_id": ID, "waitlist": false})).unwrap().target, course);
        let table = [
            (json!({}), vec!["/section_id"]),
            (json!({"section_id": null}), vec!["/section_id"]),
            (json!({"section_id": ID, "course_id": ID, "term_id": ID}), vec!["/course_id", "/term_id"]),
            (
                json!({"section_id": "x", "waitlist": true, "seat": 1, "grading_basis": "none", "credits": -1}),
                vec!["/seat", "/section_id", "/grading_basis", "/credits", "/waitlist"],
            ),
        ];
        for (body, pointers) in table {
            assert_eq!(parse(body.clone()).unwrap_err(), pointers, "{body}");
        }
    }
}
