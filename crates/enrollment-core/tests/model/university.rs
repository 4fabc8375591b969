//! A university in memory, which keeps what `RegistrationRepository::register` promises in the plainest way: it counts
//! everything anew for each attempt.

use crate::changes::{Change, Grant};
use crate::requests::{Catalogue, Held};
use chrono::{DateTime, TimeDelta, Utc};
use enrollment_core::actor::Actor;
use enrollment_core::catalog::{Cause, Meeting, MeetingDraft, SectionStatus, TimeZone};
use enrollment_core::ids::{CourseId, SeatPoolId, SectionId, StudentCourseId, StudentId};
use enrollment_core::registration::{
    Attempt, Cancel, Code, Command, Facts, HeldCourse, HoldFacts, Judgement, Mode, Origin, PermitFacts, Promote,
    Record, ReservationFacts, Scope, SeatPool, SectionFacts, Status, StudentCourse, StudentFacts, TermWindows, Verdict,
    WaitlistFacts,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(crate) fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number << 64).into()
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// A section as the naive model sees it.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) id: SectionId,
    pub(crate) course: usize,
    pub(crate) component: &'static str,
    pub(crate) pool: usize,
    /// It meets for two hours from this one on.
    pub(crate) hour: u32,
    pub(crate) waitlist_capacity: u32,
    pub(crate) only_for: Option<&'static str>,
    pub(crate) status: SectionStatus,
}

/// A student as the naive model sees it.
#[derive(Clone, Debug)]
pub(crate) struct Pupil {
    pub(crate) program: &'static str,
    /// The hours from and until which a hold blocks everything.
    pub(crate) hold: Option<(i64, i64)>,
}

/// A registration window as the naive model sees it.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    /// `add`, `drop` or `both`.
    pub(crate) action: &'static str,
    pub(crate) only_for: Option<&'static str>,
    /// The hours from and until which it is open.
    pub(crate) opens: Option<i64>,
    pub(crate) closes: Option<i64>,
}

/// What students register in. Only registrars change it.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) sections: Vec<Plain>,
    pub(crate) capacities: Vec<u32>,
    pub(crate) pupils: Vec<Pupil>,
    pub(crate) max_credits: Option<u32>,
    /// Seats of the first pool that are kept for physicists, and until which hour.
    pub(crate) reserved: (u32, Option<i64>),
    /// The hours of the deadlines.
    pub(crate) drop_deadline: Option<i64>,
    pub(crate) withdraw_deadline: Option<i64>,
    pub(crate) windows: Vec<Span>,
}

pub(crate) const CREDITS: u32 = 3;

impl Setting {
    pub(crate) fn pool_of(&self, section: SectionId) -> usize {
        self.plain(section).pool
    }

    pub(crate) fn plain(&self, section: SectionId) -> &Plain {
        self.sections.iter().find(|plain| plain.id == section).unwrap()
    }

    pub(crate) fn pupil(&self, student: StudentId) -> &Pupil {
        let index = (0..self.pupils.len()).find(|index| student_id(*index) == student).unwrap();
        &self.pupils[index]
    }
}

pub(crate) fn student_id(index: usize) -> StudentId {
    id(10 + index as u128)
}

fn pool_id(index: usize) -> SeatPoolId {
    id(100 + index as u128)
}

fn pool_index(id: SeatPoolId) -> usize {
    (0..10).find(|index| pool_id(*index) == id).unwrap()
}

pub(crate) fn section_id(index: usize) -> SectionId {
    id(200 + index as u128)
}

pub(crate) fn course_id(course: usize) -> CourseId {
    id(300 + course as u128)
}

/// The hour from which all others are counted.
fn hour(hours: i64) -> DateTime<Utc> {
    "2026-09-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hours)
}

/// One attempt that was decided, with what there was before and after.
pub(crate) struct Decided {
    /// What it was decided in.
    pub(crate) setting: Setting,
    pub(crate) before: Vec<StudentCourse>,
    pub(crate) after: Vec<StudentCourse>,
    pub(crate) record: Record,
}

pub(crate) struct University {
    pub(crate) setting: Setting,
    pub(crate) hours: i64,
    pub(crate) rows: Vec<StudentCourse>,
    sections: Vec<SectionFacts>,
    reservations: Vec<ReservationFacts>,
    permits: BTreeMap<StudentId, Vec<PermitFacts>>,
    /// What permits were used for.
    pub(crate) waived: BTreeMap<StudentCourseId, BTreeSet<Code>>,
    /// Facts with nothing in them.
    empty: Facts,
    attempts: u128,
}

impl University {
    pub(crate) fn new(setting: Setting) -> Self {
        let sections = setting.sections.iter().map(|plain| section_facts(&setting, plain)).collect();
        let empty = json!({
            "student": {"id": student_id(0), "status": "active", "program": null, "level": null, "max_credits": null},
            "holds": [], "held": [], "sections": [], "pools": [],
            "scale": {"A": {"rank": 110, "passing": true}, "F": {"rank": 0, "passing": false}},
        });
        let (seats, release) = setting.reserved;
        let reserved = json!({
            "reservation_id": id::<Uuid>(400), "seat_pool_id": pool_id(0), "cohort": {"programs": ["Physics"]},
            "seats": seats, "taken": 0, "release_at": release.map(hour),
        });
        let reservations = if seats == 0 { Vec::new() } else { vec![read(reserved)] };
        Self {
            setting,
            hours: 0,
            rows: Vec::new(),
            sections,
            reservations,
            permits: BTreeMap::new(),
            waived: BTreeMap::new(),
            empty: read(empty),
            attempts: 0,
        }
    }

    pub(crate) fn catalogue(&self) -> Catalogue {
        let plain = &self.setting.sections;
        let of = |component| plain.iter().filter(move |own| own.course == 0 && own.component == component);
        let together = of("lecture").flat_map(|lecture| of("lab").map(|lab| vec![lecture.id, lab.id])).collect();
        let courses: BTreeSet<usize> = plain.iter().map(|own| own.course).collect();
        Catalogue {
            sections: plain.iter().map(|own| own.id).collect(),
            together,
            courses: courses.into_iter().map(course_id).collect(),
        }
    }

    /// What a student has.
    pub(crate) fn held_by(&self, student: StudentId) -> Held {
        let own = |of: fn(Status) -> bool| {
            let rows = self.rows.iter().filter(|row| row.student_id == student);
            rows.filter(|row| of(row.status)).map(|row| row.id).collect()
        };
        let live = own(|status| matches!(status, Status::Enrolled | Status::Waitlisted));
        Held { live, completed: own(|status| status == Status::Completed) }
    }

    pub(crate) fn attempt(&mut self, student_id: StudentId, command: Command) -> Attempt {
        self.attempts += 1;
        Attempt {
            id: id(1_000 + self.attempts),
            actor: Actor::anonymous(),
            reason: None,
            at: hour(self.hours),
            student_id,
            command,
            mode: Mode::Commit,
            idempotency: None,
            caused_by: None,
        }
    }

    /// Carries out an attempt, and all that follows from it, in the order in which that happens.
    pub(crate) fn register(&mut self, attempt: &Attempt) -> Vec<Decided> {
        let mut decided = Vec::new();
        let origin = Origin::from(attempt);
        let mut follow_ups = 0;
        let mut offered = BTreeSet::new();
        let mut judgement = attempt.judge(&self.facts(attempt));
        loop {
            let mut passed = judgement.pools_passed(&self.facts(attempt));
            passed.retain(|pool| offered.insert(*pool));
            if passed.is_empty() {
                break;
            }
            // Who waits comes first; then it is another question what this attempt can have.
            self.offer(&origin, &mut follow_ups, passed, &mut decided);
            judgement = attempt.judge(&self.facts(attempt));
        }
        let mut facts = self.facts(attempt);
        facts.apply(&judgement.changes);
        let moves = !judgement.changes.is_empty() && attempt.command.moves_seats();
        let freed: Vec<SeatPoolId> = if moves { facts.pools_to_fill().collect() } else { Vec::new() };
        decided.push(self.take(attempt, judgement));
        self.offer(&origin, &mut follow_ups, freed, &mut decided);
        decided
    }

    /// Carries out what a registrar changes, and all that follows from it.
    pub(crate) fn change(&mut self, change: &Change) -> Vec<Decided> {
        self.attempts += 1;
        let cause = Cause {
            attempt_id: id(1_000 + self.attempts),
            actor: Actor::anonymous(),
            reason: None,
            at: hour(self.hours),
        };
        let origin = Origin::of_change(&cause, Mode::Commit);
        let mut decided = Vec::new();
        match change {
            // As many as are taken, and as are reserved, there must be.
            Change::Seats(pool, seats) if *seats < self.least_seats(*pool) => {}
            Change::Seats(pool, seats) => {
                self.setting.capacities[*pool] = *seats;
                self.offer(&origin, &mut 0, vec![pool_id(*pool)], &mut decided);
            }
            Change::Status(section, status) => {
                self.plain_mut(*section).status = *status;
                self.follow_section(&origin, *section, &mut decided);
            }
            Change::Places(section, places) => {
                // Some of those who wait may get a seat before the list is shortened.
                let waiting = u32::try_from(self.waiting_in(*section).len()).unwrap();
                self.plain_mut(*section).waitlist_capacity = waiting.max(*places);
                self.follow_section_with(&origin, *section, *places as usize, &mut decided);
                self.plain_mut(*section).waitlist_capacity = *places;
            }
            Change::Grant(grant) => {
                self.grant(grant);
                let waits =
                    self.rows.iter().filter(|row| row.status == Status::Waitlisted && row.student_id == grant.student);
                let pools = waits.map(|row| pool_id(self.setting.pool_of(row.section.as_ref().unwrap().id))).collect();
                self.offer(&origin, &mut 0, pools, &mut decided);
            }
        }
        decided
    }

    fn least_seats(&self, pool: usize) -> u32 {
        let reserved = if pool == 0 { self.setting.reserved.0 } else { 0 };
        self.taken(pool).max(reserved)
    }

    fn plain_mut(&mut self, section: SectionId) -> &mut Plain {
        self.setting.sections.iter_mut().find(|plain| plain.id == section).unwrap()
    }

    fn waiting_in(&self, section: SectionId) -> Vec<StudentCourse> {
        let waiting = waiting_for(&self.setting, &self.rows, self.setting.pool_of(section));
        waiting.into_iter().filter(|row| row.is_in_section(section)).cloned().collect()
    }

    fn follow_section(&mut self, origin: &Origin, section: SectionId, decided: &mut Vec<Decided>) {
        let places = self.setting.plain(section).waitlist_capacity as usize;
        self.follow_section_with(origin, section, places, decided);
    }

    /// Offers the seats of a section, ends what cannot stay, and offers what that makes free.
    fn follow_section_with(&mut self, origin: &Origin, section: SectionId, places: usize, decided: &mut Vec<Decided>) {
        let pool = pool_id(self.setting.pool_of(section));
        let mut follow_ups = 0;
        let is_cancelled = self.setting.plain(section).status == SectionStatus::Cancelled;
        let mut free = vec![pool];
        if !is_cancelled {
            self.offer(origin, &mut follow_ups, std::mem::take(&mut free), decided);
        }
        let seated =
            self.rows.iter().filter(|row| row.status == Status::Enrolled && row.is_in_section(section)).cloned();
        let leaving: Vec<StudentCourse> = if is_cancelled {
            seated.chain(self.waiting_in(section)).collect()
        } else {
            self.waiting_in(section).into_iter().skip(places).collect()
        };
        for row in leaving {
            let cancel = Cancel { student_course_id: row.id, reason: "It must be".try_into().unwrap() };
            let attempt = origin.cancellation(follow_ups, row.student_id, cancel);
            follow_ups += 1;
            let judgement = attempt.judge(&self.facts(&attempt));
            let mut facts = self.facts(&attempt);
            facts.apply(&judgement.changes);
            free.extend(facts.pools_to_fill());
            decided.push(self.take(&attempt, judgement));
        }
        self.offer(origin, &mut follow_ups, free, decided);
    }

    fn grant(&mut self, grant: &Grant) {
        let number = self.permits.values().map(Vec::len).sum::<usize>() as u128;
        let permit = json!({
            "permit_id": id::<Uuid>(600 + number), "course_id": grant.section.is_none().then_some(grant.course),
            "section_id": grant.section, "waives": grant.waives, "max_uses": grant.max_uses, "uses": 0, "version": 1,
            "expires_at": grant.hours.map(|hours| hour(self.hours + hours)),
        });
        self.permits.entry(grant.student).or_default().push(read(permit));
    }

    /// Offers the free seats of these pools to those who wait, in their order.
    fn offer(&mut self, origin: &Origin, follow_ups: &mut u32, pools: Vec<SeatPoolId>, decided: &mut Vec<Decided>) {
        let mut pools: BTreeSet<SeatPoolId> = pools.into_iter().collect();
        let mut offered: BTreeSet<StudentCourseId> = BTreeSet::new();
        while let Some(pool) = pools.pop_first() {
            while let Some(next) = self.next(pool, &offered) {
                offered.insert(next.id);
                let attempt = origin.promotion(*follow_ups, next.student_id, promote(&next));
                *follow_ups += 1;
                let judgement = attempt.judge(&self.facts(&attempt));
                let mut facts = self.facts(&attempt);
                facts.apply(&judgement.changes);
                let left = judgement.outcome == Verdict::Accepted && judgement.changes.len() > 1;
                decided.push(self.take(&attempt, judgement));
                if left {
                    // What was left for the seat may be what others were refused for.
                    offered.clear();
                    pools.extend(facts.pools_to_fill());
                }
            }
        }
    }

    /// Who is the next to be offered a seat of the pool, if it has one.
    fn next(&self, pool: SeatPoolId, offered: &BTreeSet<StudentCourseId>) -> Option<StudentCourse> {
        let index = pool_index(pool);
        if self.taken(index) >= self.setting.capacities[index] {
            return None;
        }
        let waiting = waiting_for(&self.setting, &self.rows, index);
        waiting.into_iter().find(|row| !offered.contains(&row.id)).cloned()
    }

    fn taken(&self, pool: usize) -> u32 {
        seats(&self.setting, &self.rows, pool, |_| true)
    }

    /// Writes what was decided.
    fn take(&mut self, attempt: &Attempt, judgement: Judgement) -> Decided {
        let before = self.rows.clone();
        let facts = self.facts(attempt);
        for change in &judgement.changes {
            let changed = change.student_course();
            match self.rows.iter_mut().find(|row| row.id == changed.id) {
                Some(row) => *row = changed.clone(),
                None => self.rows.push(changed.clone()),
            }
        }
        let used = judgement.permits_used();
        for permit in self.permits.entry(attempt.student_id).or_default() {
            if used.iter().any(|waiver| waiver.permit_id == permit.id) {
                permit.uses += 1;
                permit.version = permit.version.next();
                assert!(permit.max_uses.is_none_or(|most| permit.uses <= u32::from(most.get())), "{permit:?}");
            }
        }
        for waiver in &used {
            self.waived.entry(waiver.student_course_id).or_default().extend(&waiver.rules);
        }
        let mut applied = facts.clone();
        applied.apply(&judgement.changes);
        applied.use_permits(&used);
        let counted = self.facts(attempt);
        for pool in &applied.pools {
            let counted = self.pool(&self.rows, pool_index(pool.id));
            assert_eq!(pool, &counted, "facts take changes as they are counted: {:?}", judgement.changes);
        }
        assert_eq!(applied.reservations, counted.reservations, "{:?}", judgement.changes);
        assert_eq!(applied.permits, counted.permits, "{used:?}");
        for section in &applied.sections {
            let counted = self.counted(&self.rows, section).waitlist;
            let last_sequence = section.waitlist.last_sequence.max(counted.last_sequence);
            assert_eq!(section.waitlist, WaitlistFacts { last_sequence, ..counted }, "{:?}", judgement.changes);
        }
        let setting = self.setting.clone();
        Decided { setting, before, after: self.rows.clone(), record: Record::of(attempt, facts, judgement) }
    }

    /// What a dry run of offering a seat to who waits would say, had these been all student courses.
    pub(crate) fn would_admit(&self, rows: &[StudentCourse], waits: &StudentCourse) -> bool {
        let promotion = Attempt {
            id: id(1),
            actor: Actor::system("model"),
            reason: None,
            at: hour(self.hours),
            student_id: waits.student_id,
            command: Command::Promote(promote(waits)),
            mode: Mode::DryRun,
            idempotency: None,
            caused_by: None,
        };
        promotion.judge(&self.facts_among(rows, &promotion)).outcome == Verdict::Accepted
    }

    fn facts(&self, attempt: &Attempt) -> Facts {
        self.facts_among(&self.rows, attempt)
    }

    fn facts_among(&self, rows: &[StudentCourse], attempt: &Attempt) -> Facts {
        let scope = attempt.scope();
        let own: Vec<&StudentCourse> = rows.iter().filter(|row| row.student_id == attempt.student_id).collect();
        let sections: Vec<_> = self.sections_of(&scope).map(|section| self.counted(rows, section)).collect();
        let held = own.iter().filter(|row| {
            matches!(row.status, Status::Waitlisted | Status::Enrolled | Status::Completed)
                || scope.student_courses.contains(&row.id)
        });
        let pools = self.pools_of(&scope, &own, &sections).into_iter().map(|pool| self.pool(rows, pool)).collect();
        let index = (0..self.setting.pupils.len()).find(|index| student_id(*index) == attempt.student_id).unwrap();
        let pupil = &self.setting.pupils[index];
        let student = StudentFacts {
            id: attempt.student_id,
            program: Some(pupil.program.try_into().unwrap()),
            ..self.empty.student.clone()
        };
        let counted = |own: &ReservationFacts| {
            let taken = rows.iter().filter(|row| row.reservation_id == Some(own.id) && row.status.holds_seat());
            ReservationFacts { taken: u32::try_from(taken.count()).unwrap(), ..own.clone() }
        };
        Facts {
            student,
            holds: pupil.hold.iter().map(|(from, until)| hold(*from, *until)).collect(),
            windows: windows(&self.setting),
            permits: self.permits.get(&attempt.student_id).cloned().unwrap_or_default(),
            held: held.map(|row| self.held(row)).collect(),
            sections,
            pools,
            reservations: self.reservations.iter().map(counted).collect(),
            ..self.empty.clone()
        }
    }

    /// The sections that are named; and those of the courses that are, of each component the open ones, or all when none is.
    fn sections_of<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a SectionFacts> + 'a {
        let plain = |section: &SectionFacts| self.setting.plain(section.section.id);
        let is_open = move |section: &SectionFacts| plain(section).status == SectionStatus::Open;
        let has_open = move |one: &SectionFacts| {
            let alike = |other: &SectionFacts| {
                (plain(other).course, plain(other).component) == (plain(one).course, plain(one).component)
            };
            self.sections.iter().any(|other| alike(other) && is_open(other))
        };
        self.sections.iter().filter(move |section| {
            let is_of_course = scope.courses.iter().any(|(course, _)| *course == section.course.course.id);
            scope.sections.contains(&section.section.id) || is_of_course && (is_open(section) || !has_open(section))
        })
    }

    /// The pools of those sections; and where student courses are named those of them, of what the student has of the same
    /// course, and of all that the student waits for.
    fn pools_of(&self, scope: &Scope, own: &[&StudentCourse], sections: &[SectionFacts]) -> BTreeSet<usize> {
        let named: Vec<_> = own.iter().filter(|row| scope.student_courses.contains(&row.id)).collect();
        let belongs = |row: &&&StudentCourse| {
            named.iter().any(|named| {
                let sibling = row.status == Status::Enrolled && row.course.id == named.course.id;
                row.id == named.id || row.status == Status::Waitlisted || sibling
            })
        };
        let held = own.iter().filter(belongs).filter_map(|row| row.section.as_ref()).map(|section| section.id);
        let ids = sections.iter().map(|section| section.section.id).chain(held);
        ids.map(|section| self.setting.pool_of(section)).collect()
    }

    fn counted(&self, rows: &[StudentCourse], section: &SectionFacts) -> SectionFacts {
        let plain = self.setting.plain(section.section.id);
        let pool = waiting_for(&self.setting, rows, plain.pool);
        let here: Vec<_> = pool.iter().filter(|row| row.is_in_section(plain.id)).collect();
        let place = |row: &StudentCourse| row.waitlist.clone().unwrap();
        let ahead = || here.iter().filter(|row| place(row).priority <= 0);
        let waitlist = WaitlistFacts {
            capacity: plain.waitlist_capacity,
            waiting: u32::try_from(here.len()).unwrap(),
            ahead: u32::try_from(ahead().count()).unwrap(),
            eligible_ahead: u32::try_from(ahead().filter(|row| place(row).passed_over.is_none()).count()).unwrap(),
            last_sequence: pool.iter().map(|row| place(row).sequence).max().unwrap_or_default(),
        };
        SectionFacts { waitlist, status: plain.status, ..section.clone() }
    }

    fn pool(&self, rows: &[StudentCourse], pool: usize) -> SeatPool {
        SeatPool {
            id: pool_id(pool),
            capacity: self.setting.capacities[pool],
            overload: 0,
            taken: seats(&self.setting, rows, pool, |_| true),
            waiting: u32::try_from(waiting_for(&self.setting, rows, pool).len()).unwrap(),
        }
    }

    fn held(&self, row: &StudentCourse) -> HeldCourse {
        let section = self.sections.iter().find(|section| row.is_in_section(section.section.id)).unwrap();
        HeldCourse {
            student_course: row.clone(),
            meetings: section.meetings.clone(),
            time_zone: TimeZone::UTC,
            seat_pool_id: Some(section.seat_pool_id),
            linked_components: section.course.linked_components.clone(),
            drop_deadline: section.term.drop_deadline,
            withdraw_deadline: section.term.withdraw_deadline,
        }
    }
}

fn promote(waits: &StudentCourse) -> Promote {
    let swap_from = waits.waitlist.as_ref().and_then(|place| place.swap_from);
    let section_id = waits.section.as_ref().unwrap().id;
    Promote { student_course_id: waits.id, section_id, swap_from }
}

/// Who waits for a seat of a pool, in their order.
pub(crate) fn waiting_for<'a>(setting: &Setting, rows: &'a [StudentCourse], pool: usize) -> Vec<&'a StudentCourse> {
    let of_pool = |row: &&StudentCourse| row.section.as_ref().is_some_and(|own| setting.pool_of(own.id) == pool);
    let mut waiting: Vec<_> = rows.iter().filter(|row| row.status == Status::Waitlisted).filter(of_pool).collect();
    waiting.sort_by_key(|row| row.waitlist.as_ref().map(|place| (place.priority, place.sequence)));
    waiting
}

/// How many seats of a pool some students have.
pub(crate) fn seats(
    setting: &Setting,
    rows: &[StudentCourse],
    pool: usize,
    of: impl Fn(&StudentCourse) -> bool,
) -> u32 {
    let seated = rows.iter().filter(|row| matches!(row.status, Status::Enrolled | Status::Completed));
    let of_pool = |row: &&StudentCourse| row.section.as_ref().is_some_and(|own| setting.pool_of(own.id) == pool);
    u32::try_from(seated.filter(of_pool).filter(|row| of(row)).count()).unwrap()
}

/// The windows of the term, none of which lists students.
fn windows(setting: &Setting) -> Vec<TermWindows> {
    if setting.windows.is_empty() {
        return Vec::new();
    }
    let window = |(number, own): (u128, &Span)| {
        json!({
            "window_id": id::<Uuid>(700 + number), "action": own.action, "opens_at": own.opens.map(hour),
            "closes_at": own.closes.map(hour), "programs": own.only_for.map(|program| [program]), "levels": null,
            "min_earned_credits": null,
        })
    };
    let any = |action| setting.windows.iter().any(|own| [action, "both"].contains(&own.action));
    let windows: Vec<Value> = (0_u128..).zip(&setting.windows).map(window).collect();
    vec![read(json!({"term_id": id::<Uuid>(2), "adding": any("add"), "dropping": any("drop"), "windows": windows}))]
}

fn hold(from: i64, until: i64) -> HoldFacts {
    read(
        json!({"hold_id": id::<Uuid>(500), "blocks": "both", "reason": "Fees", "from": hour(from), "until": hour(until)}),
    )
}

fn monday(from: u32) -> Meeting {
    let until = from + 2;
    let draft = json!({"days": ["mon"], "starts_at": format!("{from:02}:00"), "ends_at": format!("{until:02}:00")});
    read::<MeetingDraft>(draft).parse().unwrap()
}

fn section_facts(setting: &Setting, plain: &Plain) -> SectionFacts {
    let index = setting.sections.iter().position(|own| own.id == plain.id).unwrap();
    let linked = if plain.course == 0 { json!(["lecture", "lab"]) } else { json!([]) };
    let code = format!("CS{}", plain.course);
    SectionFacts {
        meetings: vec![monday(plain.hour)],
        ..read(json!({
            "section": {"id": plain.id, "number": index.to_string(), "component": plain.component},
            "status": plain.status,
            "course": {
                "id": course_id(plain.course), "code": code, "title": code, "credits": CREDITS,
                "repeat_policy": "until_passed", "requisite": null, "corequisite": null, "excludes": [],
                "restriction": null, "linked_components": linked,
            },
            "term": {
                "id": id::<Uuid>(2), "code": "F26", "time_zone": "UTC", "starts_on": "2026-09-01", "ends_on": "2027-01-31",
                "max_credits": setting.max_credits, "enrollment_opens_at": null, "enrollment_closes_at": null,
                "drop_deadline": setting.drop_deadline.map(hour), "withdraw_deadline": setting.withdraw_deadline.map(hour),
            },
            "restriction": plain.only_for.map(|program| json!({"programs": [program]})),
            "seat_pool_id": pool_id(plain.pool),
            "meetings": [],
        }))
    }
}
