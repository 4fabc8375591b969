//! What is graded ends with a grade for that, what is passed or not with such a one, and what is audited without any. A grade
//! that the scale does not have is another rule's, except for what is audited.

use super::{Code, Grading, Violation, fact_of};
use crate::catalog::GradeBasis;
use crate::registration::GradingBasis;
use serde_json::json;

pub(super) fn check(grading: &Grading<'_>) -> Option<Violation> {
    let Grading { facts, own, grade } = *grading;
    let basis = grade.map(|grade| facts.scale.value(grade).map(|value| value.basis));
    let fits = match (own.grading_basis, basis) {
        (GradingBasis::Audit, given) => given.is_none(),
        (GradingBasis::Graded | GradingBasis::PassFail, None) => false,
        (_, Some(None)) => true,
        (GradingBasis::Graded, Some(Some(basis))) => matches!(basis, GradeBasis::Graded | GradeBasis::Any),
        (GradingBasis::PassFail, Some(Some(basis))) => matches!(basis, GradeBasis::PassFail | GradeBasis::Any),
    };
    (!fits).then(|| {
        let code = &own.course.code;
        let (message, remedy) = match (own.grading_basis, grade) {
            (GradingBasis::Audit, _) => {
                (format!("{code} is audited, so it ends without a grade."), "Give null as the grade.")
            }
            (_, None) => (format!("{code} is not audited, so it does not end without a grade."), "Give a grade."),
            (GradingBasis::Graded, Some(grade)) => (
                format!("{grade} is not a grade for {code}, which is taken for a grade."),
                "Give a grade whose basis is graded.",
            ),
            (GradingBasis::PassFail, Some(grade)) => (
                format!("{grade} is not a grade for {code}, which is passed or not."),
                "Give a grade whose basis is pass_fail.",
            ),
        };
        let facts = json!({ "held": fact_of(own), "grading_basis": own.grading_basis, "grade": grade });
        Violation::new(Code::GradeUnfit, message, remedy, facts)
    })
}
