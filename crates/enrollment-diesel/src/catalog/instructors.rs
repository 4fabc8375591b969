//! Who teaches a section: the port [`InstructorRepository`].

use crate::rows::Place;
use crate::schema::{section_instructors, sections};
use crate::store::{Answer, PgStore, committing};
use async_trait::async_trait;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use enrollment_core::catalog::{InstructorRepository, Put};
use enrollment_core::ids::SectionId;
use enrollment_core::text::InstructorNumber;
use enrollment_core::{Error, Subject};

#[async_trait]
impl InstructorRepository for PgStore {
    async fn of(&self, section: SectionId) -> Result<Vec<InstructorNumber>, Error> {
        self.read(move |conn| of(conn, section)).await
    }

    async fn put(&self, section: SectionId, number: InstructorNumber) -> Result<Put, Error> {
        self.write(move |conn| put(conn, section, &number)).await
    }

    async fn delete(&self, section: SectionId, number: InstructorNumber) -> Result<(), Error> {
        self.write(move |conn| delete(conn, section, &number)).await
    }
}

fn of(conn: &mut PgConnection, section: SectionId) -> Answer<Vec<InstructorNumber>> {
    let own = section_instructors::table.filter(section_instructors::section_id.eq(section.uuid()));
    let numbers: Vec<String> = own.select(section_instructors::number).order(section_instructors::number).load(conn)?;
    if numbers.is_empty() && !is_there(conn, section)? {
        return Ok(Err(Error::NotFound(Subject::Section)));
    }
    let place = Place::new("section_instructors", section.uuid());
    Ok(Ok(numbers.into_iter().map(|number| place.read("number", number)).collect::<Result<_, _>>()?))
}

fn put(conn: &mut PgConnection, section: SectionId, number: &InstructorNumber) -> Answer<Put> {
    let row = (section_instructors::section_id.eq(section.uuid()), section_instructors::number.eq(number.as_str()));
    let insert = diesel::insert_into(section_instructors::table).values(row).on_conflict_do_nothing();
    let inserted = committing(insert.execute(conn))?;
    Ok(Ok(if inserted == 0 { Put::Replaced } else { Put::Added }))
}

fn delete(conn: &mut PgConnection, section: SectionId, number: &InstructorNumber) -> Answer<()> {
    let row = section_instructors::table.find((section.uuid(), number.as_str()));
    let deleted = committing(diesel::delete(row).execute(conn))?;
    Ok(match deleted {
        0 if is_there(conn, section)? => Err(Error::NotFound(Subject::Instructor)),
        0 => Err(Error::NotFound(Subject::Section)),
        _ => Ok(()),
    })
}

fn is_there(conn: &mut PgConnection, section: SectionId) -> QueryResult<bool> {
    select(exists(sections::table.find(section.uuid()))).get_result(conn)
}
