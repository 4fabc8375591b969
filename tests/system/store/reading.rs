//! Reading a student's courses and a section's roster.

use super::university::{University, id};
use enrollment_core::access::Seen;
use enrollment_core::ids::{StudentCourseId, StudentId};
use enrollment_core::page::{Limit, PageRequest};
use enrollment_core::registration::{
    RegistrationRepository, RosterEntry, Status, StudentCourse, StudentCourseFilter, TimetableTerms,
};
use enrollment_core::{Error, Subject};
use pollster::block_on;
use serde_json::json;

fn limit(limit: u16) -> Limit {
    Limit::try_from(limit).unwrap()
}

/// All of a student's courses that the filter lets through, page by page.
fn courses(university: &University, student: StudentId, filter: &StudentCourseFilter, size: u16) -> Vec<StudentCourse> {
    let (mut all, mut after) = (vec![], None);
    loop {
        let page = PageRequest { limit: limit(size), after };
        let page = block_on(university.store.courses_of(student, filter.clone(), page)).unwrap();
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

#[test]
fn a_students_courses_come_newest_first_whatever_the_page() {
    let university = University::new();
    let (student, fall, spring) = (university.student(), university.term("fall"), university.term("spring"));
    let held: Vec<StudentCourse> = (0..5)
        .map(|n| {
            let term = if n % 2 == 0 { fall } else { spring };
            university.enrolled(student, university.section(university.course(&format!("CS{n}")), term, 1))
        })
        .collect();
    let mut newest: Vec<StudentCourse> = held.iter().rev().cloned().collect();
    let dropped = university.drop(student, held[2].id).unwrap().student_course().unwrap().clone();
    newest[2] = dropped.clone();
    university.enrolled(university.student(), university.some_section(1));
    let everything = StudentCourseFilter::default();
    for size in [1, 2, 5, 6] {
        assert_eq!(courses(&university, student, &everything, size), newest);
    }
    let in_spring = StudentCourseFilter { term_id: Some(spring), ..everything.clone() };
    assert_eq!(courses(&university, student, &in_spring, 1), [held[3].clone(), held[1].clone()]);
    let only_dropped = StudentCourseFilter { status: Some(Status::Dropped), ..everything.clone() };
    assert_eq!(courses(&university, student, &only_dropped, 1), [dropped]);
    assert_eq!(courses(&university, university.student(), &everything, 1), [], "a student without courses has none");
    let nobody = block_on(university.store.courses_of(id().into(), everything, PageRequest::default()));
    assert!(matches!(nobody, Err(Error::NotFound(Subject::Student))), "{nobody:?}");
}

#[test]
fn credit_from_elsewhere_is_one_of_them() {
    let university = University::new();
    let (student, course) = (university.student(), university.course_with("CS1", json!({"credits": 1.5})));
    university.credit_from_elsewhere(student, course, "A-");
    let all = courses(&university, student, &StudentCourseFilter::default(), 50);
    let [held] = &all[..] else { panic!("{all:?}") };
    assert_eq!((held.status, &held.section, &held.term), (Status::Completed, &None, &None));
    assert_eq!((held.credits.to_string(), held.grade.as_ref().unwrap().as_str()), ("1.5".into(), "A-"));
}

#[test]
fn one_student_course_is_found_by_its_student_only() {
    let university = University::new();
    let student = university.student();
    let held = university.enrolled(student, university.some_section(1));
    assert_eq!(block_on(university.store.find(student, held.id)).unwrap(), held);
    for (student, id) in [(university.student(), held.id), (student, id().into())] {
        let found = block_on(university.store.find(student, id));
        assert!(matches!(found, Err(Error::NotFound(Subject::StudentCourse))), "{found:?}");
    }
}

#[test]
fn a_roster_has_the_seated_first_and_then_the_waitlist_in_its_order() {
    let university = University::new();
    let section = university.some_section(10);
    let students: Vec<StudentId> = (0..7).map(|_| university.student()).collect();
    let seated: Vec<StudentCourseId> =
        students[..3].iter().map(|student| university.enrolled(*student, section).id).collect();
    let gone = university.enrolled(students[3], section).id;
    university.drop(students[3], gone).unwrap();
    university.execute("UPDATE sections SET waitlist_capacity = 3");
    // Priority comes before the order of coming.
    let waiting = [(students[4], 1, 1_i64), (students[5], 0, 3), (students[6], 0, 2)].map(|(student, priority, sequence)| {
        let id = id();
        university.execute(&format!(
            "INSERT INTO student_courses (id, student_id, course_id, term_id, section_id, component, status, credits,
                 waitlist_priority, waitlist_sequence, created_at, updated_at)
             SELECT '{id}', '{student}', course_id, term_id, id, component, 'waitlisted', 3, {priority}, {sequence}, now(), now()
             FROM sections WHERE id = '{section}'"));
        StudentCourseId::from(id)
    });
    let expected: Vec<StudentCourseId> = seated.into_iter().chain([waiting[2], waiting[1], waiting[0]]).collect();
    for size in [1, 2, 4, 6, 50] {
        let (mut all, mut after) = (Vec::<RosterEntry>::new(), None);
        loop {
            let page =
                block_on(university.store.roster(section, Seen::Everybody, PageRequest { limit: limit(size), after }))
                    .unwrap();
            all.extend(page.items);
            // As a caller gives it back.
            after = page.next.map(|key| key.to_string().parse().unwrap());
            if after.is_none() {
                break;
            }
        }
        assert_eq!(all.iter().map(|entry| entry.student_course.id).collect::<Vec<_>>(), expected, "pages of {size}");
        let places: Vec<_> = all.iter().map(|entry| entry.student_course.waitlist_position).collect();
        assert_eq!(places, [None, None, None, Some(1), Some(2), Some(3)]);
        assert_eq!(all[0].student.id, students[0]);
        assert_eq!(all[0].student.family_name.as_str(), "Lovelace");
    }
    let empty =
        block_on(university.store.roster(university.some_section(1), Seen::Everybody, PageRequest::default())).unwrap();
    assert!(empty.items.is_empty() && empty.next.is_none());
    let none = block_on(university.store.roster(id().into(), Seen::Everybody, PageRequest::default()));
    assert!(matches!(none, Err(Error::NotFound(Subject::Section))), "{none:?}");
}

#[test]
fn a_timetable_has_what_the_student_is_enrolled_in_with_its_meetings() {
    let university = University::new();
    let fall = university.term_with("fall", json!({"ends_on": "2027-01-31"}));
    let spring = university.term_with("spring", json!({"starts_on": "2027-02-01", "ends_on": "2027-07-31"}));
    let meetings = json!([
        {"days": ["wed", "mon"], "starts_at": "10:00", "ends_at": "11:15", "weeks": [1, 63], "location": "H 101"},
        {"days": ["fri"], "starts_at": "08:00", "ends_at": "09:00"}
    ]);
    let student = university.student();
    let section = |code, term, fields| university.section_with(university.course(code), term, fields);
    let met = section("CS1", fall, json!({"number": "7", "instructor": "Hopper", "meetings": meetings}));
    let held = university.enrolled(student, met);
    let next = university.enrolled(student, section("CS2", spring, json!({})));
    let gone = university.enrolled(student, section("CS3", fall, json!({})));
    university.drop(student, gone.id).unwrap();
    university.credit_from_elsewhere(student, university.course("CS0"), "A");
    university.enrolled(university.student(), met);

    let timetable = |student, terms| block_on(university.store.timetable(student, terms));
    let entries = timetable(student, TimetableTerms::One(fall)).unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = serde_json::to_value(&entries[0]).unwrap();
    let expected = json!({
        "student_course_id": held.id, "course": held.course, "section": held.section, "instructor": "Hopper",
        "term": {
            "id": fall, "code": "fall", "name": "fall", "time_zone": "Europe/Berlin",
            "starts_on": "2026-10-01", "ends_on": "2027-01-31"
        },
        "meetings": [
            {"days": ["mon", "wed"], "starts_at": "10:00", "ends_at": "11:15", "weeks": [1, 63], "location": "H 101"},
            {"days": ["fri"], "starts_at": "08:00", "ends_at": "09:00", "weeks": null, "location": null}
        ]
    });
    assert_eq!(entry, expected);
    for (day, expected) in
        [("2027-01-31", vec![held.id, next.id]), ("2027-02-01", vec![next.id]), ("2027-08-01", vec![])]
    {
        let entries = timetable(student, TimetableTerms::EndingFrom(day.parse().unwrap())).unwrap();
        let mut found: Vec<StudentCourseId> = entries.iter().map(|entry| entry.student_course_id).collect();
        found.sort();
        assert_eq!(found, expected, "{day}");
    }
    assert_eq!(timetable(student, TimetableTerms::One(id().into())).unwrap(), []);
    assert_eq!(timetable(university.student(), TimetableTerms::One(fall)).unwrap(), []);
    let nobody = timetable(id().into(), TimetableTerms::One(fall));
    assert!(matches!(nobody, Err(Error::NotFound(Subject::Student))), "{nobody:?}");
}
