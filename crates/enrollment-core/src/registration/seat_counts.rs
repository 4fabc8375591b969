//! How many seats of each section of a term are taken: what everybody looks at on registration day.

use crate::Error;
use crate::ids::{SectionId, TermId};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Counts the seats of terms.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait SeatCounts: Send + Sync {
    /// The seats of all sections of a term, at one moment, in the order of the sections' ids. It MUST answer
    /// [`Error::NotFound`] when there is no such term.
    async fn of_term(&self, term: TermId) -> Result<Vec<SeatCount>, Error>;
}

/// The seats of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeatCount {
    /// The section.
    pub id: SectionId,
    /// How many seats there are, with those beyond the room's. Cross-listed sections share them.
    pub seats: u32,
    /// How many of them are taken.
    pub taken: u32,
    /// How many students wait for one in this section.
    pub waitlisted: u32,
    /// Whether the section is open and has a free seat.
    pub open: bool,
}

/// How the seats of a term have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeatChanges {
    /// The sections that are new, or whose seats are not what they were, as they are now.
    pub sections: Vec<SeatCount>,
    /// The sections that are gone.
    pub removed: Vec<SectionId>,
}

impl SeatChanges {
    /// What has changed from one state to another, both in the order of the sections' ids.
    pub fn between(before: &[SeatCount], after: &[SeatCount]) -> Self {
        let mut changes = Self::default();
        let mut before = before.iter().peekable();
        for section in after {
            while let Some(gone) = before.next_if(|old| old.id < section.id) {
                changes.removed.push(gone.id);
            }
            if before.next_if(|old| old.id == section.id) != Some(section) {
                changes.sections.push(*section);
            }
        }
        changes.removed.extend(before.map(|gone| gone.id));
        changes
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty() && self.removed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use uuid::Uuid;

    fn section(id: u8, taken: u32) -> SeatCount {
        SeatCount { id: Uuid::from_u128(id.into()).into(), seats: 9, taken, waitlisted: 0, open: taken < 9 }
    }

    #[test]
    fn changes_are_what_is_new_what_is_different_and_what_is_gone() {
        let before = [section(1, 0), section(2, 0), section(3, 0), section(5, 0)];
        let after = [section(2, 0), section(3, 1), section(4, 0)];
        let changes = SeatChanges::between(&before, &after);
        assert_eq!(changes.sections, [section(3, 1), section(4, 0)]);
        assert_eq!(changes.removed, [section(1, 0).id, section(5, 0).id]);
        assert!(SeatChanges::between(&before, &before).is_empty());
    }

    fn state() -> impl Strategy<Value = BTreeMap<SectionId, SeatCount>> {
        proptest::collection::btree_map(0..12_u8, 0..3_u32, 0..10).prop_map(|sections| {
            sections.into_iter().map(|(id, taken)| section(id, taken)).map(|count| (count.id, count)).collect()
        })
    }

    proptest! {
        #[test]
        fn who_applies_the_changes_has_what_there_is(before in state(), after in state()) {
            let list = |state: &BTreeMap<_, SeatCount>| state.values().copied().collect::<Vec<_>>();
            let changes = SeatChanges::between(&list(&before), &list(&after));
            prop_assert_eq!(changes.is_empty(), before == after);
            let mut followed = before;
            followed.extend(changes.sections.into_iter().map(|count| (count.id, count)));
            followed.retain(|id, _| !changes.removed.contains(id));
            prop_assert_eq!(followed, after);
        }
    }
}
