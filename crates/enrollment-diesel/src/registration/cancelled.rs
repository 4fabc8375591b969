//! Sections that a bulk write cancels: what their students have ends with the reason, as when a registrar cancels one
//! ([`section_change`](super::section_change)), in the transaction of that write.

use super::follow_ups::{Consequences, FollowUps};
use super::lock::Beyond;
use super::section_change::occupants;
use super::write;
use crate::StoreError;
use diesel::PgConnection;
use enrollment_core::catalog::{Cause, Section, SectionStatus, Version};
use enrollment_core::ids::StudentId;
use enrollment_core::registration::section_change::ending;
use enrollment_core::registration::{Mode, Origin};
use std::collections::BTreeSet;

/// The cancelled ones of the sections that a write changes. Kept over the tries of its transaction, so that a further try locks
/// whom the one before had to leave out.
pub(crate) struct CancelledSections<'a> {
    sections: Vec<&'a Section>,
    beyond: Beyond,
}

impl<'a> CancelledSections<'a> {
    /// Those of the sections that are not new, since nobody is in one that is.
    pub(crate) fn of(changed: &'a [Section]) -> Self {
        let is_cancelled =
            |section: &&Section| section.status == SectionStatus::Cancelled && section.version != Version::FIRST;
        Self { sections: changed.iter().filter(is_cancelled).collect(), beyond: Beyond::default() }
    }

    /// The students to lock before any pool is.
    pub(crate) fn students(&self, conn: &mut PgConnection) -> Result<Vec<StudentId>, StoreError> {
        let mut students = self.beyond.students.clone();
        for section in &self.sections {
            students.extend(occupants(conn, section)?.into_iter().map(|occupant| occupant.student_id));
        }
        Ok(students)
    }

    /// Ends what students have in the sections, which are written and whose pools are locked, and offers on what that makes free.
    pub(crate) fn end(&mut self, conn: &mut PgConnection, cause: &Cause) -> Result<(), StoreError> {
        let mut follow_ups = FollowUps::of(Origin::of_change(cause, Mode::Commit));
        let mut free = BTreeSet::new();
        for section in &self.sections {
            for (occupant, reason) in ending(section, &occupants(conn, section)?) {
                free.extend(follow_ups.cancel(conn, &occupant, reason, &mut self.beyond)?);
            }
        }
        follow_ups.offer(conn, free, &mut self.beyond)?;
        let Consequences { unwritten, .. } = follow_ups.end();
        if !unwritten.is_empty() {
            write::refusals(conn, &unwritten)?;
        }
        Ok(())
    }
}
