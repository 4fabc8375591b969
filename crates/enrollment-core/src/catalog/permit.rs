//! Permits: what lets a student past named rules, for one course or section and mostly for once.
//!
//! There is no permit for everything: it names the rules that it waives, and only such as may be waived at all
//! ([`Code::instead_of_a_permit`]). Who grants one says so, and why; when one is used, that is recorded.

use super::moment::Instant;
use super::{Draft, Entry, Owned, Stamp, Version};
use crate::Subject;
use crate::access::{Operation, Resource};
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::{AttemptId, CourseId, PermitId, SectionId, StudentCourseId, StudentId};
use crate::registration::Code;
use crate::text::{Grantor, Reason};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::num::NonZeroU16;

/// The rules that a permit waives: at least one, and none that cannot be waived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Waives(BTreeSet<Code>);

impl Waives {
    /// The codes of the rules.
    pub fn codes(&self) -> &BTreeSet<Code> {
        &self.0
    }
}

impl TryFrom<Vec<Code>> for Waives {
    type Error = FieldErrors;

    /// What the codes say, or everything that is wrong with them.
    fn try_from(codes: Vec<Code>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        if codes.is_empty() {
            errors.add("", "must name at least one rule");
        }
        for (index, code) in codes.iter().enumerate() {
            if let Some(remedy) = code.instead_of_a_permit() {
                errors.add(format!("/{index}"), format!("names {code}, which no permit waives: {remedy}"));
            }
        }
        if errors.is_empty() { Ok(Self(codes.into_iter().collect())) } else { Err(errors) }
    }
}

/// One student course for which a permit was used. What one attempt uses a permit for, be it a lecture together with its
/// lab, is one use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PermitUse {
    /// The attempt that used it, and its receipt.
    pub attempt_id: AttemptId,
    /// The student course that was made or left.
    pub student_course_id: StudentCourseId,
    /// The rules that it waived.
    pub waived: BTreeSet<Code>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A permit of a student, who may have several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Permit {
    /// Its identifier.
    pub id: PermitId,
    /// The student.
    pub student_id: StudentId,
    /// The course, for any of its sections; none if it is for one section.
    pub course_id: Option<CourseId>,
    /// The section; none if it is for a course.
    pub section_id: Option<SectionId>,
    /// The rules that it waives.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Code>))]
    pub waives: Waives,
    /// Who granted it.
    pub granted_by: Grantor,
    /// Why.
    pub reason: Reason,
    /// The first instant at which it no longer holds; none for until it is used up.
    pub expires_at: Option<DateTime<Utc>>,
    /// How often it may be used; none for as often as it is needed.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u16>, minimum = 1))]
    pub max_uses: Option<NonZeroU16>,
    /// How often it was used.
    pub uses: u32,
    /// What it was used for.
    pub used_for: Vec<PermitUse>,
    /// Its version. A use makes a new one.
    pub version: Version,
    /// When it was granted.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Entry for Permit {
    type Id = PermitId;
    type Draft = PermitDraft;
    type Filter = PermitFilter;

    const SUBJECT: Subject = Subject::Permit;
    const READ: Operation = Operation::ReadPermits;
    const WRITE: Operation = Operation::WritePermits;

    fn stamp(&self) -> Stamp<PermitId> {
        Stamp { id: self.id, version: self.version, created_at: self.created_at, updated_at: self.updated_at }
    }
}

impl Owned for Permit {
    type Owner = StudentId;

    fn owner(&self) -> StudentId {
        self.student_id
    }

    fn record_of(owner: StudentId) -> Resource {
        Resource::Student(owner)
    }

    fn draft_of(owner: StudentId, draft: PermitDraft) -> PermitDraft {
        PermitDraft { student_id: Field::Value(owner), ..draft }
    }

    fn filter_of(owner: StudentId, filter: PermitFilter) -> PermitFilter {
        let PermitFilter { student_id: _ } = filter;
        PermitFilter { student_id: Some(owner) }
    }
}

/// What a list of permits can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermitFilter {
    /// Only those of this student.
    pub student_id: Option<StudentId>,
}

/// The input form of a permit.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PermitDraft {
    /// The student, whom the path names and not the body.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(skip)]
    pub student_id: Field<StudentId>,
    /// The course, for any of its sections; either this or `section_id`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CourseId>))]
    #[serde(default)]
    pub course_id: Field<CourseId>,
    /// The section; either this or `course_id`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SectionId>))]
    #[serde(default)]
    pub section_id: Field<SectionId>,
    /// The rules that it waives, at least one. Rules about seats, about the student's status and about what the student is
    /// enrolled in cannot be waived.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Code>, required = true))]
    #[serde(default)]
    pub waives: Field<Vec<Code>>,
    /// Who grants it.
    #[cfg_attr(feature = "openapi", schema(value_type = Grantor, required = true))]
    #[serde(default)]
    pub granted_by: Field<Grantor>,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(value_type = Reason, required = true))]
    #[serde(default)]
    pub reason: Field<Reason>,
    /// The first instant at which it no longer holds; absent for until it is used up.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DateTime<Utc>>))]
    #[serde(default)]
    pub expires_at: Field<Instant>,
    /// How often it may be used: once unless said otherwise, null for as often as it is needed.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u16>, minimum = 1, default = 1))]
    #[serde(default)]
    pub max_uses: Field<NonZeroU16>,
    /// What it was used for so far, which no caller says.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(skip)]
    pub used: Used,
    /// Fields that a permit does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// What a permit was used for so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    times: u32,
    uses: Vec<PermitUse>,
}

impl Draft for PermitDraft {
    type Entry = Permit;

    fn over(self, current: &Permit) -> Self {
        Self {
            student_id: Field::Value(current.student_id),
            course_id: self.course_id.or_maybe(|| current.course_id),
            section_id: self.section_id.or_maybe(|| current.section_id),
            waives: self.waives.or(|| current.waives.codes().iter().copied().collect()),
            granted_by: self.granted_by.or(|| current.granted_by.clone()),
            reason: self.reason.or(|| current.reason.clone()),
            expires_at: self.expires_at.or_maybe(|| current.expires_at.map(Instant::from)),
            max_uses: self.max_uses.or_maybe(|| current.max_uses),
            used: Used { times: current.uses, uses: current.used_for.clone() },
            unknown: self.unknown,
        }
    }

    fn parse(self, stamp: Stamp<PermitId>) -> Result<Permit, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let student_id = errors.required("/student_id", self.student_id);
        let (course_id, section_id) = course_or_section(&mut errors, self.course_id, self.section_id);
        let waives = errors
            .required("/waives", self.waives)
            .and_then(|codes| Waives::try_from(codes).map_err(|wrong| errors.add_nested("/waives", wrong)).ok());
        let granted_by = errors.required("/granted_by", self.granted_by);
        let reason = errors.required("/reason", self.reason);
        let expires_at = errors.optional("/expires_at", self.expires_at).map(DateTime::from);
        let max_uses = errors.optional("/max_uses", self.max_uses.or(|| NonZeroU16::MIN));
        let Used { times: uses, uses: used_for } = self.used;
        if max_uses.is_some_and(|most| u32::from(most.get()) < uses) {
            errors.add("/max_uses", format!("must be at least {uses}: so often it was used already"));
        }
        let Stamp { id, version, created_at, updated_at } = stamp;
        match (student_id, waives, granted_by, reason) {
            (Some(student_id), Some(waives), Some(granted_by), Some(reason)) if errors.is_empty() => Ok(Permit {
                id,
                student_id,
                course_id,
                section_id,
                waives,
                granted_by,
                reason,
                expires_at,
                max_uses,
                uses,
                used_for,
                version,
                created_at,
                updated_at,
            }),
            _ => Err(errors),
        }
    }
}

/// What the permit is for: exactly one of the two, or an error says so.
fn course_or_section(
    errors: &mut FieldErrors,
    course_id: Field<CourseId>,
    section_id: Field<SectionId>,
) -> (Option<CourseId>, Option<SectionId>) {
    let neither = matches!((&course_id, &section_id), (Field::Absent | Field::Null, Field::Absent | Field::Null));
    let both = (errors.optional("/course_id", course_id), errors.optional("/section_id", section_id));
    if neither {
        errors.add("/course_id", "is required: name a course_id, or a section_id");
    }
    if let (Some(_), Some(_)) = both {
        errors.add("/section_id", "must not be given together with course_id: a permit is for one of the two");
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    const ID: &str = "0190a1b2-0000-7000-8000-000000000001";

    fn stamp() -> Stamp<PermitId> {
        Stamp::new(Uuid::from_u128(2).into(), DateTime::UNIX_EPOCH)
    }

    fn pointers(errors: &FieldErrors) -> Vec<String> {
        errors.iter().map(|error| error.pointer.clone()).collect()
    }

    fn parse(value: Value) -> Result<Permit, Vec<String>> {
        let draft = Permit::draft_of(Uuid::from_u128(1).into(), serde_json::from_value(value).unwrap());
        draft.parse(stamp()).map_err(|errors| pointers(&errors))
    }

    /// A permit with these fields laid over the least that one has.
    fn with(fields: &Value) -> Value {
        let mut body = json!({"course_id": ID, "waives": ["restricted"], "granted_by": "Dean", "reason": "Consent"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let bad = json!({"student_id": ID, "waives": [], "max_uses": 0, "expires_at": "tomorrow", "uses": 3});
        let wrong =
            ["/student_id", "/uses", "/course_id", "/waives", "/granted_by", "/reason", "/expires_at", "/max_uses"];
        assert_eq!(parse(bad).unwrap_err(), wrong);
        assert_eq!(parse(with(&json!({"section_id": ID}))).unwrap_err(), ["/section_id"]);
        assert_eq!(parse(with(&json!({"course_id": "x"}))).unwrap_err(), ["/course_id"]);
        assert_eq!(parse(with(&json!({"waives": ["everything"]}))).unwrap_err(), ["/waives"]);
        assert!(parse(with(&json!({"course_id": null, "section_id": ID}))).unwrap().section_id.is_some());
    }

    #[test]
    fn what_cannot_be_waived_is_named_with_what_to_do_instead() {
        let draft: PermitDraft =
            serde_json::from_value(with(&json!({"waives": ["hold", "section_full", "student_not_active"]}))).unwrap();
        let errors = Permit::draft_of(Uuid::from_u128(1).into(), draft).parse(stamp()).unwrap_err();
        assert_eq!(pointers(&errors), ["/waives/1", "/waives/2"]);
        let detail = &errors.iter().next().unwrap().detail;
        assert_eq!(detail, "names section_full, which no permit waives: raise the capacity of the section");
    }

    #[test]
    fn it_is_for_one_use_unless_said_otherwise() {
        let uses = |fields: Value| parse(with(&fields)).unwrap().max_uses.map(NonZeroU16::get);
        assert_eq!(uses(json!({})), Some(1));
        assert_eq!(uses(json!({"max_uses": 7})), Some(7));
        assert_eq!(uses(json!({"max_uses": null})), None);
    }

    #[test]
    fn a_change_keeps_what_was_used_and_allows_no_fewer_uses() {
        let used = PermitUse {
            attempt_id: Uuid::from_u128(3).into(),
            student_course_id: Uuid::from_u128(4).into(),
            waived: [Code::Restricted].into(),
            at: DateTime::UNIX_EPOCH,
        };
        let granted = parse(with(&json!({"max_uses": 3}))).unwrap();
        let current = Permit { uses: 2, used_for: vec![used], ..granted };
        let change = |fields: Value| {
            let draft: PermitDraft = serde_json::from_value(fields).unwrap();
            draft.over(&current).parse(current.stamp()).map_err(|errors| pointers(&errors))
        };
        assert_eq!(change(json!({})).unwrap(), current);
        assert_eq!(change(json!({"max_uses": 1})).unwrap_err(), ["/max_uses"]);
        assert_eq!(change(json!({"max_uses": 2})).unwrap().max_uses, NonZeroU16::new(2));
        assert_eq!(change(json!({"max_uses": null})).unwrap().max_uses, None);
        assert_eq!(change(json!({"section_id": ID})).unwrap_err(), ["/section_id"]);
    }
}
