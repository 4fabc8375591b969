//! Students.

use super::{Table, in_use, page_of};
use crate::StoreError;
use crate::constraint::not_touched;
use crate::page::rows_for;
use crate::registration::Concerned;
use crate::rows::student::StudentRow;
use crate::schema::{holds, permits, student_courses, students, window_students};
use crate::store::Answer;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use enrollment_core::access::View;
use enrollment_core::catalog::{Cause, Student, StudentFilter, Version};
use enrollment_core::ids::StudentId;
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::text::Program;
use enrollment_core::{Error, Subject};

impl Table for Student {
    fn insert(&self, conn: &mut PgConnection, _: &Cause) -> Answer<Self> {
        let insert = diesel::insert_into(students::table).values(StudentRow::from(self));
        let row = insert.returning(StudentRow::as_returning()).get_result(conn)?;
        Ok(Ok(row.try_into()?))
    }

    fn find(conn: &mut PgConnection, id: StudentId) -> Result<Option<Self>, StoreError> {
        let row = students::table.find(id.uuid()).select(StudentRow::as_select()).first(conn).optional()?;
        Ok(row.map(Self::try_from).transpose()?)
    }

    fn update(&self, conn: &mut PgConnection, expected: Version, _: &Cause) -> Answer<Self> {
        let row = StudentRow::from(self);
        let stored = students::table.find(row.id).filter(students::version.eq(i64::from(expected)));
        let update = diesel::update(stored).set(&row).returning(StudentRow::as_returning());
        match update.get_result(conn).optional()? {
            Some(row) => Ok(Ok(row.try_into()?)),
            None => Ok(Err(not_touched::<Self>(is_there(conn, self.id)?))),
        }
    }

    fn delete(conn: &mut PgConnection, id: StudentId, expected: Option<Version>, _: &Cause) -> Answer<()> {
        let stored = students::table.find(id.uuid());
        let deleted = match expected {
            None => diesel::delete(stored).execute(conn)?,
            Some(version) => diesel::delete(stored.filter(students::version.eq(i64::from(version)))).execute(conn)?,
        };
        match deleted {
            0 => Ok(Err(not_touched::<Self>(is_there(conn, id)?))),
            _ => Ok(Ok(())),
        }
    }

    fn list(
        conn: &mut PgConnection,
        filter: &StudentFilter,
        page: &PageRequest<StudentId>,
    ) -> Answer<Page<Self, StudentId>> {
        let mut rows = students::table.select(StudentRow::as_select()).order(students::id).into_boxed();
        if let Some(number) = &filter.number {
            rows = rows.filter(students::number.eq(number.as_str()));
        }
        match &filter.view {
            View::Everybody => {}
            View::NotConfidential => rows = rows.filter(students::confidential.eq(false)),
            View::Some { student, programs } => {
                let programs: Vec<&str> = programs.iter().map(Program::as_str).collect();
                let own = students::id.nullable().eq(student.map(StudentId::uuid));
                // Without a student and a programme this is null, which shows nobody.
                rows = rows.filter(own.or(students::program.eq_any(programs)));
            }
        }
        if let Some(after) = page.after {
            rows = rows.filter(students::id.gt(after.uuid()));
        }
        Ok(Ok(page_of(rows.limit(rows_for(page)).load(conn)?, page)?))
    }

    fn in_use(conn: &mut PgConnection, id: StudentId) -> QueryResult<Error> {
        let registered = student_courses::table.filter(student_courses::student_id.eq(id.uuid()));
        let held_back = holds::table.filter(holds::student_id.eq(id.uuid()));
        let listed = window_students::table.filter(window_students::student_id.eq(id.uuid()));
        let permitted = permits::table.filter(permits::student_id.eq(id.uuid()));
        let by = [
            (select(exists(registered)).get_result(conn)?, Subject::StudentCourse),
            (select(exists(held_back)).get_result(conn)?, Subject::Hold),
            (select(exists(listed)).get_result(conn)?, Subject::Window),
            (select(exists(permitted)).get_result(conn)?, Subject::Permit),
        ];
        Ok(in_use(Subject::Student, by))
    }

    fn concerned(&self) -> Option<Concerned> {
        Some(Concerned::Students(vec![self.id]))
    }
}

fn is_there(conn: &mut PgConnection, id: StudentId) -> QueryResult<bool> {
    select(exists(students::table.find(id.uuid()))).get_result(conn)
}
