//! Registration windows of terms, with the students whom they list.

use super::{Table, page_of};
use crate::StoreError;
use crate::constraint::not_touched;
use crate::page::rows_for;
use crate::registration::Concerned;
use crate::rows::window::{NewWindow, WindowRow, window_columns};
use crate::schema::{terms, window_students, windows};
use crate::statement::Statement;
use crate::store::Answer;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Uuid as SqlUuid};
use enrollment_core::catalog::{Cause, Version, Window, WindowFilter};
use enrollment_core::ids::{TermId, WindowId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::{Error, Subject};
use uuid::Uuid;

impl Table for Window {
    fn insert(&self, conn: &mut PgConnection, _: &Cause) -> Answer<Self> {
        diesel::insert_into(windows::table).values(NewWindow::try_from(self)?).execute(conn)?;
        insert_students(conn, self)?;
        stored(conn, self.id)
    }

    fn find(conn: &mut PgConnection, id: WindowId) -> Result<Option<Self>, StoreError> {
        const FIND: &str = concat!("SELECT ", window_columns!(), " FROM windows w WHERE w.id = $1");
        let row = Statement::new(FIND).bind::<SqlUuid, _>(id.uuid()).get_result::<WindowRow>(conn).optional()?;
        Ok(row.map(Self::try_from).transpose()?)
    }

    fn update(&self, conn: &mut PgConnection, expected: Version, _: &Cause) -> Answer<Self> {
        let row = NewWindow::try_from(self)?;
        let found = windows::table.find(row.id).filter(windows::version.eq(i64::from(expected)));
        if diesel::update(found).set(row).execute(conn)? == 0 {
            return Ok(Err(not_touched::<Self>(is_there(conn, self.id)?)));
        }
        let listed = window_students::table.filter(window_students::window_id.eq(self.id.uuid()));
        diesel::delete(listed).execute(conn)?;
        insert_students(conn, self)?;
        stored(conn, self.id)
    }

    fn delete(conn: &mut PgConnection, id: WindowId, expected: Option<Version>, _: &Cause) -> Answer<()> {
        let stored = windows::table.find(id.uuid());
        let deleted = match expected {
            None => diesel::delete(stored).execute(conn)?,
            Some(version) => diesel::delete(stored.filter(windows::version.eq(i64::from(version)))).execute(conn)?,
        };
        match deleted {
            0 => Ok(Err(not_touched::<Self>(is_there(conn, id)?))),
            _ => Ok(Ok(())),
        }
    }

    fn list(
        conn: &mut PgConnection,
        filter: &WindowFilter,
        page: &PageRequest<WindowId>,
    ) -> Answer<Page<Self, WindowId>> {
        const LIST: &str = concat!(
            "SELECT ",
            window_columns!(),
            " FROM windows w WHERE ($2 IS NULL OR w.term_id = $2)
                AND w.id > coalesce($3, '00000000-0000-0000-0000-000000000000')
              ORDER BY w.id LIMIT $1"
        );
        let rows = Statement::new(LIST)
            .bind::<BigInt, _>(rows_for(page))
            .bind::<Nullable<SqlUuid>, _>(filter.term_id.map(Uuid::from))
            .bind::<Nullable<SqlUuid>, _>(page.after.map(Uuid::from))
            .load::<WindowRow>(conn)?;
        match filter.term_id {
            // Rows prove that the term exists.
            Some(term) if rows.is_empty() && !term_is_there(conn, term)? => Ok(Err(Error::NotFound(Subject::Term))),
            _ => Ok(Ok(page_of(rows, page)?)),
        }
    }

    fn concerned(&self) -> Option<Concerned> {
        Some(Concerned::Term(self.term_id))
    }
}

/// The window as this transaction has left it.
fn stored(conn: &mut PgConnection, id: WindowId) -> Answer<Window> {
    Ok(Window::find(conn, id)?.ok_or(Error::NotFound(Subject::Window)))
}

fn insert_students(conn: &mut PgConnection, window: &Window) -> QueryResult<()> {
    const INSERT: &str = "INSERT INTO window_students (window_id, student_id) SELECT $1, unnest($2)";
    if let Some(students) = &window.students {
        let listed: Vec<Uuid> = students.iter().map(|student| student.uuid()).collect();
        Statement::new(INSERT).bind::<SqlUuid, _>(window.id.uuid()).bind::<Array<SqlUuid>, _>(listed).execute(conn)?;
    }
    Ok(())
}

fn is_there(conn: &mut PgConnection, id: WindowId) -> QueryResult<bool> {
    select(exists(windows::table.find(id.uuid()))).get_result(conn)
}

fn term_is_there(conn: &mut PgConnection, id: TermId) -> QueryResult<bool> {
    select(exists(terms::table.find(id.uuid()))).get_result(conn)
}
