//! `docs/ACCESS.md` shows the table of permissions as the code has it.

use enrollment_core::access::permissions::{permission, scope};
use enrollment_core::access::{Extent, Operation, Permission, RoleKind};
use std::fmt::Write;

fn table() -> String {
    let roles = &RoleKind::ALL[..RoleKind::ALL.len() - 1];
    let mut table = String::from("| may |");
    for role in roles {
        let _ = write!(table, " {} |", role.word());
    }
    table.push_str(" a service with the scope |\n| --- |");
    table.push_str(&" --- |".repeat(roles.len() + 1));
    for operation in Operation::ALL {
        let _ = write!(table, "\n| {operation} |");
        for role in roles {
            let cell = match permission(*role, *operation) {
                Permission::No => "–",
                Permission::Yes(extent) => extent_of(extent),
                Permission::IfGranted(_) => "theirs, if granted",
            };
            let _ = write!(table, " {cell} |");
        }
        let _ = match scope(*operation) {
            Some(scope) => write!(table, " `{scope}` |"),
            None => write!(table, " – |"),
        };
    }
    table
}

fn extent_of(extent: Extent) -> &'static str {
    match extent {
        Extent::All => "all",
        Extent::Own => "own",
        Extent::Programs => "theirs",
    }
}

#[test]
fn the_document_shows_the_table_of_the_code() {
    let document = include_str!("../../../docs/ACCESS.md");
    let table = table();
    assert!(document.contains(&table), "docs/ACCESS.md does not contain this table; put it there:\n\n{table}\n");
}

#[test]
fn the_document_tells_every_scope() {
    let document = include_str!("../../../docs/ACCESS.md");
    for scope in enrollment_core::access::Scope::ALL {
        assert!(document.contains(&format!("| `{scope}` |")), "docs/ACCESS.md does not explain {scope}");
    }
}
