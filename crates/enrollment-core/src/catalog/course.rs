//! Courses: the entries of the catalogue.

use super::{Component, Credits, Draft, Entry, RepeatPolicy, Requisite, Restriction, Stamp, Version};
use crate::Subject;
use crate::access::Operation;
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::CourseId;
use crate::text::{CourseCode, Description, Title};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Course {
    /// Its identifier.
    pub id: CourseId,
    /// Its code; unique.
    pub code: CourseCode,
    /// Its title.
    pub title: Title,
    /// What it is about.
    pub description: Option<Description>,
    /// What it is worth.
    pub credits: Credits,
    /// The most that it can be taken for, by whoever asks for more than `credits`; none where there is no choice.
    pub max_credits: Option<Credits>,
    /// How often it may be taken.
    pub repeat_policy: RepeatPolicy,
    /// Whether it may be taken again for credit after it was passed: the short form of `repeat_policy`, from which it
    /// follows.
    pub repeatable: bool,
    /// What must be passed before.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub requisite: Option<Requisite>,
    /// What must be taken together with it, if it was not passed before.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub corequisite: Option<Requisite>,
    /// The codes of courses that keep a student who has passed or is taking one from this one.
    pub excludes: BTreeSet<CourseCode>,
    /// Whom it is for; none for everybody.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub restriction: Option<Restriction>,
    /// The components of which one section each is taken together, all or none; empty where each is taken by itself.
    pub linked_components: BTreeSet<Component>,
    /// Its version.
    pub version: Version,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Entry for Course {
    type Id = CourseId;
    type Draft = CourseDraft;
    type Filter = CourseFilter;

    const SUBJECT: Subject = Subject::Course;
    const READ: Operation = Operation::ReadCatalog;
    const WRITE: Operation = Operation::WriteCatalog;

    fn stamp(&self) -> Stamp<CourseId> {
        Stamp { id: self.id, version: self.version, created_at: self.created_at, updated_at: self.updated_at }
    }
}

/// What a list of courses can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CourseFilter {
    /// Only the course with this code.
    pub code: Option<CourseCode>,
}

/// The input form of a course.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CourseDraft {
    /// Its code; unique.
    #[cfg_attr(feature = "openapi", schema(value_type = CourseCode, required = true))]
    #[serde(default)]
    pub code: Field<CourseCode>,
    /// Its title.
    #[cfg_attr(feature = "openapi", schema(value_type = Title, required = true))]
    #[serde(default)]
    pub title: Field<Title>,
    /// What it is about.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Description>))]
    #[serde(default)]
    pub description: Field<Description>,
    /// What it is worth.
    #[cfg_attr(feature = "openapi", schema(value_type = Credits, required = true))]
    #[serde(default)]
    pub credits: Field<Credits>,
    /// The most that it can be taken for, at least `credits`; absent where there is no choice.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Credits>))]
    #[serde(default)]
    pub max_credits: Field<Credits>,
    /// How often it may be taken: `"never"` again, `"until_passed"` (unless said otherwise), `{"at_most": 3}` times in all, or
    /// `"freely"`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<RepeatPolicy>))]
    #[serde(default)]
    pub repeat_policy: Field<RepeatPolicy>,
    /// The short form of `repeat_policy`: true for `freely`, false for `until_passed`. Of the two, the one that is given
    /// replaces both.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    #[serde(default)]
    pub repeatable: Field<bool>,
    /// What must be passed before: `{"course": "CS101", "min_grade": "C", "in_progress": true}`, `{"all": […]}` or
    /// `{"any": […]}`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    #[serde(default)]
    pub requisite: Field<Requisite>,
    /// What must be taken together with it, if it was not passed before: in the form of the requisite.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    #[serde(default)]
    pub corequisite: Field<Requisite>,
    /// The codes of courses that keep a student who has passed or is taking one from this one; at most 100.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<CourseCode>>))]
    #[serde(default)]
    pub excludes: Field<BTreeSet<CourseCode>>,
    /// Whom it is for: `{"programs": ["BSc Physics"], "levels": ["graduate"], "consent": true}`, with at least one of the three;
    /// absent for everybody.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    #[serde(default)]
    pub restriction: Field<Restriction>,
    /// The components of which one section each is taken together, all or none: `["lecture", "lab"]`. None or at least two.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Component>>))]
    #[serde(default)]
    pub linked_components: Field<BTreeSet<Component>>,
    /// Fields that a course does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// The most courses that one can exclude.
const MOST_EXCLUDED: usize = 100;

impl Draft for CourseDraft {
    type Entry = Course;

    fn over(self, current: &Course) -> Self {
        // The short form speaks for the policy, so that neither has to be repeated beside the other.
        let repeat_policy = match &self.repeatable {
            Field::Absent => self.repeat_policy.or(|| current.repeat_policy),
            _ => self.repeat_policy,
        };
        Self {
            code: self.code.or(|| current.code.clone()),
            title: self.title.or(|| current.title.clone()),
            description: self.description.or_maybe(|| current.description.clone()),
            credits: self.credits.or(|| current.credits),
            max_credits: self.max_credits.or_maybe(|| current.max_credits),
            repeat_policy,
            repeatable: self.repeatable,
            requisite: self.requisite.or_maybe(|| current.requisite.clone()),
            corequisite: self.corequisite.or_maybe(|| current.corequisite.clone()),
            excludes: self.excludes.or(|| current.excludes.clone()),
            restriction: self.restriction.or_maybe(|| current.restriction.clone()),
            linked_components: self.linked_components.or(|| current.linked_components.clone()),
            unknown: self.unknown,
        }
    }

    fn parse(self, stamp: Stamp<CourseId>) -> Result<Course, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let code = errors.required("/code", self.code);
        let title = errors.required("/title", self.title);
        let description = errors.optional("/description", self.description);
        let credits = errors.required("/credits", self.credits);
        let max_credits = errors.optional("/max_credits", self.max_credits);
        if credits.zip(max_credits).is_some_and(|(credits, most)| most < credits) {
            errors.add("/max_credits", "must not be less than credits");
        }
        let repeat_policy = errors.optional("/repeat_policy", self.repeat_policy);
        let short_form = errors.optional("/repeatable", self.repeatable);
        if short_form.zip(repeat_policy).is_some_and(|(short_form, policy)| policy.is_repeatable() != short_form) {
            errors.add("/repeatable", "contradicts repeat_policy: give one of the two");
        }
        let repeat_policy = repeat_policy.or(short_form.map(RepeatPolicy::from)).unwrap_or_default();
        let requisite = errors.optional("/requisite", self.requisite);
        let corequisite = errors.optional("/corequisite", self.corequisite);
        let excludes = errors.or_default("/excludes", self.excludes);
        if excludes.len() > MOST_EXCLUDED {
            errors.add("/excludes", format!("must be at most {MOST_EXCLUDED}"));
        }
        if code.as_ref().is_some_and(|code| excludes.contains(code)) {
            errors.add("/excludes", "must not name the course itself: whether it may be repeated is another field");
        }
        let restriction = errors.optional("/restriction", self.restriction);
        let linked_components = errors.or_default("/linked_components", self.linked_components);
        if linked_components.len() == 1 {
            errors.add("/linked_components", "must be none or at least two: one component alone is linked to nothing");
        }
        let Stamp { id, version, created_at, updated_at } = stamp;
        match (code, title, credits) {
            (Some(code), Some(title), Some(credits)) if errors.is_empty() => Ok(Course {
                id,
                code,
                title,
                description,
                credits,
                max_credits,
                repeat_policy,
                repeatable: repeat_policy.is_repeatable(),
                requisite,
                corequisite,
                excludes,
                restriction,
                linked_components,
                version,
                created_at,
                updated_at,
            }),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parse(fields: &serde_json::Value) -> Result<Course, Vec<String>> {
        let mut body = json!({"code": "CS1", "title": "Computing", "credits": 3});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let draft: CourseDraft = serde_json::from_value(body).unwrap();
        let parsed = draft.parse(Stamp::new(uuid::Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH));
        parsed.map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    #[test]
    fn the_short_form_and_the_policy_replace_each_other() {
        let policy = |fields: serde_json::Value| parse(&fields).unwrap().repeat_policy;
        assert_eq!(policy(json!({})), RepeatPolicy::UntilPassed);
        assert_eq!(policy(json!({"repeatable": true})), RepeatPolicy::Freely);
        assert_eq!(policy(json!({"repeatable": false})), RepeatPolicy::UntilPassed);
        assert_eq!(policy(json!({"repeatable": false, "repeat_policy": "never"})), RepeatPolicy::Never);
        let thrice = parse(&json!({"repeat_policy": {"at_most": 3}})).unwrap();
        assert!(thrice.repeatable);
        assert_eq!(parse(&json!({"repeat_policy": "never", "repeatable": true})).unwrap_err(), ["/repeatable"]);
        assert_eq!(
            parse(&json!({"repeat_policy": {"at_most": 1}, "repeatable": "no"})).unwrap_err(),
            ["/repeat_policy", "/repeatable"]
        );

        let changed = |fields: serde_json::Value| {
            let draft: CourseDraft = serde_json::from_value(fields).unwrap();
            draft.over(&thrice).parse(thrice.stamp()).unwrap().repeat_policy
        };
        let table = [
            (json!({}), thrice.repeat_policy),
            (json!({"repeat_policy": "never"}), RepeatPolicy::Never),
            (json!({"repeatable": false}), RepeatPolicy::UntilPassed),
            (json!({"repeatable": true}), RepeatPolicy::Freely),
            (json!({"repeatable": true, "repeat_policy": {"at_most": 3}}), thrice.repeat_policy),
            (json!({"repeat_policy": null}), RepeatPolicy::UntilPassed),
            (json!({"repeatable": null}), RepeatPolicy::UntilPassed),
        ];
        for (fields, expected) in table {
            assert_eq!(changed(fields.clone()), expected, "{fields}");
        }
    }

    #[test]
    fn the_most_credits_are_no_less_than_the_least() {
        assert!(parse(&json!({"max_credits": 3})).is_ok() && parse(&json!({"max_credits": null})).is_ok());
        assert_eq!(parse(&json!({"max_credits": 2.99})).unwrap_err(), ["/max_credits"]);
    }

    #[test]
    fn components_are_linked_to_one_another() {
        let linked = parse(&json!({"linked_components": ["lab", "lecture"]})).unwrap().linked_components;
        assert_eq!(linked.into_iter().collect::<Vec<_>>(), [Component::Lecture, Component::Lab]);
        assert!(parse(&json!({"linked_components": []})).unwrap().linked_components.is_empty());
        for bad in [json!(["lecture"]), json!(["talk"])] {
            assert_eq!(parse(&json!({"linked_components": bad})).unwrap_err(), ["/linked_components"]);
        }
    }

    #[test]
    fn a_course_excludes_others_each_once() {
        let excluded = parse(&json!({"excludes": ["CS3", " CS2", "CS3"]})).unwrap().excludes;
        assert_eq!(excluded.iter().map(CourseCode::as_str).collect::<Vec<_>>(), ["CS2", "CS3"]);
        assert!(parse(&json!({"excludes": null})).unwrap().excludes.is_empty());
        let many: Vec<String> = (0..=MOST_EXCLUDED).map(|number| format!("X{number}")).collect();
        for bad in [json!(["CS1"]), json!(["CS2", ""]), json!("CS2"), json!(many)] {
            assert_eq!(
                parse(&json!({"excludes": bad.clone(), "corequisite": {"all": []}})).unwrap_err(),
                ["/corequisite", "/excludes"],
                "{bad}"
            );
        }
    }
}
