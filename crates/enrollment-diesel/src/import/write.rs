//! Writing a batch: one transaction, a few statements a table.
//!
//! Rows that other writers lock, too, are locked as they do it: students in the order of their ids, then seat pools in the
//! order of theirs. Seats are given back before others are taken, and pools grow before and shrink after, so that a batch
//! that fits as a whole never fails half-way.

use super::batch::{Batch, StudentCourseRow};
use super::copy;
use super::progress::Progress;
use super::table::{Table, execute};
use crate::StoreError;
use crate::registration::CancelledSections;
use crate::rows::event;
use crate::transaction::{Ending, transaction};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::catalog::{Cause, Meeting, Section, Version, Weeks};
use enrollment_core::ids::{SectionId, StudentId};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use thiserror::Error;
use uuid::Uuid;

/// Why a batch was not written. Nothing of it is.
#[derive(Debug, Error)]
pub enum WriteError {
    /// What the batch was made from is not what is stored any more.
    #[error("somebody else changed the same data in the meantime ({0}): nothing was written, run it again")]
    Overtaken(String),
    /// The database could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes all of the batch, or nothing.
pub fn write(conn: &mut PgConnection, batch: &Batch, progress: &mut dyn Progress) -> Result<(), WriteError> {
    let mut cancelled = CancelledSections::of(&batch.sections);
    let written = transaction(conn, |conn| match write_all(conn, batch, &mut cancelled, progress)? {
        None => Ok(Ending::Commit(None)),
        stale => Ok(Ending::RollBack(stale)),
    });
    match written {
        Ok(None) => Ok(()),
        Ok(Some(table)) => Err(WriteError::Overtaken(format!("in {table}"))),
        Err(error) => Err(match error.constraint().filter(|constraint| tells_of_others(constraint)) {
            Some(constraint) => WriteError::Overtaken(constraint.to_owned()),
            None => WriteError::Store(error),
        }),
    }
}

/// Whether a constraint depends on what others have written. Whoever made the batch has checked it against what was stored
/// then, so only somebody else can have brought it into conflict with such a one; any other tells of a defect.
fn tells_of_others(constraint: &str) -> bool {
    const STATES: [&str; 2] = ["seat_pools_taken_check", "student_courses_status_transition"];
    constraint.ends_with("_key") || constraint.ends_with("_fkey") || STATES.contains(&constraint)
}

/// The table in which a row was not what it was expected to be, if any.
type Stale = Option<&'static str>;

fn write_all(
    conn: &mut PgConnection,
    batch: &Batch,
    cancelled: &mut CancelledSections<'_>,
    progress: &mut dyn Progress,
) -> Result<Stale, StoreError> {
    let students = touched_students(batch, cancelled.students(conn)?);
    let sections: Vec<Uuid> = touched_sections(batch);

    let mut stale = Stale::None;
    let mut expect = |table: &Table, fresh: bool| {
        stale = stale.or((!fresh).then_some(table.name));
    };
    expect(&TERMS, TERMS.write(conn, &batch.terms, |term| term.version)?);
    expect(&COURSES, COURSES.write(conn, &batch.courses, |course| course.version)?);
    lock(conn, LOCK_STUDENTS, students)?;
    expect(&STUDENTS, STUDENTS.write(conn, &batch.students, |student| student.version)?);
    lock(conn, LOCK_POOLS, sections)?;
    expect(&SECTIONS, write_sections(conn, &batch.sections)?);
    expect(&STUDENT_COURSES, write_student_courses(conn, &batch.student_courses, progress)?);
    // What the batch itself says of a student course goes before what follows from its section. Nothing follows from what is
    // rolled back.
    if stale.is_none() {
        cancelled.end(conn, &cause(batch))?;
    }
    execute(conn, SHRINK_POOLS, &batch.sections)?;
    insert_events(conn, batch, progress)?;
    Ok(stale)
}

fn cause(batch: &Batch) -> Cause {
    Cause { attempt_id: batch.attempt_id, actor: batch.actor.clone(), reason: None, at: batch.at }
}

fn touched_students(batch: &Batch, leaving: impl IntoIterator<Item = StudentId>) -> Vec<Uuid> {
    let changed = batch.students.iter().map(|student| student.id);
    let registered = batch.student_courses.iter().map(|row| row.student_id);
    distinct(changed.chain(registered).chain(leaving).map(Uuid::from))
}

fn touched_sections(batch: &Batch) -> Vec<Uuid> {
    let changed = batch.sections.iter().map(|section| section.id);
    let registered = batch.student_courses.iter().filter_map(|row| row.section_id);
    distinct(changed.chain(registered).map(Uuid::from))
}

fn distinct(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    ids.collect::<HashSet<_>>().into_iter().collect()
}

fn lock(conn: &mut PgConnection, statement: &str, ids: Vec<Uuid>) -> Result<(), StoreError> {
    diesel::sql_query(statement).bind::<Array<SqlUuid>, _>(ids).execute(conn)?;
    Ok(())
}

fn write_sections(conn: &mut PgConnection, sections: &[Section]) -> Result<bool, StoreError> {
    let (new, changed): (Vec<_>, Vec<_>) = sections.iter().partition(|section| section.version == Version::FIRST);
    execute(conn, INSERT_POOLS, &new)?;
    SECTIONS.insert(conn, &new.iter().copied().map(NewSection::from).collect::<Vec<_>>())?;
    execute(conn, GROW_POOLS, &changed)?;
    let fresh = SECTIONS.update(conn, &changed)?;
    execute(conn, DELETE_MEETINGS, &changed)?;
    MEETINGS.insert(conn, &sections.iter().flat_map(meeting_rows).collect::<Vec<_>>())?;
    Ok(fresh)
}

/// Those that end come first: an end gives back what a beginning may need, a seat or the one place in a course.
fn write_student_courses(
    conn: &mut PgConnection,
    rows: &[StudentCourseRow],
    progress: &mut dyn Progress,
) -> Result<bool, StoreError> {
    let (new, stored): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.was.is_none());
    let (ending, other): (Vec<_>, Vec<_>) = stored.into_iter().partition(|row| row.ended_at.is_some());
    let mut done = 0;
    let mut count = |written: usize| {
        done += written;
        progress.tell("student courses", done, rows.len());
    };
    let mut fresh = true;
    for chunk in ending.chunks(CHUNK).chain(other.chunks(CHUNK)) {
        fresh &= STUDENT_COURSES.update(conn, chunk)?;
        count(chunk.len());
    }
    for chunk in new.chunks(CHUNK) {
        copy::insert(conn, chunk)?;
        count(chunk.len());
    }
    Ok(fresh)
}

/// Rows of student courses that are written at a time: so many that the triggers of a statement do not count, so few that there is
/// something to tell meanwhile.
const CHUNK: usize = 50_000;

/// A section whose seat pool is its own, by its own id.
#[derive(Serialize)]
struct NewSection<'a> {
    #[serde(flatten)]
    section: &'a Section,
    seat_pool_id: SectionId,
}

impl<'a> From<&'a Section> for NewSection<'a> {
    fn from(section: &'a Section) -> Self {
        Self { section, seat_pool_id: section.id }
    }
}

fn meeting_rows(section: &Section) -> impl Iterator<Item = Value> {
    section.meetings.iter().enumerate().map(|(position, meeting)| meeting_row(section.id, position, meeting))
}

/// Sets are bit masks in the database.
fn meeting_row(section: SectionId, position: usize, meeting: &Meeting) -> Value {
    json!({
        "section_id": section,
        "position": position,
        "days": meeting.days.mask(),
        "weeks": meeting.weeks.map(Weeks::mask),
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "location": meeting.location,
    })
}

/// The event of each student course.
fn insert_events(conn: &mut PgConnection, batch: &Batch, progress: &mut dyn Progress) -> Result<(), StoreError> {
    let numbered: Vec<(Uuid, &StudentCourseRow)> = (0..)
        .zip(&batch.student_courses)
        .map(|(position, row): (u128, _)| (event::id(batch.attempt_id, position), row))
        .collect();
    let mut done = 0;
    for chunk in numbered.chunks(CHUNK) {
        let ids: Vec<Uuid> = chunk.iter().map(|(id, _)| *id).collect();
        let student_courses: Vec<Uuid> = chunk.iter().map(|(_, row)| row.id.uuid()).collect();
        let kinds: Vec<String> = chunk.iter().map(|(_, row)| kind(row)).collect();
        diesel::sql_query(INSERT_EVENTS)
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<Array<SqlUuid>, _>(student_courses)
            .bind::<Array<Text>, _>(kinds)
            .bind::<SqlUuid, _>(batch.attempt_id.uuid())
            .bind::<Timestamptz, _>(batch.at)
            .bind::<Text, _>(batch.actor.to_string())
            .execute(conn)?;
        done += chunk.len();
        progress.tell("their history", done, numbered.len());
    }
    Ok(())
}

fn kind(row: &StudentCourseRow) -> String {
    if row.was == Some(row.status) { "graded".to_owned() } else { row.status.to_string() }
}

const LOCK_STUDENTS: &str = "SELECT id FROM students WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE";

const LOCK_POOLS: &str = "
    SELECT id FROM seat_pools
    WHERE id IN (SELECT seat_pool_id FROM sections WHERE id = ANY($1))
    ORDER BY id FOR NO KEY UPDATE";

const INSERT_POOLS: &str = "INSERT INTO seat_pools (id, capacity) SELECT id, capacity FROM json_to_recordset($1::json) AS r (id uuid, capacity int)";

const GROW_POOLS: &str = "
    UPDATE seat_pools SET capacity = r.capacity
    FROM json_to_recordset($1::json) AS r (id uuid, capacity int) JOIN sections ON sections.id = r.id
    WHERE seat_pools.id = sections.seat_pool_id AND seat_pools.capacity < r.capacity";

const SHRINK_POOLS: &str = "
    UPDATE seat_pools SET capacity = r.capacity
    FROM json_to_recordset($1::json) AS r (id uuid, capacity int) JOIN sections ON sections.id = r.id
    WHERE seat_pools.id = sections.seat_pool_id AND seat_pools.capacity > r.capacity";

const DELETE_MEETINGS: &str =
    "DELETE FROM meetings WHERE section_id IN (SELECT id FROM json_to_recordset($1::json) AS r (id uuid))";

/// What an event tells is the student course, in the form that core gives it. What it tells of courses, sections and terms is put
/// together once for each of them. Each student course is looked up by itself (`OFFSET 0` keeps the planner from joining): the table
/// may have many more, which a join would read all of, once for each chunk.
///
/// $1 the events, $2 their student courses, $3 their kinds, $4 the attempt, $5 when, $6 who
const INSERT_EVENTS: &str = "
    WITH c AS MATERIALIZED (
        SELECT id, json_build_object('id', id, 'code', code, 'title', title) AS told FROM courses
    ),
    s AS MATERIALIZED (
        SELECT id, json_build_object('id', id, 'number', number, 'component', component) AS told FROM sections
    ),
    t AS MATERIALIZED (SELECT id, json_build_object('id', id, 'code', code) AS told FROM terms)
    INSERT INTO registration_events (id, at, actor, student_id, section_id, student_course_id, attempt_id, kind, detail)
    SELECT r.id, $5, $6, sc.student_id, sc.section_id, sc.id, $4, r.kind, json_build_object(
        'id', sc.id, 'student_id', sc.student_id, 'status', sc.status,
        'course', c.told, 'section', s.told, 'term', t.told,
        'credits', sc.credits, 'grading_basis', sc.grading_basis, 'grade', sc.grade, 'waitlist_position', NULL,
        'reservation_id', sc.reservation_id,
        'enrolled_at', sc.enrolled_at, 'ended_at', sc.ended_at, 'version', sc.version)
    FROM unnest($1, $2, $3) AS r (id, student_course_id, kind)
    CROSS JOIN LATERAL (SELECT * FROM student_courses WHERE id = r.student_course_id OFFSET 0) sc
    JOIN c ON c.id = sc.course_id
    LEFT JOIN s ON s.id = sc.section_id
    LEFT JOIN t ON t.id = sc.term_id";

const TERMS: Table = Table {
    name: "terms",
    columns: &[
        ("id", "uuid"),
        ("code", "text"),
        ("name", "text"),
        ("time_zone", "text"),
        ("starts_on", "date"),
        ("ends_on", "date"),
        ("max_credits", "numeric"),
        ("program_max_credits", "jsonb"),
        ("audit_counts", "boolean"),
        ("enrollment_opens_at", "timestamptz"),
        ("enrollment_closes_at", "timestamptz"),
        ("drop_deadline", "timestamptz"),
        ("withdraw_deadline", "timestamptz"),
        ("created_at", "timestamptz"),
        ("updated_at", "timestamptz"),
        ("version", "bigint"),
    ],
    kept: &["created_at"],
};

const COURSES: Table = Table {
    name: "courses",
    columns: &[
        ("id", "uuid"),
        ("code", "text"),
        ("title", "text"),
        ("description", "text"),
        ("credits", "numeric"),
        ("max_credits", "numeric"),
        ("repeat_policy", "jsonb"),
        ("requisite", "jsonb"),
        ("corequisite", "jsonb"),
        ("excludes", "jsonb"),
        ("restriction", "jsonb"),
        ("created_at", "timestamptz"),
        ("updated_at", "timestamptz"),
        ("version", "bigint"),
    ],
    kept: &["created_at"],
};

const STUDENTS: Table = Table {
    name: "students",
    columns: &[
        ("id", "uuid"),
        ("number", "text"),
        ("given_name", "text"),
        ("family_name", "text"),
        ("email", "text"),
        ("program", "text"),
        ("level", "text"),
        ("status", "text"),
        ("max_credits", "numeric"),
        ("created_at", "timestamptz"),
        ("updated_at", "timestamptz"),
        ("version", "bigint"),
    ],
    kept: &["created_at"],
};

const SECTIONS: Table = Table {
    name: "sections",
    columns: &[
        ("id", "uuid"),
        ("course_id", "uuid"),
        ("term_id", "uuid"),
        ("number", "text"),
        ("component", "text"),
        ("seat_pool_id", "uuid"),
        ("waitlist_capacity", "int"),
        ("status", "text"),
        ("cancel_reason", "text"),
        ("instructor", "text"),
        ("restriction", "jsonb"),
        ("created_at", "timestamptz"),
        ("updated_at", "timestamptz"),
        ("version", "bigint"),
    ],
    // A section may share the pool of another.
    kept: &["seat_pool_id", "created_at"],
};

const MEETINGS: Table = Table {
    name: "meetings",
    columns: &[
        ("section_id", "uuid"),
        ("position", "smallint"),
        ("days", "smallint"),
        ("weeks", "bigint"),
        ("starts_at", "time"),
        ("ends_at", "time"),
        ("location", "text"),
    ],
    kept: &[],
};

const STUDENT_COURSES: Table = Table {
    name: "student_courses",
    columns: &[
        ("id", "uuid"),
        ("student_id", "uuid"),
        ("course_id", "uuid"),
        ("term_id", "uuid"),
        ("section_id", "uuid"),
        ("component", "text"),
        ("status", "text"),
        ("credits", "numeric"),
        ("grading_basis", "text"),
        ("grade", "text"),
        // Never given, so that whoever leaves the waitlist leaves its order.
        ("waitlist_sequence", "bigint"),
        ("enrolled_at", "timestamptz"),
        ("ended_at", "timestamptz"),
        ("created_at", "timestamptz"),
        ("updated_at", "timestamptz"),
        ("version", "bigint"),
    ],
    kept: &["student_id", "course_id", "term_id", "section_id", "component", "credits", "grading_basis", "created_at"],
};
