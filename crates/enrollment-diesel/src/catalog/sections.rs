//! Sections, with their meetings and the pool of their seats (see `seats`).
//!
//! Locks are taken in the order of all writers: the pool, then the section.

use super::seats::{self, Before, lock_pool};
use super::{Table, in_use, page_of};
use crate::StoreError;
use crate::constraint::{SECTION_IDENTITY, not_touched};
use crate::page::rows_for;
use crate::registration::section_change;
use crate::rows::meeting::NewMeeting;
use crate::rows::section::{NewSection, SectionRow, section_columns};
use crate::schema::{meetings, permits, reservations, sections, student_courses};
use crate::statement::Statement;
use crate::store::Answer;
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text, Uuid as SqlUuid};
use enrollment_core::catalog::{Cause, Edit, Meeting, Pooling, Seats, Section, SectionFilter, Version};
use enrollment_core::ids::SectionId;
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::registration::{EntryChange, Mode};
use enrollment_core::text::SearchText;
use enrollment_core::{Error, Subject};
use uuid::Uuid;

impl Table for Section {
    fn insert(&self, conn: &mut PgConnection, cause: &Cause) -> Answer<Self> {
        add(conn, self, cause)
    }

    fn find(conn: &mut PgConnection, id: SectionId) -> Result<Option<Self>, StoreError> {
        const FIND: &str = concat!(
            "SELECT ",
            section_columns!(),
            " FROM sections s JOIN seat_pools p ON p.id = s.seat_pool_id WHERE s.id = $1"
        );
        let row = Statement::new(FIND).bind::<SqlUuid, _>(id.uuid()).get_result::<SectionRow>(conn).optional()?;
        Ok(row.map(Self::try_from).transpose()?)
    }

    fn update(&self, conn: &mut PgConnection, expected: Version, cause: &Cause) -> Answer<Self> {
        replace(conn, self, expected, cause)
    }

    fn delete(conn: &mut PgConnection, id: SectionId, expected: Option<Version>, _: &Cause) -> Answer<()> {
        remove(conn, id, expected)
    }

    fn list(
        conn: &mut PgConnection,
        filter: &SectionFilter,
        page: &PageRequest<SectionId>,
    ) -> Answer<Page<Self, SectionId>> {
        let rows = Statement::new(list_text(filter))
            .bind::<BigInt, _>(rows_for(page))
            .bind::<Nullable<SqlUuid>, _>(page.after.map(Uuid::from))
            .bind::<Nullable<SqlUuid>, _>(filter.term_id.map(Uuid::from))
            .bind::<Nullable<SqlUuid>, _>(filter.course_id.map(Uuid::from))
            .bind::<Nullable<Text>, _>(filter.q.as_ref().map(pattern))
            .bind::<Nullable<SmallInt>, _>(filter.days.map(|days| i16::from(days.mask())))
            .load::<SectionRow>(conn)?;
        Ok(Ok(page_of(rows, page)?))
    }

    fn in_use(conn: &mut PgConnection, id: SectionId) -> QueryResult<Error> {
        let registered = student_courses::table.filter(student_courses::section_id.eq(id.uuid()));
        let kept = reservations::table.filter(reservations::section_id.eq(id.uuid()));
        let permitted = permits::table.filter(permits::section_id.eq(id.uuid()));
        let by = [
            (select(exists(registered)).get_result(conn)?, Subject::StudentCourse),
            (select(exists(kept)).get_result(conn)?, Subject::Reservation),
            (select(exists(permitted)).get_result(conn)?, Subject::Permit),
        ];
        Ok(in_use(Subject::Section, by))
    }

    fn explained(conn: &mut PgConnection, edit: &Edit<Self>, error: StoreError) -> Result<Error, StoreError> {
        match edit {
            Edit::Replace(section, _) if error.constraint() == Some(SECTION_IDENTITY) => fixed(conn, section),
            edit => super::edit::explained(conn, edit, error),
        }
    }

    /// A change of a section sees to those who are in it, and to those who wait, by itself.
    fn carry_out(conn: &mut PgConnection, edit: &Edit<Self>, cause: &Cause, mode: Mode) -> Answer<EntryChange<Self>> {
        match edit {
            Edit::Replace(section, expected) => section_change::carry_out(conn, section, *expected, cause, mode),
            Edit::Insert(_) | Edit::Delete(..) => super::edit::carry_out(conn, edit, cause, mode),
        }
    }
}

/// The statement for a list: only the conditions that are asked for, so that each combination has the plan that suits it.
/// All values are bound in any case, so that they keep their numbers.
fn list_text(filter: &SectionFilter) -> String {
    const LIST: &str = concat!(
        "SELECT ",
        section_columns!(),
        " FROM sections s JOIN seat_pools p ON p.id = s.seat_pool_id JOIN courses c ON c.id = s.course_id
          WHERE s.id > coalesce($2, '00000000-0000-0000-0000-000000000000')"
    );
    let conditions = [
        (filter.term_id.is_some(), " AND s.term_id = $3"),
        (filter.course_id.is_some(), " AND s.course_id = $4"),
        (
            filter.q.is_some(),
            " AND (c.code ILIKE $5 OR c.title ILIKE $5 OR s.number ILIKE $5 OR s.instructor ILIKE $5)",
        ),
        (
            filter.days.is_some(),
            " AND NOT EXISTS (SELECT FROM meetings m WHERE m.section_id = s.id AND m.days & ~$6 <> 0)",
        ),
        (filter.open, " AND s.status = 'open' AND p.taken < p.capacity::bigint + p.overload"),
    ];
    let asked = conditions.into_iter().filter_map(|(asked, condition)| asked.then_some(condition));
    LIST.chars().chain(asked.flat_map(str::chars)).chain(" ORDER BY s.id LIMIT $1".chars()).collect()
}

/// A pattern for what contains the text as it stands.
fn pattern(text: &SearchText) -> String {
    let mut pattern = String::from("%");
    for character in text.as_str().chars() {
        if matches!(character, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The section as this transaction has left it.
fn stored(conn: &mut PgConnection, id: SectionId) -> Answer<Section> {
    Ok(Section::find(conn, id)?.ok_or(Error::NotFound(Subject::Section)))
}

fn insert_meetings(conn: &mut PgConnection, section: SectionId, all: &[Meeting]) -> QueryResult<()> {
    if !all.is_empty() {
        diesel::insert_into(meetings::table).values(NewMeeting::all(section, all)).execute(conn)?;
    }
    Ok(())
}

/// Adds the section, with seats of its own or those of another.
fn add(conn: &mut PgConnection, section: &Section, cause: &Cause) -> Answer<Section> {
    let pool = match seats::pool_for(conn, section)? {
        Ok(pool) => pool,
        Err(refused) => return Ok(Err(refused)),
    };
    let row = (NewSection::try_from(section)?, sections::seat_pool_id.eq(pool));
    diesel::insert_into(sections::table).values(row).execute(conn)?;
    insert_meetings(conn, section.id, &section.meetings)?;
    let added = stored(conn, section.id)?;
    if let Ok(added) = &added
        && added.cross_listed_with.is_empty()
    {
        // What a section begins with is no change, but for seats that its room does not have.
        let before = Before { capacity: added.capacity, overload: Seats::default(), pools: None };
        seats::audit(conn, before, added, &[], cause)?;
    }
    Ok(added)
}

/// Writes the section over what is stored, but for places of the waitlist in which somebody waits: some of those may get a seat
/// before it is shortened.
fn replace(conn: &mut PgConnection, section: &Section, expected: Version, cause: &Cause) -> Answer<Section> {
    let not_found = Error::NotFound(Subject::Section);
    if let Pooling::Share { with, .. } = section.pooling {
        seats::lock_pools(conn, &[section.id, with])?;
    }
    let Some(pool) = lock_pool(conn, section.id)? else { return Ok(Err(not_found)) };
    let Some(current) = Section::find(conn, section.id)? else { return Ok(Err(not_found)) };
    if current.version != expected {
        return Ok(Err(Error::Stale(Subject::Section)));
    }
    let next = match seats::next_pool(conn, section, &pool, cause)? {
        Ok(next) => next,
        Err(refused) => return Ok(Err(refused)),
    };
    // Who joins others takes their seats as they are.
    if next == pool.id
        && !matches!(section.pooling, Pooling::Share { .. })
        && let Err(refused) = seats::resize(conn, &pool, section)?
    {
        return Ok(Err(refused));
    }
    let row = sections::table.find(section.id.uuid()).filter(sections::version.eq(i64::from(expected)));
    let places = section.waitlist_capacity.get().max(current.waitlisted).cast_signed();
    let columns = (NewSection::try_from(section)?.with_waitlist_capacity(places), sections::seat_pool_id.eq(next));
    if diesel::update(row).set(columns).execute(conn)? == 0 {
        return Ok(Err(Error::Stale(Subject::Section)));
    }
    if next != pool.id {
        seats::delete_unused(conn, pool.id)?;
    }
    if current.meetings != section.meetings {
        diesel::delete(meetings::table.filter(meetings::section_id.eq(section.id.uuid()))).execute(conn)?;
        insert_meetings(conn, section.id, &section.meetings)?;
    }
    let replaced = stored(conn, section.id)?;
    if let Ok(replaced) = &replaced {
        let pools = Some((pool.id, next));
        let before = Before { capacity: current.capacity, overload: current.overload, pools };
        let with: &[SectionId] = if next == pool.id { &replaced.cross_listed_with } else { &[] };
        seats::audit(conn, before, replaced, with, cause)?;
    }
    Ok(replaced)
}

/// Deletes the section, and its pool when no other section shares it.
fn remove(conn: &mut PgConnection, id: SectionId, expected: Option<Version>) -> Answer<()> {
    let Some(pool) = lock_pool(conn, id)? else { return Ok(Err(Error::NotFound(Subject::Section))) };
    let row = sections::table.find(id.uuid());
    let deleted = match expected {
        None => diesel::delete(row).execute(conn)?,
        Some(version) => diesel::delete(row.filter(sections::version.eq(i64::from(version)))).execute(conn)?,
    };
    if deleted == 0 {
        return Ok(Err(not_touched::<Section>(select(exists(row)).get_result(conn)?)));
    }
    seats::delete_unused(conn, pool.id)?;
    Ok(Ok(()))
}

/// Which of its fixed fields the section was to change.
fn fixed(conn: &mut PgConnection, section: &Section) -> Result<Error, StoreError> {
    let Some(current) = Section::find(conn, section.id)? else { return Ok(Error::NotFound(Subject::Section)) };
    let field = if current.course_id != section.course_id {
        "course_id"
    } else if current.term_id != section.term_id {
        "term_id"
    } else {
        "component"
    };
    Ok(Error::Fixed { subject: Subject::Section, field })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_takes_no_character_for_a_wildcard() {
        let text = SearchText::try_from(r"50%_\a").unwrap();
        assert_eq!(pattern(&text), r"%50\%\_\\a%");
    }

    #[test]
    fn a_list_asks_for_no_more_than_it_has_to() {
        let all = list_text(&SectionFilter::default());
        assert!(!all.contains("$3") && !all.contains("ILIKE") && all.ends_with("LIMIT $1"), "{all}");
        let open = list_text(&SectionFilter { open: true, ..SectionFilter::default() });
        assert!(open.contains("s.status = 'open'"), "{open}");
    }
}
