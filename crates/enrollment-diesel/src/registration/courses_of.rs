//! Reading students' courses, which is what everybody reloads: all lists that are asked for while others are being read are
//! read by one statement (see [`combine`](crate::combine)), which reads only student courses: what their courses, sections and
//! terms are called is kept (see [`names`](super::names)).

use super::names::Names;
use super::read::Line;
use crate::combine::{Bounds, Combiner};
use crate::page::rows_for;
use crate::pool::{Pool, Purpose};
use crate::rows::student_course::{
    HeldColumns, HeldRow, StudentCourseRow, held_columns, student_course_columns, student_course_tables,
};
use crate::statement::Statement;
use crate::workers::Lender;
use crate::{StoreConfig, StoreError};
use diesel::deserialize::{self, QueryableByName};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::row::NamedRow;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Uuid as SqlUuid};
use enrollment_core::ids::{StudentCourseId, StudentId};
use enrollment_core::page::{Page, PageRequest};
use enrollment_core::registration::{StudentCourse, StudentCourseFilter};
use enrollment_core::{Error, Subject};
use std::cmp::Reverse;
use std::io;
use uuid::Uuid;

/// Asks for a page of a student's courses.
pub(crate) struct CoursesOf {
    pub(super) student: StudentId,
    pub(super) filter: StudentCourseFilter,
    pub(super) page: PageRequest<StudentCourseId>,
}

/// What is answered to each: the page, or that there is no such student.
type Courses = Result<Page<StudentCourse, StudentCourseId>, Error>;

/// Reads students' courses, many at once.
pub(crate) type CoursesReader = Combiner<CoursesOf, Courses>;

/// The most lists that one statement reads: each has up to 200 items, and those of the last wait for those of the first.
const MOST: usize = 64;

pub(crate) fn courses_reader(config: &StoreConfig) -> io::Result<CoursesReader> {
    let pool = Pool::new(config, Purpose::ReadCombined);
    let bounds = Bounds { threads: pool.size() as usize, queue: config.queue, batch: MOST };
    // Each thread keeps names of its own, so that none waits for another.
    Combiner::start("store-courses", bounds, || {
        let (pool, mut names) = (pool.clone(), Names::default());
        move |asked| pool.lend(|conn| courses_of(conn?, &mut names, asked))
    })
}

/// The lists that are asked for, with these columns of these tables: $1 the student, $2 how many, $3 after which, $4 the term,
/// $5 the state of each.
macro_rules! lists {
    ($more:literal, $columns:expr, $tables:expr) => {
        concat!(
            "SELECT asked.n, ",
            $more,
            "held.* FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY AS asked (student_id, most, after, term_id, status, n)
             JOIN students ON students.id = asked.student_id
             LEFT JOIN LATERAL (
                SELECT ",
            $columns,
            " FROM ",
            $tables,
            "   WHERE sc.student_id = asked.student_id
                    AND sc.id < coalesce(asked.after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                    AND (asked.term_id IS NULL OR sc.term_id = asked.term_id)
                    AND (asked.status IS NULL OR sc.status = asked.status)
                ORDER BY sc.id DESC LIMIT asked.most
             ) held ON true"
        )
    };
}

const UNNAMED: &str = lists!(
    "(SELECT version FROM names_versions), ",
    concat!("sc.course_id, sc.section_id, sc.term_id, ", held_columns!()),
    "student_courses sc"
);

const NAMED: &str = lists!("", student_course_columns!(), student_course_tables!());

/// Reads only student courses, and names what they are in from what is kept; all of it, when the names change just now.
fn courses_of(conn: &mut PgConnection, names: &mut Names, asked: &[CoursesOf]) -> Result<Vec<Courses>, StoreError> {
    let lines: Vec<Unnamed> = bound(Statement::<UnnamedColumns>::answering(UNNAMED), asked).load(conn)?;
    let held = lines.iter().filter_map(|line| line.held.as_ref());
    let version = lines.iter().find_map(|line| line.names_version);
    if !names.learn(conn, version, held.map(|held| (held.0, held.1, held.2)))? {
        return courses_of_named(conn, asked);
    }
    let student_courses = lines.into_iter().map(|Unnamed { n, held, .. }| {
        let student_course = held.map(|(course, section, term, held)| names.name(held, course, section, term));
        Ok((n, student_course.transpose()?))
    });
    pages(asked, student_courses)
}

/// The same with all names in the same statement.
fn courses_of_named(conn: &mut PgConnection, asked: &[CoursesOf]) -> Result<Vec<Courses>, StoreError> {
    let lines: Vec<Named> = bound(Statement::new(NAMED), asked).load(conn)?;
    let student_courses =
        lines.into_iter().map(|Named { n, line }| Ok((n, line.0.map(StudentCourse::try_from).transpose()?)));
    pages(asked, student_courses)
}

fn bound<'a, C>(statement: Statement<'a, C>, asked: &'a [CoursesOf]) -> Statement<'a, C> {
    let column = |of: fn(&CoursesOf) -> Option<Uuid>| asked.iter().map(of).collect::<Vec<_>>();
    statement
        .bind::<Array<SqlUuid>, _>(asked.iter().map(|asked| asked.student.uuid()).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(asked.iter().map(|asked| rows_for(&asked.page)).collect::<Vec<_>>())
        .bind::<Array<Nullable<SqlUuid>>, _>(column(|asked| asked.page.after.map(Uuid::from)))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(|asked| asked.filter.term_id.map(Uuid::from)))
        .bind::<Array<Nullable<Text>>, _>(
            asked.iter().map(|asked| asked.filter.status.map(|status| status.to_string())).collect::<Vec<_>>(),
        )
}

/// The answers, of lines that each have the number of their list, from 1 on. Of a student who exists there is a line at least,
/// if only one without a student course; of one who does not, none.
fn pages(
    asked: &[CoursesOf],
    lines: impl Iterator<Item = Result<(i64, Option<StudentCourse>), StoreError>>,
) -> Result<Vec<Courses>, StoreError> {
    let mut found: Vec<Option<Vec<StudentCourse>>> = asked.iter().map(|_| None).collect();
    for line in lines {
        let (n, student_course) = line?;
        let place = usize::try_from(n - 1).ok().and_then(|place| found.get_mut(place));
        let Some(list) = place.map(Option::get_or_insert_default) else { continue };
        list.extend(student_course);
    }
    Ok(asked.iter().zip(found).map(|(asked, list)| page_of(asked, list)).collect())
}

fn page_of(asked: &CoursesOf, list: Option<Vec<StudentCourse>>) -> Courses {
    let mut list = list.ok_or(Error::NotFound(Subject::Student))?;
    // As the statement read them; only nothing says that it passes them on so.
    list.sort_by_key(|student_course| Reverse(student_course.id));
    Ok(Page::cut(list, asked.page.limit, |student_course| student_course.id))
}

type UnnamedColumns =
    (BigInt, Nullable<SqlUuid>, Nullable<(SqlUuid, Nullable<SqlUuid>, Nullable<SqlUuid>, HeldColumns)>);

/// A line as [`UNNAMED`] answers it: the course, the section and the term of what is held are ids.
#[derive(Queryable)]
struct Unnamed {
    n: i64,
    names_version: Option<Uuid>,
    held: Option<(Uuid, Option<Uuid>, Option<Uuid>, HeldRow)>,
}

/// A line as [`NAMED`] answers it.
struct Named {
    n: i64,
    line: Line<StudentCourseRow>,
}

impl QueryableByName<Pg> for Named {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        Ok(Self { n: NamedRow::get::<BigInt, _>(row, "n")?, line: Line::build(row)? })
    }
}
