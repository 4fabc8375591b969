//! Whose seats a section has, and how many beyond the room: what a draft asks for, and what it must say for that.

use super::{Seats, Section};
use crate::fields::{Field, FieldErrors};
use crate::ids::SectionId;
use crate::text::Reason;

/// Which seats a section is to have from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pooling {
    /// Those that it has; a new one gets seats of its own.
    #[default]
    Keep,
    /// Seats of its own, shared with nobody.
    Own,
    /// Those of another section, shared with all that share them.
    Share {
        /// The other section.
        with: SectionId,
        /// The capacity that the caller takes them to have, where it says so.
        capacity: Option<Seats>,
    },
}

impl Pooling {
    /// What the fields of a draft ask for.
    pub(super) fn parse(
        errors: &mut FieldErrors,
        shares_seats_with: Field<SectionId>,
        capacity: &Field<Seats>,
        overload: &Field<Seats>,
    ) -> Self {
        if matches!(shares_seats_with, Field::Null) {
            return Self::Own;
        }
        let Some(with) = errors.optional("/shares_seats_with", shares_seats_with) else { return Self::Keep };
        let capacity = errors.optional("/capacity", capacity.clone());
        if !matches!(overload, Field::Absent) {
            errors.add(
                "/overload",
                "must not be given together with shares_seats_with: the seats that are shared have theirs",
            );
        }
        Self::Share { with, capacity }
    }
}

/// What is known of the seats of a section that is changed; of a new one, nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptSeats {
    overload: Seats,
    overload_reason: Option<Reason>,
    pub(super) cross_listed_with: Vec<SectionId>,
}

impl KeptSeats {
    pub(super) fn of(section: &Section) -> Self {
        Self {
            overload: section.overload,
            overload_reason: section.overload_reason.clone(),
            cross_listed_with: section.cross_listed_with.clone(),
        }
    }

    /// Why there is an overload: a new reason where it rises, or the reason that there was.
    pub(super) fn parse_reason(
        &self,
        errors: &mut FieldErrors,
        overload: Seats,
        reason: Field<Reason>,
    ) -> Option<Reason> {
        if overload > self.overload && matches!(reason, Field::Absent | Field::Null) {
            errors.add("/overload_reason", "is required where the overload rises: say who allows it, and why");
        }
        let kept = self.overload_reason.clone().filter(|_| overload > Seats::default());
        errors.optional("/overload_reason", reason).or(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Draft, SectionDraft, Stamp};
    use chrono::DateTime;
    use serde_json::{Value, json};
    use uuid::Uuid;

    const OTHER: &str = "0190a1b2-0000-7000-8000-000000000009";

    fn draft(fields: Value) -> SectionDraft {
        serde_json::from_value(fields).unwrap()
    }

    fn parse(draft: SectionDraft) -> Result<Section, Vec<String>> {
        let parsed = draft.parse(Stamp::new(Uuid::from_u128(1).into(), DateTime::UNIX_EPOCH));
        parsed.map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    fn made(fields: &Value) -> Result<Section, Vec<String>> {
        let mut body = json!({"course_id": OTHER, "term_id": OTHER, "number": "1"});
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        parse(draft(body))
    }

    #[test]
    fn an_overload_that_rises_says_why() {
        assert_eq!(made(&json!({"capacity": 5, "overload": 2})).unwrap_err(), ["/overload_reason"]);
        assert_eq!(
            made(&json!({"capacity": 5, "overload": 2, "overload_reason": " "})).unwrap_err(),
            ["/overload_reason"]
        );
        let section = made(&json!({"capacity": 5, "overload": 2, "overload_reason": "The dean agreed"})).unwrap();
        assert_eq!(
            (section.overload.get(), section.overload_reason.as_ref().unwrap().as_str()),
            (2, "The dean agreed")
        );

        let change = |fields: Value| parse(draft(fields).over(&section));
        assert_eq!(change(json!({})).unwrap(), section);
        assert_eq!(change(json!({"overload": 3})).unwrap_err(), ["/overload_reason"]);
        assert_eq!(change(json!({"overload": 1})).unwrap().overload_reason, section.overload_reason);
        assert_eq!(change(json!({"overload": 0})).unwrap().overload_reason, None);
        let more = change(json!({"overload": 3, "overload_reason": "So did the fire marshal"})).unwrap();
        assert_eq!(more.overload_reason.unwrap().as_str(), "So did the fire marshal");
    }

    #[test]
    fn who_shares_seats_needs_no_capacity_and_brings_no_overload() {
        assert_eq!(made(&json!({})).unwrap_err(), ["/capacity"]);
        let with = OTHER.parse().unwrap();
        let shared = made(&json!({"shares_seats_with": OTHER})).unwrap();
        assert_eq!(shared.pooling, Pooling::Share { with, capacity: None });
        let expecting = made(&json!({"shares_seats_with": OTHER, "capacity": 7})).unwrap();
        assert_eq!(expecting.pooling, Pooling::Share { with, capacity: Some(7.try_into().unwrap()) });
        let both = json!({"shares_seats_with": OTHER, "overload": 1, "overload_reason": "Why not"});
        assert_eq!(made(&both).unwrap_err(), ["/overload"]);

        let own = made(&json!({"capacity": 5})).unwrap();
        assert_eq!(own.pooling, Pooling::Keep);
        let change = |fields: Value| parse(draft(fields).over(&own)).unwrap().pooling;
        assert_eq!(change(json!({"capacity": 6})), Pooling::Keep);
        assert_eq!(change(json!({"shares_seats_with": null})), Pooling::Own);
        assert_eq!(change(json!({"shares_seats_with": OTHER})), Pooling::Share { with, capacity: None });
    }
}
