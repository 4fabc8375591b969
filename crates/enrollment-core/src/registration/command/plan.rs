//! A request for several changes at once: all or none.

use super::{Drop, Enroll, EnrollDraft, EnrollRequest, Plan};
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::StudentCourseId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What a student asks for with a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanRequest {
    drops: Vec<StudentCourseId>,
    adds: Vec<EnrollRequest>,
    swaps: Vec<EnrollRequest>,
}

impl PlanRequest {
    /// The command, with an id for everything that it may begin.
    pub fn command(self, mut mint: impl FnMut() -> StudentCourseId) -> Plan {
        let mut numbered = |requests: Vec<EnrollRequest>| -> Vec<Enroll> {
            requests.into_iter().map(|request| Enroll { student_course_id: mint(), request }).collect()
        };
        Plan {
            adds: numbered(self.adds),
            swaps: numbered(self.swaps),
            drops: self.drops.into_iter().map(|id| Drop { student_course_id: id, expected: None }).collect(),
        }
    }
}

impl PlanRequest {
    /// The field of the input that named this id.
    pub(in crate::registration) fn pointer_to(&self, id: Uuid) -> Option<String> {
        let drop = self.drops.iter().position(|drop| drop.uuid() == id).map(|index| format!("/drops/{index}"));
        let adds = self.adds.iter().enumerate();
        let mut adds = adds.filter_map(|(index, add)| Some(format!("/adds/{index}{}", add.pointer_to(id)?)));
        let swaps = self.swaps.iter().enumerate();
        let mut swaps = swaps.filter_map(|(index, swap)| {
            Some(match swap.pointer_to(id)?.as_str() {
                "/swap_from" => format!("/swaps/{index}/drop"),
                field => format!("/swaps/{index}/add{field}"),
            })
        });
        drop.or_else(|| adds.next()).or_else(|| swaps.next())
    }
}

/// The most drops, and the most adds and swaps together, that a plan can have.
const MOST: usize = 20;

/// The input form of a plan.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanDraft {
    /// What to take, each in the form of a request to enroll; at most 20 together with `swaps`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<EnrollDraft>>))]
    #[serde(default)]
    pub adds: Field<Vec<EnrollDraft>>,
    /// The student courses to leave; at most 20.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<StudentCourseId>>))]
    #[serde(default)]
    pub drops: Field<Vec<StudentCourseId>>,
    /// What to take in exchange for what: the old seat is kept unless the new one is had.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<SwapDraft>>))]
    #[serde(default)]
    pub swaps: Field<Vec<SwapDraft>>,
    /// Fields that a plan does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// The input form of a swap.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SwapDraft {
    /// The student course to leave.
    #[cfg_attr(feature = "openapi", schema(value_type = StudentCourseId, required = true))]
    #[serde(default)]
    pub drop: Field<StudentCourseId>,
    /// What to take for it.
    #[cfg_attr(feature = "openapi", schema(value_type = EnrollDraft, required = true))]
    #[serde(default)]
    pub add: Field<EnrollDraft>,
    /// Fields that a swap does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

impl PlanDraft {
    /// The request, or everything that is wrong with it.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn parse(self) -> Result<PlanRequest, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let adds = errors.or_default("/adds", self.adds);
        let drops = errors.or_default("/drops", self.drops);
        let swaps = errors.or_default("/swaps", self.swaps);
        if adds.is_empty() && drops.is_empty() && swaps.is_empty() && errors.is_empty() {
            errors.add("/adds", "is required: a plan has at least one of adds, drops and swaps");
        }
        if adds.len() + swaps.len() > MOST {
            errors.add("/adds", format!("must have no more than {MOST} entries together with swaps"));
        }
        if drops.len() > MOST {
            errors.add("/drops", format!("must have no more than {MOST} entries"));
        }
        let mut left = Left::default();
        for (index, drop) in drops.iter().enumerate() {
            left.note(&mut errors, format!("/drops/{index}"), Some(*drop));
        }
        let adds = adds.into_iter().enumerate().filter_map(|(index, draft)| {
            let pointer = format!("/adds/{index}");
            let request = parsed(&mut errors, &pointer, draft)?;
            left.note(&mut errors, format!("{pointer}/swap_from"), request.swap_from);
            Some(request)
        });
        let adds: Vec<EnrollRequest> = adds.collect();
        let swaps = swaps.into_iter().enumerate().filter_map(|(index, draft)| {
            let request = swap(&mut errors, &format!("/swaps/{index}"), draft)?;
            left.note(&mut errors, format!("/swaps/{index}/drop"), request.swap_from);
            Some(request)
        });
        let swaps: Vec<EnrollRequest> = swaps.collect();
        if errors.is_empty() { Ok(PlanRequest { drops, adds, swaps }) } else { Err(errors) }
    }
}

/// What the plan leaves.
#[derive(Default)]
struct Left(BTreeSet<StudentCourseId>);

impl Left {
    fn note(&mut self, errors: &mut FieldErrors, pointer: String, id: Option<StudentCourseId>) {
        if id.is_some_and(|id| !self.0.insert(id)) {
            errors.add(pointer, "must not leave a student course that the plan leaves already");
        }
    }
}

fn parsed(errors: &mut FieldErrors, pointer: &str, draft: EnrollDraft) -> Option<EnrollRequest> {
    draft.parse().map_err(|nested| errors.add_nested(pointer, nested)).ok()
}

fn swap(errors: &mut FieldErrors, pointer: &str, draft: SwapDraft) -> Option<EnrollRequest> {
    errors.add_nested(pointer, FieldErrors::unknown(&draft.unknown));
    let drop = errors.required(&format!("{pointer}/drop"), draft.drop);
    let add = errors.required(&format!("{pointer}/add"), draft.add)?;
    let request = parsed(errors, &format!("{pointer}/add"), add)?;
    if request.swap_from.is_some() {
        errors.add(format!("{pointer}/add/swap_from"), "must not be given: the swap's drop says what is left");
    }
    Some(EnrollRequest { swap_from: Some(drop?), ..request })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "0190a1b2-0000-7000-8000-000000000001";
    const OTHER: &str = "0190a1b2-0000-7000-8000-000000000002";

    fn parse(value: serde_json::Value) -> Result<PlanRequest, Vec<String>> {
        let parsed = serde_json::from_value::<PlanDraft>(value).unwrap().parse();
        parsed.map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    #[test]
    fn every_error_of_every_part_is_told_with_its_place() {
        let many: Vec<_> = (0..21).map(|_| json!({"course_id": ID})).collect();
        let table = [
            (json!({}), vec!["/adds"]),
            (json!({"adds": many}), vec!["/adds"]),
            (
                json!({"adds": [{}, {"section_id": ID}, {"section_id": 7}]}),
                vec!["/adds/0/section_id", "/adds/2/section_id"],
            ),
            (json!({"drops": [ID, ID]}), vec!["/drops/1"]),
            (json!({"drops": [ID], "swaps": [{"drop": ID, "add": {"section_id": ID}}]}), vec!["/swaps/0/drop"]),
            (
                json!({"swaps": [{}, {"drop": ID, "add": {"section_id": ID, "swap_from": OTHER}, "x": 1}]}),
                vec!["/swaps/0/drop", "/swaps/0/add", "/swaps/1/x", "/swaps/1/add/swap_from"],
            ),
        ];
        for (body, pointers) in table {
            assert_eq!(parse(body.clone()).unwrap_err(), pointers, "{body}");
        }
    }

    #[test]
    fn a_swap_is_to_enroll_and_to_leave_for_that() {
        let request = parse(json!({"drops": [OTHER], "swaps": [{"drop": ID, "add": {"any": [ID, OTHER]}}]})).unwrap();
        let mut next = 0;
        let plan = request.command(|| {
            next += 1;
            uuid::Uuid::from_u128(next).into()
        });
        assert_eq!((plan.drops.len(), plan.adds.len(), plan.swaps.len()), (1, 0, 1));
        assert_eq!(plan.swaps[0].request.swap_from, Some(ID.parse().unwrap()));
        assert_eq!(plan.swaps[0].student_course_id.uuid().as_u128(), 1);
    }
}
