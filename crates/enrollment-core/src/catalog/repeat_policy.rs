//! How often a course may be taken.

use serde::{Deserialize, Deserializer, Serialize};

/// Whether a student who has completed a course may take it again: `"never"`, `"until_passed"`, `{"at_most": 3}` or
/// `"freely"`.
///
/// An attempt is a term in which the course was completed, passed or not, or credit for it from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RepeatPolicy {
    /// One attempt is all there is.
    Never,
    /// Again and again, but not once it is passed.
    #[default]
    UntilPassed,
    /// For credit, so many attempts in all: 2 to 99.
    AtMost(Attempts),
    /// For credit, without limit.
    Freely,
}

impl RepeatPolicy {
    /// Its short form: whether a course that was passed may be taken again.
    pub fn is_repeatable(self) -> bool {
        matches!(self, Self::AtMost(_) | Self::Freely)
    }

    /// The most attempts, where they are counted.
    pub fn most_attempts(self) -> Option<usize> {
        match self {
            Self::Never => Some(1),
            Self::AtMost(attempts) => Some(attempts.get()),
            Self::UntilPassed | Self::Freely => None,
        }
    }

    /// Reads a policy, or the short form that receipts had before there were policies.
    pub(crate) fn from_either<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Short(bool),
            Policy(RepeatPolicy),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Short(repeatable) => repeatable.into(),
            Either::Policy(policy) => policy,
        })
    }
}

impl From<bool> for RepeatPolicy {
    /// What the short form stands for.
    fn from(repeatable: bool) -> Self {
        if repeatable { Self::Freely } else { Self::UntilPassed }
    }
}

/// A number of attempts: 2 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8")]
pub struct Attempts(u8);

impl Attempts {
    /// The number.
    pub fn get(self) -> usize {
        self.0.into()
    }
}

impl TryFrom<u8> for Attempts {
    type Error = &'static str;

    fn try_from(attempts: u8) -> Result<Self, Self::Error> {
        if (2..=99).contains(&attempts) { Ok(Self(attempts)) } else { Err("must be from 2 to 99") }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Attempts {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .minimum(Some(2))
            .maximum(Some(99))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Attempts {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_reads_back_as_it_was_written() {
        let table = [
            (json!("never"), false, Some(1)),
            (json!("until_passed"), false, None),
            (json!({"at_most": 2}), true, Some(2)),
            (json!({"at_most": 99}), true, Some(99)),
            (json!("freely"), true, None),
        ];
        for (written, repeatable, most) in table {
            let policy: RepeatPolicy = serde_json::from_value(written.clone()).unwrap();
            assert_eq!((policy.is_repeatable(), policy.most_attempts()), (repeatable, most), "{written}");
            assert_eq!(serde_json::to_value(policy).unwrap(), written);
        }
        for bad in
            [json!({"at_most": 1}), json!({"at_most": 100}), json!({"at_most": null}), json!("often"), json!(true)]
        {
            assert!(serde_json::from_value::<RepeatPolicy>(bad.clone()).is_err(), "{bad}");
        }
    }
}
