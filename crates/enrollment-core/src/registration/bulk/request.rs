//! A request to enroll many students in one section.

use crate::catalog::Credits;
use crate::fields::{Field, FieldErrors, UnknownFields};
use crate::ids::{SectionId, StudentId};
use crate::registration::{EnrollRequest, GradingBasis, Target};
use crate::text::StudentNumber;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a registrar asks for with a bulk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkRequest {
    /// Who shall be enrolled, and how; in this order.
    pub rows: Vec<BulkRow>,
    /// Whether all rows are enrolled, or none.
    pub atomic: bool,
}

/// One row of a bulk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BulkRow {
    /// Who.
    pub student: StudentKey,
    /// How.
    pub request: EnrollRequest,
}

/// What a student is named by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StudentKey {
    /// By the id.
    #[serde(rename = "student_id")]
    Id(StudentId),
    /// By the institution's own number.
    Number(StudentNumber),
}

/// The most rows that a bulk can have.
const MOST_ROWS: usize = 1_000;

/// The input form of a bulk.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkDraft {
    /// The students, each once: an id, or a row that says more; 1 to 1,000.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<BulkRowDraft>, required = true))]
    #[serde(default)]
    pub students: Field<Vec<BulkRowDraft>>,
    /// Whether all are enrolled or none; without it, each row is decided and kept by itself.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    #[serde(default)]
    pub atomic: Field<bool>,
    /// How those shall be graded whose rows do not say it; `graded` unless said otherwise.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<GradingBasis>))]
    #[serde(default)]
    pub grading_basis: Field<GradingBasis>,
    /// For how many credits, where a row does not say it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Credits>))]
    #[serde(default)]
    pub credits: Field<Credits>,
    /// Whether those whose rows do not say it wait for a seat when there is none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    #[serde(default)]
    pub waitlist: Field<bool>,
    /// Fields that a bulk does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// The input form of a row: the id of a student, or an object.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum BulkRowDraft {
    /// A row that says more than who it is.
    Row(BulkStudentDraft),
    /// The id of the student.
    #[cfg_attr(feature = "openapi", schema(value_type = StudentId))]
    Id(Field<StudentId>),
}

/// The input form of a row that says more than who it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BulkStudentDraft {
    /// The student; either this or `number`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StudentId>))]
    #[serde(default)]
    pub student_id: Field<StudentId>,
    /// The student's number.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<StudentNumber>))]
    #[serde(default)]
    pub number: Field<StudentNumber>,
    /// How it shall be graded.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<GradingBasis>))]
    #[serde(default)]
    pub grading_basis: Field<GradingBasis>,
    /// For how many credits.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Credits>))]
    #[serde(default)]
    pub credits: Field<Credits>,
    /// Whether to wait for a seat when there is none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    #[serde(default)]
    pub waitlist: Field<bool>,
    /// Fields that a row does not have.
    #[cfg_attr(feature = "openapi", schema(ignore))]
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// What holds where a row does not say otherwise.
#[derive(Clone, Copy)]
struct Defaults {
    grading_basis: GradingBasis,
    credits: Option<Credits>,
    waitlist: bool,
}

impl BulkDraft {
    /// The request, or everything that is wrong with it.
    ///
    /// # Errors
    /// Every wrong field.
    pub fn parse(self, section: SectionId) -> Result<BulkRequest, FieldErrors> {
        let mut errors = FieldErrors::unknown(&self.unknown);
        let rows = errors.required("/students", self.students);
        let atomic = errors.or_default("/atomic", self.atomic);
        let defaults = Defaults {
            grading_basis: errors.or_default("/grading_basis", self.grading_basis),
            credits: errors.optional("/credits", self.credits),
            waitlist: errors.or_default("/waitlist", self.waitlist),
        };
        let rows = rows.unwrap_or_default();
        if errors.is_empty() && (rows.is_empty() || rows.len() > MOST_ROWS) {
            errors.add("/students", format!("must have 1 to {MOST_ROWS} students"));
            return Err(errors);
        }
        let mut named = BTreeSet::new();
        let rows = rows.into_iter().enumerate().filter_map(|(index, draft)| {
            let pointer = format!("/students/{index}");
            let (field, row) = parsed(&mut errors, &pointer, draft, section, defaults)?;
            if !named.insert(row.student.clone()) {
                errors.add(field, TWICE);
            }
            Some(row)
        });
        let rows = rows.collect();
        if errors.is_empty() { Ok(BulkRequest { rows, atomic }) } else { Err(errors) }
    }
}

/// What is wrong with a row whose student another row has.
pub(super) const TWICE: &str = "names a student whom a row before it names: have each student once";

/// A row, and the field that names its student.
fn parsed(
    errors: &mut FieldErrors,
    pointer: &str,
    draft: BulkRowDraft,
    section: SectionId,
    defaults: Defaults,
) -> Option<(String, BulkRow)> {
    let draft = match draft {
        BulkRowDraft::Row(draft) => draft,
        BulkRowDraft::Id(id) => {
            let id = errors.required(pointer, id)?;
            return Some((pointer.to_owned(), row(StudentKey::Id(id), section, defaults)));
        }
    };
    let before = errors.iter().len();
    errors.add_nested(pointer, FieldErrors::unknown(&draft.unknown));
    let (by_id, by_number) = (format!("{pointer}/student_id"), format!("{pointer}/number"));
    let names_nobody =
        matches!((&draft.student_id, &draft.number), (Field::Absent | Field::Null, Field::Absent | Field::Null));
    let id = errors.optional(&by_id, draft.student_id);
    let number = errors.optional(&by_number, draft.number);
    let own = Defaults {
        grading_basis: errors
            .optional(&format!("{pointer}/grading_basis"), draft.grading_basis)
            .unwrap_or(defaults.grading_basis),
        credits: errors.optional(&format!("{pointer}/credits"), draft.credits).or(defaults.credits),
        waitlist: errors.optional(&format!("{pointer}/waitlist"), draft.waitlist).unwrap_or(defaults.waitlist),
    };
    if names_nobody {
        errors.add(by_id.as_str(), "is required: name the student by student_id or by number");
    }
    if id.is_some() && number.is_some() {
        errors.add(by_number.as_str(), "must not be given together with student_id: either says who it is");
    }
    if errors.iter().len() > before {
        return None;
    }
    let by_id = id.map(|id| (by_id, StudentKey::Id(id)));
    let (field, key) = by_id.or_else(|| number.map(|number| (by_number, StudentKey::Number(number))))?;
    Some((field, row(key, section, own)))
}

fn row(student: StudentKey, section: SectionId, defaults: Defaults) -> BulkRow {
    let Defaults { grading_basis, credits, waitlist } = defaults;
    let target = Target::Section(section);
    BulkRow { student, request: EnrollRequest { target, grading_basis, credits, waitlist, swap_from: None } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    const ID: &str = "0190a1b2-0000-7000-8000-000000000001";
    const OTHER: &str = "0190a1b2-0000-7000-8000-000000000002";

    fn parse(value: serde_json::Value) -> Result<BulkRequest, Vec<String>> {
        let parsed = serde_json::from_value::<BulkDraft>(value).unwrap().parse(Uuid::from_u128(9).into());
        parsed.map_err(|errors| errors.iter().map(|error| error.pointer.clone()).collect())
    }

    #[test]
    fn every_error_of_every_row_is_told_with_its_place() {
        let many: Vec<_> = (0..1_001_u128).map(|number| Uuid::from_u128(number).to_string()).collect();
        let table = [
            (json!({}), vec!["/students"]),
            (json!({"students": null, "seats": 1}), vec!["/seats", "/students"]),
            (json!({"students": []}), vec!["/students"]),
            (json!({"students": many}), vec!["/students"]),
            (
                json!({"students": [ID, 7, null, [], "x"]}),
                vec!["/students/1", "/students/2", "/students/3", "/students/4"],
            ),
            (
                json!({"students": [ID, ID, {"student_id": ID}, {"number": "1"}, {"number": "1"}]}),
                vec!["/students/1", "/students/2/student_id", "/students/4/number"],
            ),
            (
                json!({"students": [
                    {}, {"student_id": ID, "number": "1"}, {"number": "", "grading_basis": "x", "credits": -1, "waitlist": 1, "age": 1},
                ], "atomic": 1, "credits": "many"}),
                vec![
                    "/atomic",
                    "/credits",
                    "/students/0/student_id",
                    "/students/1/number",
                    "/students/2/age",
                    "/students/2/number",
                    "/students/2/grading_basis",
                    "/students/2/credits",
                    "/students/2/waitlist",
                ],
            ),
        ];
        for (body, pointers) in table {
            assert_eq!(parse(body.clone()).unwrap_err(), pointers, "{body}");
        }
    }

    #[test]
    fn a_row_says_what_differs_from_the_others() {
        let bulk = parse(json!({
            "students": [ID, {"student_id": OTHER, "waitlist": false, "grading_basis": "audit"}, {"number": "7", "credits": 1.5}],
            "waitlist": true, "grading_basis": "pass_fail", "credits": 3,
        }))
        .unwrap();
        assert!(!bulk.atomic);
        let rows: Vec<_> = bulk.rows.iter().map(|row| (row.request.waitlist, row.request.grading_basis)).collect();
        let basis = [GradingBasis::PassFail, GradingBasis::Audit, GradingBasis::PassFail];
        assert_eq!(rows, [(true, basis[0]), (false, basis[1]), (true, basis[2])]);
        let credits = |index: usize| bulk.rows[index].request.credits.unwrap().to_string();
        assert_eq!([credits(0), credits(1), credits(2)], ["3", "3", "1.5"]);
        assert_eq!(bulk.rows[0].student, StudentKey::Id(ID.parse().unwrap()));
        assert_eq!(bulk.rows[2].student, StudentKey::Number("7".try_into().unwrap()));
        assert!(bulk.rows.iter().all(|row| row.request.target == Target::Section(Uuid::from_u128(9).into())));
    }
}
