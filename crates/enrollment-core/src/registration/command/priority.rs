//! A request for another place on a waitlist.

use crate::fields::{Field, FieldErrors, UnknownFields};
use serde::Deserialize;

/// The input form of a change of the place on a waitlist.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PriorityDraft {
    /// The priority, from -32768 to 32767: smaller ones come first, and who has not been given one has 0.
    #[cfg_attr(feature = "openapi", schema(value_type = i16, required = true))]
    #[serde(default)]
    pub waitlist_priority: Field<i16>,
    /// Fields that such a change does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl PriorityDraft {
    /// The priority, or everything that is wrong with the request.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn parse(self) -> Result<i16, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        match errors.required("/waitlist_priority", self.waitlist_priority) {
            Some(priority) if errors.is_empty() => Ok(priority),
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_priority_is_a_small_number() {
        let parse = |body| serde_json::from_value::<PriorityDraft>(body).unwrap().parse();
        assert_eq!(parse(json!({"waitlist_priority": -7})).unwrap(), -7);
        for bad in [json!({}), json!({"waitlist_priority": 40_000}), json!({"waitlist_priority": "first"})] {
            assert_eq!(parse(bad).unwrap_err().iter().next().unwrap().pointer, "/waitlist_priority");
        }
    }
}
