//! Loading what is known when attempts are decided, and whether they were answered before: of all of them by one statement. What the
//! catalogue says is kept (see [`catalogue`](super::catalogue)).

use super::catalogue::{Catalogue, Needed, catalogue_version};
use super::known::{Answered, Known, KnownWindow, OfTerm};
use super::lock::{Locked, uuids};
use super::register::overtaken;
use crate::StoreError;
use crate::rows::hold::HoldFactsRow;
use crate::rows::json::FromJson;
use crate::rows::permit::PermitFactsRow;
use crate::rows::receipt::documents;
use crate::rows::reservation::ReservationFactsRow;
use crate::rows::student_course::{HeldColumns, HeldRow, held_columns};
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Json, Nullable, Text, Uuid as SqlUuid};
use enrollment_core::actor::Actor;
use enrollment_core::ids::{SectionId, StudentCourseId, StudentId, TermId};
use enrollment_core::registration::{
    Attempt, HoldFacts, Idempotency, PermitFacts, ReservationFacts, Scope, SectionFacts, WaitlistFacts,
};
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

/// $1 the students, $2 the named student courses, $3 the locked pools, $4 the named courses, $5 the named terms, $6 the actors and $7
/// their idempotency keys. The first column is everything but what students hold; the others are of a student course each.
///
/// A lone attempt pays for each part of this, whether there is something in it or not: so what most do not ask for is left out.
macro_rules! facts_sql {
    ($($more:expr),*) => {
        concat!(
            "SELECT json_build_object(
                'version', ",
            catalogue_version!(),
            ",  'server', pg_postmaster_start_time(),
                'waitlists', (SELECT coalesce(json_agg(waitlist), '[]') FROM (
                    SELECT s.id, s.seat_pool_id, s.waitlisted, w.ahead, w.eligible_ahead, w.last_sequence
                    FROM sections s CROSS JOIN LATERAL (
                        SELECT count(*) FILTER (WHERE w.waitlist_priority <= 0) AS ahead,
                            count(*) FILTER (WHERE w.waitlist_priority <= 0 AND w.waitlist_passed_over IS NULL) AS eligible_ahead,
                            coalesce(max(w.waitlist_sequence), 0) AS last_sequence
                        FROM student_courses w
                        WHERE w.section_id = s.id AND w.status = 'waitlisted' AND s.waitlisted > 0
                    ) w
                    WHERE s.seat_pool_id = ANY ($3)
                ) waitlist),
                'reservations', (SELECT coalesce(json_agg(reservation ORDER BY reservation.id), '[]') FROM (
                    SELECT r.id, s.seat_pool_id, r.cohort, r.seats, r.taken, r.release_at
                    FROM sections s JOIN reservations r ON r.section_id = s.id
                    WHERE s.seat_pool_id = ANY ($3)
                ) reservation),
                'holds', (SELECT coalesce(json_agg(h ORDER BY h.id), '[]') FROM holds h WHERE h.student_id = ANY ($1)),
                'listed', (SELECT coalesce(json_agg(l), '[]') FROM window_students l WHERE l.student_id = ANY ($1)),
                'permits', (SELECT coalesce(json_agg(permit ORDER BY permit.id), '[]') FROM (
                    SELECT p.*, coalesce(p.course_id, own.course_id) AS of_course_id
                    FROM permits p LEFT JOIN sections own ON own.id = p.section_id
                    WHERE p.student_id = ANY ($1)
                ) permit)",
            $($more,)*
            "),
                NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
            UNION ALL
            SELECT NULL, sc.course_id, sc.section_id, sc.term_id, ",
            held_columns!(),
            " FROM student_courses sc
            WHERE sc.student_id = ANY ($1) AND (sc.status IN ('waitlisted', 'enrolled', 'completed') OR sc.id = ANY ($2))"
        )
    };
}

/// Which of the courses and terms that are named do not exist.
macro_rules! missing_sql {
    () => {
        ", 'no_courses', (SELECT coalesce(json_agg(named.id), '[]') FROM unnest($4) AS named (id)
            WHERE NOT EXISTS (SELECT FROM courses c WHERE c.id = named.id)),
           'no_terms', (SELECT coalesce(json_agg(named.id), '[]') FROM unnest($5) AS named (id)
            WHERE NOT EXISTS (SELECT FROM terms t WHERE t.id = named.id))"
    };
}

/// What was answered before under these keys.
macro_rules! answered_sql {
    () => {
        ", 'answered', (SELECT coalesce(json_agg(answered), '[]') FROM (
            SELECT k.actor, k.key, encode(k.request_hash, 'hex') AS request_hash, k.response AS receipt
            FROM unnest($6, $7) AS asked (actor, key) JOIN idempotency_keys k ON k.actor = asked.actor AND k.key = asked.key
        ) answered)"
    };
}

const FACTS: &str = facts_sql!();
const FACTS_OF_COURSES: &str = facts_sql!(missing_sql!());
const FACTS_UNDER_KEYS: &str = facts_sql!(answered_sql!());
const FACTS_OF_COURSES_UNDER_KEYS: &str = facts_sql!(missing_sql!(), answered_sql!());

/// The first column, and of a student course the course, the section, the term and itself.
type Columns = (Nullable<Json>, Nullable<(SqlUuid, Nullable<SqlUuid>, Nullable<SqlUuid>, HeldColumns)>);
type Line = (Option<FromJson<Unheld>>, Option<Held>);
type Held = (Uuid, Option<Uuid>, Option<Uuid>, HeldRow);

/// How often facts are read again, when the catalogue changes between reading them and reading what is not kept of it.
/// It changes once a transaction: to meet it changing so often takes somebody who does nothing else.
const MOST_READINGS: u32 = 30;

/// Loads everything that deciding needs beyond what the locks have told. It MUST run after them, as a statement of its own.
///
/// It is one statement, and one more where something of the catalogue is not kept at its version.
pub(super) fn load(conn: &mut PgConnection, wanted: &[Wanted<'_>], locked: Locked) -> Result<Known, StoreError> {
    Catalogue::kept(|catalogue| {
        for _ in 0..MOST_READINGS {
            let (unheld, held) = read(conn, wanted, &locked)?;
            documents::are_of_server(&unheld.server);
            if catalogue.learn(conn, unheld.version, &needed(&locked, &held))? {
                return known(catalogue, wanted, locked, unheld, held);
            }
        }
        Err(overtaken())
    })
}

fn read(conn: &mut PgConnection, wanted: &[Wanted<'_>], locked: &Locked) -> Result<(Unheld, Vec<Held>), StoreError> {
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
    let lines: Vec<Line> = Statement::<Columns>::answering(statement)
        .bind::<Array<SqlUuid>, _>(students)
        .bind::<Array<SqlUuid>, _>(named(wanted).map(Uuid::from).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(locked.pools.iter().map(|pool| pool.id.uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(uuids(&courses))
        .bind::<Array<SqlUuid>, _>(terms)
        .bind::<Array<Text>, _>(actors)
        .bind::<Array<Text>, _>(keys)
        .load(conn)?;
    let (mut unheld, mut held) = (None, Vec::with_capacity(lines.len()));
    for (first, student_course) in lines {
        unheld = unheld.or(first);
        held.extend(student_course);
    }
    let FromJson(unheld) = unheld.ok_or(DieselError::NotFound)?;
    Ok((unheld, held))
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

/// Everything but what students hold.
#[derive(Debug, Deserialize)]
struct Unheld {
    version: Option<Uuid>,
    /// Since when the server of the database runs.
    server: String,
    waitlists: Vec<WaitlistRow>,
    reservations: Vec<ReservationFactsRow>,
    holds: Vec<HoldFactsRow>,
    listed: Vec<ListedRow>,
    permits: Vec<PermitFactsRow>,
    #[serde(default)]
    no_courses: Vec<Uuid>,
    #[serde(default)]
    no_terms: Vec<Uuid>,
    #[serde(default)]
    answered: Vec<Answered>,
}

/// Who waits for a section. Without anybody all is zero.
#[derive(Debug, Deserialize)]
struct WaitlistRow {
    id: Uuid,
    seat_pool_id: Uuid,
    waitlisted: u32,
    ahead: u32,
    eligible_ahead: u32,
    last_sequence: i64,
}

/// A student whom a window lists.
#[derive(Debug, Deserialize)]
struct ListedRow {
    window_id: Uuid,
    student_id: Uuid,
}

fn known(
    catalogue: &Catalogue,
    wanted: &[Wanted<'_>],
    locked: Locked,
    unheld: Unheld,
    held: Vec<Held>,
) -> Result<Known, StoreError> {
    let Locked { students, sections, pools, offered } = locked;
    let named: HashSet<StudentCourseId> = named(wanted).collect();
    let mut known = Known {
        students: students.into_iter().map(|student| (student.id, student)).collect(),
        sections: sections_of(catalogue, &sections, &unheld.waitlists),
        offered,
        reservations: unheld.reservations.into_iter().map(ReservationFacts::try_from).collect::<Result<_, _>>()?,
        scale: catalogue.scale(),
        no_courses: unheld.no_courses,
        no_terms: unheld.no_terms,
        answered: unheld.answered,
        ..Known::default()
    };
    for mut pool in pools {
        let own = unheld.waitlists.iter().filter(|waitlist| waitlist.seat_pool_id == pool.id.uuid());
        pool.waiting = own.map(|waitlist| waitlist.waitlisted).sum();
        known.pools.insert(pool.id, pool);
    }
    let mut terms: BTreeSet<TermId> = known.sections.values().map(|section| section.term.term.id).collect();
    for (course, section, term, row) in held {
        let held = catalogue.held(row, course, section, term)?;
        if named.contains(&held.student_course.id) {
            terms.extend(term.map(TermId::from));
        }
        known.held.entry(held.student_course.student_id).or_default().push(held);
    }
    for held in known.held.values_mut() {
        held.sort_by_key(|held| held.student_course.id);
    }
    for (id, term) in terms.into_iter().filter_map(|id| Some((id, catalogue.term(id.uuid())?))) {
        known.terms.insert(id, OfTerm { program_max_credits: term.program_max_credits.clone() });
        known.windows.extend(term.windows.iter().map(|kept| KnownWindow {
            term_id: id,
            lists_students: kept.lists_students,
            listed: listed(kept.window.id.uuid(), &unheld.listed),
            window: kept.window.clone(),
        }));
    }
    for row in unheld.holds {
        known.holds.entry(row.student_id()).or_default().push(HoldFacts::try_from(row)?);
    }
    for row in unheld.permits {
        let (student, course) = row.is_of();
        known.permits.entry(student).or_default().push((course, PermitFacts::try_from(row)?));
    }
    Ok(known)
}

/// The sections of the scope that exist, with those who wait for them.
fn sections_of(catalogue: &Catalogue, ids: &[Uuid], waitlists: &[WaitlistRow]) -> HashMap<SectionId, SectionFacts> {
    let waitlists: HashMap<Uuid, &WaitlistRow> = waitlists.iter().map(|waitlist| (waitlist.id, waitlist)).collect();
    // Of the whole pool, as those who wait for its seats are served in one order.
    let mut last: HashMap<Uuid, i64> = HashMap::new();
    for waitlist in waitlists.values() {
        let last = last.entry(waitlist.seat_pool_id).or_default();
        *last = waitlist.last_sequence.max(*last);
    }
    let waitlist = |id: &Uuid| {
        waitlists.get(id).map_or_else(WaitlistFacts::default, |waitlist| WaitlistFacts {
            capacity: 0,
            waiting: waitlist.waitlisted,
            ahead: waitlist.ahead,
            eligible_ahead: waitlist.eligible_ahead,
            last_sequence: last.get(&waitlist.seat_pool_id).copied().unwrap_or_default(),
        })
    };
    let sections = ids.iter().filter_map(|id| Some(((*id).into(), catalogue.section(*id, waitlist(id))?)));
    sections.collect()
}

fn listed(window: Uuid, rows: &[ListedRow]) -> Vec<StudentId> {
    rows.iter().filter(|row| row.window_id == window).map(|row| row.student_id.into()).collect()
}
