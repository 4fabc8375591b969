//! Whether all is true that students were told.

use super::rush::{Rush, Told};
use super::site::Site;
use std::collections::{BTreeMap, BTreeSet};

/// Asserts that what was acknowledged is there, that nothing else is, and that every invariant holds.
pub(super) fn assert_true(fault: &str, site: &Site<'_>, rush: &Rush, told: &[Told]) {
    assert!(rush.wrong().is_empty(), "{fault}: {:#?}", rush.wrong());
    // Everybody has insisted until there was an answer, so there is nothing of which nobody knows whether it happened.
    let accepted: BTreeMap<&str, &Told> =
        told.iter().filter_map(|told| told.accepted.as_deref().map(|id| (id, told))).collect();
    let stored = site.texts("SELECT concat_ws(' ', id, student_id, section_id, status) AS value FROM student_courses");
    let stored: BTreeMap<&str, Vec<&str>> =
        stored.iter().map(|row| row.split(' ').collect::<Vec<_>>()).map(|row| (row[0], row)).collect();
    let lost: Vec<&&str> = accepted.keys().filter(|id| !stored.contains_key(**id)).collect();
    assert!(lost.is_empty(), "{fault}: acknowledged and lost: {lost:?}");
    let unknown: Vec<&&str> = stored.keys().filter(|id| !accepted.contains_key(**id)).collect();
    assert!(unknown.is_empty(), "{fault}: nobody was told of {unknown:?}");
    for (id, row) in &stored {
        let told = accepted[id];
        assert_eq!((row[1], row[2]), (told.student.as_str(), told.section.as_str()), "{fault}: {id}");
        let is_left = !["enrolled", "waitlisted"].contains(&row[3]);
        assert_eq!(is_left, told.left, "{fault}: {id} is {}", row[3]);
    }
    // One key, one student course: what was told under a key is what is kept under it.
    let kept: BTreeSet<String> =
        site.texts("SELECT concat_ws(' ', k.key, e.student_course_id) AS value FROM idempotency_keys k JOIN registration_events e USING (attempt_id)")
            .into_iter()
            .collect();
    let keys: BTreeSet<String> = accepted.iter().map(|(id, told)| format!("{} {id}", told.key)).collect();
    assert_eq!(keys, kept, "{fault}");
    let (is_well, said) = site.check();
    assert!(is_well, "{fault}: {said}");
}
