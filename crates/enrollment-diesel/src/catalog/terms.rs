//! Terms.

use super::{Table, in_use, page_of};
use crate::StoreError;
use crate::constraint::not_touched;
use crate::page::rows_for;
use crate::registration::Concerned;
use crate::rows::term::TermRow;
use crate::schema::{sections, student_courses, terms, windows};
use crate::store::Answer;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use enrollment_core::catalog::{Cause, Term, TermFilter, Version};
use enrollment_core::ids::TermId;
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::{Error, Subject};

impl Table for Term {
    fn insert(&self, conn: &mut PgConnection, _: &Cause) -> Answer<Self> {
        let insert = diesel::insert_into(terms::table).values(TermRow::try_from(self)?);
        let row = insert.returning(TermRow::as_returning()).get_result(conn)?;
        Ok(Ok(row.try_into()?))
    }

    fn find(conn: &mut PgConnection, id: TermId) -> Result<Option<Self>, StoreError> {
        let row = terms::table.find(id.uuid()).select(TermRow::as_select()).first(conn).optional()?;
        Ok(row.map(Self::try_from).transpose()?)
    }

    fn update(&self, conn: &mut PgConnection, expected: Version, _: &Cause) -> Answer<Self> {
        let row = TermRow::try_from(self)?;
        let stored = terms::table.find(row.id).filter(terms::version.eq(i64::from(expected)));
        let update = diesel::update(stored).set(&row).returning(TermRow::as_returning());
        match update.get_result(conn).optional()? {
            Some(row) => Ok(Ok(row.try_into()?)),
            None => Ok(Err(not_touched::<Self>(is_there(conn, self.id)?))),
        }
    }

    fn delete(conn: &mut PgConnection, id: TermId, expected: Option<Version>, _: &Cause) -> Answer<()> {
        let stored = terms::table.find(id.uuid());
        let deleted = match expected {
            None => diesel::delete(stored).execute(conn)?,
            Some(version) => diesel::delete(stored.filter(terms::version.eq(i64::from(version)))).execute(conn)?,
        };
        match deleted {
            0 => Ok(Err(not_touched::<Self>(is_there(conn, id)?))),
            _ => Ok(Ok(())),
        }
    }

    fn list(conn: &mut PgConnection, filter: &TermFilter, page: &PageRequest<TermId>) -> Answer<Page<Self, TermId>> {
        let mut rows = terms::table.select(TermRow::as_select()).order(terms::id).into_boxed();
        if let Some(code) = &filter.code {
            rows = rows.filter(terms::code.eq(code.as_str()));
        }
        if let Some(after) = page.after {
            rows = rows.filter(terms::id.gt(after.uuid()));
        }
        Ok(Ok(page_of(rows.limit(rows_for(page)).load(conn)?, page)?))
    }

    fn in_use(conn: &mut PgConnection, id: TermId) -> QueryResult<Error> {
        let offered = sections::table.filter(sections::term_id.eq(id.uuid()));
        let registered = student_courses::table.filter(student_courses::term_id.eq(id.uuid()));
        let admitting = windows::table.filter(windows::term_id.eq(id.uuid()));
        let by = [
            (select(exists(offered)).get_result(conn)?, Subject::Section),
            (select(exists(registered)).get_result(conn)?, Subject::StudentCourse),
            (select(exists(admitting)).get_result(conn)?, Subject::Window),
        ];
        Ok(in_use(Subject::Term, by))
    }

    fn concerned(&self) -> Option<Concerned> {
        Some(Concerned::Term(self.id))
    }
}

fn is_there(conn: &mut PgConnection, id: TermId) -> QueryResult<bool> {
    select(exists(terms::table.find(id.uuid()))).get_result(conn)
}
