//! The gate that every service asks before it does anything.
//!
//! What is decided is in the table ([`permissions`]); the gate finds out whose the record is, as far as that matters, and
//! says no in the right way. Somebody else's student is *not found*, since it is private that there is one; what nobody in
//! these roles may do to anything is *forbidden*.

use super::{Affiliations, Extent, Operation, Principal, Role, permissions};
use crate::ids::{SectionId, StudentId};
use crate::text::Program;
use crate::{Error, Subject};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Nobody's record, or everybody's.
    Institution,
    /// The record of a student.
    Student(StudentId),
    /// A section, with who is in it.
    Section(SectionId),
}

/// Which students a principal sees in lists. No filter of a caller's widens it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Everybody.
    #[default]
    Everybody,
    /// Everybody but those who are confidential.
    NotConfidential,
    /// One student, if any, and those of these programmes.
    Some {
        /// The student.
        student: Option<StudentId>,
        /// The programmes.
        programs: BTreeSet<Program>,
    },
}

/// Lets through who may.
#[derive(Clone)]
pub struct Gate {
    affiliations: Arc<dyn Affiliations>,
}

impl Gate {
    /// A gate that asks this port whose records are.
    pub fn new(affiliations: Arc<dyn Affiliations>) -> Self {
        Self { affiliations }
    }

    /// Lets the principal do this to that.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the record of a student that the principal may not know of, [`Error::Forbidden`] otherwise,
    /// and what the port answers.
    pub async fn admit(&self, by: &Principal, operation: Operation, resource: Resource) -> Result<(), Error> {
        let mut is_hidden = false;
        for role in by.roles() {
            let Some(extent) = permissions::extent(role, operation) else { continue };
            if self.reaches(role, extent, resource).await? {
                return Ok(());
            }
            is_hidden |= matches!(resource, Resource::Student(_));
        }
        Err(if is_hidden { Error::NotFound(Subject::Student) } else { Error::Forbidden(operation) })
    }

    /// Lets the principal do this to the students of a section, or of the institution, and tells which of them are seen: of
    /// the roles that may do it there, the one that sees most counts.
    ///
    /// # Errors
    /// [`Error::Forbidden`], and what the port answers.
    pub async fn admit_to_many(&self, by: &Principal, operation: Operation, among: Resource) -> Result<Seen, Error> {
        let mut seen = Err(Error::Forbidden(operation));
        for role in by.roles() {
            let Some(extent) = permissions::extent(role, operation) else { continue };
            if self.reaches(role, extent, among).await? {
                if role.sees_confidential() {
                    return Ok(Seen::Everybody);
                }
                seen = Ok(Seen::NotConfidential);
            }
        }
        seen
    }

    /// Of these students, those to whose records the principal may do this.
    ///
    /// # Errors
    /// What the port answers.
    pub async fn reached(
        &self,
        by: &Principal,
        operation: Operation,
        students: BTreeSet<StudentId>,
    ) -> Result<BTreeSet<StudentId>, Error> {
        match self.view(by, operation) {
            Ok(View::Everybody) => return Ok(students),
            Err(_) => return Ok(BTreeSet::new()),
            Ok(View::NotConfidential | View::Some { .. }) => {}
        }
        let mut reached = BTreeSet::new();
        for student in students {
            match self.admit(by, operation, Resource::Student(student)).await {
                Ok(()) => drop(reached.insert(student)),
                Err(Error::NotFound(_) | Error::Forbidden(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(reached)
    }

    /// Whether the extent of a role's permission reaches the resource.
    async fn reaches(&self, role: &Role, extent: Extent, resource: Resource) -> Result<bool, Error> {
        match (extent, role, resource) {
            (Extent::All, role, Resource::Student(student)) if !role.sees_confidential() => {
                let student = self.affiliations.of_student(student).await?;
                Ok(student.is_some_and(|student| !student.confidential))
            }
            (Extent::All, ..) => Ok(true),
            (Extent::Own, Role::Student(own), Resource::Student(student)) => Ok(*own == student),
            (Extent::Own, Role::Instructor(number), Resource::Section(section)) => {
                self.affiliations.teaches(number.clone(), section).await
            }
            (Extent::Programs, Role::Advisor { programs, .. }, Resource::Student(student)) => {
                let program = self.affiliations.of_student(student).await?.and_then(|student| student.program);
                Ok(program.is_some_and(|program| programs.contains(&program)))
            }
            _ => Ok(false),
        }
    }

    /// Which students the principal sees when doing this to many.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the principal may do it to nobody.
    pub fn view(&self, by: &Principal, operation: Operation) -> Result<View, Error> {
        let (mut sees_most, mut student, mut programs, mut may) = (false, None, BTreeSet::new(), false);
        for role in by.roles() {
            let Some(extent) = permissions::extent(role, operation) else { continue };
            may = true;
            match (extent, role) {
                (Extent::All, role) if role.sees_confidential() => return Ok(View::Everybody),
                (Extent::All, _) => sees_most = true,
                (Extent::Own, Role::Student(own)) => student = Some(*own),
                (Extent::Programs, Role::Advisor { programs: own, .. }) => programs.extend(own.iter().cloned()),
                _ => {}
            }
        }
        match (may, sees_most) {
            (false, _) => Err(Error::Forbidden(operation)),
            (true, true) => Ok(View::NotConfidential),
            (true, false) => Ok(View::Some { student, programs }),
        }
    }
}

#[cfg(test)]
impl Gate {
    /// A gate for tests of those who need no affiliation: it must not be asked for one.
    pub(crate) fn without_affiliations() -> Self {
        Self::new(Arc::new(super::MockAffiliations::new()))
    }
}

/// Which of many students are seen by who may do something to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Everybody.
    Everybody,
    /// Everybody but those who are confidential.
    NotConfidential,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Affiliation, MockAffiliations, RoleKind, Scope};
    use crate::actor::Actor;
    use crate::text::InstructorNumber;
    use pollster::block_on;
    use uuid::Uuid;

    fn student(number: u128) -> StudentId {
        Uuid::from_u128(number).into()
    }

    fn physics() -> BTreeSet<Program> {
        [Program::try_from("Physics").unwrap()].into()
    }

    /// Student 1 and section 1 are the principal's own, students 1 and 3 study physics, and student 3 is confidential.
    fn gate() -> Gate {
        let mut affiliations = MockAffiliations::new();
        affiliations.expect_of_student().returning(|id| {
            let program = [student(1), student(3)].contains(&id).then(|| Program::try_from("Physics").unwrap());
            Ok((id != student(9)).then(|| Affiliation { program, confidential: id == student(3) }))
        });
        affiliations.expect_teaches().returning(|_, section| Ok(section == Uuid::from_u128(1).into()));
        Gate::new(Arc::new(affiliations))
    }

    fn role(kind: RoleKind) -> Role {
        let scopes = || Scope::ALL.iter().copied().filter(|scope| *scope != Scope::ConfidentialRead).collect();
        match kind {
            RoleKind::Student => Role::Student(student(1)),
            RoleKind::Instructor => Role::Instructor(InstructorNumber::try_from("I1").unwrap()),
            RoleKind::Advisor => Role::Advisor { programs: physics(), scopes: scopes() },
            RoleKind::Registrar => Role::Registrar,
            RoleKind::Auditor => Role::Auditor,
            RoleKind::Administrator => Role::Administrator,
            RoleKind::Service => Role::Service(scopes()),
        }
    }

    fn principal(roles: &[RoleKind]) -> Principal {
        Principal::new(Actor::system("test"), roles.iter().map(|kind| role(*kind)).collect())
    }

    fn admit(kind: RoleKind, operation: Operation, resource: Resource) -> Result<(), Error> {
        block_on(gate().admit(&principal(&[kind]), operation, resource))
    }

    #[test]
    fn every_cell_of_the_table_is_kept_for_ones_own_and_for_others() {
        for (kind, operation) in
            RoleKind::ALL.into_iter().flat_map(|kind| Operation::ALL.iter().map(move |o| (kind, *o)))
        {
            let extent = permissions::extent(&role(kind), operation);
            let own = Resource::Student(student(1));
            let section = |number| Resource::Section(Uuid::from_u128(number).into());
            let case = format!("{kind:?} {operation:?}");
            match extent {
                None => {
                    for resource in [Resource::Institution, own, section(1)] {
                        let denied = admit(kind, operation, resource);
                        assert!(matches!(denied, Err(Error::Forbidden(what)) if what == operation), "{case}");
                    }
                }
                Some(Extent::All) => {
                    for resource in [Resource::Institution, own, section(2), Resource::Student(student(2))] {
                        assert!(admit(kind, operation, resource).is_ok(), "{case}");
                    }
                }
                Some(Extent::Own) if kind == RoleKind::Instructor => {
                    assert!(admit(kind, operation, section(1)).is_ok(), "{case}");
                    assert!(matches!(admit(kind, operation, section(2)), Err(Error::Forbidden(_))), "{case}");
                }
                Some(Extent::Own | Extent::Programs) => {
                    assert!(admit(kind, operation, own).is_ok(), "{case}");
                    assert!(
                        matches!(admit(kind, operation, Resource::Institution), Err(Error::Forbidden(_))),
                        "{case}"
                    );
                    for other in [2, 9] {
                        let denied = admit(kind, operation, Resource::Student(student(other)));
                        assert!(matches!(denied, Err(Error::NotFound(Subject::Student))), "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_confidential_student_is_there_only_for_those_with_need() {
        let read = |kind| admit(kind, Operation::ReadStudents, Resource::Student(student(3)));
        assert!(matches!(read(RoleKind::Service), Err(Error::NotFound(Subject::Student))));
        assert!(
            read(RoleKind::Advisor).is_ok() && read(RoleKind::Registrar).is_ok() && read(RoleKind::Auditor).is_ok()
        );
        let service = Role::Service([Scope::StudentsRead, Scope::ConfidentialRead].into());
        let service = Principal::new(Actor::system("test"), vec![service]);
        let resource = Resource::Student(student(3));
        assert!(block_on(gate().admit(&service, Operation::ReadStudents, resource)).is_ok());
    }

    #[test]
    fn of_many_students_those_are_seen_whom_the_roles_that_reach_them_see() {
        let seen = |kinds: &[RoleKind], section: u128| {
            let among = Resource::Section(Uuid::from_u128(section).into());
            block_on(gate().admit_to_many(&principal(kinds), Operation::Grade, among))
        };
        let (instructor, service) = (RoleKind::Instructor, RoleKind::Service);
        assert_eq!(seen(&[instructor], 1).unwrap(), Seen::Everybody);
        assert!(matches!(seen(&[instructor], 2), Err(Error::Forbidden(Operation::Grade))));
        assert_eq!(seen(&[service], 1).unwrap(), Seen::NotConfidential);
        assert_eq!(seen(&[service, instructor], 1).unwrap(), Seen::Everybody);
        assert_eq!(seen(&[instructor, service], 2).unwrap(), Seen::NotConfidential, "it is not theirs");
        assert!(matches!(seen(&[RoleKind::Auditor], 1), Err(Error::Forbidden(Operation::Grade))));
    }

    #[test]
    fn of_students_those_are_reached_to_whom_it_may_be_done() {
        let reached = |kind| {
            let among = [1, 2, 3, 9].map(student).into();
            block_on(gate().reached(&principal(&[kind]), Operation::ReadRegistrations, among)).unwrap()
        };
        let those = |numbers: &[u128]| numbers.iter().copied().map(student).collect::<BTreeSet<_>>();
        assert_eq!(reached(RoleKind::Registrar), those(&[1, 2, 3, 9]));
        assert_eq!(reached(RoleKind::Service), those(&[1, 2]));
        assert_eq!(reached(RoleKind::Advisor), those(&[1, 3]));
        assert_eq!(reached(RoleKind::Student), those(&[1]));
        assert_eq!(reached(RoleKind::Instructor), those(&[]));
    }

    #[test]
    fn a_list_shows_whom_the_roles_together_reach() {
        let view = |kinds: &[RoleKind]| gate().view(&principal(kinds), Operation::ReadStudents);
        let own = View::Some { student: Some(student(1)), programs: BTreeSet::new() };
        assert_eq!(view(&[RoleKind::Student]).unwrap(), own);
        let both = View::Some { student: Some(student(1)), programs: physics() };
        assert_eq!(view(&[RoleKind::Student, RoleKind::Advisor]).unwrap(), both);
        assert_eq!(view(&[RoleKind::Service, RoleKind::Student]).unwrap(), View::NotConfidential);
        assert_eq!(view(&[RoleKind::Service, RoleKind::Registrar]).unwrap(), View::Everybody);
        assert!(matches!(view(&[RoleKind::Instructor]), Err(Error::Forbidden(Operation::ReadStudents))));
    }
}
