//! Loading what is known when attempts are decided, and whether they were answered before: of all of them by one statement.

use super::known::{Answered, Known, OfTerm};
use super::lock::{Locked, uuids};
use crate::StoreError;
use crate::rows::hold::HoldFactsRow;
use crate::rows::json::FromJson;
use crate::rows::meeting::{MeetingRow, meetings, meetings_of};
use crate::rows::numeric::credits_of_hundredths;
use crate::rows::permit::PermitFactsRow;
use crate::rows::reservation::ReservationFactsRow;
use crate::rows::student_course::{
    StudentCourseRow, course_ref, section_ref, student_course_columns, student_course_tables, term_ref,
};
use crate::rows::window::{WindowFactsRow, windows_of_terms};
use crate::rows::{Corrupt, Place};
use crate::statement::Statement;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Json, Text, Uuid as SqlUuid};
use enrollment_core::actor::Actor;
use enrollment_core::catalog::{Credits, GradeValue, Restriction, TimeZone};
use enrollment_core::ids::StudentId;
use enrollment_core::registration::{
    Attempt, CourseFacts, HeldCourse, HoldFacts, Idempotency, PermitFacts, ReservationFacts, Scope, SectionFacts,
    TermFacts, WaitlistFacts,
};
use enrollment_core::text::Program;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is to be known for one attempt.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) student: StudentId,
    pub(super) scope: &'a Scope,
    /// Where a request carries an idempotency key, it comes with the actor whose key it is.
    pub(super) answer: Option<(&'a Actor, &'a Idempotency)>,
}

impl<'a> Wanted<'a> {
    /// What deciding an attempt of this scope needs.
    pub(super) fn for_attempt(attempt: &'a Attempt, scope: &'a Scope) -> Self {
        let answer = super::register::idempotency(attempt).map(|idempotency| (&attempt.actor, idempotency));
        Self { student: attempt.student_id, scope, answer }
    }
}

/// $1 the students, $2 the sections, $3 the named student courses, $4 the named courses, $5 the named terms, $6 the actors
/// and $7 their idempotency keys, $8 the locked pools. One row in any case.
const FACTS: &str = concat!(
    "SELECT
        (SELECT coalesce(json_agg(section), '[]') FROM (
            SELECT s.id, s.number, s.component, s.status, s.seat_pool_id, s.restriction,
                s.waitlist_capacity, s.waitlisted, waitlist.ahead, waitlist.eligible_ahead, waitlist.last_sequence,
                c.id AS course_id, c.code AS course_code, c.title AS course_title, (c.credits * 100)::int4 AS hundredths,
                (c.max_credits * 100)::int4 AS most_hundredths,
                c.repeat_policy, c.requisite, c.corequisite, c.excludes,
                c.restriction AS course_restriction, c.linked_components,
                t.id AS term_id, t.code AS term_code, t.time_zone, t.starts_on, t.ends_on,
                (t.max_credits * 100)::int4 AS max_hundredths, t.audit_counts, t.program_max_credits,
                t.enrollment_opens_at, t.enrollment_closes_at, t.drop_deadline, t.withdraw_deadline, ",
    meetings_of!("s.id"),
    " AS meetings
            FROM sections s JOIN courses c ON c.id = s.course_id JOIN terms t ON t.id = s.term_id
            CROSS JOIN LATERAL (
                -- Of the whole pool, as those who wait for its seats are served in one order.
                SELECT count(*) FILTER (WHERE w.section_id = s.id AND w.waitlist_priority <= 0) AS ahead,
                    count(*) FILTER (WHERE w.section_id = s.id AND w.waitlist_priority <= 0 AND w.waitlist_passed_over IS NULL)
                        AS eligible_ahead,
                    coalesce(max(w.waitlist_sequence), 0) AS last_sequence
                FROM sections sharing JOIN student_courses w ON w.section_id = sharing.id AND w.status = 'waitlisted'
                WHERE sharing.seat_pool_id = s.seat_pool_id
            ) waitlist
            WHERE s.id = ANY ($2)
            ORDER BY s.id
        ) section) AS sections,
        (SELECT coalesce(json_agg(h ORDER BY h.id), '[]') FROM holds h WHERE h.student_id = ANY ($1)) AS holds,
        ",
    windows_of_terms!(
        terms: "SELECT term_id FROM sections WHERE id = ANY ($2)
                UNION SELECT term_id FROM student_courses WHERE id = ANY ($3)",
        students: "$1"
    ),
    " AS windows,
        (SELECT coalesce(json_agg(permit ORDER BY permit.id), '[]') FROM (
            SELECT p.*, coalesce(p.course_id, own.course_id) AS of_course_id
            FROM permits p LEFT JOIN sections own ON own.id = p.section_id
            WHERE p.student_id = ANY ($1)
        ) permit) AS permits,
        (SELECT coalesce(json_agg(held), '[]') FROM (
            SELECT (SELECT own FROM (SELECT ",
    student_course_columns!(),
    ") own) AS student_course, t.time_zone, t.drop_deadline, t.withdraw_deadline, s.seat_pool_id, c.linked_components,
                CASE WHEN sc.status = 'enrolled' THEN ",
    meetings_of!("sc.section_id"),
    " END AS meetings
            FROM ",
    student_course_tables!(),
    "       WHERE sc.student_id = ANY ($1)
                AND (sc.status IN ('waitlisted', 'enrolled', 'completed') OR sc.id = ANY ($3))
            ORDER BY sc.id
        ) held) AS held,
        (SELECT coalesce(json_agg(reservation ORDER BY reservation.id), '[]') FROM (
            SELECT r.id, s.seat_pool_id, r.cohort, r.seats, r.taken, r.release_at
            FROM sections s JOIN reservations r ON r.section_id = s.id
            WHERE s.seat_pool_id = ANY ($8)
        ) reservation) AS reservations,
        (SELECT coalesce(json_agg(grades), '[]') FROM grades) AS grades,
        (SELECT coalesce(json_object_agg(seat_pool_id, waiting), '{}') FROM (
            SELECT seat_pool_id, sum(waitlisted) AS waiting FROM sections WHERE seat_pool_id = ANY ($8) GROUP BY seat_pool_id
        ) pool) AS waiting,
        (SELECT coalesce(json_agg(named.id), '[]') FROM unnest($4) AS named (id)
            WHERE NOT EXISTS (SELECT FROM courses c WHERE c.id = named.id)) AS no_courses,
        (SELECT coalesce(json_agg(named.id), '[]') FROM unnest($5) AS named (id)
            WHERE NOT EXISTS (SELECT FROM terms t WHERE t.id = named.id)) AS no_terms,
        (SELECT coalesce(json_agg(answered), '[]') FROM (
            SELECT k.actor, k.key, encode(k.request_hash, 'hex') AS request_hash, k.response AS receipt
            FROM unnest($6, $7) AS asked (actor, key) JOIN idempotency_keys k ON k.actor = asked.actor AND k.key = asked.key
        ) answered) AS answered"
);

/// Loads everything that deciding needs beyond what the locks have told. It MUST run after them, as a statement of its own.
pub(super) fn load(conn: &mut PgConnection, wanted: &[Wanted<'_>], locked: Locked) -> Result<Known, StoreError> {
    let students: Vec<Uuid> = wanted.iter().map(|wanted| wanted.student.uuid()).collect();
    let scopes = || wanted.iter().map(|wanted| wanted.scope);
    let student_courses: Vec<_> = scopes().flat_map(|scope| scope.student_courses.iter().copied()).collect();
    let (courses, terms): (Vec<_>, Vec<_>) = scopes().flat_map(|scope| scope.courses.iter().copied()).unzip();
    let terms: Vec<Uuid> = terms.into_iter().flatten().map(Uuid::from).collect();
    let (actors, keys): (Vec<_>, Vec<_>) = wanted
        .iter()
        .filter_map(|wanted| wanted.answer)
        .map(|(actor, idempotency)| (actor.as_str(), idempotency.key.as_str()))
        .unzip();
    let row = Statement::new(FACTS)
        .bind::<Array<SqlUuid>, _>(students)
        .bind::<Array<SqlUuid>, _>(&locked.sections)
        .bind::<Array<SqlUuid>, _>(uuids(&student_courses))
        .bind::<Array<SqlUuid>, _>(uuids(&courses))
        .bind::<Array<SqlUuid>, _>(terms)
        .bind::<Array<Text>, _>(actors)
        .bind::<Array<Text>, _>(keys)
        .bind::<Array<SqlUuid>, _>(locked.pools.iter().map(|pool| pool.id.uuid()).collect::<Vec<_>>())
        .get_result::<FactsRow>(conn)?;
    row.known(locked)
}

#[derive(QueryableByName)]
struct FactsRow {
    #[diesel(sql_type = Json)]
    sections: FromJson<Vec<SectionRow>>,
    #[diesel(sql_type = Json)]
    holds: FromJson<Vec<HoldFactsRow>>,
    #[diesel(sql_type = Json)]
    windows: FromJson<Vec<WindowFactsRow>>,
    #[diesel(sql_type = Json)]
    permits: FromJson<Vec<PermitFactsRow>>,
    #[diesel(sql_type = Json)]
    held: FromJson<Vec<HeldRow>>,
    #[diesel(sql_type = Json)]
    reservations: FromJson<Vec<ReservationFactsRow>>,
    #[diesel(sql_type = Json)]
    grades: FromJson<Vec<GradeRow>>,
    #[diesel(sql_type = Json)]
    waiting: FromJson<BTreeMap<Uuid, u32>>,
    #[diesel(sql_type = Json)]
    no_courses: FromJson<Vec<Uuid>>,
    #[diesel(sql_type = Json)]
    no_terms: FromJson<Vec<Uuid>>,
    #[diesel(sql_type = Json)]
    answered: FromJson<Vec<Answered>>,
}

impl FactsRow {
    fn known(self, locked: Locked) -> Result<Known, StoreError> {
        let Locked { students, pools, offered, .. } = locked;
        let mut known = Known {
            students: students.into_iter().map(|student| (student.id, student)).collect(),
            offered,
            reservations: self.reservations.0.into_iter().map(ReservationFacts::try_from).collect::<Result<_, _>>()?,
            scale: self.grades.0.into_iter().map(GradeRow::value).collect::<Result<_, _>>()?,
            no_courses: self.no_courses.0,
            no_terms: self.no_terms.0,
            answered: self.answered.0,
            ..Known::default()
        };
        for mut pool in pools {
            pool.waiting = self.waiting.0.get(&pool.id.uuid()).copied().unwrap_or_default();
            known.pools.insert(pool.id, pool);
        }
        for row in self.sections.0 {
            let of_term = OfTerm { program_max_credits: row.program_limits()? };
            let facts = row.facts()?;
            known.terms.entry(facts.term.term.id).or_insert(of_term);
            known.sections.insert(facts.section.id, facts);
        }
        for row in self.holds.0 {
            known.holds.entry(row.student_id()).or_default().push(HoldFacts::try_from(row)?);
        }
        for row in self.windows.0 {
            known.windows.push(row.try_into()?);
        }
        for row in self.permits.0 {
            let (student, course) = row.is_of();
            known.permits.entry(student).or_default().push((course, PermitFacts::try_from(row)?));
        }
        for row in self.held.0 {
            let held = row.held()?;
            known.held.entry(held.student_course.student_id).or_default().push(held);
        }
        Ok(known)
    }
}

/// A section, with its course and its term.
#[derive(Debug, Deserialize)]
struct SectionRow {
    id: Uuid,
    number: String,
    component: String,
    status: String,
    seat_pool_id: Uuid,
    restriction: Option<Value>,
    waitlist_capacity: u32,
    waitlisted: u32,
    ahead: u32,
    eligible_ahead: u32,
    last_sequence: i64,
    course_id: Uuid,
    course_code: String,
    course_title: String,
    hundredths: i32,
    most_hundredths: Option<i32>,
    repeat_policy: Value,
    requisite: Option<Value>,
    corequisite: Option<Value>,
    excludes: Value,
    course_restriction: Option<Value>,
    linked_components: Value,
    term_id: Uuid,
    term_code: String,
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
    meetings: Vec<MeetingRow>,
}

impl SectionRow {
    fn program_limits(&self) -> Result<BTreeMap<Program, Credits>, Corrupt> {
        Place::new("terms", self.term_id).document("program_max_credits", self.program_max_credits.clone())
    }

    fn facts(self) -> Result<SectionFacts, Corrupt> {
        let (section, course, term) =
            (Place::new("sections", self.id), Place::new("courses", self.course_id), Place::new("terms", self.term_id));
        let restriction = |place: Place, stored: Option<Value>| -> Result<Option<Restriction>, Corrupt> {
            stored.map(|stored| place.document("restriction", stored)).transpose()
        };
        let credits = |place: Place, column, hundredths| -> Result<Credits, Corrupt> {
            credits_of_hundredths(hundredths).map_err(|reason| place.corrupt(column, reason))
        };
        let limit = |place: Place, column, hundredths: Option<i32>| -> Result<Option<Credits>, Corrupt> {
            hundredths.map(|hundredths| credits(place, column, hundredths)).transpose()
        };
        Ok(SectionFacts {
            section: section_ref(self.id, self.number, &self.component)?,
            status: section.word("status", &self.status)?,
            course: CourseFacts {
                course: course_ref(self.course_id, self.course_code, self.course_title)?,
                credits: credits(course, "credits", self.hundredths)?,
                max_credits: limit(course, "max_credits", self.most_hundredths)?,
                repeat_policy: course.document("repeat_policy", self.repeat_policy)?,
                requisite: self.requisite.map(|stored| course.document("requisite", stored)).transpose()?,
                corequisite: self.corequisite.map(|stored| course.document("corequisite", stored)).transpose()?,
                excludes: course.document("excludes", self.excludes)?,
                restriction: restriction(course, self.course_restriction)?,
                linked_components: course.document("linked_components", self.linked_components)?,
            },
            term: TermFacts {
                term: term_ref(self.term_id, self.term_code)?,
                time_zone: term.read::<TimeZone, _>("time_zone", self.time_zone)?,
                starts_on: self.starts_on,
                ends_on: self.ends_on,
                max_credits: limit(term, "max_credits", self.max_hundredths)?,
                // Which of the limits counts depends on the student.
                program_max_credits: None,
                audit_counts: self.audit_counts,
                enrollment_opens_at: self.enrollment_opens_at,
                enrollment_closes_at: self.enrollment_closes_at,
                drop_deadline: self.drop_deadline,
                withdraw_deadline: self.withdraw_deadline,
            },
            restriction: restriction(section, self.restriction)?,
            seat_pool_id: self.seat_pool_id.into(),
            waitlist: WaitlistFacts {
                capacity: self.waitlist_capacity,
                waiting: self.waitlisted,
                ahead: self.ahead,
                eligible_ahead: self.eligible_ahead,
                last_sequence: self.last_sequence,
            },
            meetings: meetings(self.id, self.meetings)?,
        })
    }
}

/// A student course, with what rules ask of its section and term.
#[derive(Debug, Deserialize)]
struct HeldRow {
    student_course: StudentCourseRow,
    time_zone: Option<String>,
    drop_deadline: Option<DateTime<Utc>>,
    withdraw_deadline: Option<DateTime<Utc>>,
    seat_pool_id: Option<Uuid>,
    linked_components: Value,
    meetings: Option<Vec<MeetingRow>>,
}

impl HeldRow {
    fn held(self) -> Result<HeldCourse, Corrupt> {
        let section = self.student_course.section_id.unwrap_or_default();
        let term = Place::new("terms", self.student_course.term_id.unwrap_or_default());
        let time_zone = term.read_maybe::<TimeZone, _>("time_zone", self.time_zone)?;
        Ok(HeldCourse {
            // Credit that belongs to no term has no deadlines to tell.
            time_zone: time_zone.unwrap_or(TimeZone::UTC),
            meetings: meetings(section, self.meetings.unwrap_or_default())?,
            seat_pool_id: self.seat_pool_id.map(Into::into),
            linked_components: Place::new("student_courses", self.student_course.id)
                .document("linked_components", self.linked_components)?,
            student_course: self.student_course.try_into()?,
            drop_deadline: self.drop_deadline,
            withdraw_deadline: self.withdraw_deadline,
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
    fn value(self) -> Result<(enrollment_core::text::Grade, GradeValue), Corrupt> {
        let place = Place::new("grades", Uuid::nil());
        let value = GradeValue { rank: self.rank, passing: self.passing, basis: place.word("basis", &self.basis)? };
        Ok((place.read("grade", self.grade)?, value))
    }
}
