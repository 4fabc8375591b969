//! A row of `receipts`: the record of an attempt, of which the parts that only people and replays read are documents.
//!
//! They are stored in short. What many receipts have in common is a document of its own ([`documents`]), named by its
//! digest; of a rule that says nothing only the name is kept, and where none says anything only the digest of their names; what an
//! event tells of a change is not told again. [`read`] puts them together again. Records from before that are in full, and are read all
//! the same.

pub(crate) mod documents;
mod known;
mod packed;
mod read;

use super::json;
use super::json::DocumentText;
use crate::StoreError;
use crate::schema::receipts;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use documents::SharedDocuments;
use enrollment_core::catalog::{Credits, Version};
use enrollment_core::ids::{ReservationId, StudentCourseId};
use enrollment_core::registration::{
    Change, Code, Facts, Finding, GradingBasis, HeldCourse, HoldFacts, Judgement, PermitFacts, Record,
    ReservationFacts, SeatPool, SectionFacts, SectionRef, Status, StepJudgement, StudentCourse, StudentFacts,
    TermWindows, Verdict, Waiting, WaitlistFacts,
};
use enrollment_core::text::{Grade, Reason};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use known::KnownDocuments;
use packed::Packed;
pub(crate) use read::records;

/// The row, as it is read: of documents only the text, of whichever JSON type their columns are.
#[derive(Queryable, QueryableByName, Selectable)]
#[diesel(table_name = receipts)]
pub(crate) struct ReceiptRow {
    pub(crate) attempt_id: Uuid,
    at: DateTime<Utc>,
    actor: String,
    student_id: Uuid,
    command: DocumentText,
    facts: DocumentText,
    decision: DocumentText,
    caused_by: Option<Uuid>,
}

/// What was asked, and why.
#[derive(Serialize, Deserialize)]
struct Asked<C> {
    #[serde(flatten)]
    command: C,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// The documents of a record, as text: the database parses them anyway, so a tree of JSON in between would be for nothing.
pub(crate) struct Documents {
    pub(crate) command: String,
    pub(crate) facts: String,
    pub(crate) decision: String,
}

impl Documents {
    /// Those of a record. What it has in common with others goes to the shared ones.
    pub(crate) fn of(record: &Record, shared: &mut SharedDocuments) -> Result<Self, StoreError> {
        Ok(Self {
            command: json::text(&Asked { command: &record.command, reason: record.reason.clone() })?,
            facts: json::text(&FactsInShort::of(&record.facts, shared)?)?,
            decision: json::text(&JudgementInShort::of(&record.judgement, shared)?)?,
        })
    }
}

/// Facts, as they are written.
#[derive(Serialize)]
struct FactsInShort<'a> {
    student: &'a StudentFacts,
    holds: &'a [HoldFacts],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    windows: &'a [TermWindows],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    permits: &'a [PermitFacts],
    /// What the student is enrolled in, as most are.
    #[serde(skip_serializing_if = "Packed::is_empty")]
    enrolled: Packed,
    /// What else is held, but for what is completed.
    held: Vec<HeldInShort<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<Uuid>,
    sections: Vec<SectionInShort>,
    pools: &'a [SeatPool],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reservations: &'a [ReservationFacts],
    scale: Uuid,
}

#[derive(Serialize)]
struct SectionInShort {
    document: Uuid,
    #[serde(skip_serializing_if = "nobody_waits")]
    waitlist: WaitlistFacts,
}

fn nobody_waits(waitlist: &WaitlistFacts) -> bool {
    *waitlist == WaitlistFacts::default()
}

impl<'a> FactsInShort<'a> {
    fn of(facts: &'a Facts, shared: &mut SharedDocuments) -> Result<Self, StoreError> {
        let Facts { student, holds, windows, permits, held, sections, pools, reservations, scale } = facts;
        let is_completed = |held: &&HeldCourse| held.student_course.status == Status::Completed;
        let (completed, others): (Vec<_>, Vec<_>) = held.iter().partition(is_completed);
        let completed: Vec<HeldInShort<'_>> =
            completed.into_iter().map(|held| HeldInShort::of(held, shared)).collect::<Result<_, _>>()?;
        let (mut enrolled, mut held) = (Packed::default(), Vec::new());
        for other in others {
            if !enrolled.add(shared.held(other)?, &other.student_course) {
                held.push(HeldInShort::of(other, shared)?);
            }
        }
        Ok(Self {
            student,
            holds,
            windows,
            permits,
            enrolled,
            held,
            completed: if completed.is_empty() { None } else { Some(shared.completed(&completed)?) },
            sections: sections.iter().map(|own| SectionInShort::of(own, shared)).collect::<Result<_, _>>()?,
            pools,
            reservations,
            scale: shared.scale(scale)?,
        })
    }
}

impl SectionInShort {
    fn of(facts: &SectionFacts, shared: &mut SharedDocuments) -> Result<Self, StoreError> {
        Ok(Self { document: shared.section(facts)?, waitlist: facts.waitlist })
    }
}

impl<'a> HeldInShort<'a> {
    fn of(held: &'a HeldCourse, shared: &mut SharedDocuments) -> Result<Self, StoreError> {
        // Taken apart by name, so that a field that is added is not forgotten here. What is not the student's own is in the document.
        let StudentCourse {
            id,
            student_id: _,
            status,
            course: _,
            section: _,
            term: _,
            credits,
            grading_basis,
            grade,
            waitlist_position,
            reservation_id,
            waitlist,
            enrolled_at,
            ended_at,
            end_reason,
            version,
        } = &held.student_course;
        let own = OwnInShort {
            id: *id,
            status: *status,
            credits: *credits,
            grading_basis: *grading_basis,
            grade: grade.as_ref(),
            waitlist_position: *waitlist_position,
            reservation_id: *reservation_id,
            waitlist: waitlist.as_ref(),
            enrolled_at: *enrolled_at,
            ended_at: *ended_at,
            end_reason: end_reason.as_ref(),
            version: *version,
        };
        Ok(Self { document: shared.held(held)?, own })
    }
}

/// What a student holds: what is the student's own, beside a document that tells the rest.
#[derive(Serialize)]
pub(super) struct HeldInShort<'a> {
    document: Uuid,
    own: OwnInShort<'a>,
}

/// But for what is the rule.
#[derive(Serialize)]
struct OwnInShort<'a> {
    id: StudentCourseId,
    #[serde(skip_serializing_if = "is_usual")]
    status: Status,
    credits: Credits,
    #[serde(skip_serializing_if = "is_usual")]
    grading_basis: GradingBasis,
    #[serde(skip_serializing_if = "Option::is_none")]
    grade: Option<&'a Grade>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waitlist_position: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_id: Option<ReservationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waitlist: Option<&'a Waiting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enrolled_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_reason: Option<&'a Reason>,
    #[serde(skip_serializing_if = "is_usual")]
    version: Version,
}

/// What most that is held has, and so is not written.
trait Usual: PartialEq + Sized {
    const USUAL: Self;
}

impl Usual for Status {
    const USUAL: Self = Self::Enrolled;
}

impl Usual for GradingBasis {
    const USUAL: Self = Self::Graded;
}

impl Usual for Version {
    const USUAL: Self = Self::FIRST;
}

fn usual<T: Usual>() -> T {
    T::USUAL
}

fn is_usual<T: Usual>(value: &T) -> bool {
    *value == T::USUAL
}

/// A judgement, as it is written.
#[derive(Serialize)]
struct JudgementInShort<'a> {
    outcome: Verdict,
    steps: Vec<StepInShort<'a>>,
    changes: Vec<ChangeInShort>,
}

#[derive(Serialize)]
struct StepInShort<'a> {
    pointer: &'a str,
    section: Option<&'a SectionRef>,
    rules: RulesInShort<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum RulesInShort<'a> {
    /// None says anything.
    Admit(Uuid),
    Each(Vec<FindingInShort<'a>>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum FindingInShort<'a> {
    /// The rule says nothing.
    Admits(Code),
    Says(&'a Finding),
}

/// What kind of change it is. What it left is in the event of the attempt that has the same place ([`event::id`](super::event::id)).
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ChangeInShort {
    Start,
    Promote,
    PassOver,
    Move,
    End,
    Grade,
}

impl<'a> JudgementInShort<'a> {
    fn of(judgement: &'a Judgement, shared: &mut SharedDocuments) -> Result<Self, StoreError> {
        let mut step = |step: &'a StepJudgement| -> Result<StepInShort<'a>, StoreError> {
            let rules = RulesInShort::of(&step.rules, shared)?;
            Ok(StepInShort { pointer: &step.pointer, section: step.section.as_ref(), rules })
        };
        Ok(Self {
            outcome: judgement.outcome,
            steps: judgement.steps.iter().map(&mut step).collect::<Result<_, _>>()?,
            changes: judgement.changes.iter().map(ChangeInShort::of).collect(),
        })
    }
}

impl<'a> RulesInShort<'a> {
    fn of(findings: &'a [Finding], shared: &mut SharedDocuments) -> Result<Self, StoreError> {
        if findings.iter().all(|finding| finding.violation.is_none()) {
            return Ok(Self::Admit(shared.rules(findings.iter().map(|finding| finding.rule))?));
        }
        let finding = |finding: &'a Finding| match finding.violation {
            None => FindingInShort::Admits(finding.rule),
            Some(_) => FindingInShort::Says(finding),
        };
        Ok(Self::Each(findings.iter().map(finding).collect()))
    }
}

impl ChangeInShort {
    fn of(change: &Change) -> Self {
        match change {
            Change::Start(_) => Self::Start,
            Change::Promote(_) => Self::Promote,
            Change::PassOver(_) => Self::PassOver,
            Change::Move(_) => Self::Move,
            Change::End(_) => Self::End,
            Change::Grade(_) => Self::Grade,
        }
    }

    fn to(self, changed: StudentCourse) -> Change {
        match self {
            Self::Start => Change::Start(changed),
            Self::Promote => Change::Promote(changed),
            Self::PassOver => Change::PassOver(changed),
            Self::Move => Change::Move(changed),
            Self::End => Change::End(changed),
            Self::Grade => Change::Grade(changed),
        }
    }
}
