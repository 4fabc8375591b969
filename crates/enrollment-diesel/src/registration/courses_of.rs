//! Reading students' courses, which is what everybody reloads: all lists that are asked for while others are being read are
//! read by one statement (see [`combine`](crate::combine)).

use super::read::Line;
use crate::combine::{Bounds, Combiner};
use crate::page::rows_for;
use crate::pool::{Pool, Purpose};
use crate::rows::student_course::{StudentCourseRow, student_course_columns, student_course_tables};
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
    Combiner::start("store-courses", bounds, move |asked| pool.lend(|conn| courses_of(conn?, asked)))
}

/// For each of the lists that are asked for: $1 the student, $2 how many, $3 after which, $4 the term, $5 the state.
const COURSES_OF: &str = concat!(
    "SELECT asked.n, held.*
     FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY AS asked (student_id, most, after, term_id, status, n)
     JOIN students ON students.id = asked.student_id
     LEFT JOIN LATERAL (
        SELECT ",
    student_course_columns!(),
    " FROM ",
    student_course_tables!(),
    "   WHERE sc.student_id = asked.student_id
            AND sc.id < coalesce(asked.after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            AND (asked.term_id IS NULL OR sc.term_id = asked.term_id)
            AND (asked.status IS NULL OR sc.status = asked.status)
        ORDER BY sc.id DESC LIMIT asked.most
    ) held ON true"
);

fn courses_of(conn: &mut PgConnection, asked: &[CoursesOf]) -> Result<Vec<Courses>, StoreError> {
    let column = |of: fn(&CoursesOf) -> Option<Uuid>| asked.iter().map(of).collect::<Vec<_>>();
    let lines: Vec<Numbered> = Statement::new(COURSES_OF)
        .bind::<Array<SqlUuid>, _>(asked.iter().map(|asked| asked.student.uuid()).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(asked.iter().map(|asked| rows_for(&asked.page)).collect::<Vec<_>>())
        .bind::<Array<Nullable<SqlUuid>>, _>(column(|asked| asked.page.after.map(Uuid::from)))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(|asked| asked.filter.term_id.map(Uuid::from)))
        .bind::<Array<Nullable<Text>>, _>(
            asked.iter().map(|asked| asked.filter.status.map(|status| status.to_string())).collect::<Vec<_>>(),
        )
        .load(conn)?;
    // Of a student who exists there is a line at least; of one who does not, none.
    let mut found: Vec<Option<Vec<StudentCourse>>> = asked.iter().map(|_| None).collect();
    for Numbered { n, line } in lines {
        let place = usize::try_from(n - 1).ok().and_then(|place| found.get_mut(place));
        let Some(list) = place.map(Option::get_or_insert_default) else { continue };
        if let Some(row) = line.0 {
            list.push(row.try_into()?);
        }
    }
    Ok(asked.iter().zip(found).map(|(asked, list)| page_of(asked, list)).collect())
}

fn page_of(asked: &CoursesOf, list: Option<Vec<StudentCourse>>) -> Courses {
    let mut list = list.ok_or(Error::NotFound(Subject::Student))?;
    // As the statement read them; only nothing says that it passes them on so.
    list.sort_by_key(|student_course| Reverse(student_course.id));
    Ok(Page::cut(list, asked.page.limit, |student_course| student_course.id))
}

/// A line of the list with this number, from 1 on.
struct Numbered {
    n: i64,
    line: Line<StudentCourseRow>,
}

impl QueryableByName<Pg> for Numbered {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        Ok(Self { n: NamedRow::get::<BigInt, _>(row, "n")?, line: Line::build(row)? })
    }
}
