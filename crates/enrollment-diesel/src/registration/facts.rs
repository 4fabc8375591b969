//! Loading what is known when attempts are decided, and whether they were answered before: of all of them by one statement. What the
//! catalogue says is kept (see [`catalogue`](super::catalogue)), and who waits is asked only where somebody does (see
//! [`waitlists`](super::waitlists)).
//!
//! To load a further fact: a part of the statement here that says it is one, a [`Found`] that reads it, and a place in [`Known`] for it.

use super::catalogue::{Catalogue, Needed, catalogue_version};
use super::known::{Answered, Known, KnownWindow, OfTerm};
use super::lock::{Locked, uuids};
use super::register::overtaken;
use super::waitlists::Waitlists;
use crate::StoreError;
use crate::rows::hold::HoldFactsRow;
use crate::rows::json::FromJson;
use crate::rows::permit::PermitFactsRow;
use crate::rows::receipt::documents;
use crate::rows::reservation::ReservationFactsRow;
use crate::rows::student_course::{HeldColumns, HeldRow, held_columns};
use crate::statement::Statement;
use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Json, Nullable, Text, Uuid as SqlUuid};
use enrollment_core::actor::Actor;
use enrollment_core::ids::{SeatPoolId, SectionId, StudentCourseId, StudentId, TermId};
use enrollment_core::registration::{Attempt, HoldFacts, Idempotency, PermitFacts, Scope, SectionFacts};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap, HashSet};
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

/// What is null where a row is not of a student course.
macro_rules! no_student_course {
    () => {
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL"
    };
}

/// $1 the students, $2 the named student courses, $3 the locked pools, $4 the named courses, $5 the named terms, $6 the actors and $7
/// their idempotency keys. A row is of a student course, or its last column is a [`Found`].
///
/// A lone attempt pays for each part of this, whether there is something in it or not: so what most do not ask for is left out, nothing is
/// made an aggregate, and who waits is asked [by itself](super::waitlists).
macro_rules! facts_sql {
    ($($more:expr),*) => {
        concat!(
            "SELECT sc.course_id, sc.section_id, sc.term_id, ",
            held_columns!(uncounted),
            ", NULL::json
            FROM student_courses sc
            WHERE sc.student_id = ANY ($1) AND (sc.status IN ('waitlisted', 'enrolled', 'completed') OR sc.id = ANY ($2))
            UNION ALL SELECT ",
            no_student_course!(),
            ", json_build_object('moment', json_build_object('version', ",
            catalogue_version!(),
            ", 'server', pg_postmaster_start_time()))
            UNION ALL SELECT ",
            no_student_course!(),
            ", json_build_object('section', json_build_object(
                'id', s.id, 'seat_pool_id', s.seat_pool_id, 'waitlisted', s.waitlisted, 'reservation', to_json(r)
            ))
            FROM sections s LEFT JOIN reservations r ON r.section_id = s.id
            WHERE s.seat_pool_id = ANY ($3) AND (s.waitlisted > 0 OR r.id IS NOT NULL)
            UNION ALL SELECT ",
            no_student_course!(),
            ", json_build_object('hold', h) FROM holds h WHERE h.student_id = ANY ($1)
            UNION ALL SELECT ",
            no_student_course!(),
            ", json_build_object('listed', l) FROM window_students l WHERE l.student_id = ANY ($1)
            UNION ALL SELECT ",
            no_student_course!(),
            ", json_build_object('permit', json_build_object('of_course_id', coalesce(p.course_id, own.course_id), 'permit', p))
            FROM permits p LEFT JOIN sections own ON own.id = p.section_id
            WHERE p.student_id = ANY ($1)",
            $($more,)*
        )
    };
}

/// Which of the courses and terms that are named do not exist.
macro_rules! missing_sql {
    () => {
        concat!(
            " UNION ALL SELECT ",
            no_student_course!(),
            ", json_build_object('no_course', named.id) FROM unnest($4) AS named (id)
            WHERE NOT EXISTS (SELECT FROM courses c WHERE c.id = named.id)
            UNION ALL SELECT ",
            no_student_course!(),
            ", json_build_object('no_term', named.id) FROM unnest($5) AS named (id)
            WHERE NOT EXISTS (SELECT FROM terms t WHERE t.id = named.id)"
        )
    };
}

/// What was answered before under these keys.
macro_rules! answered_sql {
    () => {
        concat!(
            " UNION ALL SELECT ",
            no_student_course!(),
            ", json_build_object('answered', json_build_object(
                'actor', k.actor, 'key', k.key, 'request_hash', encode(k.request_hash, 'hex'), 'receipt', k.response
            ))
            FROM unnest($6, $7) AS asked (actor, key) JOIN idempotency_keys k ON k.actor = asked.actor AND k.key = asked.key"
        )
    };
}

const FACTS: &str = facts_sql!();
const FACTS_OF_COURSES: &str = facts_sql!(missing_sql!());
const FACTS_UNDER_KEYS: &str = facts_sql!(answered_sql!());
const FACTS_OF_COURSES_UNDER_KEYS: &str = facts_sql!(missing_sql!(), answered_sql!());

/// Of a student course the course, the section, the term and itself; or something else.
type Columns = (Nullable<(SqlUuid, Nullable<SqlUuid>, Nullable<SqlUuid>, HeldColumns)>, Nullable<Json>);
type Line = (Option<Held>, Option<FromJson<Found>>);
type Held = (Uuid, Option<Uuid>, Option<Uuid>, HeldRow);

/// Something that students do not hold, under its name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    Moment(Moment),
    Section(SectionOfPool),
    Hold(HoldFactsRow),
    Listed(ListedRow),
    Permit(PermitOfCourse),
    NoCourse(Uuid),
    NoTerm(Uuid),
    Answered(Answered),
}

/// What the statement was of.
#[derive(Debug, Deserialize)]
struct Moment {
    /// The version of the catalogue.
    version: Option<Uuid>,
    /// Since when the server of the database runs.
    server: String,
}

/// A section for which somebody waits, or with seats that are reserved; as often as it has reservations.
#[derive(Debug, Deserialize)]
struct SectionOfPool {
    id: Uuid,
    seat_pool_id: Uuid,
    waitlisted: u32,
    reservation: Option<ReservationFactsRow>,
}

/// A student whom a window lists.
#[derive(Debug, Deserialize)]
struct ListedRow {
    window_id: Uuid,
    student_id: Uuid,
}

/// A permit, and the course that it is for, or of whose section.
#[derive(Debug, Deserialize)]
struct PermitOfCourse {
    of_course_id: Uuid,
    permit: PermitFactsRow,
}

/// As many student courses as most students hold, so that they are not moved while they are gathered.
const MOST_HOLD: usize = 8;

/// How often facts are read again, when the catalogue changes between reading them and reading what is not kept of it.
/// It changes once a transaction: to meet it changing so often takes somebody who does nothing else.
const MOST_READINGS: u32 = 30;

/// Loads everything that deciding needs beyond what the locks have told. It MUST run after them, as a statement of its own.
///
/// It is one statement; one more where somebody waits, and one more where something of the catalogue is not kept at its version.
pub(super) fn load(conn: &mut PgConnection, wanted: &[Wanted<'_>], locked: Locked) -> Result<Known, StoreError> {
    Catalogue::kept(|catalogue| {
        for _ in 0..MOST_READINGS {
            let read = read(conn, wanted, &locked)?;
            let moment = read.moment.as_ref().ok_or(DieselError::NotFound)?;
            documents::are_of_server(&moment.server);
            let is_of_that_moment = catalogue.learn(conn, moment.version, &needed(&locked, &read.held))?;
            if is_of_that_moment && let Some(waitlists) = waitlists_of(conn, &read)? {
                return known(catalogue, wanted, locked, read, &waitlists);
            }
        }
        Err(overtaken())
    })
}

fn read(conn: &mut PgConnection, wanted: &[Wanted<'_>], locked: &Locked) -> Result<Read, StoreError> {
    let students: Vec<Uuid> = wanted.iter().map(|wanted| wanted.student.uuid()).collect();
    let (courses, terms): (Vec<_>, Vec<_>) = scopes(wanted).flat_map(|scope| scope.courses.iter().copied()).unzip();
    let terms: Vec<Uuid> = terms.into_iter().flatten().map(Uuid::from).collect();
    let (actors, keys): (Vec<_>, Vec<_>) = wanted
        .iter()
        .filter_map(|wanted| wanted.answer)
        .map(|(actor, idempotency)| (actor.as_str(), idempotency.key.as_str()))
        .unzip();
    let statement = match (courses.is_empty(), keys.is_empty()) {
        (true, true) => FACTS,
        (false, true) => FACTS_OF_COURSES,
        (true, false) => FACTS_UNDER_KEYS,
        (false, false) => FACTS_OF_COURSES_UNDER_KEYS,
    };
    let lines = Statement::<Columns>::answering(statement)
        .bind::<Array<SqlUuid>, _>(students)
        .bind::<Array<SqlUuid>, _>(named(wanted).map(Uuid::from).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(locked.pools.iter().map(|pool| pool.id.uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(uuids(&courses))
        .bind::<Array<SqlUuid>, _>(terms)
        .bind::<Array<Text>, _>(actors)
        .bind::<Array<Text>, _>(keys)
        .load_iter::<Line, DefaultLoadingMode>(conn)?;
    let mut read = Read { held: Vec::with_capacity(lines.len()), ..Read::default() };
    for line in lines {
        let (held, found) = line?;
        read.held.extend(held);
        if let Some(FromJson(found)) = found {
            read.take(found);
        }
    }
    Ok(read)
}

/// Who waits for the sections, and before whom students wait; none when somebody does not wait any more, who was not locked.
fn waitlists_of(conn: &mut PgConnection, read: &Read) -> Result<Option<Waitlists>, StoreError> {
    let sections = waited_for(&read.sections).into_keys().collect();
    let waiting: Vec<Uuid> = read.held.iter().filter_map(|(.., row)| row.waiting()).collect();
    let waitlists = Waitlists::load(conn, sections, &waiting)?;
    Ok(Some(waitlists).filter(|waitlists| waiting.iter().all(|id| waitlists.places.contains_key(id))))
}

fn scopes<'a>(wanted: &[Wanted<'a>]) -> impl Iterator<Item = &'a Scope> {
    wanted.iter().map(|wanted| wanted.scope)
}

/// The student courses that are named.
fn named(wanted: &[Wanted<'_>]) -> impl Iterator<Item = StudentCourseId> {
    scopes(wanted).flat_map(|scope| scope.student_courses.iter().copied())
}

fn needed(locked: &Locked, held: &[Held]) -> Needed {
    Needed {
        courses: held.iter().map(|(course, ..)| *course).collect(),
        terms: held.iter().filter_map(|(_, _, term, _)| *term).collect(),
        sections: locked.sections.iter().copied().chain(held.iter().filter_map(|(_, section, ..)| *section)).collect(),
    }
}

/// What was read, as it came.
#[derive(Default)]
struct Read {
    /// Always there, as the statement has one row of it.
    moment: Option<Moment>,
    held: Vec<Held>,
    sections: Vec<SectionOfPool>,
    holds: Vec<HoldFactsRow>,
    listed: Vec<ListedRow>,
    permits: Vec<PermitOfCourse>,
    no_courses: Vec<Uuid>,
    no_terms: Vec<Uuid>,
    answered: Vec<Answered>,
}

impl Read {
    fn take(&mut self, found: Found) {
        match found {
            Found::Moment(moment) => self.moment = Some(moment),
            Found::Section(section) => self.sections.push(section),
            Found::Hold(hold) => self.holds.push(hold),
            Found::Listed(listed) => self.listed.push(listed),
            Found::Permit(permit) => self.permits.push(permit),
            Found::NoCourse(course) => self.no_courses.push(course),
            Found::NoTerm(term) => self.no_terms.push(term),
            Found::Answered(answered) => self.answered.push(answered),
        }
    }
}

/// Those of the sections for which somebody waits, each once.
fn waited_for(sections: &[SectionOfPool]) -> HashMap<Uuid, &SectionOfPool> {
    sections.iter().filter(|section| section.waitlisted > 0).map(|section| (section.id, section)).collect()
}

fn known(
    catalogue: &Catalogue,
    wanted: &[Wanted<'_>],
    locked: Locked,
    read: Read,
    waitlists: &Waitlists,
) -> Result<Known, StoreError> {
    let Locked { students, sections, pools, offered } = locked;
    let named: HashSet<StudentCourseId> = named(wanted).collect();
    let waited_for = waited_for(&read.sections);
    let mut known = Known {
        students: students.into_iter().map(|student| (student.id, student)).collect(),
        sections: sections_of(catalogue, &sections, &waited_for, waitlists),
        offered,
        pools: pools.into_iter().map(|pool| (pool.id, pool)).collect(),
        scale: catalogue.scale(),
        no_courses: read.no_courses,
        no_terms: read.no_terms,
        answered: read.answered,
        ..Known::default()
    };
    for section in waited_for.values() {
        if let Some(pool) = known.pools.get_mut(&section.seat_pool_id.into()) {
            pool.waiting += section.waitlisted;
        }
    }
    for SectionOfPool { seat_pool_id, reservation, .. } in read.sections {
        known.reservations.extend(reservation.map(|row| row.facts(seat_pool_id.into())).transpose()?);
    }
    known.reservations.sort_by_key(|reservation| reservation.id);
    let mut terms: BTreeSet<TermId> = known.sections.values().map(|section| section.term.term.id).collect();
    for (course, section, term, row) in read.held {
        let held = catalogue.held(waitlists.placed(row), course, section, term)?;
        if named.contains(&held.student_course.id) {
            terms.extend(term.map(TermId::from));
        }
        let of_student = known.held.entry(held.student_course.student_id);
        of_student.or_insert_with(|| Vec::with_capacity(MOST_HOLD)).push(held);
    }
    for held in known.held.values_mut() {
        held.sort_by_key(|held| held.student_course.id);
    }
    for (id, term) in terms.into_iter().filter_map(|id| Some((id, catalogue.term(id.uuid())?))) {
        known.terms.insert(id, OfTerm { program_max_credits: term.program_max_credits.clone() });
        known.windows.extend(term.windows.iter().map(|kept| KnownWindow {
            term_id: id,
            lists_students: kept.lists_students,
            listed: listed(kept.window.id.uuid(), &read.listed),
            window: kept.window.clone(),
        }));
    }
    for row in read.holds {
        known.holds.entry(row.student_id()).or_default().push(HoldFacts::try_from(row)?);
    }
    for holds in known.holds.values_mut() {
        holds.sort_by_key(|hold| hold.id);
    }
    for PermitOfCourse { of_course_id, permit } in read.permits {
        let of_student = known.permits.entry(permit.student_id()).or_default();
        of_student.push((of_course_id.into(), PermitFacts::try_from(permit)?));
    }
    for permits in known.permits.values_mut() {
        permits.sort_by_key(|(_, permit)| permit.id);
    }
    Ok(known)
}

/// The sections of the scope that exist, with those who wait for them.
fn sections_of(
    catalogue: &Catalogue,
    ids: &[Uuid],
    waited_for: &HashMap<Uuid, &SectionOfPool>,
    waitlists: &Waitlists,
) -> HashMap<SectionId, SectionFacts> {
    // Of the whole pool, as those who wait for its seats are served in one order.
    let mut last: HashMap<SeatPoolId, i64> = HashMap::new();
    for section in waited_for.values() {
        let last = last.entry(section.seat_pool_id.into()).or_default();
        *last = waitlists.of(section.id).last_sequence.max(*last);
    }
    let section = |id: &Uuid| {
        let mut section = catalogue.section(*id)?;
        let waitlist = waitlists.of(*id);
        section.waitlist.waiting = waited_for.get(id).map_or(0, |section| section.waitlisted);
        section.waitlist.ahead = waitlist.ahead;
        section.waitlist.eligible_ahead = waitlist.eligible_ahead;
        section.waitlist.last_sequence = last.get(&section.seat_pool_id).copied().unwrap_or_default();
        Some(((*id).into(), section))
    };
    ids.iter().filter_map(section).collect()
}

fn listed(window: Uuid, rows: &[ListedRow]) -> Vec<StudentId> {
    rows.iter().filter(|row| row.window_id == window).map(|row| row.student_id.into()).collect()
}
