//! Reading what is stored under natural keys: a statement a table.

use super::known::{Keys, Known, KnownSection, KnownStudentCourse, SectionKey};
use crate::StoreError;
use crate::rows::course::CourseRow;
use crate::rows::section::{SectionRow, section_columns};
use crate::rows::student::StudentRow;
use crate::rows::term::TermRow;
use crate::rows::{Corrupt, Place};
use crate::schema::{courses, grades, student_courses, students, terms};
use chrono::{DateTime, Utc};
use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Uuid as SqlUuid};
use enrollment_core::catalog::{Course, GradeScale, GradeValue, Section, Student, Term};
use enrollment_core::registration::SeatPool;
use enrollment_core::text::{CourseCode, Grade, StudentNumber, TermCode};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use uuid::Uuid;

/// What is stored under the keys.
pub fn known(conn: &mut PgConnection, keys: &Keys) -> Result<Known, StoreError> {
    let terms = load_terms(conn, &keys.terms)?;
    let courses = load_courses(conn, &keys.courses)?;
    let students = load_students(conn, &keys.students)?;
    let sections = load_sections(conn, &terms, &courses)?;
    let registered = keys.registered.iter().filter_map(|number| Some(students.get(number)?.id.uuid())).collect();
    let student_courses = load_student_courses(conn, registered, ids(&courses, |course| course.id.uuid()))?;
    Ok(Known { terms, courses, students, sections, student_courses, scale: load_scale(conn)? })
}

/// Whether there is any student.
pub fn has_students(conn: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(select(exists(students::table.select(students::id))).get_result(conn)?)
}

fn load_terms(conn: &mut PgConnection, keys: &BTreeSet<TermCode>) -> Result<HashMap<TermCode, Term>, StoreError> {
    let codes: Vec<&str> = keys.iter().map(TermCode::as_str).collect();
    let rows: Vec<TermRow> = terms::table.filter(terms::code.eq_any(codes)).select(TermRow::as_select()).load(conn)?;
    by_key(rows, |term: &Term| term.code.clone())
}

fn load_courses(
    conn: &mut PgConnection,
    keys: &BTreeSet<CourseCode>,
) -> Result<HashMap<CourseCode, Course>, StoreError> {
    let codes: Vec<&str> = keys.iter().map(CourseCode::as_str).collect();
    let rows: Vec<CourseRow> =
        courses::table.filter(courses::code.eq_any(codes)).select(CourseRow::as_select()).load(conn)?;
    by_key(rows, |course: &Course| course.code.clone())
}

fn load_students(
    conn: &mut PgConnection,
    keys: &BTreeSet<StudentNumber>,
) -> Result<HashMap<StudentNumber, Student>, StoreError> {
    let numbers: Vec<&str> = keys.iter().map(StudentNumber::as_str).collect();
    let rows: Vec<StudentRow> =
        students::table.filter(students::number.eq_any(numbers)).select(StudentRow::as_select()).load(conn)?;
    by_key(rows, |student: &Student| student.number.clone())
}

fn by_key<R, E: TryFrom<R, Error = Corrupt>, K: Eq + Hash>(
    rows: Vec<R>,
    key: impl Fn(&E) -> K,
) -> Result<HashMap<K, E>, StoreError> {
    let keyed = |row: R| -> Result<(K, E), Corrupt> {
        let entry = E::try_from(row)?;
        Ok((key(&entry), entry))
    };
    Ok(rows.into_iter().map(keyed).collect::<Result<_, _>>()?)
}

fn ids<K, E>(entries: &HashMap<K, E>, id: impl Fn(&E) -> Uuid) -> Vec<Uuid> {
    entries.values().map(id).collect()
}

#[derive(QueryableByName)]
struct KnownSectionRow {
    #[diesel(embed)]
    section: SectionRow,
    #[diesel(sql_type = SqlUuid)]
    pool_id: Uuid,
    #[diesel(sql_type = Integer)]
    pool_capacity: i32,
    #[diesel(sql_type = Integer)]
    overload: i32,
    #[diesel(sql_type = Integer)]
    taken: i32,
    #[diesel(sql_type = Bool)]
    in_use: bool,
}

fn load_sections(
    conn: &mut PgConnection,
    terms: &HashMap<TermCode, Term>,
    courses: &HashMap<CourseCode, Course>,
) -> Result<HashMap<SectionKey, KnownSection>, StoreError> {
    const STATEMENT: &str = concat!(
        "SELECT ",
        section_columns!(),
        ", p.id AS pool_id, p.capacity AS pool_capacity,
           EXISTS (SELECT FROM student_courses sc WHERE sc.section_id = s.id) AS in_use
         FROM sections s JOIN seat_pools p ON p.id = s.seat_pool_id
         WHERE s.term_id = ANY($1) AND s.course_id = ANY($2)"
    );
    let rows: Vec<KnownSectionRow> = diesel::sql_query(STATEMENT)
        .bind::<Array<SqlUuid>, _>(ids(terms, |term| term.id.uuid()))
        .bind::<Array<SqlUuid>, _>(ids(courses, |course| course.id.uuid()))
        .load(conn)?;
    let terms: HashMap<_, _> = terms.values().map(|term| (term.id, &term.code)).collect();
    let courses: HashMap<_, _> = courses.values().map(|course| (course.id, &course.code)).collect();
    let mut sections = HashMap::with_capacity(rows.len());
    for row in rows {
        let known = row.known()?;
        let Section { term_id, course_id, number, .. } = &known.section;
        // Those that were asked for.
        let (Some(&term), Some(&course)) = (terms.get(term_id), courses.get(course_id)) else { continue };
        let key = SectionKey { term: term.clone(), course: course.clone(), number: number.clone() };
        sections.insert(key, known);
    }
    Ok(sections)
}

impl KnownSectionRow {
    fn known(self) -> Result<KnownSection, Corrupt> {
        let place = Place::new("seat_pools", self.pool_id);
        let pool = SeatPool {
            id: self.pool_id.into(),
            capacity: place.read("capacity", self.pool_capacity)?,
            overload: place.read("overload", self.overload)?,
            waiting: 0,
            taken: place.read("taken", self.taken)?,
        };
        let section = Section { enrolled: 0, seats_taken: 0, waitlisted: 0, ..self.section.try_into()? };
        Ok(KnownSection { section, pool, in_use: self.in_use })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = student_courses)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct KnownStudentCourseRow {
    id: Uuid,
    student_id: Uuid,
    course_id: Uuid,
    term_id: Option<Uuid>,
    section_id: Option<Uuid>,
    component: Option<String>,
    status: String,
    grade: Option<String>,
    enrolled_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    version: i64,
}

fn load_student_courses(
    conn: &mut PgConnection,
    students: Vec<Uuid>,
    courses: Vec<Uuid>,
) -> Result<Vec<KnownStudentCourse>, StoreError> {
    let rows: Vec<KnownStudentCourseRow> = student_courses::table
        .filter(student_courses::student_id.eq_any(students))
        .filter(student_courses::course_id.eq_any(courses))
        .order(student_courses::id)
        .select(KnownStudentCourseRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(KnownStudentCourse::try_from).collect::<Result<_, _>>()?)
}

impl TryFrom<KnownStudentCourseRow> for KnownStudentCourse {
    type Error = Corrupt;

    fn try_from(row: KnownStudentCourseRow) -> Result<Self, Corrupt> {
        let place = Place::new("student_courses", row.id);
        Ok(Self {
            id: row.id.into(),
            student_id: row.student_id.into(),
            course_id: row.course_id.into(),
            term_id: row.term_id.map(Into::into),
            section_id: row.section_id.map(Into::into),
            component: row.component.map(|word| place.word("component", &word)).transpose()?,
            status: place.word("status", &row.status)?,
            grade: place.read_maybe("grade", row.grade)?,
            enrolled_at: row.enrolled_at,
            ended_at: row.ended_at,
            version: row.version.into(),
        })
    }
}

fn load_scale(conn: &mut PgConnection) -> Result<GradeScale, StoreError> {
    let columns = (grades::grade, grades::rank, grades::passing, grades::basis);
    let rows: Vec<(String, i32, bool, String)> = grades::table.select(columns).load(conn)?;
    // Nothing is corrupt here but the grade itself, and it is its own name.
    let grade = |(grade, rank, passing, basis): (String, i32, bool, String)| {
        let place = Place::new("grades", Uuid::nil());
        let value = GradeValue { rank, passing, basis: place.word("basis", &basis)? };
        Ok((place.read::<Grade, _>("grade", grade)?, value))
    };
    Ok(rows.into_iter().map(grade).collect::<Result<GradeScale, Corrupt>>()?)
}
