//! Permits of students.
//!
//! A use makes a new version of its permit, so a change or deletion that is made on an expected version cannot pass over one.
//! The other way round, an attempt that uses a permit makes sure that it is still the one that was read.

use super::{Table, in_use};
use crate::StoreError;
use crate::constraint::not_touched;
use crate::page::rows_for;
use crate::registration::Concerned;
use crate::rows::Corrupt;
use crate::rows::permit::{PermitRow, PermitUseRow};
use crate::schema::{permit_uses, permits, students};
use crate::store::Answer;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use enrollment_core::catalog::{Cause, Permit, PermitFilter, PermitUse, Version};
use enrollment_core::ids::{PermitId, StudentId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::{Error, Subject};
use std::collections::HashMap;
use uuid::Uuid;

impl Table for Permit {
    fn insert(&self, conn: &mut PgConnection, _: &Cause) -> Answer<Self> {
        let insert = diesel::insert_into(permits::table).values(PermitRow::try_from(self)?);
        let row: PermitRow = insert.returning(PermitRow::as_returning()).get_result(conn)?;
        Ok(Ok(row.permit(Vec::new())?))
    }

    fn find(conn: &mut PgConnection, id: PermitId) -> Result<Option<Self>, StoreError> {
        let row = permits::table.find(id.uuid()).select(PermitRow::as_select()).first(conn).optional()?;
        Ok(with_uses(conn, row.into_iter().collect())?.pop())
    }

    fn update(&self, conn: &mut PgConnection, expected: Version, _: &Cause) -> Answer<Self> {
        let row = PermitRow::try_from(self)?;
        let stored = permits::table.find(row.id).filter(permits::version.eq(i64::from(expected)));
        let update = diesel::update(stored).set(&row).returning(PermitRow::as_returning());
        match update.get_result(conn).optional()? {
            // The uses are those that it had in the version that was expected.
            Some(row) => Ok(Ok(PermitRow::permit(row, self.used_for.clone())?)),
            None => Ok(Err(not_touched::<Self>(is_there(conn, self.id)?))),
        }
    }

    fn delete(conn: &mut PgConnection, id: PermitId, expected: Option<Version>, _: &Cause) -> Answer<()> {
        let stored = permits::table.find(id.uuid());
        let deleted = match expected {
            None => diesel::delete(stored).execute(conn)?,
            Some(version) => diesel::delete(stored.filter(permits::version.eq(i64::from(version)))).execute(conn)?,
        };
        match deleted {
            0 => Ok(Err(not_touched::<Self>(is_there(conn, id)?))),
            _ => Ok(Ok(())),
        }
    }

    fn list(
        conn: &mut PgConnection,
        filter: &PermitFilter,
        page: &PageRequest<PermitId>,
    ) -> Answer<Page<Self, PermitId>> {
        let mut rows = permits::table.select(PermitRow::as_select()).order(permits::id).into_boxed();
        if let Some(student) = filter.student_id {
            rows = rows.filter(permits::student_id.eq(student.uuid()));
        }
        if let Some(after) = page.after {
            rows = rows.filter(permits::id.gt(after.uuid()));
        }
        let rows: Vec<PermitRow> = rows.limit(rows_for(page)).load(conn)?;
        match filter.student_id {
            // Rows prove that the student exists.
            Some(student) if rows.is_empty() && !student_is_there(conn, student)? => {
                Ok(Err(Error::NotFound(Subject::Student)))
            }
            _ => Ok(Ok(Page::cut(with_uses(conn, rows)?, page.limit, |permit| permit.id))),
        }
    }

    fn in_use(_: &mut PgConnection, _: PermitId) -> QueryResult<Error> {
        Ok(in_use(Subject::Permit, [(true, Subject::PermitUse)]))
    }

    fn concerned(&self) -> Option<Concerned> {
        Some(Concerned::Students(vec![self.student_id]))
    }
}

/// The permits, each with what it was used for, in the order of the uses.
fn with_uses(conn: &mut PgConnection, rows: Vec<PermitRow>) -> Result<Vec<Permit>, StoreError> {
    let mut uses: HashMap<Uuid, Vec<PermitUse>> = HashMap::new();
    if !rows.is_empty() {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let recorded = permit_uses::table.filter(permit_uses::permit_id.eq_any(ids)).select(PermitUseRow::as_select());
        let order = (permit_uses::at, permit_uses::attempt_id, permit_uses::student_course_id);
        for row in recorded.order(order).load::<PermitUseRow>(conn)? {
            uses.entry(row.permit_id).or_default().push(row.try_into()?);
        }
    }
    let permits = rows.into_iter().map(|row| {
        let used_for = uses.remove(&row.id).unwrap_or_default();
        row.permit(used_for)
    });
    Ok(permits.collect::<Result<_, Corrupt>>()?)
}

fn is_there(conn: &mut PgConnection, id: PermitId) -> QueryResult<bool> {
    select(exists(permits::table.find(id.uuid()))).get_result(conn)
}

fn student_is_there(conn: &mut PgConnection, id: StudentId) -> QueryResult<bool> {
    select(exists(students::table.find(id.uuid()))).get_result(conn)
}
