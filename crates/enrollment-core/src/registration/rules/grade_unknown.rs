//! Only grades of the institution's scale are given.

use super::{Code, Grading, Violation, fact_of};
use serde_json::json;

pub(super) fn check(grading: &Grading<'_>) -> Option<Violation> {
    let grade = grading.grade?;
    grading.facts.scale.value(grade).is_none().then(|| {
        Violation::new(
            Code::GradeUnknown,
            format!("There is no grade {grade} on the grade scale."),
            "Choose a grade that GET /api/v1/grades lists, or add this one to the scale.",
            json!({ "held": fact_of(grading.own), "grade": grade }),
        )
    })
}
