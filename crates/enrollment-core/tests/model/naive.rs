//! What must hold, said in loops over the student courses, without the rules: only whether somebody who waits could be seated is
//! asked of them.

use crate::university::{CREDITS, Decided, Plain, Setting, Span, University, seats, waiting_for};
use enrollment_core::catalog::SectionStatus;
use enrollment_core::ids::{SectionId, StudentCourseId, StudentId};
use enrollment_core::registration::{Change, Code, Command, Enroll, Status, StudentCourse, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// What permits were used for.
type Waived = BTreeMap<StudentCourseId, BTreeSet<Code>>;

fn is_waived(waived: &Waived, id: StudentCourseId, rule: Code) -> bool {
    waived.get(&id).is_some_and(|rules| rules.contains(&rule))
}

/// Asserts what holds at every moment.
pub(crate) fn check_state(setting: &Setting, rows: &[StudentCourse], waived: &Waived) {
    for (pool, capacity) in setting.capacities.iter().enumerate() {
        let taken = seats(setting, rows, pool, |_| true);
        assert!(taken <= *capacity, "{taken} of {capacity} seats of pool {pool}");
        let places: Vec<_> = waiting_for(setting, rows, pool).iter().map(|row| place(row)).collect();
        let sequences: BTreeSet<i64> = places.iter().map(|(_, sequence)| *sequence).collect();
        assert_eq!(sequences.len(), places.len(), "one number for each: {places:?}");
    }
    for plain in &setting.sections {
        let waiting = rows.iter().filter(|row| row.status == Status::Waitlisted && row.is_in_section(plain.id)).count();
        assert!(waiting <= plain.waitlist_capacity as usize, "{waiting} wait for {:?}", plain.id);
    }
    for row in rows {
        assert_eq!(row.waitlist.is_some(), row.status == Status::Waitlisted, "{row:?}");
        assert_eq!(row.ended_at.is_some(), !is_live(row), "{row:?}");
        assert!(row.status != Status::Enrolled || row.enrolled_at.is_some(), "{row:?}");
    }
    let students: BTreeSet<StudentId> = rows.iter().map(|row| row.student_id).collect();
    for student in students {
        let own: Vec<_> = rows.iter().filter(|row| row.student_id == student && is_live(row)).collect();
        check_student(setting, student, &own, waived);
    }
}

/// What a student may have at once, but for what permits waive.
fn check_student(setting: &Setting, student: StudentId, live: &[&StudentCourse], waived: &Waived) {
    let sections: BTreeSet<SectionId> = live.iter().map(|row| section(row)).collect();
    assert_eq!(sections.len(), live.len(), "nobody is twice in a section: {live:?}");
    let enrolled = live.iter().filter(|row| row.status == Status::Enrolled);
    let enrolled: Vec<(&Plain, StudentCourseId)> = enrolled.map(|row| (setting.plain(section(row)), row.id)).collect();
    let program = setting.pupil(student).program;
    for (index, (one, id)) in enrolled.iter().enumerate() {
        for (other, other_id) in &enrolled[index + 1..] {
            let may_meet = [*id, *other_id].iter().any(|id| is_waived(waived, *id, Code::TimeConflict));
            assert!(may_meet || one.hour.abs_diff(other.hour) >= 2, "{one:?} and {other:?} meet at once");
            assert!((one.course, one.component) != (other.course, other.component), "{one:?} and {other:?}");
        }
        let may_take = one.only_for.is_none_or(|only| only == program) || is_waived(waived, *id, Code::Restricted);
        assert!(may_take, "{program} in {one:?}");
    }
    let courses: BTreeSet<usize> = enrolled.iter().map(|(plain, _)| plain.course).collect();
    let credits = u32::try_from(courses.len()).unwrap() * CREDITS;
    let may_exceed = enrolled.iter().any(|(_, id)| is_waived(waived, *id, Code::CreditLimit));
    assert!(may_exceed || setting.max_credits.is_none_or(|most| credits <= most), "{credits} credits");
}

/// Asserts that nobody is left in a section that is cancelled, but who has got in by a permit after that.
pub(crate) fn check_cancelled(setting: &Setting, rows: &[StudentCourse], waived: &Waived) {
    for row in rows.iter().filter(|row| is_live(row) && setting.plain(section(row)).status == SectionStatus::Cancelled)
    {
        assert!(is_waived(waived, row.id, Code::SectionNotOpen) || row.status == Status::Waitlisted, "{row:?}");
    }
}

/// What one may not do at this time, nor in this section, but by a permit.
fn check_permission(university: &University, decided: &Decided) {
    let Decided { setting, before, record, .. } = decided;
    let pupil = setting.pupil(record.student_id);
    let is_now = |from: Option<i64>, until: Option<i64>| {
        from.is_none_or(|from| university.hours >= from) && until.is_none_or(|until| university.hours < until)
    };
    let is_barred = |action: &str| {
        let spans: Vec<&Span> = setting.windows.iter().filter(|own| [action, "both"].contains(&own.action)).collect();
        let is_own = |own: &&Span| own.only_for.is_none_or(|only| only == pupil.program);
        !spans.is_empty() && !spans.iter().copied().filter(|own| is_own(own)).any(|own| is_now(own.opens, own.closes))
    };
    let is_held = pupil.hold.is_some_and(|(from, until)| is_now(Some(from), Some(until)));
    let require = |row: &StudentCourse, rule, is_broken: bool| {
        assert!(!is_broken || is_waived(&university.waived, row.id, rule), "{rule} in {:?}", record.command);
    };
    let is_asked = !matches!(record.command, Command::Cancel(_) | Command::Grade(_));
    for change in record.judgement.changes.iter().filter(|_| is_asked) {
        let row = change.student_course();
        match change {
            Change::Start(_) | Change::Promote(_) if row.status == Status::Enrolled => {
                let passed = |old: &&StudentCourse| {
                    let is_same = old.student_id == row.student_id && old.course.id == row.course.id;
                    is_same
                        && old.status == Status::Completed
                        && old.grade.as_ref().is_some_and(|own| own.as_str() == "A")
                };
                require(row, Code::Hold, is_held);
                require(row, Code::WindowClosed, is_barred("add"));
                require(row, Code::SectionNotOpen, setting.plain(section(row)).status != SectionStatus::Open);
                require(row, Code::AlreadyPassed, before.iter().any(|old| passed(&old)));
            }
            Change::End(_) if matches!(row.status, Status::Dropped | Status::Withdrawn) => {
                require(row, Code::Hold, is_held);
                require(row, Code::WindowClosed, is_barred("drop"));
                let is_late = setting.withdraw_deadline.is_some_and(|last| university.hours >= last);
                require(row, Code::DeadlinePassed, is_late);
            }
            _ => {}
        }
    }
}

/// Asserts that of the course with linked components everybody has all or none, but for those who lost one by the institution, or
/// have completed one.
pub(crate) fn check_linked(setting: &Setting, rows: &[StudentCourse]) {
    let mut held: BTreeMap<StudentId, BTreeSet<&str>> = BTreeMap::new();
    let of_linked = |row: &&StudentCourse| setting.plain(section(row)).course == 0;
    for row in rows.iter().filter(of_linked).filter(|row| row.status.holds_seat()) {
        held.entry(row.student_id).or_default().insert(setting.plain(section(row)).component);
    }
    // What is completed is behind one: what belonged to it may be left alone then, or taken again.
    let is_apart = |row: &&StudentCourse| row.end_reason.is_some() || row.status == Status::Completed;
    let lost: BTreeSet<StudentId> = rows.iter().filter(of_linked).filter(is_apart).map(|row| row.student_id).collect();
    for (student, components) in held {
        assert!(components.len() == 2 || lost.contains(&student), "{student} has only {components:?}: {rows:?}");
    }
}

/// Asserts that what was decided is a legal step from what there was.
pub(crate) fn check_step(university: &University, decided: &Decided) {
    let Decided { before, after, record, .. } = decided;
    assert_eq!(record.judge_again(), record.judgement, "it can be decided again");
    let stored = serde_json::to_value(record).unwrap();
    assert_eq!(&serde_json::from_value::<enrollment_core::registration::Record>(stored).unwrap(), record);
    for row in after {
        let old = before.iter().find(|old| old.id == row.id);
        if old != Some(row) {
            assert_eq!(row.student_id, record.student_id, "only the student's own changes");
            assert!(is_legal(old, row), "{old:?} to {row:?}");
        }
    }
    assert!(before.iter().all(|old| after.iter().any(|row| row.id == old.id)), "nothing goes away");
    if let Command::Promote(promote) = &record.command {
        check_offer(university, decided, promote.student_course_id);
    } else {
        let refused = record.judgement.outcome == Verdict::Refused;
        assert!(!refused || before == after, "a refusal changes nothing");
        check_nobody_is_passed(university, decided);
    }
    check_swaps(&decided.setting, decided);
    check_permission(university, decided);
}

fn is_legal(old: Option<&StudentCourse>, row: &StudentCourse) -> bool {
    use Status::{Cancelled, Completed, Dropped, Enrolled, Waitlisted, Withdrawn};
    let Some(old) = old else { return matches!(row.status, Enrolled | Waitlisted) && i64::from(row.version) == 1 };
    let moves = match (old.status, row.status) {
        (Waitlisted, Waitlisted | Enrolled | Cancelled) => true,
        (Enrolled, Dropped | Withdrawn | Cancelled | Completed) | (Completed, Completed) => {
            old.enrolled_at == row.enrolled_at
        }
        _ => false,
    };
    moves && i64::from(row.version) == i64::from(old.version) + 1 && old.section == row.section
}

/// An offer goes to the first who can be seated, and who cannot be keeps the place.
fn check_offer(university: &University, decided: &Decided, waits: StudentCourseId) {
    let Decided { before, after, record, .. } = decided;
    let find = |rows: &[StudentCourse]| rows.iter().find(|row| row.id == waits).unwrap().clone();
    let (old, new) = (find(before), find(after));
    let pool = university.setting.pool_of(section(&old));
    assert!(record.caused_by.is_some(), "nobody asks for it");
    assert!(seats(&university.setting, before, pool, |_| true) < university.setting.capacities[pool]);
    if record.judgement.outcome == Verdict::Refused {
        assert_eq!((new.status, place(&new)), (old.status, place(&old)), "who is passed over keeps the place");
        let told = new.waitlist.unwrap().passed_over.unwrap();
        let told: Vec<_> = told.violations.iter().map(|violation| violation.code).collect();
        let refusing = record.judgement.steps.iter().flat_map(|step| &step.rules).filter(|finding| finding.refuses());
        assert_eq!(told, refusing.map(|finding| finding.rule).collect::<Vec<_>>(), "and learns why");
        return;
    }
    assert_eq!(new.status, Status::Enrolled);
    for ahead in waiting_for(&university.setting, before, pool).into_iter().take_while(|row| row.id != waits) {
        assert!(place(ahead) < place(&old));
        assert!(!university.would_admit(before, ahead), "{ahead:?} comes before {old:?}");
    }
}

/// Who takes a seat that was free takes it from nobody who waits and could have it.
fn check_nobody_is_passed(university: &University, decided: &Decided) {
    let Decided { setting, before, after, record } = decided;
    for pool in 0..setting.capacities.len() {
        let own = |rows: &[StudentCourse]| seats(setting, rows, pool, |row| row.student_id == record.student_id);
        if own(after) <= own(before) {
            continue;
        }
        for waits in waiting_for(setting, before, pool) {
            let passed = waits.student_id != record.student_id && university.would_admit(before, waits);
            assert!(!passed, "{:?} walks past {waits:?}", record.command);
        }
    }
}

/// What is swapped is left with having the new seat, and not before.
fn check_swaps(setting: &Setting, decided: &Decided) {
    let Decided { before, after, record, .. } = decided;
    let find = |rows: &[StudentCourse], id| rows.iter().find(|row| row.id == id).cloned();
    let swaps: Vec<(StudentCourseId, StudentCourseId)> = match &record.command {
        Command::Enroll(enroll) => swap(enroll).into_iter().collect(),
        Command::Plan(plan) => plan.adds.iter().chain(&plan.swaps).filter_map(swap).collect(),
        Command::Promote(promote) => {
            promote.swap_from.map(|old| (old, promote.student_course_id)).into_iter().collect()
        }
        Command::Drop(_) | Command::Cancel(_) | Command::Prioritize(_) | Command::Grade(_) => Vec::new(),
    };
    for (old, new) in swaps {
        let had = find(before, old).is_some_and(|row| is_live(&row));
        let has_old = find(after, old).is_some_and(|row| is_live(&row));
        let seated = |rows| find(rows, new).is_some_and(|row| row.status == Status::Enrolled);
        if had && record.judgement.outcome == Verdict::Accepted {
            // What is linked goes with what else of the course is left.
            let is_linked = |row: &StudentCourse| setting.plain(section(row)).course == 0;
            let ended = before.iter().filter(|row| is_live(row) && row.id != old && is_linked(row));
            let mut ended = ended.filter(|row| find(after, row.id).is_some_and(|row| !is_live(&row)));
            let along = find(before, old).is_some_and(|row| is_linked(&row)) && ended.next().is_some();
            assert!(has_old != seated(after) || along && !has_old, "one of both: {:?}", record.judgement);
        } else {
            assert!(!had || has_old, "a refusal loses nothing");
        }
    }
}

fn swap(enroll: &Enroll) -> Option<(StudentCourseId, StudentCourseId)> {
    enroll.request.swap_from.map(|old| (old, enroll.student_course_id))
}

/// Who waits where a seat is free, could be seated, and is not.
pub(crate) fn admissible(university: &University) -> BTreeSet<StudentCourseId> {
    let (setting, rows) = (&university.setting, &university.rows);
    let with_seats = setting.capacities.iter().enumerate();
    let with_seats = with_seats.filter(|(pool, capacity)| seats(setting, rows, *pool, |_| true) < **capacity);
    let waiting = with_seats.flat_map(|(pool, _)| waiting_for(setting, rows, pool));
    waiting.filter(|row| university.would_admit(rows, row)).map(|row| row.id).collect()
}

fn is_live(row: &StudentCourse) -> bool {
    matches!(row.status, Status::Waitlisted | Status::Enrolled)
}

fn section(row: &StudentCourse) -> SectionId {
    row.section.as_ref().unwrap().id
}

fn place(row: &StudentCourse) -> (i16, i64) {
    row.waitlist.as_ref().map(|place| (place.priority, place.sequence)).unwrap()
}
