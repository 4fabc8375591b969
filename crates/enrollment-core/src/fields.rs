//! From input to valid values: every error of a request at once, each with the place of its field.
//!
//! Input arrives as a *draft*, a struct whose every field is a [`Field`]. A field never fails to deserialize: it keeps the
//! reason instead, so that parsing the draft can report all fields together. The rules themselves live in the types of the
//! fields ([`text`](crate::text), [`catalog`](crate::catalog)), where garde checks them.

use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One field of a draft.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Field<T> {
    /// The input does not have it.
    #[default]
    Absent,
    /// The input has it as `null`: nothing is meant to be there.
    Null,
    /// The input has something that is not a `T`, for this reason.
    Invalid(String),
    /// The input has a valid value.
    Value(T),
}

impl<T> Field<T> {
    /// This field, or `current` where the input does not have it: how a change is laid over what is there.
    #[must_use]
    pub fn or(self, current: impl FnOnce() -> T) -> Self {
        self.or_maybe(|| Some(current()))
    }

    /// Like [`or`](Self::or) for a field that may be empty.
    #[must_use]
    pub fn or_maybe(self, current: impl FnOnce() -> Option<T>) -> Self {
        match self {
            Self::Absent => current().into(),
            given => given,
        }
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Null => Self::Null,
            value => serde_json::from_value(value).map_or_else(|error| Self::Invalid(error.to_string()), Self::Value),
        })
    }
}

/// The names of the fields of the input that the draft does not know: flatten it into the draft.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnknownFields(BTreeSet<String>);

impl<'de> Deserialize<'de> for UnknownFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<String, IgnoredAny>::deserialize(deserializer)?;
        Ok(Self(fields.into_keys().collect()))
    }
}

/// One thing that is wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The place of the field, as a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
    pub pointer: String,
    /// What is wrong and how to correct it.
    pub detail: String,
}

/// Everything that is wrong with the input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// A list of one.
    pub fn one(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(pointer, detail);
        errors
    }

    /// A list of one, of what there is nothing of that name.
    pub fn of_missing(pointer: impl Into<String>) -> Self {
        Self::one(pointer, "names something that does not exist: look the id up again")
    }

    /// Starts a list with the fields that a draft does not know.
    pub fn unknown(fields: &UnknownFields) -> Self {
        let mut errors = Self::default();
        for name in &fields.0 {
            errors.add(format!("/{}", escape(name)), "is not a known field: remove it, or correct its name");
        }
        errors
    }

    /// Adds an error.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.into(), detail: detail.into() });
    }

    /// Adds the errors of a part of the input, whose place is `pointer`.
    pub fn add_nested(&mut self, pointer: &str, nested: Self) {
        self.0.extend(
            nested.0.into_iter().map(|error| FieldError { pointer: format!("{pointer}{}", error.pointer), ..error }),
        );
    }

    /// The value of a field that must be there.
    pub fn required<T>(&mut self, pointer: &str, field: Field<T>) -> Option<T> {
        if matches!(field, Field::Absent | Field::Null) {
            self.add(pointer, "is required");
        }
        self.optional(pointer, field)
    }

    /// The value of a field that may be empty.
    pub fn optional<T>(&mut self, pointer: &str, field: Field<T>) -> Option<T> {
        match field {
            Field::Value(value) => Some(value),
            Field::Absent | Field::Null => None,
            Field::Invalid(reason) => {
                self.add(pointer, reason);
                None
            }
        }
    }

    /// The value of a field that has a default.
    pub fn or_default<T: Default>(&mut self, pointer: &str, field: Field<T>) -> T {
        self.optional(pointer, field).unwrap_or_default()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors, in the order of the draft's fields.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a FieldErrors {
    type Item = &'a FieldError;
    type IntoIter = std::slice::Iter<'a, FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, FieldError { pointer, detail }) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{pointer} {detail}")?;
        }
        Ok(())
    }
}

/// Escapes a name for a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Deserialize)]
    struct Draft {
        #[serde(default)]
        seats: Field<u32>,
        #[serde(default)]
        open: Field<bool>,
        #[serde(flatten)]
        unknown: UnknownFields,
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let draft: Draft = serde_json::from_value(json!({"seats": "many", "a/b": 1, "x": null})).unwrap();
        let mut errors = FieldErrors::unknown(&draft.unknown);
        assert_eq!(errors.required("/seats", draft.seats), None);
        assert_eq!(errors.required("/open", draft.open), None);
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a~1b", "/x", "/seats", "/open"]);
        assert!(errors.to_string().contains("/seats invalid type: string \"many\", expected u32"));
    }

    #[test]
    fn absent_keeps_and_null_clears() {
        assert_eq!(Field::Absent.or_maybe(|| Some(1)), Field::Value(1));
        assert_eq!(Field::Null.or_maybe(|| Some(1)), Field::Null);
        assert_eq!(Field::Value(2).or(|| 1), Field::Value(2));
    }
}
