//! Students: who may enroll.

use super::{Credits, Draft, Entry, Stamp, Version};
use crate::Subject;
use crate::access::{Operation, Resource, View};
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::StudentId;
use crate::text::{Email, Level, PersonName, Program, StudentNumber};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether a student may register. Only an active student may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StudentStatus {
    /// Studies here now.
    #[default]
    Active,
    /// Does not study here now: on leave, or left.
    Inactive,
    /// Is kept from studying for a while.
    Suspended,
    /// Has finished.
    Graduated,
}

impl fmt::Display for StudentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Student {
    /// Its identifier.
    pub id: StudentId,
    /// The institution's own identifier; unique.
    pub number: StudentNumber,
    /// The given name.
    pub given_name: PersonName,
    /// The family name.
    pub family_name: PersonName,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The programme of study.
    pub program: Option<Program>,
    /// The level of study.
    pub level: Option<Level>,
    /// Whether the student may register.
    pub status: StudentStatus,
    /// The most credits that this student may take in a term; none for no limit of their own.
    pub max_credits: Option<Credits>,
    /// Whether the record is hidden from those without need.
    pub confidential: bool,
    /// Its version.
    pub version: Version,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Entry for Student {
    type Id = StudentId;
    type Draft = StudentDraft;
    type Filter = StudentFilter;

    const SUBJECT: Subject = Subject::Student;
    const READ: Operation = Operation::ReadStudents;
    const WRITE: Operation = Operation::WriteStudents;

    fn stamp(&self) -> Stamp<StudentId> {
        Stamp { id: self.id, version: self.version, created_at: self.created_at, updated_at: self.updated_at }
    }

    fn record(id: StudentId) -> Resource {
        Resource::Student(id)
    }

    fn narrowed(filter: StudentFilter, view: View) -> Option<StudentFilter> {
        Some(StudentFilter { view, ..filter })
    }
}

/// What a list of students can be narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StudentFilter {
    /// Only the student with this number.
    pub number: Option<StudentNumber>,
    /// Only those whom the caller sees, whatever else is asked for.
    pub view: View,
}

/// The input form of a student.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StudentDraft {
    /// The institution's own identifier; unique.
    #[cfg_attr(feature = "openapi", schema(value_type = StudentNumber, required = true))]
    #[serde(default)]
    pub number: Field<StudentNumber>,
    /// The given name.
    #[cfg_attr(feature = "openapi", schema(value_type = PersonName, required = true))]
    #[serde(default)]
    pub given_name: Field<PersonName>,
    /// The family name.
    #[cfg_attr(feature = "openapi", schema(value_type = PersonName, required = true))]
    #[serde(default)]
    pub family_name: Field<PersonName>,
    /// The e-mail address.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Email>))]
    #[serde(default)]
    pub email: Field<Email>,
    /// The programme of study.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Program>))]
    #[serde(default)]
    pub program: Field<Program>,
    /// The level of study.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Level>))]
    #[serde(default)]
    pub level: Field<Level>,
    /// Whether the student may register; `active` unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StudentStatus>))]
    #[serde(default)]
    pub status: Field<StudentStatus>,
    /// The most credits that this student may take in a term; absent for no limit of their own.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Credits>))]
    #[serde(default)]
    pub max_credits: Field<Credits>,
    /// Whether the record is hidden from those without need, such as systems that were not granted `confidential:read`;
    /// `false` unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    #[serde(default)]
    pub confidential: Field<bool>,
    /// Fields that a student does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl Draft for StudentDraft {
    type Entry = Student;

    fn over(self, current: &Student) -> Self {
        Self {
            number: self.number.or(|| current.number.clone()),
            given_name: self.given_name.or(|| current.given_name.clone()),
            family_name: self.family_name.or(|| current.family_name.clone()),
            email: self.email.or_maybe(|| current.email.clone()),
            program: self.program.or_maybe(|| current.program.clone()),
            level: self.level.or_maybe(|| current.level.clone()),
            status: self.status.or(|| current.status),
            max_credits: self.max_credits.or_maybe(|| current.max_credits),
            confidential: self.confidential.or(|| current.confidential),
            unknown: self.unknown,
        }
    }

    fn parse(self, stamp: Stamp<StudentId>) -> Result<Student, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let number = errors.required("/number", self.number);
        let given_name = errors.required("/given_name", self.given_name);
        let family_name = errors.required("/family_name", self.family_name);
        let email = errors.optional("/email", self.email);
        let program = errors.optional("/program", self.program);
        let level = errors.optional("/level", self.level);
        let status = errors.or_default("/status", self.status);
        let max_credits = errors.optional("/max_credits", self.max_credits);
        let confidential = errors.or_default("/confidential", self.confidential);
        let Stamp { id, version, created_at, updated_at } = stamp;
        match (number, given_name, family_name) {
            (Some(number), Some(given_name), Some(family_name)) if errors.is_empty() => Ok(Student {
                id,
                number,
                given_name,
                family_name,
                email,
                program,
                level,
                status,
                max_credits,
                confidential,
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

    fn stamp() -> Stamp<StudentId> {
        Stamp::new(uuid::Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH)
    }

    fn draft(value: serde_json::Value) -> StudentDraft {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let bad = json!({"number": "", "given_name": 7, "email": "nobody", "status": "asleep", "max_credits": -1, "shoe_size": 44});
        let errors = draft(bad).parse(stamp()).unwrap_err();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["/shoe_size", "/number", "/given_name", "/family_name", "/email", "/status", "/max_credits"]
        );
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name_and_clears_what_is_null() {
        let ada = draft(
            json!({"number": "1", "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.edu", "level": "graduate"}),
        );
        let ada = ada.parse(stamp()).unwrap();
        let change = draft(json!({"email": null, "status": "graduated"}));
        let changed = change.over(&ada).parse(ada.stamp().changed(DateTime::UNIX_EPOCH)).unwrap();
        let expected =
            Student { email: None, status: StudentStatus::Graduated, version: Version::FIRST.next(), ..ada.clone() };
        assert_eq!(changed, expected);
        let errors = draft(json!({"number": null})).over(&ada).parse(ada.stamp()).unwrap_err();
        assert_eq!(errors, FieldErrors::one("/number", "is required"));
    }
}
