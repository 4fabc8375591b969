//! The catalogue, as far as rules ask of it: kept by each thread that loads facts, because it hardly ever changes and every attempt needs it;
//! and never wrong.
//!
//! The database draws a new version of the catalogue in each transaction that changes it (`catalogue_versions`). The statement
//! that reads everything else that an attempt is decided on reads the version too, under the locks: so it is that of the same moment, and what is
//! kept is used only if it was read at that version, by a statement that read it too. A transaction that has itself changed the
//! catalogue is told no version, and reads all anew. No notice has to arrive in time, and none can be missed.
//!
//! To keep a further fact of a course, a section or a term: a column in the statement here, in its row, and in what is made of that. Whatever it
//! is a column of must change the version: see the migration that versions the catalogue.

use super::register::overtaken;
use crate::StoreError;
use crate::rows::json::FromJson;
use crate::rows::meeting::{MeetingRow, meetings, meetings_of};
use crate::rows::numeric::credits_of_hundredths;
use crate::rows::student_course::{HeldRow, course_ref, section_ref, term_ref};
use crate::rows::window::{WindowFactsRow, windows_of_terms};
use crate::rows::{Corrupt, Place};
use crate::statement::Statement;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Json, Nullable, Uuid as SqlUuid};
use enrollment_core::catalog::{Credits, GradeScale, GradeValue, Meeting, Restriction, SectionStatus, TimeZone};
use enrollment_core::ids::SeatPoolId;
use enrollment_core::registration::{
    CourseFacts, HeldCourse, SectionFacts, SectionRef, Status, TermFacts, WaitlistFacts, WindowFacts,
};
use enrollment_core::text::{Grade, Program};
use serde::Deserialize;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

thread_local! {
    /// A thread is one store's for as long as it lives, and so is what it keeps.
    static KEPT: RefCell<Catalogue> = RefCell::default();
}

/// As many entries as a thread keeps: those of some hundred terms, in some ten megabytes. Beyond, it begins anew.
const MOST: usize = 100_000;

/// The version of the catalogue that a statement sees; null where its own transaction has changed the catalogue.
macro_rules! catalogue_version {
    () => {
        "(SELECT version FROM catalogue_versions
          WHERE current_setting('enrollment.catalogue_changed', true) IS DISTINCT FROM 'yes')"
    };
}
pub(super) use catalogue_version;

/// What is kept, all of one version.
#[derive(Default)]
pub(super) struct Catalogue {
    version: Option<Uuid>,
    courses: HashMap<Uuid, CourseFacts>,
    terms: HashMap<Uuid, KeptTerm>,
    sections: HashMap<Uuid, KeptSection>,
    scale: Option<GradeScale>,
}

/// A section, beside its course and its term.
struct KeptSection {
    section: SectionRef,
    course_id: Uuid,
    term_id: Uuid,
    status: SectionStatus,
    restriction: Option<Restriction>,
    seat_pool_id: SeatPoolId,
    waitlist_capacity: u32,
    meetings: Vec<Meeting>,
}

/// A term, with its windows in the order of their ids.
pub(super) struct KeptTerm {
    /// Without the limit that depends on the student.
    pub(super) facts: TermFacts,
    pub(super) program_max_credits: BTreeMap<Program, Credits>,
    pub(super) windows: Vec<KeptWindow>,
}

/// A registration window, without the students whom it lists.
pub(super) struct KeptWindow {
    pub(super) lists_students: bool,
    pub(super) window: WindowFacts,
}

/// Ids of what is asked for.
#[derive(Default)]
pub(super) struct Needed {
    pub(super) courses: BTreeSet<Uuid>,
    pub(super) terms: BTreeSet<Uuid>,
    pub(super) sections: BTreeSet<Uuid>,
}

/// $1 sections, $2 courses and $3 terms: of the sections also the courses and the terms. One row in any case.
const CATALOGUE: &str = concat!(
    "WITH section AS MATERIALIZED (
        SELECT s.id, s.number, s.component, s.status, s.seat_pool_id, s.restriction, s.waitlist_capacity, s.course_id, s.term_id,
            ",
    meetings_of!("s.id"),
    " AS meetings
        FROM sections s WHERE s.id = ANY ($1)
    )
    SELECT ",
    catalogue_version!(),
    " AS version,
        (SELECT coalesce(json_agg(section), '[]') FROM section) AS sections,
        (SELECT coalesce(json_agg(course), '[]') FROM (
            SELECT c.id, c.code, c.title, (c.credits * 100)::int4 AS hundredths, (c.max_credits * 100)::int4 AS most_hundredths,
                c.repeat_policy, c.requisite, c.corequisite, c.excludes, c.restriction, c.linked_components
            FROM courses c WHERE c.id = ANY (ARRAY(SELECT course_id FROM section UNION SELECT unnest($2)))
        ) course) AS courses,
        (SELECT coalesce(json_agg(term), '[]') FROM (
            SELECT t.id, t.code, t.time_zone, t.starts_on, t.ends_on,
                (t.max_credits * 100)::int4 AS max_hundredths, t.audit_counts, t.program_max_credits,
                t.enrollment_opens_at, t.enrollment_closes_at, t.drop_deadline, t.withdraw_deadline
            FROM terms t WHERE t.id = ANY (ARRAY(SELECT term_id FROM section UNION SELECT unnest($3)))
        ) term) AS terms,
        ",
    windows_of_terms!("SELECT term_id FROM section UNION SELECT unnest($3)"),
    " AS windows,
        (SELECT coalesce(json_agg(grades), '[]') FROM grades) AS grades"
);

impl Catalogue {
    /// Does something with what this thread keeps.
    pub(super) fn kept<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        KEPT.with_borrow_mut(work)
    }

    /// Learns what is needed of the catalogue of this version. False when it cannot be told, because it has changed since then.
    pub(super) fn learn(
        &mut self,
        conn: &mut PgConnection,
        version: Option<Uuid>,
        needed: &Needed,
    ) -> Result<bool, StoreError> {
        if version.is_none() || self.version != version || self.len() > MOST {
            *self = Self { version, ..Self::default() };
        }
        let unknown = |needed: &BTreeSet<Uuid>, is_known: &dyn Fn(&Uuid) -> bool| -> Vec<Uuid> {
            needed.iter().copied().filter(|id| !is_known(id)).collect()
        };
        let sections = unknown(&needed.sections, &|id| self.sections.contains_key(id));
        let courses = unknown(&needed.courses, &|id| self.courses.contains_key(id));
        let terms = unknown(&needed.terms, &|id| self.terms.contains_key(id));
        if self.scale.is_some() && sections.is_empty() && courses.is_empty() && terms.is_empty() {
            return Ok(true);
        }
        let row = Statement::new(CATALOGUE)
            .bind::<Array<SqlUuid>, _>(sections)
            .bind::<Array<SqlUuid>, _>(courses)
            .bind::<Array<SqlUuid>, _>(terms)
            .get_result::<CatalogueRow>(conn)?;
        let is_of_that_moment = row.version == version;
        if !is_of_that_moment {
            // What was read is kept for who reads again: that may well be of the same moment.
            *self = Self { version: row.version, ..Self::default() };
        }
        self.keep(row)?;
        Ok(is_of_that_moment)
    }

    /// The institution's grades.
    pub(super) fn scale(&self) -> GradeScale {
        self.scale.clone().unwrap_or_default()
    }

    /// The section, if there is such a section; as if nobody waited for it, which is not of the catalogue.
    pub(super) fn section(&self, id: Uuid) -> Option<SectionFacts> {
        let kept = self.sections.get(&id)?;
        Some(SectionFacts {
            section: kept.section.clone(),
            status: kept.status,
            course: self.courses.get(&kept.course_id)?.clone(),
            term: self.terms.get(&kept.term_id)?.facts.clone(),
            restriction: kept.restriction.clone(),
            seat_pool_id: kept.seat_pool_id,
            waitlist: WaitlistFacts { capacity: kept.waitlist_capacity, ..WaitlistFacts::default() },
            meetings: kept.meetings.clone(),
        })
    }

    /// The term, if there is such a term.
    pub(super) fn term(&self, id: Uuid) -> Option<&KeptTerm> {
        self.terms.get(&id)
    }

    /// What a student holds, with what the catalogue says of it.
    pub(super) fn held(
        &self,
        row: HeldRow,
        course: Uuid,
        section: Option<Uuid>,
        term: Option<Uuid>,
    ) -> Result<HeldCourse, StoreError> {
        // Foreign keys say that it is there; only what others delete while this transaction changes the catalogue may not be.
        let course = self.courses.get(&course).ok_or_else(overtaken)?;
        let section = section.map(|id| self.sections.get(&id).ok_or_else(overtaken)).transpose()?;
        let term = term.map(|id| self.terms.get(&id).ok_or_else(overtaken)).transpose()?.map(|term| &term.facts);
        let names = (course.course.clone(), section.map(|own| own.section.clone()), term.map(|term| term.term.clone()));
        let student_course = row.student_course(names.0, names.1, names.2)?;
        let meets = section.filter(|_| student_course.status == Status::Enrolled);
        Ok(HeldCourse {
            meetings: meets.map(|section| section.meetings.clone()).unwrap_or_default(),
            // Credit that belongs to no term has no deadlines to tell.
            time_zone: term.map_or(TimeZone::UTC, |term| term.time_zone),
            seat_pool_id: section.map(|section| section.seat_pool_id),
            linked_components: course.linked_components.clone(),
            drop_deadline: term.and_then(|term| term.drop_deadline),
            withdraw_deadline: term.and_then(|term| term.withdraw_deadline),
            student_course,
        })
    }

    fn keep(&mut self, row: CatalogueRow) -> Result<(), StoreError> {
        for course in row.courses.0 {
            self.courses.insert(course.id, course.facts()?);
        }
        for term in row.terms.0 {
            self.terms.insert(term.id, term.kept()?);
        }
        for window in row.windows.0 {
            let (term, lists_students) = (window.term_id, window.lists_students);
            let window = KeptWindow { lists_students, window: window.try_into()? };
            self.terms.entry(term).and_modify(|term| term.windows.push(window));
        }
        for section in row.sections.0 {
            self.sections.insert(section.id, section.kept()?);
        }
        self.scale = Some(row.grades.0.into_iter().map(GradeRow::value).collect::<Result<_, _>>()?);
        Ok(())
    }

    fn len(&self) -> usize {
        self.courses.len() + self.sections.len() + self.terms.len()
    }
}

#[derive(QueryableByName)]
struct CatalogueRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    version: Option<Uuid>,
    #[diesel(sql_type = Json)]
    sections: FromJson<Vec<SectionRow>>,
    #[diesel(sql_type = Json)]
    courses: FromJson<Vec<CourseRow>>,
    #[diesel(sql_type = Json)]
    terms: FromJson<Vec<TermRow>>,
    #[diesel(sql_type = Json)]
    windows: FromJson<Vec<WindowFactsRow>>,
    #[diesel(sql_type = Json)]
    grades: FromJson<Vec<GradeRow>>,
}

#[derive(Debug, Deserialize)]
struct SectionRow {
    id: Uuid,
    number: String,
    component: String,
    status: String,
    seat_pool_id: Uuid,
    restriction: Option<Value>,
    waitlist_capacity: u32,
    course_id: Uuid,
    term_id: Uuid,
    meetings: Vec<MeetingRow>,
}

impl SectionRow {
    fn kept(self) -> Result<KeptSection, Corrupt> {
        let place = Place::new("sections", self.id);
        Ok(KeptSection {
            section: section_ref(self.id, self.number, &self.component)?,
            course_id: self.course_id,
            term_id: self.term_id,
            status: place.word("status", &self.status)?,
            restriction: restriction(place, self.restriction)?,
            seat_pool_id: self.seat_pool_id.into(),
            waitlist_capacity: self.waitlist_capacity,
            meetings: meetings(self.id, self.meetings)?,
        })
    }
}

#[derive(Debug, Deserialize)]
struct CourseRow {
    id: Uuid,
    code: String,
    title: String,
    hundredths: i32,
    most_hundredths: Option<i32>,
    repeat_policy: Value,
    requisite: Option<Value>,
    corequisite: Option<Value>,
    excludes: Value,
    restriction: Option<Value>,
    linked_components: Value,
}

impl CourseRow {
    fn facts(self) -> Result<CourseFacts, Corrupt> {
        let place = Place::new("courses", self.id);
        Ok(CourseFacts {
            course: course_ref(self.id, self.code, self.title)?,
            credits: credits(place, "credits", self.hundredths)?,
            max_credits: limit(place, "max_credits", self.most_hundredths)?,
            repeat_policy: place.document("repeat_policy", self.repeat_policy)?,
            requisite: self.requisite.map(|stored| place.document("requisite", stored)).transpose()?,
            corequisite: self.corequisite.map(|stored| place.document("corequisite", stored)).transpose()?,
            excludes: place.document("excludes", self.excludes)?,
            restriction: restriction(place, self.restriction)?,
            linked_components: place.document("linked_components", self.linked_components)?,
        })
    }
}

#[derive(Debug, Deserialize)]
struct TermRow {
    id: Uuid,
    code: String,
    time_zone: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    max_hundredths: Option<i32>,
    audit_counts: bool,
    program_max_credits: Value,
    enrollment_opens_at: Option<DateTime<Utc>>,
    enrollment_closes_at: Option<DateTime<Utc>>,
    drop_deadline: Option<DateTime<Utc>>,
    withdraw_deadline: Option<DateTime<Utc>>,
}

impl TermRow {
    fn kept(self) -> Result<KeptTerm, Corrupt> {
        let place = Place::new("terms", self.id);
        Ok(KeptTerm {
            facts: TermFacts {
                term: term_ref(self.id, self.code)?,
                time_zone: place.read::<TimeZone, _>("time_zone", self.time_zone)?,
                starts_on: self.starts_on,
                ends_on: self.ends_on,
                max_credits: limit(place, "max_credits", self.max_hundredths)?,
                // Which of the limits counts depends on the student.
                program_max_credits: None,
                audit_counts: self.audit_counts,
                enrollment_opens_at: self.enrollment_opens_at,
                enrollment_closes_at: self.enrollment_closes_at,
                drop_deadline: self.drop_deadline,
                withdraw_deadline: self.withdraw_deadline,
            },
            program_max_credits: place.document("program_max_credits", self.program_max_credits)?,
            windows: Vec::new(),
        })
    }
}

#[derive(Debug, Deserialize)]
struct GradeRow {
    grade: String,
    rank: i32,
    passing: bool,
    basis: String,
}

impl GradeRow {
    fn value(self) -> Result<(Grade, GradeValue), Corrupt> {
        let place = Place::new("grades", Uuid::nil());
        let value = GradeValue { rank: self.rank, passing: self.passing, basis: place.word("basis", &self.basis)? };
        Ok((place.read("grade", self.grade)?, value))
    }
}

fn restriction(place: Place, stored: Option<Value>) -> Result<Option<Restriction>, Corrupt> {
    stored.map(|stored| place.document("restriction", stored)).transpose()
}

fn credits(place: Place, column: &'static str, hundredths: i32) -> Result<Credits, Corrupt> {
    credits_of_hundredths(hundredths).map_err(|reason| place.corrupt(column, reason))
}

fn limit(place: Place, column: &'static str, hundredths: Option<i32>) -> Result<Option<Credits>, Corrupt> {
    hundredths.map(|hundredths| credits(place, column, hundredths)).transpose()
}
