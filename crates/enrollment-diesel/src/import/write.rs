//! Writing a batch: one transaction, a few statements a table.
//!
//! Rows that other writers lock, too, are locked as they do it: students in the order of their ids, then seat pools in the
//! order of theirs. Seats are given back before others are taken, and pools grow before and shrink after, so that a batch
//! that fits as a whole never fails half-way.

use super::batch::{Batch, StudentCourseRow};
use super::table::{Table, execute};
use crate::StoreError;
use crate::registration::CancelledSections;
use crate::transaction::{Ending, transaction};
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use enrollment_core::catalog::{Cause, Meeting, Section, Version, Weeks};
use enrollment_core::ids::SectionId;
use serde::Serialize;
use serde_json::{Value, json};
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
pub fn write(conn: &mut PgConnection, batch: &Batch) -> Result<(), WriteError> {
    let mut cancelled = CancelledSections::of(&batch.sections);
    let written = transaction(conn, |conn| match write_all(conn, batch, &mut cancelled)? {
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
) -> Result<Stale, StoreError> {
    let students = batch.students.iter().map(|student| student.id);
    let registered = batch.student_courses.iter().map(|row| row.student_id);
    let leaving = cancelled.students(conn)?;
    let sections: Vec<Uuid> = touched_sections(batch);

    let mut stale = Stale::None;
    let mut expect = |table: &Table, fresh: bool| {
        stale = stale.or((!fresh).then_some(table.name));
    };
    expect(&TERMS, TERMS.write(conn, &batch.terms, |term| term.version)?);
    expect(&COURSES, COURSES.write(conn, &batch.courses, |course| course.version)?);
    lock(conn, LOCK_STUDENTS, students.chain(registered).chain(leaving).map(Uuid::from).collect())?;
    expect(&STUDENTS, STUDENTS.write(conn, &batch.students, |student| student.version)?);
    lock(conn, LOCK_POOLS, sections)?;
    expect(&SECTIONS, write_sections(conn, &batch.sections)?);
    expect(&STUDENT_COURSES, write_student_courses(conn, &batch.student_courses)?);
    // What the batch itself says of a student course goes before what follows from its section. Nothing follows from what is
    // rolled back.
    if stale.is_none() {
        cancelled.end(conn, &cause(batch))?;
    }
    execute(conn, SHRINK_POOLS, &batch.sections)?;
    execute(conn, INSERT_EVENTS, &events(batch))?;
    Ok(stale)
}

fn cause(batch: &Batch) -> Cause {
    Cause { attempt_id: batch.attempt_id, actor: batch.actor.clone(), at: batch.at }
}

fn touched_sections(batch: &Batch) -> Vec<Uuid> {
    let changed = batch.sections.iter().map(|section| section.id);
    let registered = batch.student_courses.iter().filter_map(|row| row.section_id);
    changed.chain(registered).map(Uuid::from).collect()
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
fn write_student_courses(conn: &mut PgConnection, rows: &[StudentCourseRow]) -> Result<bool, StoreError> {
    let (ending, other): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.was.is_some() && row.ended_at.is_some());
    let ended = STUDENT_COURSES.write(conn, &ending, |row| row.version)?;
    let others = STUDENT_COURSES.write(conn, &other, |row| row.version)?;
    Ok(ended && others)
}

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

/// The event of each student course, numbered by the attempt's own id as those of every attempt are.
fn events(batch: &Batch) -> Vec<Value> {
    let attempt = batch.attempt_id.uuid();
    let event = |(position, row): (u128, &StudentCourseRow)| {
        let kind = if row.was == Some(row.status) { "graded".to_owned() } else { row.status.to_string() };
        json!({
            "id": Uuid::from_u128(attempt.as_u128() ^ position),
            "at": batch.at,
            "actor": batch.actor,
            "student_course_id": row.id,
            "attempt_id": attempt,
            "kind": kind,
        })
    };
    (0..).zip(&batch.student_courses).map(event).collect()
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

/// What an event tells is the student course, in the form that core gives it.
const INSERT_EVENTS: &str = "
    INSERT INTO registration_events (id, at, actor, student_id, section_id, student_course_id, attempt_id, kind, detail)
    SELECT r.id, r.at, r.actor, sc.student_id, sc.section_id, sc.id, r.attempt_id, r.kind, jsonb_build_object(
        'id', sc.id, 'student_id', sc.student_id, 'status', sc.status,
        'course', jsonb_build_object('id', c.id, 'code', c.code, 'title', c.title),
        'section', CASE WHEN s.id IS NOT NULL
            THEN jsonb_build_object('id', s.id, 'number', s.number, 'component', s.component) END,
        'term', CASE WHEN t.id IS NOT NULL THEN jsonb_build_object('id', t.id, 'code', t.code) END,
        'credits', sc.credits, 'grading_basis', sc.grading_basis, 'grade', sc.grade, 'waitlist_position', NULL,
        'reservation_id', sc.reservation_id,
        'enrolled_at', sc.enrolled_at, 'ended_at', sc.ended_at, 'version', sc.version)
    FROM json_to_recordset($1::json)
        AS r (id uuid, at timestamptz, actor text, student_course_id uuid, attempt_id uuid, kind text)
    JOIN student_courses sc ON sc.id = r.student_course_id
    JOIN courses c ON c.id = sc.course_id
    LEFT JOIN sections s ON s.id = sc.section_id
    LEFT JOIN terms t ON t.id = sc.term_id";

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
