//! Receipts as they are read: in short, as they are written now, or in full, as they were. This is the only place that knows of
//! both, so that a form to come needs a variant here, and the check, the history and replays go on as they are.

use super::known::KnownDocuments;
use super::{Asked, ChangeInShort, ReceiptRow, packed, usual};
use crate::StoreError;
use crate::rows::event;
use crate::rows::json::DocumentText;
use crate::rows::{Corrupt, Place};
use crate::schema::registration_events;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use enrollment_core::actor::Actor;
use enrollment_core::catalog::{Credits, GradeScale, Version};
use enrollment_core::ids::{AttemptId, ReservationId, StudentCourseId, StudentId};
use enrollment_core::registration::{
    Change, Code, Facts, Finding, GradingBasis, HeldCourse, HoldFacts, Judgement, PermitFacts, Record,
    ReservationFacts, SeatPool, SectionFacts, SectionRef, Status, StepJudgement, StudentCourse, StudentFacts,
    TermWindows, Verdict, Waiting, WaitlistFacts,
};
use enrollment_core::text::{Grade, Reason};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use uuid::Uuid;

/// The records of which these are the rows, in their order. What they share, and the events that tell of their changes, is read by a
/// statement or two for all of them.
pub(crate) fn records(
    conn: &mut PgConnection,
    rows: Vec<ReceiptRow>,
    known: &mut KnownDocuments,
) -> Result<Vec<Result<Record, Corrupt>>, StoreError> {
    let stored: Vec<Result<Stored, Corrupt>> = rows.iter().map(Stored::of).collect();
    let readable = || stored.iter().flatten();
    known.load(conn, readable().map(|stored| &stored.facts), readable().map(|stored| &stored.judgement))?;
    let told = Told::load(conn, rows.iter().zip(&stored))?;
    Ok(rows.into_iter().zip(stored).map(|(row, stored)| row.record(stored?, known, &told)).collect())
}

/// The documents of a receipt that name others.
struct Stored {
    facts: StoredFacts,
    judgement: StoredJudgement,
}

impl Stored {
    fn of(row: &ReceiptRow) -> Result<Self, Corrupt> {
        let judgement = row.read("decision", &row.decision.0)?;
        Ok(Self { facts: row.read("facts", &row.facts.0)?, judgement })
    }
}

/// What events tell of changes: the student course that each has left.
struct Told(HashMap<Uuid, DocumentText>);

impl Told {
    fn load<'a>(
        conn: &mut PgConnection,
        receipts: impl Iterator<Item = (&'a ReceiptRow, &'a Result<Stored, Corrupt>)>,
    ) -> Result<Self, StoreError> {
        let events = |(row, stored): (&ReceiptRow, &'a Result<Stored, Corrupt>)| {
            let attempt = row.attempt_id.into();
            let changes = stored.as_ref().map_or(&[][..], |stored| &stored.judgement.changes);
            let in_short = (0_u128..).zip(changes).filter(|(_, change)| matches!(change, StoredChange::InShort(_)));
            in_short.map(move |(position, _)| event::id(attempt, position))
        };
        let ids: Vec<Uuid> = receipts.flat_map(events).collect();
        if ids.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let named = registration_events::table.filter(registration_events::id.eq_any(ids));
        let columns = (registration_events::id, registration_events::detail);
        Ok(Self(named.select(columns).load::<(Uuid, DocumentText)>(conn)?.into_iter().collect()))
    }

    fn student_course(&self, event: Uuid) -> Result<StudentCourse, String> {
        let detail = self.0.get(&event).ok_or_else(|| format!("the event {event} is not there"))?;
        serde_json::from_str(&detail.0).map_err(|error| format!("the event {event} cannot be read: {error}"))
    }
}

impl ReceiptRow {
    fn place(&self) -> Place {
        Place::new("receipts", self.attempt_id)
    }

    fn read<T: DeserializeOwned>(&self, column: &'static str, document: &str) -> Result<T, Corrupt> {
        serde_json::from_str(document).map_err(|error| self.place().corrupt(column, error))
    }

    fn record(self, stored: Stored, known: &KnownDocuments, told: &Told) -> Result<Record, Corrupt> {
        let actor: Actor = self.place().word("actor", &self.actor)?;
        let student_id = self.student_id.into();
        let Asked { command, reason } = self.read("command", &self.command.0)?;
        let Stored { facts, judgement } = stored;
        let attempt_id = self.attempt_id.into();
        let judgement = judgement.in_full(attempt_id, known, told);
        Ok(Record {
            attempt_id,
            at: self.at,
            on_behalf_of: actor.on_behalf_of(student_id),
            actor,
            reason,
            student_id,
            caused_by: self.caused_by.map(Into::into),
            command,
            judgement: judgement.map_err(|reason| self.place().corrupt("decision", reason))?,
            facts: facts.in_full(known).map_err(|reason| self.place().corrupt("facts", reason))?,
        })
    }
}

/// Facts, as they are stored.
#[derive(Deserialize)]
pub(super) struct StoredFacts {
    student: StudentFacts,
    holds: Vec<HoldFacts>,
    #[serde(default)]
    windows: Vec<TermWindows>,
    #[serde(default)]
    permits: Vec<PermitFacts>,
    #[serde(default, deserialize_with = "packed::held")]
    pub(super) enrolled: Vec<StoredHeld>,
    pub(super) held: Vec<StoredHeld>,
    #[serde(default)]
    pub(super) completed: Option<Uuid>,
    pub(super) sections: Vec<StoredSection>,
    pools: Vec<SeatPool>,
    #[serde(default)]
    reservations: Vec<ReservationFacts>,
    pub(super) scale: StoredScale,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a grade scale, or the digest of one")]
pub(super) enum StoredScale {
    InShort(Uuid),
    InFull(GradeScale),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a section, or its document and its waitlist")]
pub(super) enum StoredSection {
    InShort {
        document: Uuid,
        #[serde(default)]
        waitlist: WaitlistFacts,
    },
    InFull(Box<SectionFacts>),
}

/// What a student holds: what is the student's own, beside a document that tells the rest; or both in one.
#[derive(Deserialize)]
#[serde(untagged, expecting = "what a student holds, or its document and what is the student's own")]
pub(super) enum StoredHeld {
    InShort { document: Uuid, own: Box<StoredOwn> },
    InFull(Box<HeldCourse>),
}

#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(super) struct StoredOwn {
    id: StudentCourseId,
    #[serde(default = "usual")]
    status: Status,
    credits: Credits,
    #[serde(default = "usual")]
    grading_basis: GradingBasis,
    grade: Option<Grade>,
    waitlist_position: Option<u32>,
    reservation_id: Option<ReservationId>,
    waitlist: Option<Waiting>,
    enrolled_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    end_reason: Option<Reason>,
    #[serde(default = "usual")]
    version: Version,
}

impl StoredOwn {
    /// What a student is enrolled in, as most are.
    pub(super) fn enrolled(id: StudentCourseId, credits: Credits, at: DateTime<Utc>) -> Self {
        Self {
            id,
            status: usual(),
            credits,
            grading_basis: usual(),
            grade: None,
            waitlist_position: None,
            reservation_id: None,
            waitlist: None,
            enrolled_at: Some(at),
            ended_at: None,
            end_reason: None,
            version: usual(),
        }
    }
}

impl StoredFacts {
    /// The facts that a decision was made on; an error names the document that cannot be read.
    fn in_full(self, known: &KnownDocuments) -> Result<Facts, String> {
        let Self { student, holds, windows, permits, enrolled, held, completed, sections, pools, reservations, scale } =
            self;
        let completed = completed.map(|digest| known.completed(digest)).transpose()?.unwrap_or_default();
        let all = enrolled.iter().chain(&held).chain(completed);
        let mut held = all.map(|held| held.in_full(student.id, known)).collect::<Result<Vec<_>, _>>()?;
        held.sort_by_key(|held| held.student_course.id);
        Ok(Facts {
            holds,
            windows,
            permits,
            held,
            sections: sections.into_iter().map(|section| section.in_full(known)).collect::<Result<_, _>>()?,
            pools,
            reservations,
            scale: match scale {
                StoredScale::InShort(digest) => known.scale(digest)?.clone(),
                StoredScale::InFull(scale) => scale,
            },
            student,
        })
    }
}

impl StoredScale {
    pub(super) fn document(&self) -> Option<Uuid> {
        match self {
            Self::InShort(digest) => Some(*digest),
            Self::InFull(_) => None,
        }
    }
}

impl StoredSection {
    pub(super) fn document(&self) -> Option<Uuid> {
        match self {
            Self::InShort { document, .. } => Some(*document),
            Self::InFull(_) => None,
        }
    }

    fn in_full(self, known: &KnownDocuments) -> Result<SectionFacts, String> {
        Ok(match self {
            Self::InShort { document, waitlist } => SectionFacts { waitlist, ..known.section(document)?.clone() },
            Self::InFull(section) => *section,
        })
    }
}

impl StoredHeld {
    pub(super) fn document(&self) -> Option<Uuid> {
        match self {
            Self::InShort { document, .. } => Some(*document),
            Self::InFull(_) => None,
        }
    }

    fn in_full(&self, student_id: StudentId, known: &KnownDocuments) -> Result<HeldCourse, String> {
        match self {
            Self::InShort { document, own } => {
                let shared = known.held(*document)?.clone();
                let (names, own) = (shared.student_course, (**own).clone());
                Ok(HeldCourse {
                    student_course: StudentCourse {
                        id: own.id,
                        student_id,
                        status: own.status,
                        course: names.course,
                        section: names.section,
                        term: names.term,
                        credits: own.credits,
                        grading_basis: own.grading_basis,
                        grade: own.grade,
                        waitlist_position: own.waitlist_position,
                        reservation_id: own.reservation_id,
                        waitlist: own.waitlist,
                        enrolled_at: own.enrolled_at,
                        ended_at: own.ended_at,
                        end_reason: own.end_reason,
                        version: own.version,
                    },
                    meetings: shared.meetings,
                    time_zone: shared.time_zone,
                    seat_pool_id: shared.seat_pool_id,
                    linked_components: shared.linked_components,
                    drop_deadline: shared.drop_deadline,
                    withdraw_deadline: shared.withdraw_deadline,
                })
            }
            Self::InFull(held) => Ok((**held).clone()),
        }
    }
}

/// A judgement, as it is stored.
#[derive(Deserialize)]
pub(super) struct StoredJudgement {
    outcome: Verdict,
    steps: Vec<StoredStep>,
    changes: Vec<StoredChange>,
}

#[derive(Deserialize)]
struct StoredStep {
    pointer: String,
    section: Option<SectionRef>,
    rules: StoredRules,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "what each rule says, or the digest of the names of those that say nothing")]
enum StoredRules {
    /// None says anything.
    Admit(Uuid),
    Each(Vec<StoredFinding>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StoredFinding {
    /// The rule says nothing.
    Admits(Code),
    Says(Finding),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a change, or what kind of change an event tells of")]
enum StoredChange {
    InShort(ChangeInShort),
    InFull(Box<Change>),
}

impl StoredJudgement {
    /// The documents that it names.
    pub(super) fn documents(&self) -> impl Iterator<Item = Uuid> {
        self.steps.iter().filter_map(|step| match step.rules {
            StoredRules::Admit(digest) => Some(digest),
            StoredRules::Each(_) => None,
        })
    }

    /// The judgement on an attempt; an error names the document or the event that cannot be read.
    fn in_full(self, attempt: AttemptId, known: &KnownDocuments, told: &Told) -> Result<Judgement, String> {
        let Self { outcome, steps, changes } = self;
        let steps = steps.into_iter().map(|step| step.in_full(known)).collect::<Result<_, _>>()?;
        let change = |(position, change)| match change {
            StoredChange::InShort(kind) => Ok(kind.to(told.student_course(event::id(attempt, position))?)),
            StoredChange::InFull(change) => Ok(*change),
        };
        let changes = (0_u128..).zip(changes).map(change).collect::<Result<_, String>>()?;
        Ok(Judgement { outcome, steps, changes })
    }
}

impl StoredStep {
    fn in_full(self, known: &KnownDocuments) -> Result<StepJudgement, String> {
        let admits = |rule| Finding { rule, violation: None, waived_by: None };
        let finding = |finding| match finding {
            StoredFinding::Admits(rule) => admits(rule),
            StoredFinding::Says(finding) => finding,
        };
        let rules = match self.rules {
            StoredRules::Admit(digest) => known.rules(digest)?.iter().copied().map(admits).collect(),
            StoredRules::Each(findings) => findings.into_iter().map(finding).collect(),
        };
        Ok(StepJudgement { pointer: self.pointer, section: self.section, rules })
    }
}
