//! Who waits for the sections that attempts are about, and the places of those who wait: asked only where somebody waits, since counting
//! costs something also where nobody does, and mostly nobody does.

use crate::StoreError;
use crate::rows::student_course::{HeldRow, waitlist_place};
use crate::rows::{Corrupt, Place};
use crate::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Uuid as SqlUuid};
use std::collections::HashMap;
use uuid::Uuid;

/// What is known of waitlists.
#[derive(Default)]
pub(super) struct Waitlists {
    of_sections: HashMap<Uuid, Waitlist>,
    /// Of student courses that wait.
    pub(super) places: HashMap<Uuid, WaitlistPlace>,
}

/// Who waits for a section. Without anybody all is zero.
#[derive(Clone, Copy, Default)]
pub(super) struct Waitlist {
    /// Before one who comes now, without a priority.
    pub(super) ahead: u32,
    /// Those of them who were not passed over.
    pub(super) eligible_ahead: u32,
    pub(super) last_sequence: i64,
}

/// A place in a waitlist: among all who wait, and among those who were not passed over.
pub(super) struct WaitlistPlace {
    position: i64,
    eligible_position: i64,
}

/// $1 sections, $2 student courses. A row is of one or the other.
const WAITLISTS: &str = concat!(
    "SELECT s.id, w.ahead, w.eligible_ahead, w.last_sequence, NULL::uuid, NULL::bigint, NULL::bigint
    FROM unnest($1) AS s (id) CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE w.waitlist_priority <= 0) AS ahead,
            count(*) FILTER (WHERE w.waitlist_priority <= 0 AND w.waitlist_passed_over IS NULL) AS eligible_ahead,
            coalesce(max(w.waitlist_sequence), 0) AS last_sequence
        FROM student_courses w
        WHERE w.section_id = s.id AND w.status = 'waitlisted'
    ) w
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, sc.id, ",
    waitlist_place!(),
    " FROM student_courses sc WHERE sc.id = ANY ($2) AND sc.status = 'waitlisted'"
);

type Columns = (Nullable<(SqlUuid, BigInt, BigInt, BigInt)>, Nullable<(SqlUuid, BigInt, BigInt)>);
type Line = (Option<(Uuid, i64, i64, i64)>, Option<(Uuid, i64, i64)>);

impl Waitlists {
    /// Loads those of these sections, and the places of these student courses as far as they wait. Without any it asks nothing.
    pub(super) fn load(
        conn: &mut PgConnection,
        sections: Vec<Uuid>,
        student_courses: &[Uuid],
    ) -> Result<Self, StoreError> {
        let mut waitlists = Self::default();
        if sections.is_empty() && student_courses.is_empty() {
            return Ok(waitlists);
        }
        let lines: Vec<Line> = Statement::<Columns>::answering(WAITLISTS)
            .bind::<Array<SqlUuid>, _>(sections)
            .bind::<Array<SqlUuid>, _>(student_courses)
            .load(conn)?;
        for (section, student_course) in lines {
            if let Some((id, ahead, eligible_ahead, last_sequence)) = section {
                waitlists.of_sections.insert(id, waitlist(id, ahead, eligible_ahead, last_sequence)?);
            }
            if let Some((id, position, eligible_position)) = student_course {
                waitlists.places.insert(id, WaitlistPlace { position, eligible_position });
            }
        }
        Ok(waitlists)
    }

    /// That of a section.
    pub(super) fn of(&self, section: Uuid) -> Waitlist {
        self.of_sections.get(&section).copied().unwrap_or_default()
    }

    /// What a student holds, at its place if it waits.
    pub(super) fn placed(&self, row: HeldRow) -> HeldRow {
        match row.waiting().and_then(|id| self.places.get(&id)) {
            Some(place) => row.at_place(place.position, place.eligible_position),
            None => row,
        }
    }
}

fn waitlist(section: Uuid, ahead: i64, eligible_ahead: i64, last_sequence: i64) -> Result<Waitlist, Corrupt> {
    let place = Place::new("sections", section);
    Ok(Waitlist {
        ahead: place.read("waitlisted", ahead)?,
        eligible_ahead: place.read("waitlisted", eligible_ahead)?,
        last_sequence,
    })
}
