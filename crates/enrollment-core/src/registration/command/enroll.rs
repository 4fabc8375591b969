//! A request to enroll: where, and how.

use crate::catalog::Credits;
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::{CourseId, SectionId, StudentCourseId, TermId};
use crate::registration::GradingBasis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a student asks for when enrolling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrollRequest {
    /// Where.
    pub target: Target,
    /// How it shall be graded.
    pub grading_basis: GradingBasis,
    /// For how many credits, where the course has a range of them; absent for what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<Credits>,
    /// Whether to wait for a seat when there is none.
    #[serde(default)]
    pub waitlist: bool,
    /// A student course to leave together with taking the seat, and not without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap_from: Option<StudentCourseId>,
}

/// Where to enroll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// In this section.
    Section(SectionId),
    /// In all of these sections, or in none.
    Together(Vec<SectionId>),
    /// In the first of these sections that fits.
    Any(Vec<SectionId>),
    /// In a section of this course's main component that the engine picks, and in one of each component that the course
    /// asks for together with it: open, with a seat, without a clash, the emptiest first.
    Course {
        /// The course.
        course_id: CourseId,
        /// The term; without it, the terms that are not over yet.
        term_id: Option<TermId>,
    },
}

impl Target {
    /// The sections that are named.
    pub fn sections(&self) -> &[SectionId] {
        match self {
            Self::Section(section) => std::slice::from_ref(section),
            Self::Together(sections) | Self::Any(sections) => sections,
            Self::Course { .. } => &[],
        }
    }
}

impl EnrollRequest {
    /// The field of the input that named this id.
    pub(in crate::registration) fn pointer_to(&self, id: Uuid) -> Option<String> {
        if self.swap_from.is_some_and(|own| own.uuid() == id) {
            return Some("/swap_from".to_owned());
        }
        let place = |sections: &[SectionId]| sections.iter().position(|section| section.uuid() == id);
        match &self.target {
            Target::Section(_) => place(self.target.sections()).map(|_| "/section_id".to_owned()),
            Target::Together(sections) => place(sections).map(|place| match place {
                0 => "/section_id".to_owned(),
                linked => format!("/linked_section_ids/{}", linked - 1),
            }),
            Target::Any(sections) => place(sections).map(|place| format!("/any/{place}")),
            Target::Course { course_id, .. } if course_id.uuid() == id => Some("/course_id".to_owned()),
            Target::Course { term_id, .. } => term_id.filter(|term| term.uuid() == id).map(|_| "/term_id".to_owned()),
        }
    }
}

/// The most sections that a request can name, as alternatives or together.
const MOST_SECTIONS: usize = 10;

/// The input form of a request to enroll.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrollDraft {
    /// The section; either this, or `any`, or `course_id`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SectionId>))]
    #[serde(default)]
    pub section_id: Field<SectionId>,
    /// Further sections of the same course and term to take together with `section_id`, all or none: the lab with the lecture.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<SectionId>>))]
    #[serde(default)]
    pub linked_section_ids: Field<Vec<SectionId>>,
    /// Sections in the order of preference, of which the first that fits is taken; at most 10.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<SectionId>>))]
    #[serde(default)]
    pub any: Field<Vec<SectionId>>,
    /// The course, for the engine to pick a section: open, with a seat, without a clash, the emptiest first.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CourseId>))]
    #[serde(default)]
    pub course_id: Field<CourseId>,
    /// The term of the course; only with `course_id`. Without it, the terms that are not over yet.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<TermId>))]
    #[serde(default)]
    pub term_id: Field<TermId>,
    /// Whether to wait for a seat when there is none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    #[serde(default)]
    pub waitlist: Field<bool>,
    /// A student course to leave when the seat is had, and not before.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StudentCourseId>))]
    #[serde(default)]
    pub swap_from: Field<StudentCourseId>,
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
    ///
    /// # Errors
    /// Every wrong field.
    pub fn parse(self) -> Result<EnrollRequest, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let names_nothing = matches!(
            (&self.section_id, &self.any, &self.course_id),
            (Field::Absent | Field::Null, Field::Absent | Field::Null, Field::Absent | Field::Null)
        );
        let section_id = errors.optional("/section_id", self.section_id);
        let linked = errors.optional("/linked_section_ids", self.linked_section_ids);
        let any = errors.optional("/any", self.any);
        let course_id = errors.optional("/course_id", self.course_id);
        let term_id = errors.optional("/term_id", self.term_id);
        let waitlist = errors.or_default("/waitlist", self.waitlist);
        let swap_from = errors.optional("/swap_from", self.swap_from);
        let grading_basis = errors.or_default("/grading_basis", self.grading_basis);
        let credits = errors.optional("/credits", self.credits);
        if names_nothing {
            errors.add("/section_id", "is required: name a section_id, or a course_id for a section to be picked");
        }
        if section_id.is_some() && course_id.is_some() {
            errors.add("/course_id", "must not be given together with section_id: the section says which course it is");
        }
        if any.is_some() && (section_id.is_some() || course_id.is_some()) {
            errors.add("/any", "must not be given together with section_id or course_id: name all alternatives in it");
        }
        if term_id.is_some() && (section_id.is_some() || any.is_some()) {
            errors.add("/term_id", "must not be given together with a section: the section says which term it is in");
        }
        if linked.is_some() && section_id.is_none() {
            errors.add("/linked_section_ids", "needs a section_id: name the main section there and the others here");
        }
        check_list(&mut errors, "/any", any.as_deref());
        check_list(&mut errors, "/linked_section_ids", linked.as_deref());
        if section_id.zip(linked.as_ref()).is_some_and(|(section, linked)| linked.contains(&section)) {
            errors.add("/linked_section_ids", "must not have the section_id again");
        }
        let target = match (section_id, any, course_id) {
            (Some(section), _, _) => match linked {
                Some(linked) => Some(Target::Together([vec![section], linked].concat())),
                None => Some(Target::Section(section)),
            },
            (None, Some(any), _) => Some(Target::Any(any)),
            (None, None, course) => course.map(|course_id| Target::Course { course_id, term_id }),
        };
        match target {
            Some(target) if errors.is_empty() => {
                Ok(EnrollRequest { target, grading_basis, credits, waitlist, swap_from })
            }
            _ => Err(errors),
        }
    }
}

fn check_list(errors: &mut FieldErrors, pointer: &str, sections: Option<&[SectionId]>) {
    let Some(sections) = sections else { return };
    if sections.is_empty() || sections.len() > MOST_SECTIONS {
        errors.add(pointer, format!("must have 1 to {MOST_SECTIONS} sections"));
    }
    if sections.iter().enumerate().any(|(index, section)| sections[..index].contains(section)) {
        errors.add(pointer, "must not have a section twice");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "0190a1b2-0000-7000-8000-000000000001";
    const OTHER: &str = "0190a1b2-0000-7000-8000-000000000002";

    fn parse(value: serde_json::Value) -> Result<EnrollRequest, Vec<String>> {
        let parsed = serde_json::from_value::<EnrollDraft>(value).unwrap().parse();
        parsed.map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    #[test]
    fn a_section_or_a_course_is_named_and_not_both() {
        let (id, other): (SectionId, SectionId) = (ID.parse().unwrap(), OTHER.parse().unwrap());
        let course = Target::Course { course_id: ID.parse().unwrap(), term_id: None };
        let together = json!({"section_id": ID, "linked_section_ids": [OTHER]});
        let table = [
            (json!({"section_id": ID}), Target::Section(id)),
            (json!({"course_id": ID, "waitlist": false}), course),
            (json!({"any": [OTHER, ID]}), Target::Any(vec![other, id])),
            (together, Target::Together(vec![id, other])),
        ];
        for (body, target) in table {
            assert_eq!(parse(body).unwrap().target, target);
        }
        let table = [
            (json!({}), vec!["/section_id"]),
            (json!({"section_id": null}), vec!["/section_id"]),
            (json!({"section_id": ID, "course_id": ID, "term_id": ID}), vec!["/course_id", "/term_id"]),
            (json!({"section_id": ID, "any": [OTHER]}), vec!["/any"]),
            (json!({"any": []}), vec!["/any"]),
            (json!({"any": [ID, ID]}), vec!["/any"]),
            (json!({"course_id": ID, "linked_section_ids": [ID]}), vec!["/linked_section_ids"]),
            (json!({"section_id": ID, "linked_section_ids": [ID]}), vec!["/linked_section_ids"]),
            (
                json!({"section_id": "x", "waitlist": 1, "seat": 1, "grading_basis": "none", "credits": -1}),
                vec!["/seat", "/section_id", "/waitlist", "/grading_basis", "/credits"],
            ),
        ];
        for (body, pointers) in table {
            assert_eq!(parse(body.clone()).unwrap_err(), pointers, "{body}");
        }
    }

    #[test]
    fn waiting_and_swapping_are_asked_for() {
        let plain = parse(json!({"section_id": ID})).unwrap();
        assert_eq!((plain.waitlist, plain.swap_from), (false, None));
        let swap = parse(json!({"section_id": ID, "waitlist": true, "swap_from": OTHER})).unwrap();
        assert_eq!((swap.waitlist, swap.swap_from), (true, Some(OTHER.parse().unwrap())));
    }
}
