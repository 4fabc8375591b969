//! Reading a student's timetable: one statement, with the meetings of each section as a column of it.

use super::read::Line;
use crate::StoreError;
use crate::rows::Place;
use crate::rows::json::FromJson;
use crate::rows::meeting::{MeetingRow, meetings, meetings_of};
use crate::rows::student_course::{course_ref, section_ref};
use crate::statement::Statement;
use crate::store::Answer;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Date, Json, Nullable, Text, Uuid as SqlUuid};
use enrollment_core::ids::StudentId;
use enrollment_core::registration::{TimetableEntry, TimetableTerm, TimetableTerms};
use enrollment_core::{Error, Subject};
use uuid::Uuid;

/// $1 the student, $2 the term, $3 the day from which on terms end.
const TIMETABLE: &str = concat!(
    "SELECT entry.* FROM students LEFT JOIN LATERAL (
        SELECT sc.id, c.id AS course_id, c.code AS course_code, c.title AS course_title,
            s.id AS section_id, s.number AS section_number, s.component AS section_component, s.instructor,
            t.id AS term_id, t.code AS term_code, t.name AS term_name, t.time_zone, t.starts_on, t.ends_on, ",
    meetings_of!("s.id"),
    "       AS meetings
        FROM student_courses sc JOIN courses c ON c.id = sc.course_id
            JOIN sections s ON s.id = sc.section_id JOIN terms t ON t.id = sc.term_id
        WHERE sc.student_id = students.id AND sc.status = 'enrolled'
            AND ($2 IS NULL OR t.id = $2)
            AND ($3 IS NULL OR t.ends_on >= $3)
    ) entry ON true
    WHERE students.id = $1"
);

pub(super) fn timetable(
    conn: &mut PgConnection,
    student: StudentId,
    terms: TimetableTerms,
) -> Answer<Vec<TimetableEntry>> {
    let (term, day) = match terms {
        TimetableTerms::One(term) => (Some(term.uuid()), None),
        TimetableTerms::EndingFrom(day) => (None, Some(day)),
    };
    let lines: Vec<Line<EntryRow>> = Statement::new(TIMETABLE)
        .bind::<SqlUuid, _>(student.uuid())
        .bind::<Nullable<SqlUuid>, _>(term)
        .bind::<Nullable<Date>, _>(day)
        .load(conn)?;
    if lines.is_empty() {
        return Ok(Err(Error::NotFound(Subject::Student)));
    }
    let rows = lines.into_iter().filter_map(|line| line.0);
    Ok(Ok(rows.map(EntryRow::entry).collect::<Result<_, _>>()?))
}

#[derive(QueryableByName)]
struct EntryRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    course_id: Uuid,
    #[diesel(sql_type = Text)]
    course_code: String,
    #[diesel(sql_type = Text)]
    course_title: String,
    #[diesel(sql_type = SqlUuid)]
    section_id: Uuid,
    #[diesel(sql_type = Text)]
    section_number: String,
    #[diesel(sql_type = Text)]
    section_component: String,
    #[diesel(sql_type = Nullable<Text>)]
    instructor: Option<String>,
    #[diesel(sql_type = SqlUuid)]
    term_id: Uuid,
    #[diesel(sql_type = Text)]
    term_code: String,
    #[diesel(sql_type = Text)]
    term_name: String,
    #[diesel(sql_type = Text)]
    time_zone: String,
    #[diesel(sql_type = Date)]
    starts_on: NaiveDate,
    #[diesel(sql_type = Date)]
    ends_on: NaiveDate,
    #[diesel(sql_type = Json)]
    meetings: FromJson<Vec<MeetingRow>>,
}

impl EntryRow {
    fn entry(self) -> Result<TimetableEntry, StoreError> {
        let (section, term) = (Place::new("sections", self.section_id), Place::new("terms", self.term_id));
        Ok(TimetableEntry {
            student_course_id: self.id.into(),
            course: course_ref(self.course_id, self.course_code, self.course_title)?,
            section: section_ref(self.section_id, self.section_number, &self.section_component)?,
            term: TimetableTerm {
                id: self.term_id.into(),
                code: term.read("code", self.term_code)?,
                name: term.read("name", self.term_name)?,
                time_zone: term.read("time_zone", self.time_zone)?,
                starts_on: self.starts_on,
                ends_on: self.ends_on,
            },
            instructor: section.read_maybe("instructor", self.instructor)?,
            meetings: meetings(self.section_id, self.meetings.0)?,
        })
    }
}
