//! Grading: completing what a student is enrolled in, and correcting the grade of what is completed.
//!
//! The grade that was there before stays in the events: a correction is one more.

use super::Change;
use crate::registration::facts::Facts;
use crate::registration::rules::{self, Grading};
use crate::registration::{Attempt, GiveGrade, Judgement, Status, StepJudgement, StudentCourse};
use crate::text::Grade;

/// Gives a grade, if the rules for grades admit it. What has it already stays as it is.
pub(super) fn grade(attempt: &Attempt, facts: &Facts, give: &GiveGrade) -> Judgement {
    let pointer = String::new();
    let Some(held) = facts.held(give.student_course_id) else {
        let rules = vec![rules::not_enrolled::unknown(give.student_course_id).into()];
        return Judgement::of(vec![StepJudgement { pointer, section: None, rules }], Vec::new());
    };
    let own = &held.student_course;
    let rules = rules::grade_findings(&Grading { facts, own, grade: give.grade.as_ref() });
    let change = changed(attempt, own, give.grade.as_ref());
    let step = StepJudgement { pointer, section: own.section.clone(), rules };
    Judgement::of(vec![step], change.into_iter().collect())
}

fn changed(attempt: &Attempt, own: &StudentCourse, grade: Option<&Grade>) -> Option<Change> {
    let grade = grade.cloned();
    match own.status {
        Status::Enrolled => {
            Some(Change::End(StudentCourse { grade, ..own.clone().ended(Status::Completed, attempt.at) }))
        }
        Status::Completed if own.grade != grade => {
            Some(Change::Grade(StudentCourse { grade, version: own.version.next(), ..own.clone() }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::registration::sample::{self, at};
    use crate::registration::{
        Attempt, Change, Code, Command, Decision, Facts, GiveGrade, GradingBasis, Record, Status, Verdict,
    };

    fn facts(status: Status, basis: GradingBasis) -> Facts {
        let mut facts = sample::facts();
        let mut held = sample::held(1, &sample::section(101, 1), status);
        held.student_course.grading_basis = basis;
        facts.pools[0].taken = u32::from(status.holds_seat());
        facts.held.push(held);
        facts
    }

    fn give(facts: &Facts, grade: Option<&str>) -> Attempt {
        let student_course_id = facts.held[0].student_course.id;
        sample::attempt(1, Command::Grade(GiveGrade { student_course_id, grade: grade.map(sample::grade) }))
    }

    fn codes(facts: &Facts, grade: Option<&str>) -> Vec<Code> {
        match give(facts, grade).decide(facts) {
            Decision::Accept(_) => Vec::new(),
            Decision::Refuse(violations) => violations.iter().map(|violation| violation.code).collect(),
        }
    }

    #[test]
    fn what_one_is_enrolled_in_is_completed_and_then_corrected_and_keeps_its_seat() {
        let mut facts = facts(Status::Enrolled, GradingBasis::Graded);
        let first = give(&facts, Some("C"));
        let decision = first.decide(&facts);
        let [Change::End(completed)] = decision.changes() else { panic!("{decision:?}") };
        assert_eq!((completed.status, &completed.grade), (Status::Completed, &Some(sample::grade("C"))));
        assert_eq!((completed.ended_at, decision.changes()[0].event().as_str()), (Some(first.at), "completed"));
        facts.apply(decision.changes());
        assert_eq!(facts.pools[0].taken, 1);

        let later = Attempt { at: at("2026-12-01T08:00:00Z"), ..give(&facts, Some("B")) };
        let decision = later.decide(&facts);
        let [Change::Grade(corrected)] = decision.changes() else { panic!("{decision:?}") };
        assert_eq!(
            (corrected.ended_at, corrected.version),
            (Some(first.at), facts.held[0].student_course.version.next())
        );
        assert_eq!((&corrected.grade, decision.changes()[0].event().as_str()), (&Some(sample::grade("B")), "graded"));
        facts.apply(decision.changes());
        assert_eq!(facts.pools[0].taken, 1);

        let again = give(&facts, Some("B"));
        let judged = again.judge(&facts);
        assert_eq!(
            (judged.outcome, judged.changes.as_slice()),
            (Verdict::Accepted, &[][..]),
            "it has the grade already"
        );
        let record = Record::of(&again, facts, judged);
        assert_eq!(record.judge_again(), record.judgement);
        assert!(!again.command.moves_seats());
    }

    #[test]
    fn only_what_is_enrolled_in_or_completed_can_be_graded() {
        for status in Status::ALL {
            let is_gradable = matches!(status, Status::Enrolled | Status::Completed);
            let expected: &[Code] = if is_gradable { &[] } else { &[Code::NotGradable] };
            assert_eq!(codes(&facts(status, GradingBasis::Graded), Some("A")), expected, "{status}");
        }
        let mut facts = facts(Status::Enrolled, GradingBasis::Graded);
        let attempt = give(&facts, Some("A"));
        facts.held.clear();
        assert!(matches!(attempt.decide(&facts), Decision::Refuse(_)), "what the student does not have");
    }

    #[test]
    fn a_grade_fits_how_the_course_is_taken() {
        use GradingBasis::{Audit, Graded, PassFail};
        let table = [
            (Graded, Some("A"), None),
            (Graded, Some("F"), None),
            (Graded, Some("I"), None),
            (Graded, Some("P"), Some(Code::GradeUnfit)),
            (Graded, None, Some(Code::GradeUnfit)),
            (Graded, Some("Z"), Some(Code::GradeUnknown)),
            (PassFail, Some("P"), None),
            (PassFail, Some("NP"), None),
            (PassFail, Some("I"), None),
            (PassFail, Some("A"), Some(Code::GradeUnfit)),
            (PassFail, None, Some(Code::GradeUnfit)),
            (PassFail, Some("Z"), Some(Code::GradeUnknown)),
            (Audit, None, None),
            (Audit, Some("A"), Some(Code::GradeUnfit)),
            (Audit, Some("I"), Some(Code::GradeUnfit)),
        ];
        for (basis, grade, refused) in table {
            let refused: Vec<Code> = refused.into_iter().collect();
            assert_eq!(codes(&facts(Status::Enrolled, basis), grade), refused, "{basis} {grade:?}");
            assert_eq!(codes(&facts(Status::Completed, basis), grade), refused, "{basis} {grade:?}");
        }
        let dropped = facts(Status::Dropped, Audit);
        assert_eq!(codes(&dropped, Some("Z")), [Code::NotGradable, Code::GradeUnknown, Code::GradeUnfit]);
    }
}
