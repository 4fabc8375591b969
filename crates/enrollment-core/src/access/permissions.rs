//! The table of permissions: which role may do what, and to whose records.
//!
//! It is the only place that says so, and `docs/ACCESS.md` is printed from it. Read a row as: *students may enroll and
//! drop themselves, advisors nobody, registrars everybody, and a service anybody if it has the scope*.

use super::{Operation, Role, RoleKind, Scope};

/// To whose records a permission extends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// To all.
    All,
    /// To the principal's own: a student's own record, the sections that an instructor teaches.
    Own,
    /// To the students of the programmes that the principal advises.
    Programs,
}

/// What a role may do, as the table says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It may not.
    No,
    /// It may.
    Yes(Extent),
    /// It may if it was granted the scope of the row.
    IfGranted(Extent),
}

/// A row of the table.
struct Row {
    student: Permission,
    instructor: Permission,
    advisor: Permission,
    registrar: Permission,
    auditor: Permission,
    administrator: Permission,
    /// The scope that lets a service; none where no service may.
    scope: Option<Scope>,
}

const NO: Permission = Permission::No;
const ALL: Permission = Permission::Yes(Extent::All);
const OWN: Permission = Permission::Yes(Extent::Own);
const THEIRS: Permission = Permission::Yes(Extent::Programs);
const GRANTED: Permission = Permission::IfGranted(Extent::Programs);

#[rustfmt::skip]
#[expect(clippy::match_same_arms, reason = "it is a table, and rows may be alike")]
const fn row(operation: Operation) -> Row {
    use Operation as O;
    use Scope as S;
    match operation {
        //                               student instructor advisor  registrar auditor administrator scope of a service
        O::ReadCatalog          => cells(ALL,    ALL,       ALL,     ALL,      ALL,    ALL,          Some(S::CatalogRead)),
        O::WriteCatalog         => cells(NO,     NO,        NO,      ALL,      NO,     NO,           Some(S::CatalogWrite)),
        O::ReadWindows          => cells(NO,     NO,        NO,      ALL,      ALL,    NO,           Some(S::WindowsRead)),
        O::WriteWindows         => cells(NO,     NO,        NO,      ALL,      NO,     NO,           Some(S::WindowsWrite)),
        O::ReadStudents         => cells(OWN,    NO,        THEIRS,  ALL,      ALL,    NO,           Some(S::StudentsRead)),
        O::WriteStudents        => cells(NO,     NO,        NO,      ALL,      NO,     NO,           Some(S::StudentsWrite)),
        O::ReadRegistrations    => cells(OWN,    NO,        THEIRS,  ALL,      ALL,    NO,           Some(S::RegistrationsRead)),
        O::Register             => cells(OWN,    NO,        NO,      ALL,      NO,     NO,           Some(S::RegistrationsWrite)),
        O::RehearseRegistration => cells(OWN,    NO,        GRANTED, ALL,      ALL,    NO,           Some(S::RegistrationsRehearse)),
        O::Prioritize           => cells(NO,     NO,        NO,      ALL,      NO,     NO,           Some(S::RegistrationsWrite)),
        O::RegisterMany         => cells(NO,     NO,        NO,      ALL,      NO,     NO,           Some(S::RegistrationsWrite)),
        O::ReadHolds            => cells(OWN,    NO,        THEIRS,  ALL,      ALL,    NO,           Some(S::HoldsRead)),
        O::WriteHolds           => cells(NO,     NO,        NO,      ALL,      NO,     NO,           Some(S::HoldsWrite)),
        O::ReadPermits          => cells(OWN,    NO,        THEIRS,  ALL,      ALL,    NO,           Some(S::PermitsRead)),
        O::WritePermits         => cells(NO,     NO,        GRANTED, ALL,      NO,     NO,           Some(S::PermitsWrite)),
        O::ReadRosters          => cells(NO,     OWN,       NO,      ALL,      ALL,    NO,           Some(S::RostersRead)),
        O::Grade                => cells(NO,     OWN,       NO,      ALL,      NO,     NO,           Some(S::GradesWrite)),
        O::ReadEvents           => cells(NO,     NO,        NO,      ALL,      ALL,    NO,           Some(S::EventsRead)),
        O::ReadMetrics          => cells(NO,     NO,        NO,      NO,       ALL,    ALL,          Some(S::MetricsRead)),
        O::ManageKeys           => cells(NO,     NO,        NO,      NO,       NO,     ALL,          None),
    }
}

const fn cells(
    student: Permission,
    instructor: Permission,
    advisor: Permission,
    registrar: Permission,
    auditor: Permission,
    administrator: Permission,
    scope: Option<Scope>,
) -> Row {
    Row { student, instructor, advisor, registrar, auditor, administrator, scope }
}

/// What the table says of a role and an operation.
pub const fn permission(role: RoleKind, operation: Operation) -> Permission {
    let row = row(operation);
    match role {
        RoleKind::Student => row.student,
        RoleKind::Instructor => row.instructor,
        RoleKind::Advisor => row.advisor,
        RoleKind::Registrar => row.registrar,
        RoleKind::Auditor => row.auditor,
        RoleKind::Administrator => row.administrator,
        RoleKind::Service if row.scope.is_some() => Permission::IfGranted(Extent::All),
        RoleKind::Service => NO,
    }
}

/// The scope that grants an operation, to a service or to whom the table says *if granted*.
pub const fn scope(operation: Operation) -> Option<Scope> {
    row(operation).scope
}

/// To whose records the permission of this role extends; none if it may not do that at all.
pub(super) fn extent(role: &Role, operation: Operation) -> Option<Extent> {
    match permission(role.kind(), operation) {
        Permission::No => None,
        Permission::Yes(extent) => Some(extent),
        Permission::IfGranted(extent) => scope(operation).filter(|scope| role.has(*scope)).map(|_| extent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditor_reads_everything_and_changes_nothing() {
        use Operation as O;
        let changes = [
            O::WriteCatalog,
            O::WriteWindows,
            O::WriteStudents,
            O::Register,
            O::Prioritize,
            O::RegisterMany,
            O::WriteHolds,
            O::WritePermits,
            O::Grade,
            O::ManageKeys,
        ];
        for operation in Operation::ALL {
            let expected = if changes.contains(operation) { NO } else { ALL };
            assert_eq!(permission(RoleKind::Auditor, *operation), expected, "{operation:?}");
        }
    }

    #[test]
    fn a_service_may_do_only_what_its_scopes_say() {
        for operation in Operation::ALL {
            assert_eq!(extent(&Role::Service([].into()), *operation), None, "{operation:?}");
            let all = Role::Service(Scope::ALL.iter().copied().collect());
            assert_eq!(extent(&all, *operation).is_some(), *operation != Operation::ManageKeys, "{operation:?}");
            if let Some(scope) = scope(*operation) {
                assert_eq!(extent(&Role::Service([scope].into()), *operation), Some(Extent::All), "{operation:?}");
            }
        }
    }

    #[test]
    fn a_student_reaches_nothing_but_the_catalogue_and_their_own() {
        for operation in Operation::ALL {
            let beyond = Permission::Yes(Extent::All) == permission(RoleKind::Student, *operation);
            assert_eq!(beyond, *operation == Operation::ReadCatalog, "{operation:?}");
        }
    }
}
