//! Courses.

use super::{Table, in_use, page_of};
use crate::StoreError;
use crate::constraint::not_touched;
use crate::page::rows_for;
use crate::registration::Concerned;
use crate::rows::course::CourseRow;
use crate::schema::{courses, permits, sections, student_courses};
use crate::store::Answer;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use enrollment_core::catalog::{Cause, Course, CourseFilter, Version};
use enrollment_core::ids::CourseId;
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::{Error, Subject};

impl Table for Course {
    fn insert(&self, conn: &mut PgConnection, _: &Cause) -> Answer<Self> {
        let insert = diesel::insert_into(courses::table).values(CourseRow::try_from(self)?);
        let row = insert.returning(CourseRow::as_returning()).get_result(conn)?;
        Ok(Ok(row.try_into()?))
    }

    fn find(conn: &mut PgConnection, id: CourseId) -> Result<Option<Self>, StoreError> {
        let row = courses::table.find(id.uuid()).select(CourseRow::as_select()).first(conn).optional()?;
        Ok(row.map(Self::try_from).transpose()?)
    }

    fn update(&self, conn: &mut PgConnection, expected: Version, _: &Cause) -> Answer<Self> {
        let row = CourseRow::try_from(self)?;
        let stored = courses::table.find(row.id).filter(courses::version.eq(i64::from(expected)));
        let update = diesel::update(stored).set(&row).returning(CourseRow::as_returning());
        match update.get_result(conn).optional()? {
            Some(row) => Ok(Ok(row.try_into()?)),
            None => Ok(Err(not_touched::<Self>(is_there(conn, self.id)?))),
        }
    }

    fn delete(conn: &mut PgConnection, id: CourseId, expected: Option<Version>, _: &Cause) -> Answer<()> {
        let stored = courses::table.find(id.uuid());
        let deleted = match expected {
            None => diesel::delete(stored).execute(conn)?,
            Some(version) => diesel::delete(stored.filter(courses::version.eq(i64::from(version)))).execute(conn)?,
        };
        match deleted {
            0 => Ok(Err(not_touched::<Self>(is_there(conn, id)?))),
            _ => Ok(Ok(())),
        }
    }

    fn list(
        conn: &mut PgConnection,
        filter: &CourseFilter,
        page: &PageRequest<CourseId>,
    ) -> Answer<Page<Self, CourseId>> {
        let mut rows = courses::table.select(CourseRow::as_select()).order(courses::id).into_boxed();
        if let Some(code) = &filter.code {
            rows = rows.filter(courses::code.eq(code.as_str()));
        }
        if let Some(after) = page.after {
            rows = rows.filter(courses::id.gt(after.uuid()));
        }
        Ok(Ok(page_of(rows.limit(rows_for(page)).load(conn)?, page)?))
    }

    fn in_use(conn: &mut PgConnection, id: CourseId) -> QueryResult<Error> {
        let offered = sections::table.filter(sections::course_id.eq(id.uuid()));
        let registered = student_courses::table.filter(student_courses::course_id.eq(id.uuid()));
        let permitted = permits::table.filter(permits::course_id.eq(id.uuid()));
        let by = [
            (select(exists(offered)).get_result(conn)?, Subject::Section),
            (select(exists(registered)).get_result(conn)?, Subject::StudentCourse),
            (select(exists(permitted)).get_result(conn)?, Subject::Permit),
        ];
        Ok(in_use(Subject::Course, by))
    }

    fn concerned(&self) -> Option<Concerned> {
        Some(Concerned::Course(self.id))
    }
}

fn is_there(conn: &mut PgConnection, id: CourseId) -> QueryResult<bool> {
    select(exists(courses::table.find(id.uuid()))).get_result(conn)
}
