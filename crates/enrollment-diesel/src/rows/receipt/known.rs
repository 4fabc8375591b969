//! The documents that receipts share (`documents`), as they are read: kept from one receipt to the next, because most name the same.

use super::read::{StoredFacts, StoredHeld, StoredJudgement, StoredSection};
use crate::StoreError;
use crate::rows::json::DocumentText;
use crate::schema::receipt_documents;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use enrollment_core::catalog::{Component, GradeScale, Meeting, TimeZone};
use enrollment_core::ids::SeatPoolId;
use enrollment_core::registration::{Code, CourseRef, SectionFacts, SectionRef, TermRef};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeSet, HashMap};
use std::mem;
use uuid::Uuid;

/// As many as are kept of each kind; beyond, it begins anew.
const MOST: usize = 20_000;

/// What has been read.
#[derive(Default)]
pub(crate) struct KnownDocuments {
    sections: Known<SectionFacts>,
    held: Known<HeldDocument>,
    scales: Known<GradeScale>,
    rules: Known<Vec<Code>>,
    /// What a student has completed is shared by the receipts of one student only, so it is kept for one page.
    completed: Known<Vec<StoredHeld>>,
}

/// Something held, but for what is the student's own.
#[derive(Clone, Deserialize)]
pub(super) struct HeldDocument {
    pub(super) student_course: NamesDocument,
    pub(super) meetings: Vec<Meeting>,
    pub(super) time_zone: TimeZone,
    pub(super) seat_pool_id: Option<SeatPoolId>,
    pub(super) linked_components: BTreeSet<Component>,
    pub(super) drop_deadline: Option<DateTime<Utc>>,
    pub(super) withdraw_deadline: Option<DateTime<Utc>>,
}

#[derive(Clone, Deserialize)]
pub(super) struct NamesDocument {
    pub(super) course: CourseRef,
    pub(super) section: Option<SectionRef>,
    pub(super) term: Option<TermRef>,
}

impl KnownDocuments {
    /// Reads what these facts and judgements name and is not known yet.
    pub(super) fn load<'a>(
        &mut self,
        conn: &mut PgConnection,
        facts: impl Iterator<Item = &'a StoredFacts>,
        judgements: impl Iterator<Item = &'a StoredJudgement>,
    ) -> Result<(), StoreError> {
        self.completed.read.clear();
        self.sections.make_room();
        self.held.make_room();
        self.scales.make_room();
        self.rules.make_room();
        for facts in facts {
            self.completed.want(facts.completed);
            self.held.want(facts.enrolled.iter().chain(&facts.held).filter_map(StoredHeld::document));
            self.sections.want(facts.sections.iter().filter_map(StoredSection::document));
            self.scales.want(facts.scale.document());
        }
        for judgement in judgements {
            self.rules.want(judgement.documents());
        }
        self.read(conn)?;
        let of_completed = self.completed.read.values().flatten().flatten();
        self.held.want(of_completed.filter_map(StoredHeld::document));
        self.read(conn)
    }

    /// Reads what is wanted.
    fn read(&mut self, conn: &mut PgConnection) -> Result<(), StoreError> {
        let Self { sections, held, scales, rules, completed } = self;
        let wanted = [&sections.wanted, &held.wanted, &scales.wanted, &rules.wanted, &completed.wanted];
        let wanted: BTreeSet<Uuid> = wanted.into_iter().flatten().copied().collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let named = receipt_documents::table.filter(receipt_documents::digest.eq_any(wanted));
        let found: HashMap<Uuid, DocumentText> = named.load::<(Uuid, DocumentText)>(conn)?.into_iter().collect();
        sections.take(&found);
        held.take(&found);
        scales.take(&found);
        rules.take(&found);
        completed.take(&found);
        Ok(())
    }

    pub(super) fn section(&self, digest: Uuid) -> Result<&SectionFacts, String> {
        self.sections.get(digest)
    }

    pub(super) fn held(&self, digest: Uuid) -> Result<&HeldDocument, String> {
        self.held.get(digest)
    }

    pub(super) fn scale(&self, digest: Uuid) -> Result<&GradeScale, String> {
        self.scales.get(digest)
    }

    pub(super) fn rules(&self, digest: Uuid) -> Result<&[Code], String> {
        self.rules.get(digest).map(Vec::as_slice)
    }

    pub(super) fn completed(&self, digest: Uuid) -> Result<&[StoredHeld], String> {
        self.completed.get(digest).map(Vec::as_slice)
    }
}

/// Documents of one kind.
struct Known<T> {
    /// Those that are there, each as it reads, or why it cannot be read.
    read: HashMap<Uuid, Result<T, String>>,
    wanted: BTreeSet<Uuid>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self { read: HashMap::new(), wanted: BTreeSet::new() }
    }
}

impl<T: DeserializeOwned> Known<T> {
    fn make_room(&mut self) {
        if self.read.len() > MOST {
            self.read.clear();
        }
    }

    fn want(&mut self, digests: impl IntoIterator<Item = Uuid>) {
        self.wanted.extend(digests.into_iter().filter(|digest| !self.read.contains_key(digest)));
    }

    fn take(&mut self, found: &HashMap<Uuid, DocumentText>) {
        for digest in mem::take(&mut self.wanted) {
            if let Some(document) = found.get(&digest) {
                self.read.insert(digest, serde_json::from_str(&document.0).map_err(|error| error.to_string()));
            }
        }
    }

    fn get(&self, digest: Uuid) -> Result<&T, String> {
        match self.read.get(&digest) {
            Some(Ok(document)) => Ok(document),
            Some(Err(error)) => Err(format!("the document {digest} cannot be read: {error}")),
            None => Err(format!("the document {digest} is not there")),
        }
    }
}
