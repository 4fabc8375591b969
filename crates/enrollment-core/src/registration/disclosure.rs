//! What an answer tells of students whom it is not about: who got a seat that became free, and what a change of the catalogue
//! would end.
//!
//! Of others only those are told whose courses the caller may read. To answer with something else that names students: leave
//! out here those whom the caller does not reach, before it leaves the service.

use super::{EntryChange, Promotion, Receipt, StudentCourse};
use crate::access::{Gate, Operation, Principal};
use crate::ids::StudentId;
use std::collections::BTreeSet;

/// The receipt as the principal may know it.
pub(super) async fn receipt(gate: &Gate, by: &Principal, mut receipt: Receipt) -> Receipt {
    let known = known(gate, by, &receipt.promotions, &[]).await;
    receipt.promotions.retain(|promotion| known.contains(&promotion.student_course.student_id));
    receipt
}

/// The change as the principal may know it.
pub(super) async fn change<E>(gate: &Gate, by: &Principal, mut change: EntryChange<E>) -> EntryChange<E> {
    let known = known(gate, by, &change.promotions, &change.cancelled).await;
    change.promotions.retain(|promotion| known.contains(&promotion.student_course.student_id));
    change.cancelled.retain(|ended| known.contains(&ended.student_id));
    change
}

/// Of those who are named, whom the principal may know. When that cannot be found out it is nobody: what is answered may have
/// been done already, so it is not a reason to fail.
async fn known(gate: &Gate, by: &Principal, promotions: &[Promotion], ended: &[StudentCourse]) -> BTreeSet<StudentId> {
    let named: BTreeSet<StudentId> = promotions
        .iter()
        .map(|promotion| promotion.student_course.student_id)
        .chain(ended.iter().map(|ended| ended.student_id))
        .collect();
    if named.is_empty() {
        return named;
    }
    gate.reached(by, Operation::ReadRegistrations, named).await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;
    use crate::access::{Affiliation, MockAffiliations, Role, Scope};
    use crate::actor::Actor;
    use crate::registration::{Outcome, Verdict, sample};
    use chrono::DateTime;
    use pollster::block_on;
    use std::sync::Arc;
    use uuid::Uuid;

    fn student(number: u128) -> StudentId {
        Uuid::from_u128(number).into()
    }

    fn held(number: u128) -> StudentCourse {
        StudentCourse { student_id: student(number), ..sample::passed(1, None).student_course }
    }

    fn promotion(number: u128) -> Promotion {
        let attempt_id = Uuid::from_u128(number).into();
        Promotion { attempt_id, outcome: Verdict::Accepted, student_course: held(number) }
    }

    /// Student 3 is confidential; of student 9 it cannot be found out.
    fn gate() -> Gate {
        let mut affiliations = MockAffiliations::new();
        affiliations.expect_of_student().returning(|id| match id.uuid().as_u128() {
            9 => Err(Error::Busy),
            number => Ok(Some(Affiliation { program: None, confidential: number == 3 })),
        });
        Gate::new(Arc::new(affiliations))
    }

    /// Whom a receipt, and a change, tell of these students to who has this role.
    fn told(role: Role, students: &[u128]) -> Vec<u128> {
        let by = Principal::new(Actor::system("test"), vec![role]);
        let told = Receipt {
            attempt_id: Uuid::nil().into(),
            at: DateTime::UNIX_EPOCH,
            dry_run: true,
            outcome: Outcome::Accepted { changes: Vec::new() },
            steps: Vec::new(),
            promotions: students.iter().copied().map(promotion).collect(),
            replayed: false,
        };
        let promotions = told.promotions.clone();
        let told = block_on(receipt(&gate(), &by, told)).promotions;
        let cancelled = students.iter().copied().map(held).collect();
        let changed = block_on(change(&gate(), &by, EntryChange { entry: Some(()), promotions, cancelled }));
        assert_eq!(changed.promotions, told);
        let numbers = |of: &[StudentCourse]| of.iter().map(|one| one.student_id.uuid().as_u128()).collect::<Vec<_>>();
        let told = told.into_iter().map(|promotion| promotion.student_course).collect::<Vec<_>>();
        assert_eq!(numbers(&changed.cancelled), numbers(&told));
        numbers(&told)
    }

    #[test]
    fn of_others_those_are_told_whose_courses_the_caller_may_read() {
        let service = |scopes: &[Scope]| Role::Service(scopes.iter().copied().collect());
        assert_eq!(told(Role::Registrar, &[1, 2, 3]), [1, 2, 3]);
        assert_eq!(told(Role::Student(student(2)), &[1, 2, 3]), [2]);
        assert_eq!(told(service(&[Scope::RegistrationsRead]), &[1, 2, 3]), [1, 2]);
        assert_eq!(told(service(&[Scope::RegistrationsRead, Scope::ConfidentialRead]), &[1, 2, 3]), [1, 2, 3]);
        assert!(told(service(&[Scope::RegistrationsWrite, Scope::CatalogWrite]), &[1, 2, 3]).is_empty());
        assert!(told(service(&[Scope::RegistrationsRead]), &[1, 9]).is_empty(), "nobody, when it cannot be known");
    }
}
