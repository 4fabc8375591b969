//! Following the events of waitlists in their order: a seat goes to who waits first of all who wait for the seats of its pool,
//! whichever of the sections that share them they wait for, and nobody walks in past them. Who was passed over, because rules
//! refused when a seat came, is passed over rightly; that those refused is for the receipts to tell (`replay`).
//!
//! [`Waitlists`] knows no database: it takes one event after the other.

use super::Found;
use crate::StoreError;
use crate::schema::{registration_events, sections, student_courses};
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, SmallInt, Text, Uuid as SqlUuid};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

const FIRST: &str = "a seat goes to who waits first, but for those whom rules refused";
const WALKS_PAST: &str = "nobody walks past who waits, but for those whom rules refused";
const JOINS: &str = "who joins a waitlist comes after all who wait for the same seats";
const KEEPS: &str = "who waits keeps the number that was drawn";
const AS_TOLD: &str = "the place of who waits is the one that the last event tells";

/// How an event says that a section has other seats from now on.
pub(crate) const POOL_CHANGED: &str = "pool_changed";

/// $1 after which, $2 the sections, $3 how many.
const PAGE: &str = "
    SELECT e.sequence, e.section_id, e.student_course_id, e.student_id, e.attempt_id, e.kind, e.actor,
        (e.detail ->> 'after')::uuid AS pool,
        (e.detail #>> '{waitlist,priority}')::smallint AS priority, (e.detail #>> '{waitlist,sequence}')::bigint AS number,
        coalesce(json_typeof(e.detail #> '{waitlist,passed_over}') = 'object', false) AS passed_over
    FROM (
        SELECT sequence, section_id, student_course_id, student_id, attempt_id, kind, actor,
            CASE WHEN student_course_id IS NOT NULL OR kind = 'pool_changed' THEN detail ELSE '{}' END AS detail
        FROM registration_events
        WHERE sequence > $1 AND section_id = ANY ($2)
        ORDER BY sequence LIMIT $3
    ) e
    ORDER BY e.sequence";

const PAGE_SIZE: i64 = 5_000;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    sequence: i64,
    #[diesel(sql_type = SqlUuid)]
    section_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    student_course_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    student_id: Option<Uuid>,
    #[diesel(sql_type = SqlUuid)]
    attempt_id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pool: Option<Uuid>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    priority: Option<i16>,
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
    #[diesel(sql_type = Bool)]
    passed_over: bool,
}

/// Follows all events of sections whose seats somebody has waited for, and compares what they lead to with what there is.
pub(super) fn follow(conn: &mut PgConnection, found: &mut Found) -> Result<(), StoreError> {
    let (pools, waited) = pools(conn)?;
    if waited.is_empty() {
        return Ok(());
    }
    let mut waitlists = Waitlists { pools, ..Waitlists::default() };
    let mut after = 0;
    loop {
        let page = Statement::new(PAGE)
            .bind::<BigInt, _>(after)
            .bind::<Array<SqlUuid>, _>(&waited)
            .bind::<BigInt, _>(PAGE_SIZE)
            .load::<Row>(conn)?;
        let Some(last) = page.last() else { break };
        after = last.sequence;
        for row in page {
            waitlists.take(&row, found);
        }
    }
    let waiting = student_courses::table.filter(student_courses::status.eq("waitlisted"));
    let columns = (student_courses::id, student_courses::waitlist_priority, student_courses::waitlist_sequence);
    for (id, priority, number) in waiting.select(columns).load::<(Uuid, i16, Option<i64>)>(conn)? {
        waitlists.compare(id, priority, number, found);
    }
    Ok(())
}

/// The pool that each section had at first, and the sections that have had a pool for which somebody has waited.
fn pools(conn: &mut PgConnection) -> Result<(HashMap<Uuid, Uuid>, Vec<Uuid>), StoreError> {
    let now = sections::table.select((sections::id, sections::seat_pool_id)).load::<(Uuid, Uuid)>(conn)?;
    let mut first: HashMap<Uuid, Uuid> = now.iter().copied().collect();
    let mut ever: Vec<(Uuid, Uuid)> = now;
    // The last comes first, so that of each section the first one stays.
    for change in Statement::new(POOL_CHANGES).load::<PoolChange>(conn)? {
        ever.extend([(change.section_id, change.before), (change.section_id, change.after)]);
        first.insert(change.section_id, change.before);
    }
    let joined = registration_events::table.filter(registration_events::kind.eq("waitlisted"));
    let joined = joined.select(registration_events::section_id.assume_not_null()).distinct().load::<Uuid>(conn)?;
    let joined: HashSet<Uuid> = joined.into_iter().collect();
    let pools: HashSet<Uuid> =
        ever.iter().filter(|(section, _)| joined.contains(section)).map(|(_, pool)| *pool).collect();
    let waited: BTreeSet<Uuid> =
        ever.iter().filter(|(_, pool)| pools.contains(pool)).map(|(section, _)| *section).collect();
    Ok((first, waited.into_iter().collect()))
}

const POOL_CHANGES: &str = "
    SELECT section_id, (detail ->> 'before')::uuid AS before, (detail ->> 'after')::uuid AS after
    FROM registration_events WHERE kind = 'pool_changed' ORDER BY sequence DESC";

#[derive(QueryableByName)]
struct PoolChange {
    #[diesel(sql_type = SqlUuid)]
    section_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    before: Uuid,
    #[diesel(sql_type = SqlUuid)]
    after: Uuid,
}

/// A place, in the order in which seats are offered.
type Place = (i16, i64, Uuid);

struct Waits {
    section: Uuid,
    place: Place,
}

/// Who waits for one section.
#[derive(Default)]
struct Queue {
    /// Those who were not passed over, each with the student.
    eligible: BTreeMap<Place, Uuid>,
    /// The numbers of all.
    numbers: BTreeSet<(i64, Uuid)>,
}

/// The waitlists, as the events up to now have left them.
#[derive(Default)]
struct Waitlists {
    /// The pool of each section.
    pools: HashMap<Uuid, Uuid>,
    /// By pool, and then by section.
    queues: HashMap<Uuid, HashMap<Uuid, Queue>>,
    waiting: HashMap<Uuid, Waits>,
    /// Of each student the last attempt that gave a seat back, and of which pools: who changes within a pool takes no seat from
    /// anybody.
    freed: HashMap<Uuid, (Uuid, Vec<Uuid>)>,
}

impl Waitlists {
    fn take(&mut self, event: &Row, found: &mut Found) {
        if let (POOL_CHANGED, Some(pool)) = (event.kind.as_str(), event.pool) {
            return self.change_pool(event.section_id, pool);
        }
        let (Some(id), Some(student)) = (event.student_course_id, event.student_id) else { return };
        let left = self.leave(id);
        match (event.kind.as_str(), event.priority, event.number) {
            (kind, Some(priority), Some(number)) => {
                self.require_number(event, kind, number, left.as_ref(), found);
                self.wait(event, (priority, number, id), student);
            }
            ("enrolled", ..) => self.require_first(event, id, student, left.as_ref(), found),
            ("dropped" | "withdrawn" | "cancelled", ..) if left.is_none() => self.free(event, student),
            _ => {}
        }
    }

    fn pool_of(&self, section: Uuid) -> Uuid {
        self.pools.get(&section).copied().unwrap_or(section)
    }

    /// The queues for the seats of the pool that a section has.
    fn queues_beside(&self, section: Uuid) -> impl Iterator<Item = &Queue> {
        self.queues.get(&self.pool_of(section)).into_iter().flat_map(HashMap::values)
    }

    fn change_pool(&mut self, section: Uuid, pool: Uuid) {
        let before = self.pool_of(section);
        if let Some(queue) = self.queues.get_mut(&before).and_then(|sections| sections.remove(&section)) {
            self.queues.entry(pool).or_default().insert(section, queue);
        }
        self.pools.insert(section, pool);
    }

    fn leave(&mut self, id: Uuid) -> Option<Waits> {
        let left = self.waiting.remove(&id)?;
        let pool = self.pool_of(left.section);
        if let Some(queue) = self.queues.get_mut(&pool).and_then(|sections| sections.get_mut(&left.section)) {
            queue.eligible.remove(&left.place);
            queue.numbers.remove(&(left.place.1, id));
        }
        Some(left)
    }

    fn wait(&mut self, event: &Row, place: Place, student: Uuid) {
        let sections = self.queues.entry(self.pool_of(event.section_id)).or_default();
        let queue = sections.entry(event.section_id).or_default();
        queue.numbers.insert((place.1, place.2));
        if !event.passed_over {
            queue.eligible.insert(place, student);
        }
        self.waiting.insert(place.2, Waits { section: event.section_id, place });
    }

    fn free(&mut self, event: &Row, student: Uuid) {
        let pool = self.pool_of(event.section_id);
        let (attempt, pools) = self.freed.entry(student).or_default();
        if *attempt != event.attempt_id {
            (*attempt, *pools) = (event.attempt_id, Vec::new());
        }
        pools.push(pool);
    }

    fn require_number(&self, event: &Row, kind: &str, number: i64, waited: Option<&Waits>, found: &mut Found) {
        let details = || {
            json!({
                "student_course_id": event.student_course_id, "section_id": event.section_id, "sequence": event.sequence,
                "number": number,
            })
        };
        match waited {
            None if kind == "waitlisted" => {
                let last = self.queues_beside(event.section_id).filter_map(|queue| queue.numbers.last()).max();
                if last.is_some_and(|(last, _)| number <= *last) {
                    found.add(JOINS, details());
                }
            }
            Some(waited) if waited.place.1 == number => {}
            _ => found.add(KEEPS, details()),
        }
    }

    /// Requires that nobody comes before who gets this seat.
    fn require_first(&self, event: &Row, id: Uuid, student: Uuid, waited: Option<&Waits>, found: &mut Found) {
        let queues = self.queues_beside(event.section_id);
        let (invariant, before) = match waited {
            Some(waited) => {
                let ahead = queues.filter_map(|queue| queue.eligible.first_key_value()).min();
                (FIRST, ahead.filter(|(place, _)| **place < waited.place))
            }
            // What the system did by itself (an import, the demo) was not decided.
            None if event.actor.starts_with("system:") || self.has_freed(event, student) => return,
            None => (WALKS_PAST, queues.flat_map(|queue| &queue.eligible).find(|(_, other)| **other != student)),
        };
        if let Some(((.., before), _)) = before {
            let details = json!({
                "section_id": event.section_id, "student_course_id": id, "sequence": event.sequence, "before": before,
            });
            found.add(invariant, details);
        }
    }

    fn has_freed(&self, event: &Row, student: Uuid) -> bool {
        let pool = self.pool_of(event.section_id);
        self.freed.get(&student).is_some_and(|(attempt, pools)| *attempt == event.attempt_id && pools.contains(&pool))
    }

    /// Compares a place with what the events told of it.
    fn compare(&mut self, id: Uuid, priority: i16, number: Option<i64>, found: &mut Found) {
        let told = self.waiting.get(&id).map(|waits| (waits.place.0, waits.place.1));
        if told != number.map(|number| (priority, number)) {
            found.add(AS_TOLD, json!({"student_course_id": id, "priority": priority, "number": number, "told": told}));
        }
    }
}
