//! Permits waive named rules: what is in the way stays in the record, but does not refuse.
//!
//! A permit counts only where a rule would refuse, so none is used up without need, and one can waive several of its rules
//! in one use. Where several would do, one that is needed anyway comes first; then the most specific, and then the one that
//! expires first.

use super::{Code, Violation};
use crate::ids::{CourseId, PermitId, SectionId};
use crate::registration::Finding;
use crate::registration::facts::{Facts, PermitFacts};
use chrono::{DateTime, Utc};

impl Code {
    /// What is to be done instead, where no permit can waive the rule.
    pub fn instead_of_a_permit(self) -> Option<&'static str> {
        match self {
            Self::StudentNotActive => Some("change the status of the student"),
            Self::AlreadyEnrolled => Some("drop what the student is enrolled in first"),
            Self::CreditsOutOfRange => Some("ask for credits that the course allows, or change its range"),
            Self::LinkedSectionMissing => Some("take a section of each component, or unlink them in the course"),
            Self::SectionFull => Some("raise the capacity of the section"),
            Self::WaitlistFull => Some("raise the capacity of the waitlist"),
            Self::NotEnrolled => Some("there is nothing left to leave"),
            Self::NotWaitlisted => Some("there is no place on a waitlist to change"),
            Self::NotGradable => Some("grade what the student is enrolled in or has completed"),
            Self::GradeUnknown => Some("put the grade on the grade scale"),
            Self::GradeUnfit => Some("give a grade that fits, or change its basis"),
            Self::Hold
            | Self::WindowClosed
            | Self::SectionNotOpen
            | Self::AlreadyPassed
            | Self::PrerequisiteMissing
            | Self::CorequisiteMissing
            | Self::ExcludedCourse
            | Self::Restricted
            | Self::TimeConflict
            | Self::CreditLimit
            | Self::DeadlinePassed => None,
        }
    }
}

/// The student's permits that are in force for this section of this course, those to use first before the others.
pub(super) fn permits(
    facts: &Facts,
    at: DateTime<Utc>,
    course: CourseId,
    section: Option<SectionId>,
) -> Vec<&PermitFacts> {
    let is_of_use = |permit: &&PermitFacts| permit.is_in_force(at) && permit.is_for(course, section);
    let mut permits: Vec<&PermitFacts> = facts.permits.iter().filter(is_of_use).collect();
    permits.sort_by_key(|permit| {
        let expires_at = (permit.expires_at.is_none(), permit.expires_at);
        (permit.section_id.is_none(), expires_at, permit.max_uses.is_some(), permit.id)
    });
    permits
}

/// What the rules say, with the permit by which each violation is waived.
pub(super) fn waive(said: impl Iterator<Item = (Code, Option<Violation>)>, permits: &[&PermitFacts]) -> Vec<Finding> {
    let said: Vec<(Code, Option<Violation>)> = said.collect();
    let violated = said.iter().filter(|(_, violation)| violation.is_some());
    let needed: Vec<PermitId> = violated.filter_map(|(rule, _)| the_only_one(*rule, permits)).collect();
    let by = |rule| {
        let able = || permits.iter().filter(|permit| permit.waives(rule)).map(|permit| permit.id);
        able().find(|permit| needed.contains(permit)).or_else(|| able().next())
    };
    let finding = |(rule, violation): (Code, Option<Violation>)| {
        let waived_by = violation.as_ref().and_then(|_| by(rule));
        Finding { rule, violation, waived_by }
    };
    said.into_iter().map(finding).collect()
}

/// The permit that waives the rule, if there is no other.
fn the_only_one(rule: Code, permits: &[&PermitFacts]) -> Option<PermitId> {
    let mut able = permits.iter().filter(|permit| permit.waives(rule));
    let first = able.next()?;
    able.next().is_none().then_some(first.id)
}

#[cfg(test)]
mod tests {
    use super::Code;
    use crate::catalog::{Blocks, SectionStatus};
    use crate::ids::PermitId;
    use crate::registration::facts::{Facts, PermitFacts};
    use crate::registration::sample::{self, at, id};
    use crate::registration::{Judgement, Status, Verdict};
    use serde_json::json;

    /// Facts of which two rules refuse: the section is closed, and for graduates only.
    fn facts(permits: Vec<PermitFacts>) -> Facts {
        let mut facts = sample::facts();
        facts.sections[0].status = SectionStatus::Closed;
        facts.sections[0].restriction = serde_json::from_value(json!({"levels": ["graduate"]})).unwrap();
        facts.permits = permits;
        facts
    }

    fn judge(facts: &Facts) -> Judgement {
        sample::enroll_in(1, &facts.sections[0]).judge(facts)
    }

    /// The rules that refuse, and the permits that are named, each with its rule.
    fn refused_and_waived(judgement: &Judgement) -> (Vec<Code>, Vec<(Code, PermitId)>) {
        let refused = judgement.steps[0].rules.iter().filter(|finding| finding.refuses()).map(|finding| finding.rule);
        let waived = judgement.steps[0].rules.iter().filter_map(|finding| Some((finding.rule, finding.waived_by?)));
        (refused.collect(), waived.collect())
    }

    const BOTH: [Code; 2] = [Code::SectionNotOpen, Code::Restricted];

    #[test]
    fn what_is_named_is_waived_and_nothing_else() {
        let (closed, restricted) = (Code::SectionNotOpen, Code::Restricted);
        let table: [(&[Code], &[Code], &[Code]); 5] = [
            (&[], &BOTH, &[]),
            (&[restricted], &[closed], &[restricted]),
            (&[Code::Hold, closed], &[restricted], &[closed]),
            (&BOTH, &[], &BOTH),
            (&[Code::TimeConflict], &BOTH, &[]),
        ];
        for (waives, refused, waived) in table {
            let judgement = judge(&facts(vec![sample::permit(7, waives)]));
            let waived = waived.iter().map(|rule| (*rule, id(7))).collect();
            assert_eq!(refused_and_waived(&judgement), (refused.to_vec(), waived), "{waives:?}");
            let accepted = judgement.outcome == Verdict::Accepted;
            assert_eq!(accepted, refused.is_empty(), "{waives:?}");
            assert!(
                judgement.steps[0]
                    .rules
                    .iter()
                    .all(|finding| finding.violation.is_some() == BOTH.contains(&finding.rule))
            );
        }
    }

    #[test]
    fn one_permit_that_waives_several_rules_is_used_once() {
        let mut facts = facts(vec![sample::permit(7, &BOTH)]);
        let judgement = judge(&facts);
        let used = judgement.permits_used();
        assert_eq!(used.len(), 1);
        assert_eq!((used[0].permit_id, used[0].student_course_id), (id(7), id(0x80_0100)));
        assert_eq!(used[0].rules, BOTH);
        facts.use_permits(&used);
        assert_eq!((facts.permits[0].uses, facts.permits[0].is_in_force(sample::now())), (1, false));
        assert_eq!(refused_and_waived(&judge(&facts)).0, BOTH, "it is used up");
    }

    #[test]
    fn a_permit_is_used_only_where_it_is_needed() {
        let mut facts = facts(vec![sample::permit(7, &[Code::Restricted]), sample::permit(8, &[Code::CreditLimit])]);
        assert_eq!(judge(&facts).permits_used(), [], "it is refused all the same");
        facts.sections[0].status = SectionStatus::Open;
        let used: Vec<PermitId> = judge(&facts).permits_used().iter().map(|waiver| waiver.permit_id).collect();
        assert_eq!(used, [id(7)]);
        facts.sections[0].restriction = None;
        let judgement = judge(&facts);
        assert_eq!((judgement.outcome, judgement.permits_used().len()), (Verdict::Accepted, 0));
    }

    #[test]
    fn a_permit_holds_until_it_expires_or_is_used_up() {
        let base = sample::permit(7, &BOTH);
        let expiring = |time: &str| PermitFacts { expires_at: Some(at(time)), ..base.clone() };
        let often = std::num::NonZeroU16::new(3);
        let table = [
            (expiring("2026-09-01T12:00:00.000001Z"), true),
            (expiring("2026-09-01T12:00:00Z"), false),
            (PermitFacts { uses: 1, ..base.clone() }, false),
            (PermitFacts { uses: 2, max_uses: often, ..base.clone() }, true),
            (PermitFacts { uses: 3, max_uses: often, ..base.clone() }, false),
            (PermitFacts { uses: 1_000, max_uses: None, ..base.clone() }, true),
        ];
        for (permit, holds) in table {
            assert_eq!(judge(&facts(vec![permit.clone()])).outcome == Verdict::Accepted, holds, "{permit:?}");
        }
    }

    #[test]
    fn a_permit_is_for_its_section_or_its_course() {
        let (own, other) = (sample::section(101, 1), sample::section(101, 2));
        let other_course = PermitFacts { course_id: Some(id(102)), ..sample::permit(7, &BOTH) };
        let table = [
            (sample::permit_for(7, &own, &BOTH), true),
            (sample::permit_for(7, &other, &BOTH), false),
            (sample::permit(7, &BOTH), true),
            (other_course, false),
        ];
        for (permit, holds) in table {
            assert_eq!(judge(&facts(vec![permit.clone()])).outcome == Verdict::Accepted, holds, "{permit:?}");
        }
    }

    #[test]
    fn the_most_specific_is_used_and_then_the_one_that_expires_first() {
        let section = sample::section(101, 1);
        let expiring = |number, time: &str| PermitFacts { expires_at: Some(at(time)), ..sample::permit(number, &BOTH) };
        let unlimited = PermitFacts { max_uses: None, ..sample::permit(6, &BOTH) };
        let mut permits = vec![sample::permit(5, &BOTH), unlimited, expiring(4, "2028-01-01T00:00:00Z")];
        permits.extend([expiring(3, "2027-01-01T00:00:00Z"), sample::permit_for(2, &section, &BOTH)]);
        for first in [2, 3, 4, 6, 5] {
            let used: Vec<PermitId> =
                judge(&facts(permits.clone())).permits_used().iter().map(|waiver| waiver.permit_id).collect();
            assert_eq!(used, [id(first)]);
            permits.retain(|permit| permit.id != id(first));
        }
    }

    #[test]
    fn a_permit_that_is_needed_anyway_spares_another() {
        let section = sample::section(101, 1);
        let specific = sample::permit_for(7, &section, &[Code::Restricted]);
        let judgement = judge(&facts(vec![specific, sample::permit(8, &BOTH)]));
        assert_eq!(refused_and_waived(&judgement).1, BOTH.map(|rule| (rule, id(8))));
    }

    #[test]
    fn leaving_is_waived_by_a_permit_for_what_is_left() {
        for (permit, holds) in [
            (sample::permit(7, &[Code::Hold, Code::DeadlinePassed]), true),
            (sample::permit_for(7, &sample::section(101, 1), &[Code::Hold, Code::DeadlinePassed]), true),
            (sample::permit_for(7, &sample::section(101, 2), &[Code::Hold, Code::DeadlinePassed]), false),
            (sample::permit(7, &[Code::Hold]), false),
        ] {
            let mut facts = sample::facts();
            facts.holds.push(sample::hold(1, Blocks::Drop));
            facts.held.push(sample::held(1, &facts.sections[0], Status::Enrolled));
            facts.held[0].drop_deadline = Some(sample::now());
            facts.held[0].withdraw_deadline = Some(sample::now());
            let left = facts.held[0].student_course.id;
            facts.permits.push(permit.clone());
            let judgement = sample::drop_of(1, left).judge(&facts);
            assert_eq!(judgement.outcome == Verdict::Accepted, holds, "{permit:?}");
            assert_eq!(judgement.permits_used().len(), usize::from(holds));
            if let Some(change) = judgement.changes.first() {
                assert_eq!(change.student_course().status, Status::Withdrawn);
                assert_eq!(judgement.permits_used()[0].student_course_id, left);
            }
        }
    }

    #[test]
    fn of_a_course_a_section_that_needs_no_permit_is_picked() {
        let mut facts = facts(vec![sample::permit(7, &BOTH)]);
        let mut plain = sample::section(101, 2);
        plain.meetings.clear();
        facts.pools.push(sample::pool(&plain, 5, 4));
        facts.sections.push(plain);
        let attempt = sample::enroll_in_course(1, id(101));
        let judgement = attempt.judge(&facts);
        assert_eq!(
            judgement.steps[0].section.as_ref().map(|section| section.number.as_str()),
            Some("2"),
            "although it is fuller"
        );
        assert_eq!(judgement.permits_used(), []);
        facts.pools[1].taken = 5;
        let judgement = attempt.judge(&facts);
        assert_eq!(judgement.steps[0].section.as_ref().map(|section| section.number.as_str()), Some("1"));
        assert_eq!(judgement.permits_used().len(), 1);
    }

    #[test]
    fn what_no_permit_may_waive_it_does_not_whoever_wrote_it_there() {
        let mut facts = facts(vec![sample::permit(7, &[Code::SectionNotOpen, Code::Restricted, Code::SectionFull])]);
        facts.pools[0].taken = 10;
        assert_eq!(refused_and_waived(&judge(&facts)).0, [Code::SectionFull]);
    }
}
