//! A row of `student_courses`, with the course, section and term that it names.

use super::numeric::credits_of_hundredths;
use super::{Corrupt, Place};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use enrollment_core::registration::{CourseRef, SectionRef, StudentCourse, TermRef, Waiting};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// The columns of a student course `sc` itself. The place in the waitlist is counted for those who wait only; `uncounted` it is null, for
/// whoever counts later and only where somebody waits: to count costs something also where nobody does.
macro_rules! held_columns {
    () => {
        $crate::rows::student_course::held_columns!($crate::rows::student_course::waitlist_place!())
    };
    (uncounted) => {
        $crate::rows::student_course::held_columns!("NULL::bigint, NULL::bigint")
    };
    ($place:expr) => {
        concat!(
            "sc.id, sc.student_id, sc.status, (sc.credits * 100)::int4 AS hundredths, sc.grading_basis, sc.grade, ",
            $place,
            ", sc.waitlist_priority, sc.waitlist_sequence, sc.waitlist_swap_from, sc.waitlist_passed_over,
             sc.reservation_id, sc.enrolled_at, sc.ended_at, sc.end_reason, sc.version"
        )
    };
}
pub(crate) use held_columns;

/// The place of a student course `sc` in the waitlist: among all who wait, and among those who were not passed over.
macro_rules! waitlist_place {
    () => {
        "CASE WHEN sc.status = 'waitlisted' THEN (
             SELECT count(*) FROM student_courses ahead
             WHERE ahead.section_id = sc.section_id AND ahead.status = 'waitlisted'
               AND (ahead.waitlist_priority, ahead.waitlist_sequence) <= (sc.waitlist_priority, sc.waitlist_sequence)
         ) END AS waitlist_position,
         CASE WHEN sc.status = 'waitlisted' THEN (
             SELECT count(*) + 1 FROM student_courses ahead
             WHERE ahead.section_id = sc.section_id AND ahead.status = 'waitlisted' AND ahead.waitlist_passed_over IS NULL
               AND (ahead.waitlist_priority, ahead.waitlist_sequence) < (sc.waitlist_priority, sc.waitlist_sequence)
         ) END AS eligible_position"
    };
}
pub(crate) use waitlist_place;

/// The columns of a student course `sc`, with what [`student_course_tables!`] joins to it.
macro_rules! student_course_columns {
    () => {
        concat!(
            $crate::rows::student_course::held_columns!(),
            ", c.id AS course_id, c.code AS course_code, c.title AS course_title,
             s.id AS section_id, s.number AS section_number, s.component AS section_component,
             t.id AS term_id, t.code AS term_code"
        )
    };
}
pub(crate) use student_course_columns;

/// What a student course `sc` is joined to.
macro_rules! student_course_tables {
    () => {
        "student_courses sc JOIN courses c ON c.id = sc.course_id
         LEFT JOIN sections s ON s.id = sc.section_id LEFT JOIN terms t ON t.id = sc.term_id"
    };
}
pub(crate) use student_course_tables;

/// As [`held_columns!`] selects it, in that order.
#[derive(Debug, Queryable)]
pub(crate) struct HeldRow {
    id: Uuid,
    student_id: Uuid,
    status: String,
    hundredths: i32,
    grading_basis: String,
    grade: Option<String>,
    waitlist_position: Option<i64>,
    eligible_position: Option<i64>,
    waitlist_priority: i16,
    waitlist_sequence: Option<i64>,
    waitlist_swap_from: Option<Uuid>,
    waitlist_passed_over: Option<Value>,
    reservation_id: Option<Uuid>,
    enrolled_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    end_reason: Option<String>,
    version: i64,
}

/// The types of [`held_columns!`].
pub(crate) type HeldColumns = (
    SqlUuid,
    SqlUuid,
    Text,
    Integer,
    Text,
    Nullable<Text>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    SmallInt,
    Nullable<BigInt>,
    Nullable<SqlUuid>,
    Nullable<Jsonb>,
    Nullable<SqlUuid>,
    Nullable<Timestamptz>,
    Nullable<Timestamptz>,
    Nullable<Text>,
    BigInt,
);

impl HeldRow {
    /// Its id, where it waits for a seat.
    pub(crate) fn waiting(&self) -> Option<Uuid> {
        self.waitlist_sequence.map(|_| self.id)
    }

    /// The same at this place of the waitlist: among all who wait, and among those who were not passed over.
    pub(crate) fn at_place(self, position: i64, eligible_position: i64) -> Self {
        Self { waitlist_position: Some(position), eligible_position: Some(eligible_position), ..self }
    }

    /// The student course, of which the row has all but what it names.
    pub(crate) fn student_course(
        self,
        course: CourseRef,
        section: Option<SectionRef>,
        term: Option<TermRef>,
    ) -> Result<StudentCourse, Corrupt> {
        let place = Place::new("student_courses", self.id);
        let waitlist = self.waitlist_sequence.map(|sequence| -> Result<Waiting, Corrupt> {
            let passed_over = self.waitlist_passed_over.map(|stored| place.document("waitlist_passed_over", stored));
            Ok(Waiting {
                priority: self.waitlist_priority,
                sequence,
                eligible_position: place.read_maybe("eligible_position", self.eligible_position)?,
                swap_from: self.waitlist_swap_from.map(Into::into),
                passed_over: passed_over.transpose()?,
            })
        });
        Ok(StudentCourse {
            id: self.id.into(),
            student_id: self.student_id.into(),
            status: place.word("status", &self.status)?,
            course,
            section,
            term,
            credits: credits_of_hundredths(self.hundredths).map_err(|reason| place.corrupt("credits", reason))?,
            grading_basis: place.word("grading_basis", &self.grading_basis)?,
            grade: place.read_maybe("grade", self.grade)?,
            waitlist_position: place.read_maybe("waitlist_position", self.waitlist_position)?,
            reservation_id: self.reservation_id.map(Into::into),
            waitlist: waitlist.transpose()?,
            enrolled_at: self.enrolled_at,
            ended_at: self.ended_at,
            end_reason: place.read_maybe("end_reason", self.end_reason)?,
            version: self.version.into(),
        })
    }
}

/// As [`student_course_columns!`] selects it: as a row, or as a JSON object within one. Flat, since serde is slow at what is
/// flattened.
#[derive(Debug, QueryableByName, Deserialize)]
pub(crate) struct StudentCourseRow {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    student_id: Uuid,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Integer)]
    hundredths: i32,
    #[diesel(sql_type = Text)]
    grading_basis: String,
    #[diesel(sql_type = Nullable<Text>)]
    grade: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    waitlist_position: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    eligible_position: Option<i64>,
    #[diesel(sql_type = SmallInt)]
    waitlist_priority: i16,
    #[diesel(sql_type = Nullable<BigInt>)]
    waitlist_sequence: Option<i64>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    waitlist_swap_from: Option<Uuid>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    waitlist_passed_over: Option<Value>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    reservation_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    enrolled_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    end_reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = SqlUuid)]
    course_id: Uuid,
    #[diesel(sql_type = Text)]
    course_code: String,
    #[diesel(sql_type = Text)]
    course_title: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) section_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    section_number: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    section_component: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) term_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    term_code: Option<String>,
}

impl TryFrom<StudentCourseRow> for StudentCourse {
    type Error = Corrupt;

    fn try_from(row: StudentCourseRow) -> Result<Self, Corrupt> {
        let course = course_ref(row.course_id, row.course_code, row.course_title)?;
        let section = row.section_id.zip(row.section_number).zip(row.section_component);
        let section = section.map(|((id, number), component)| section_ref(id, number, &component)).transpose()?;
        let term = row.term_id.zip(row.term_code).map(|(id, code)| term_ref(id, code)).transpose()?;
        let held = HeldRow {
            id: row.id,
            student_id: row.student_id,
            status: row.status,
            hundredths: row.hundredths,
            grading_basis: row.grading_basis,
            grade: row.grade,
            waitlist_position: row.waitlist_position,
            eligible_position: row.eligible_position,
            waitlist_priority: row.waitlist_priority,
            waitlist_sequence: row.waitlist_sequence,
            waitlist_swap_from: row.waitlist_swap_from,
            waitlist_passed_over: row.waitlist_passed_over,
            reservation_id: row.reservation_id,
            enrolled_at: row.enrolled_at,
            ended_at: row.ended_at,
            end_reason: row.end_reason,
            version: row.version,
        };
        held.student_course(course, section, term)
    }
}

/// A course as a student course names it.
pub(crate) fn course_ref(id: Uuid, code: String, title: String) -> Result<CourseRef, Corrupt> {
    let place = Place::new("courses", id);
    Ok(CourseRef { id: id.into(), code: place.read("code", code)?, title: place.read("title", title)? })
}

/// A section as a student course names it.
pub(crate) fn section_ref(id: Uuid, number: String, component: &str) -> Result<SectionRef, Corrupt> {
    let place = Place::new("sections", id);
    let (number, component) = (place.read("number", number)?, place.word("component", component)?);
    Ok(SectionRef { id: id.into(), number, component })
}

/// A term as a student course names it.
pub(crate) fn term_ref(id: Uuid, code: String) -> Result<TermRef, Corrupt> {
    Ok(TermRef { id: id.into(), code: Place::new("terms", id).read("code", code)? })
}
