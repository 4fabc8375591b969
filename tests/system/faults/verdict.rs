//! Whether all is true that students were told.

use super::rush::{Rush, Told};
use super::site::Site;
use std::collections::{BTreeMap, BTreeSet};

/// What is not so: something that was acknowledged is not there, something else is, or an invariant is broken. Everybody has
/// insisted until there was an answer, so there is nothing of which nobody knows whether it happened.
pub(super) fn findings(site: &Site<'_>, rush: &Rush, told: &[Told]) -> Vec<String> {
    let mut findings = rush.wrong();
    let accepted: BTreeMap<&str, &Told> =
        told.iter().filter_map(|told| told.accepted.as_deref().map(|id| (id, told))).collect();
    compare_student_courses(site, &accepted, &mut findings);
    compare_keys(site, &accepted, &mut findings);
    let (is_well, said) = site.check();
    findings.extend((!is_well).then_some(said));
    findings
}

fn compare_student_courses(site: &Site<'_>, accepted: &BTreeMap<&str, &Told>, findings: &mut Vec<String>) {
    let stored = site.texts("SELECT concat_ws(' ', id, student_id, section_id, status) AS value FROM student_courses");
    let stored: BTreeMap<&str, Vec<&str>> =
        stored.iter().map(|row| row.split(' ').collect::<Vec<_>>()).map(|row| (row[0], row)).collect();
    let lost = accepted.keys().filter(|id| !stored.contains_key(**id));
    findings.extend(lost.map(|id| format!("acknowledged and lost: {id}")));
    for (id, row) in &stored {
        let Some(told) = accepted.get(id) else {
            findings.push(format!("nobody was told of {row:?}"));
            continue;
        };
        let is_left = !["enrolled", "waitlisted"].contains(&row[3]);
        if (row[1], row[2], is_left) != (told.student.as_str(), told.section.as_str(), told.left) {
            findings.push(format!("{row:?} is not what {} was told; left: {}", told.student, told.left));
        }
    }
}

/// One key, one student course: what was told under a key is what is kept under it.
fn compare_keys(site: &Site<'_>, accepted: &BTreeMap<&str, &Told>, findings: &mut Vec<String>) {
    let kept = site.texts(
        "SELECT concat_ws(' ', k.key, e.student_course_id) AS value
         FROM idempotency_keys k JOIN registration_events e USING (attempt_id)",
    );
    let kept: BTreeSet<String> = kept.into_iter().collect();
    let told: BTreeSet<String> = accepted.iter().map(|(id, told)| format!("{} {id}", told.key)).collect();
    findings.extend(told.symmetric_difference(&kept).map(|key| format!("told or kept, but not both: {key}")));
}
