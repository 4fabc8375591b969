//! Holds on students.

use super::{Table, page_of};
use crate::StoreError;
use crate::constraint::not_touched;
use crate::page::rows_for;
use crate::registration::Concerned;
use crate::rows::hold::HoldRow;
use crate::schema::{holds, students};
use crate::store::Answer;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use enrollment_core::catalog::{Cause, Hold, HoldFilter, Version};
use enrollment_core::ids::{HoldId, StudentId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::{Error, Subject};

impl Table for Hold {
    fn insert(&self, conn: &mut PgConnection, _: &Cause) -> Answer<Self> {
        let insert = diesel::insert_into(holds::table).values(HoldRow::from(self));
        let row = insert.returning(HoldRow::as_returning()).get_result(conn)?;
        Ok(Ok(row.try_into()?))
    }

    fn find(conn: &mut PgConnection, id: HoldId) -> Result<Option<Self>, StoreError> {
        let row = holds::table.find(id.uuid()).select(HoldRow::as_select()).first(conn).optional()?;
        Ok(row.map(Self::try_from).transpose()?)
    }

    fn update(&self, conn: &mut PgConnection, expected: Version, _: &Cause) -> Answer<Self> {
        let row = HoldRow::from(self);
        let stored = holds::table.find(row.id).filter(holds::version.eq(i64::from(expected)));
        let update = diesel::update(stored).set(&row).returning(HoldRow::as_returning());
        match update.get_result(conn).optional()? {
            Some(row) => Ok(Ok(row.try_into()?)),
            None => Ok(Err(not_touched::<Self>(is_there(conn, self.id)?))),
        }
    }

    fn delete(conn: &mut PgConnection, id: HoldId, expected: Option<Version>, _: &Cause) -> Answer<()> {
        let stored = holds::table.find(id.uuid());
        let deleted = match expected {
            None => diesel::delete(stored).execute(conn)?,
            Some(version) => diesel::delete(stored.filter(holds::version.eq(i64::from(version)))).execute(conn)?,
        };
        match deleted {
            0 => Ok(Err(not_touched::<Self>(is_there(conn, id)?))),
            _ => Ok(Ok(())),
        }
    }

    fn list(conn: &mut PgConnection, filter: &HoldFilter, page: &PageRequest<HoldId>) -> Answer<Page<Self, HoldId>> {
        let mut rows = holds::table.select(HoldRow::as_select()).order(holds::id).into_boxed();
        if let Some(student) = filter.student_id {
            rows = rows.filter(holds::student_id.eq(student.uuid()));
        }
        if let Some(after) = page.after {
            rows = rows.filter(holds::id.gt(after.uuid()));
        }
        let rows: Vec<HoldRow> = rows.limit(rows_for(page)).load(conn)?;
        match filter.student_id {
            // Rows prove that the student exists.
            Some(student) if rows.is_empty() && !student_is_there(conn, student)? => {
                Ok(Err(Error::NotFound(Subject::Student)))
            }
            _ => Ok(Ok(page_of(rows, page)?)),
        }
    }

    fn concerned(&self) -> Option<Concerned> {
        Some(Concerned::Students(vec![self.student_id]))
    }
}

fn is_there(conn: &mut PgConnection, id: HoldId) -> QueryResult<bool> {
    select(exists(holds::table.find(id.uuid()))).get_result(conn)
}

fn student_is_there(conn: &mut PgConnection, id: StudentId) -> QueryResult<bool> {
    select(exists(students::table.find(id.uuid()))).get_result(conn)
}
