//! Whose records are whose: the port [`Affiliations`].

use crate::rows::Place;
use crate::schema::{section_instructors, students};
use crate::store::{Answer, PgStore};
use async_trait::async_trait;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use enrollment_core::Error;
use enrollment_core::access::{Affiliation, Affiliations};
use enrollment_core::ids::{SectionId, StudentId};
use enrollment_core::text::InstructorNumber;

#[async_trait]
impl Affiliations for PgStore {
    async fn of_student(&self, student: StudentId) -> Result<Option<Affiliation>, Error> {
        self.read(move |conn| of_student(conn, student)).await
    }

    async fn teaches(&self, instructor: InstructorNumber, section: SectionId) -> Result<bool, Error> {
        self.read(move |conn| {
            let row = section_instructors::table.find((section.uuid(), instructor.as_str()));
            Ok(Ok(select(exists(row)).get_result(conn)?))
        })
        .await
    }
}

fn of_student(conn: &mut PgConnection, student: StudentId) -> Answer<Option<Affiliation>> {
    let row = students::table.find(student.uuid()).select((students::program, students::confidential));
    let Some((program, confidential)) = row.first::<(Option<String>, bool)>(conn).optional()? else {
        return Ok(Ok(None));
    };
    let program = Place::new("students", student.uuid()).read_maybe("program", program)?;
    Ok(Ok(Some(Affiliation { program, confidential })))
}
