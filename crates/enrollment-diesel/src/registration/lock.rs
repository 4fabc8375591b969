//! Locking what an attempt changes.

use crate::StoreError;
use crate::rows::numeric::credits_of_hundredths;
use crate::rows::{Corrupt, Place};
use crate::statement::Statement;
use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use enrollment_core::ids::{CourseId, SectionId, StudentCourseId, StudentId, TermId};
use enrollment_core::registration::{Scope, SeatPool, StudentFacts};
use std::borrow::Cow;
use std::collections::HashMap;
use uuid::Uuid;

const LOCK: &str = include_str!("lock.sql");
const LOCK_SECTIONS: &str = include_str!("lock_sections.sql");

/// What is locked, as it is now that nobody else can change it.
#[derive(Default)]
pub(super) struct Locked {
    /// The students of the scope that exist.
    pub(super) students: Vec<StudentFacts>,
    /// The sections of the scope that exist; they themselves are not locked.
    pub(super) sections: Vec<Uuid>,
    /// Which of them are those of a course that the scope names.
    pub(super) offered: HashMap<(CourseId, Option<TermId>), Vec<SectionId>>,
    /// The pools of those sections, and of the student courses of the scope with what belongs to them.
    pub(super) pools: Vec<SeatPool>,
}

/// Whether to wait for a lock that somebody else has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// Wait for it. Only what comes before everything else in the order of locks may.
    Wait,
    /// Leave it out: who has locks already must not wait for one that comes before them in the order.
    Skip,
}

/// What is locked beyond what an attempt names: what attempts that follow from it have turned out to need.
#[derive(Clone, Debug, Default)]
pub(super) struct Beyond {
    pub(super) students: Vec<StudentId>,
    pub(super) student_courses: Vec<StudentCourseId>,
}

impl Beyond {
    /// Takes in what another one has.
    pub(super) fn add(&mut self, other: Self) {
        self.students.extend(other.students);
        self.student_courses.extend(other.student_courses);
    }
}

/// What all of these need, each named once.
pub(super) fn all(scopes: impl IntoIterator<Item = Scope>) -> Scope {
    let mut all = Scope::default();
    for scope in scopes {
        all.students.extend(scope.students);
        all.sections.extend(scope.sections);
        all.courses.extend(scope.courses);
        all.student_courses.extend(scope.student_courses);
    }
    all.sections.sort_unstable();
    all.sections.dedup();
    all.courses.sort_unstable();
    all.courses.dedup();
    all
}

/// Locks the students and then the seat pools of the scope, each in the order of their ids, until the transaction ends.
pub(super) fn lock(
    conn: &mut PgConnection,
    scope: &Scope,
    beyond: &Beyond,
    waiting: Waiting,
) -> Result<Locked, StoreError> {
    let names_only_sections =
        scope.courses.is_empty() && scope.student_courses.is_empty() && beyond.student_courses.is_empty();
    let lock = if names_only_sections { LOCK_SECTIONS } else { LOCK };
    match waiting {
        Waiting::Wait => read(conn, scope, beyond, lock),
        Waiting::Skip => read(conn, scope, beyond, lock.replace("FOR NO KEY UPDATE", "FOR NO KEY UPDATE SKIP LOCKED")),
    }
}

/// The same without locking anything: what it tells may have changed already. For reads, which change nothing.
pub(super) fn look(conn: &mut PgConnection, scope: &Scope) -> Result<Locked, StoreError> {
    read(conn, scope, &Beyond::default(), LOCK.replace("FOR NO KEY UPDATE", ""))
}

fn read(
    conn: &mut PgConnection,
    scope: &Scope,
    beyond: &Beyond,
    statement: impl Into<Cow<'static, str>>,
) -> Result<Locked, StoreError> {
    let (courses, terms): (Vec<Uuid>, Vec<Option<Uuid>>) =
        scope.courses.iter().map(|(course, term)| (course.uuid(), term.map(Uuid::from))).unzip();
    let mut students = uuids(&[&scope.students[..], &beyond.students].concat());
    students.sort_unstable();
    students.dedup();
    let lines = Statement::<Columns>::answering(statement)
        .bind::<Array<SqlUuid>, _>(students)
        .bind::<Array<SqlUuid>, _>(uuids(&scope.sections))
        .bind::<Array<SqlUuid>, _>(courses)
        .bind::<Array<Nullable<SqlUuid>>, _>(terms)
        .bind::<Array<SqlUuid>, _>(uuids(&[&scope.student_courses[..], &beyond.student_courses].concat()))
        .load_iter::<Line, DefaultLoadingMode>(conn)?;
    let mut locked = Locked::default();
    for line in lines {
        let (student, section, pool) = line?;
        locked.students.extend(student.map(StudentFacts::try_from).transpose()?);
        locked.pools.extend(pool.map(SeatPool::try_from).transpose()?);
        if let Some((id, place)) = section {
            locked.add_section(
                id,
                place.and_then(|place| scope.courses.get(usize::try_from(place).ok()?.checked_sub(1)?)),
            );
        }
    }
    locked.sections.sort_unstable();
    locked.sections.dedup();
    Ok(locked)
}

impl Locked {
    /// Takes in a section, and the course that the scope names it by if it does not name the section itself.
    fn add_section(&mut self, section: Uuid, course: Option<&(CourseId, Option<TermId>)>) {
        if let Some(named) = course {
            self.offered.entry(*named).or_default().push(section.into());
        }
        self.sections.push(section);
    }
}

pub(super) fn uuids<Id: Copy + Into<Uuid>>(ids: &[Id]) -> Vec<Uuid> {
    ids.iter().map(|id| (*id).into()).collect()
}

/// What a row is of: a student, a section, or a pool.
type Columns = (
    Nullable<(SqlUuid, Text, Nullable<Text>, Nullable<Text>, Nullable<Integer>)>,
    Nullable<(SqlUuid, Nullable<BigInt>)>,
    Nullable<(SqlUuid, Integer, Integer, Integer)>,
);
type Line = (Option<StudentRow>, Option<FoundSection>, Option<PoolRow>);

/// A section, and where the scope names its course, counted from 1; nowhere where it names the section itself.
type FoundSection = (Uuid, Option<i64>);

#[derive(Debug, Queryable)]
struct StudentRow {
    id: Uuid,
    status: String,
    program: Option<String>,
    level: Option<String>,
    max_hundredths: Option<i32>,
}

impl TryFrom<StudentRow> for StudentFacts {
    type Error = Corrupt;

    fn try_from(row: StudentRow) -> Result<Self, Corrupt> {
        let place = Place::new("students", row.id);
        let max_credits = row.max_hundredths.map(credits_of_hundredths).transpose();
        Ok(Self {
            id: row.id.into(),
            status: place.word("status", &row.status)?,
            program: place.read_maybe("program", row.program)?,
            level: place.read_maybe("level", row.level)?,
            max_credits: max_credits.map_err(|reason| place.corrupt("max_credits", reason))?,
        })
    }
}

#[derive(Debug, Queryable)]
struct PoolRow {
    id: Uuid,
    capacity: i32,
    overload: i32,
    taken: i32,
}

impl TryFrom<PoolRow> for SeatPool {
    type Error = Corrupt;

    fn try_from(row: PoolRow) -> Result<Self, Corrupt> {
        let place = Place::new("seat_pools", row.id);
        Ok(Self {
            id: row.id.into(),
            capacity: place.read("capacity", row.capacity)?,
            overload: place.read("overload", row.overload)?,
            taken: place.read("taken", row.taken)?,
            // Told by the facts: this statement sees other tables as they were before it waited.
            waiting: 0,
        })
    }
}
