//! What many receipts have in common, each a document of its own in `receipt_documents`, named by its digest and written once.
//!
//! In a rush the same few documents are named by every receipt. So a thread keeps the digest of what it has last seen of a section, which it
//! takes again while all is equal; and which documents are there, which it knows from having committed them. They are never
//! removed; and as another server of the database may be an earlier state of it (a backup that was restored, a standby), what is known
//! to be there holds for one run of one server.

use super::HeldInShort;
use crate::StoreError;
use crate::rows::json;
use chrono::{DateTime, Utc};
use enrollment_core::catalog::{Component, GradeScale, Meeting, Restriction, SectionStatus, TimeZone};
use enrollment_core::ids::{SeatPoolId, SectionId};
use enrollment_core::registration::{
    Code, CourseFacts, CourseRef, HeldCourse, SectionFacts, SectionRef, StudentCourse, TermFacts, TermRef,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use uuid::Uuid;

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// As many as a thread keeps of each kind; beyond, it begins anew.
const MOST: usize = 100_000;

#[derive(Default)]
struct Kept {
    /// Since when the server runs on which documents are known to be there.
    server: String,
    there: HashSet<Uuid>,
    sections: HashMap<SectionId, (SectionFacts, Uuid)>,
    held: HashMap<SectionId, (HeldCourse, Uuid)>,
    scale: Option<(GradeScale, Uuid)>,
    /// Of an enrollment, a drop, a promotion, …: one list of rules each.
    rules: HashMap<Vec<Code>, Uuid>,
}

/// Tells which server the thread writes to from now on, by the time since when it runs.
pub(crate) fn are_of_server(since: &str) {
    KEPT.with_borrow_mut(|kept| {
        if kept.server != since {
            since.clone_into(&mut kept.server);
            kept.there.clear();
        }
    });
}

/// Tells that these are there, now that they are committed.
pub(crate) fn are_there(digests: &[Uuid]) {
    KEPT.with_borrow_mut(|kept| {
        if kept.there.len() > MOST {
            kept.there.clear();
        }
        kept.there.extend(digests);
    });
}

/// Documents that are to be written, by their digests: always in one order, so that two who write the same wait for each other in
/// one direction only.
#[derive(Default)]
pub(crate) struct SharedDocuments(BTreeMap<Uuid, String>);

impl SharedDocuments {
    /// What of a section is the same for all who ask for it.
    pub(super) fn section(&mut self, facts: &SectionFacts) -> Result<Uuid, StoreError> {
        KEPT.with_borrow_mut(|kept| {
            let document = SectionDocument::of(facts);
            if let Some((_, digest)) =
                kept.sections.get(&facts.section.id).filter(|(known, _)| SectionDocument::of(known) == document)
            {
                return self.name(kept, *digest, &document);
            }
            let digest = self.add(&document)?;
            keep(&mut kept.sections, facts.section.id, (facts.clone(), digest));
            Ok(digest)
        })
    }

    /// What of something held is the same for all who hold it.
    pub(super) fn held(&mut self, held: &HeldCourse) -> Result<Uuid, StoreError> {
        KEPT.with_borrow_mut(|kept| {
            let document = HeldDocument::of(held);
            let section = held.student_course.section.as_ref().map(|section| section.id);
            let known =
                section.and_then(|id| kept.held.get(&id)).filter(|(known, _)| HeldDocument::of(known) == document);
            if let Some((_, digest)) = known {
                return self.name(kept, *digest, &document);
            }
            let digest = self.add(&document)?;
            if let Some(id) = section {
                keep(&mut kept.held, id, (held.clone(), digest));
            }
            Ok(digest)
        })
    }

    /// What a student has completed.
    pub(super) fn completed(&mut self, completed: &[HeldInShort<'_>]) -> Result<Uuid, StoreError> {
        self.add(&completed)
    }

    /// The grade scale.
    pub(super) fn scale(&mut self, scale: &GradeScale) -> Result<Uuid, StoreError> {
        KEPT.with_borrow_mut(|kept| {
            if let Some((_, digest)) = kept.scale.as_ref().filter(|(known, _)| known == scale) {
                return self.name(kept, *digest, scale);
            }
            let digest = self.add(scale)?;
            kept.scale = Some((scale.clone(), digest));
            Ok(digest)
        })
    }

    /// The rules that were asked, none of which says anything.
    pub(super) fn rules(&mut self, rules: impl Iterator<Item = Code>) -> Result<Uuid, StoreError> {
        let rules: Vec<Code> = rules.collect();
        KEPT.with_borrow_mut(|kept| {
            if let Some(digest) = kept.rules.get(&rules) {
                return self.name(kept, *digest, &rules);
            }
            let digest = self.add(&rules)?;
            keep(&mut kept.rules, rules, digest);
            Ok(digest)
        })
    }

    /// Whether there is none to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The digests.
    pub(crate) fn digests(&self) -> Vec<Uuid> {
        self.0.keys().copied().collect()
    }

    /// The digests and the documents.
    pub(crate) fn into_columns(self) -> (Vec<Uuid>, Vec<String>) {
        self.0.into_iter().unzip()
    }

    /// Names a document of a known digest, which is written only if it may not be there.
    fn name(&mut self, kept: &Kept, digest: Uuid, document: &impl Serialize) -> Result<Uuid, StoreError> {
        if !kept.there.contains(&digest) && !self.0.contains_key(&digest) {
            self.0.insert(digest, json::text(document)?);
        }
        Ok(digest)
    }

    fn add(&mut self, document: &impl Serialize) -> Result<Uuid, StoreError> {
        let text = json::text(document)?;
        let hash: [u8; 32] = Sha256::digest(&text).into();
        let (half, _) = hash.as_chunks::<16>();
        let digest = Uuid::from_bytes(half[0]);
        self.0.entry(digest).or_insert(text);
        Ok(digest)
    }
}

fn keep<K: Eq + Hash, T>(kept: &mut HashMap<K, T>, key: K, value: T) {
    if kept.len() > MOST {
        kept.clear();
    }
    kept.insert(key, value);
}

/// A section, but for who waits for it.
#[derive(PartialEq, Serialize)]
struct SectionDocument<'a> {
    section: &'a SectionRef,
    status: SectionStatus,
    course: &'a CourseFacts,
    term: &'a TermFacts,
    restriction: Option<&'a Restriction>,
    seat_pool_id: SeatPoolId,
    meetings: &'a [Meeting],
}

impl<'a> SectionDocument<'a> {
    fn of(facts: &'a SectionFacts) -> Self {
        // Taken apart by name, so that a field that is added is not forgotten here.
        let SectionFacts { section, status, course, term, restriction, seat_pool_id, waitlist: _, meetings } = facts;
        let restriction = restriction.as_ref();
        Self { section, status: *status, course, term, restriction, seat_pool_id: *seat_pool_id, meetings }
    }
}

/// Something held, but for what is the student's own.
#[derive(PartialEq, Serialize)]
struct HeldDocument<'a> {
    student_course: NamesDocument<'a>,
    meetings: &'a [Meeting],
    time_zone: TimeZone,
    seat_pool_id: Option<SeatPoolId>,
    linked_components: &'a BTreeSet<Component>,
    drop_deadline: Option<DateTime<Utc>>,
    withdraw_deadline: Option<DateTime<Utc>>,
}

#[derive(PartialEq, Serialize)]
struct NamesDocument<'a> {
    course: &'a CourseRef,
    section: Option<&'a SectionRef>,
    term: Option<&'a TermRef>,
}

impl<'a> HeldDocument<'a> {
    fn of(held: &'a HeldCourse) -> Self {
        // Taken apart by name, as above.
        let HeldCourse {
            student_course,
            meetings,
            time_zone,
            seat_pool_id,
            linked_components,
            drop_deadline,
            withdraw_deadline,
        } = held;
        let StudentCourse { course, section, term, .. } = student_course;
        Self {
            student_course: NamesDocument { course, section: section.as_ref(), term: term.as_ref() },
            meetings,
            time_zone: *time_zone,
            seat_pool_id: *seat_pool_id,
            linked_components,
            drop_deadline: *drop_deadline,
            withdraw_deadline: *withdraw_deadline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(rank: i32) -> GradeScale {
        serde_json::from_value(serde_json::json!({"A": {"rank": rank, "passing": true, "basis": "graded"}})).unwrap()
    }

    #[test]
    fn a_document_is_written_until_it_is_known_to_be_there() {
        are_of_server("one");
        let written = |scale: &GradeScale| {
            let mut shared = SharedDocuments::default();
            let digest = shared.scale(scale).unwrap();
            let (digests, documents) = shared.into_columns();
            assert!(documents.iter().all(|text| *text == serde_json::to_string(scale).unwrap()));
            assert!(digests.iter().all(|own| *own == digest));
            (digest, !digests.is_empty())
        };
        let (digest, first) = written(&scale(1));
        assert_eq!((first, written(&scale(1))), (true, (digest, true)), "nobody has told that it was committed");
        are_there(&[digest]);
        assert_eq!(written(&scale(1)), (digest, false));
        let (other, is_written) = written(&scale(2));
        assert!(other != digest && is_written, "what has changed is another document");
        assert_eq!(written(&scale(1)), (digest, true), "to write it once more does no harm");
        are_of_server("two");
        assert_eq!(written(&scale(2)), (other, true), "another server may not have it");
    }
}
