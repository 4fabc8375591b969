//! The catalogue: what `Repository` promises, for the four kinds of entries.

use super::university::{University, cause, entry, id, now};
use enrollment_core::catalog::{
    Course, CourseDraft, CourseFilter, Draft, Entry, Repository, Section, SectionDraft, SectionFilter, Student,
    StudentDraft, StudentFilter, Term, TermDraft, TermFilter, Version,
};
use enrollment_core::ids::SectionId;
use enrollment_core::page::{Limit, PageRequest};
use enrollment_core::{Error, Subject};
use enrollment_diesel::PgStore;
use pollster::block_on;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::thread;

fn student(fields: Value) -> Student {
    entry::<StudentDraft>(fields)
}

fn section(fields: Value) -> Section {
    entry::<SectionDraft>(fields)
}

/// The entry after a change, as the service makes it.
fn changed<E: Entry>(entry: &E, fields: Value) -> E
where
    E::Draft: serde::de::DeserializeOwned,
{
    let draft: E::Draft = serde_json::from_value(fields).unwrap();
    draft.over(entry).parse(entry.stamp().changed(now())).unwrap()
}

fn find<E: Entry>(university: &University, id: E::Id) -> Result<E, Error>
where
    PgStore: Repository<E>,
{
    block_on(university.store.find(id))
}

fn update<E: Entry>(university: &University, entry: &E, expected: Version) -> Result<E, Error>
where
    PgStore: Repository<E>,
{
    block_on(university.store.update(entry.clone(), expected, cause()))
}

fn delete<E: Entry>(university: &University, id: E::Id, expected: Option<Version>) -> Result<(), Error>
where
    PgStore: Repository<E>,
{
    block_on(Repository::<E>::delete(&university.store, id, expected, cause()))
}

/// All entries that the filter lets through, page by page.
fn all<E: Entry>(university: &University, filter: &E::Filter, limit: u16) -> Vec<E>
where
    PgStore: Repository<E>,
{
    let (mut entries, mut after) = (vec![], None);
    loop {
        let page = PageRequest { limit: Limit::try_from(limit).unwrap(), after };
        let page = block_on(Repository::<E>::list(&university.store, filter.clone(), page)).unwrap();
        assert!(page.items.len() <= usize::from(limit));
        entries.extend(page.items);
        after = page.next;
        if after.is_none() {
            return entries;
        }
    }
}

/// What every kind of entry has in common. `field` is its natural key.
fn keeps_entries<E>(university: &University, one: &E, two: &E, field: &'static str, change: Value)
where
    PgStore: Repository<E>,
    E: Entry + PartialEq,
    E::Id: Debug + Copy,
    E::Draft: serde::de::DeserializeOwned,
{
    let (first, second) = (Version::FIRST, Version::FIRST.next());
    let id = one.stamp().id;
    assert_eq!(university.insert(one.clone()).unwrap(), *one);
    assert_eq!(find::<E>(university, id).unwrap(), *one, "what was inserted reads back the same");
    assert!(matches!(find::<E>(university, two.stamp().id), Err(Error::NotFound(subject)) if subject == E::SUBJECT));

    let twin = university.insert(two.clone());
    assert!(
        matches!(twin, Err(Error::Duplicate { subject, field: named }) if subject == E::SUBJECT && named == field),
        "{twin:?}"
    );

    let next = changed(one, change);
    assert_eq!(update(university, &next, first).unwrap(), next);
    assert_eq!(find::<E>(university, id).unwrap(), next);
    assert!(matches!(update(university, &next, first), Err(Error::Stale(subject)) if subject == E::SUBJECT));
    assert!(matches!(update(university, two, first), Err(Error::NotFound(subject)) if subject == E::SUBJECT));

    assert!(matches!(delete::<E>(university, id, Some(first)), Err(Error::Stale(_))));
    delete::<E>(university, id, Some(second)).unwrap();
    assert!(matches!(delete::<E>(university, id, None), Err(Error::NotFound(subject)) if subject == E::SUBJECT));
}

#[test]
fn students_are_kept() {
    let university = University::new();
    let full = json!({"number": "学1", "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.edu",
        "program": "BSc", "level": "2", "status": "suspended", "max_credits": 7.25});
    let twin = json!({"number": "学1", "given_name": "A", "family_name": "L"});
    let change = json!({"email": null, "program": null, "level": null, "status": "active", "max_credits": null});
    keeps_entries(&university, &student(full), &student(twin), "number", change);
}

#[test]
fn courses_are_kept() {
    let university = University::new();
    let full = json!({"code": "CS1", "title": "Computing", "description": "One.\n\nTwo.", "credits": 0.5, "max_credits": 12.25, "repeat_policy": {"at_most": 3},
        "requisite": {"any": [{"course": "CS0", "min_grade": "B"}, {"all": [{"course": "M1"}, {"course": "M2"}]}]},
        "corequisite": {"course": "CS2", "in_progress": true}, "excludes": ["CS3", "CS4"], "restriction": {"programs": ["BSc"], "levels": ["1", "2"]}});
    let twin = json!({"code": "CS1", "title": "Other", "credits": 999.99});
    let change = json!({"description": null, "credits": 0, "max_credits": null, "repeatable": false, "requisite": null, "corequisite": null, "excludes": [], "restriction": null});
    keeps_entries(&university, &entry::<CourseDraft>(full), &entry::<CourseDraft>(twin), "code", change);
}

#[test]
fn terms_are_kept() {
    let university = University::new();
    let full = json!({"code": "2026-fall", "name": "Fall", "time_zone": "Asia/Shanghai", "starts_on": "2026-09-01",
        "ends_on": "2027-01-15", "max_credits": 20, "program_max_credits": {"BSc Physics": 18.25, "理学": 0}, "audit_counts": true, "enrollment_opens_at": "2026-08-01T08:00:00+08:00",
        "enrollment_closes_at": "2026-09-15", "drop_deadline": "2026-10-01", "withdraw_deadline": "2026-12-01"});
    let twin = json!({"code": "2026-fall", "name": "F", "time_zone": "UTC", "starts_on": "2026-09-01", "ends_on": "2026-09-01"});
    let change = json!({"max_credits": null, "program_max_credits": {}, "audit_counts": false, "enrollment_opens_at": null, "enrollment_closes_at": null,
        "drop_deadline": null, "withdraw_deadline": null});
    keeps_entries(&university, &entry::<TermDraft>(full), &entry::<TermDraft>(twin), "code", change);
}

#[test]
fn sections_are_kept_with_their_meetings_and_seats() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let full = json!({"course_id": course, "term_id": term, "number": "001", "component": "lab", "capacity": 30,
        "waitlist_capacity": 5, "status": "open", "instructor": "李雷", "meetings": [
            {"days": ["mon", "sun"], "starts_at": "08:00", "ends_at": "09:50", "weeks": [1, 2, 63], "location": "H 101"},
            {"days": ["fri"], "starts_at": "00:00", "ends_at": "23:59"}]});
    let twin = json!({"course_id": course, "term_id": term, "number": "001", "capacity": 1});
    let change = json!({"capacity": 31, "instructor": null, "meetings": [
        {"days": ["tue"], "starts_at": "10:00", "ends_at": "11:00"}]});
    keeps_entries(&university, &section(full), &section(twin), "number", change);
    assert_eq!(university.text("SELECT count(*) FROM seat_pools"), "0", "a pool goes with its last section");
    assert_eq!(university.text("SELECT count(*) FROM meetings"), "0");
}

#[test]
fn of_two_who_add_the_same_at_the_same_time_one_is_told() {
    let university = University::new();
    let answers: Vec<_> = thread::scope(|scope| {
        let add = || university.insert(student(json!({"number": "1", "given_name": "A", "family_name": "L"})));
        let adding: Vec<_> = (0..8).map(|_| scope.spawn(add)).collect();
        adding.into_iter().map(|adding| adding.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let told =
        |answer: &&Result<_, _>| matches!(answer, Err(Error::Duplicate { subject: Subject::Student, field: "number" }));
    assert_eq!(answers.iter().filter(told).count(), 7);
}

#[test]
fn a_section_of_nothing_is_a_wrong_field() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let pointer = |answer: Result<Section, Error>| match answer {
        Err(Error::Invalid(errors)) => errors.iter().next().unwrap().pointer.clone(),
        other => panic!("{other:?}"),
    };
    let of = |course: Value, term: Value| {
        section(json!({"course_id": course, "term_id": term, "number": "1", "capacity": 1}))
    };
    assert_eq!(pointer(university.insert(of(json!(id()), json!(term)))), "/course_id");
    assert_eq!(pointer(university.insert(of(json!(course), json!(id())))), "/term_id");
    assert_eq!(university.text("SELECT count(*) FROM seat_pools"), "0", "nothing is left of what was refused");

    let kept = university.insert(of(json!(course), json!(term))).unwrap();
    assert_eq!(pointer(update(&university, &changed(&kept, json!({"term_id": id()})), kept.version)), "/term_id");
}

#[test]
fn what_is_in_use_is_not_deleted_and_all_its_uses_are_named() {
    let university = University::new();
    let (course, term, student) = (university.course("CS1"), university.term("T1"), university.student());
    let empty = university.section(course, term, 1);
    let uses = |answer| match answer {
        Err(Error::InUse { by, .. }) => by,
        other => panic!("{other:?}"),
    };
    assert_eq!(uses(delete::<Course>(&university, course, None)), [Subject::Section]);
    assert_eq!(uses(delete::<Term>(&university, term, None)), [Subject::Section]);

    let section = university.section(course, term, 1);
    let held = university.enrolled(student, section);
    university.drop(student, held.id).unwrap();
    let both = [Subject::Section, Subject::StudentCourse];
    assert_eq!(uses(delete::<Course>(&university, course, None)), both);
    assert_eq!(uses(delete::<Term>(&university, term, None)), both);
    assert_eq!(uses(delete::<Section>(&university, section, None)), [Subject::StudentCourse]);
    assert_eq!(uses(delete::<Student>(&university, student, None)), [Subject::StudentCourse]);
    delete::<Section>(&university, empty, None).unwrap();
}

#[test]
fn a_section_cannot_have_fewer_seats_than_are_taken_nor_leave_its_course() {
    let university = University::new();
    let (course, term) = (university.course("CS1"), university.term("T1"));
    let (other_course, other_term) = (university.course("CS2"), university.term("T2"));
    let id = university.section(course, term, 3);
    // While nobody has registered, all can change.
    let section: Section = find(&university, id).unwrap();
    let moved = changed(&section, json!({"course_id": other_course, "term_id": other_term, "component": "lab"}));
    assert_eq!(update(&university, &moved, section.version).unwrap(), moved);
    let back = changed(&moved, json!({"course_id": course, "term_id": term, "component": "lecture"}));
    let section = update(&university, &back, moved.version).unwrap();

    university.enrolled(university.student(), id);
    let last = university.student();
    let last = (last, university.enrolled(last, id));
    let update = |fields| update(&university, &changed(&section, fields), section.version);
    let refused = update(json!({"capacity": 1}));
    assert!(matches!(refused, Err(Error::SeatsTaken { seats: 1, taken: 2, field: "capacity" })), "{refused:?}");
    for (field, value) in
        [("course_id", json!(other_course)), ("term_id", json!(other_term)), ("component", json!("lab"))]
    {
        let refused = update(json!({ field: value }));
        assert!(
            matches!(refused, Err(Error::Fixed { subject: Subject::Section, field: told }) if told == field),
            "{refused:?}"
        );
    }
    assert_eq!(find::<Section>(&university, id).unwrap(), Section { enrolled: 2, seats_taken: 2, ..section.clone() });
    university.drop(last.0, last.1.id).unwrap();
    assert_eq!(update(json!({"capacity": 1})).unwrap().capacity.get(), 1);
    university.check();
}

#[test]
fn meetings_that_do_not_change_are_not_written_again() {
    let university = University::new();
    let meetings = json!([{"days": ["mon"], "starts_at": "08:00", "ends_at": "09:00"}]);
    let id = university.section_with(university.course("CS1"), university.term("T1"), json!({ "meetings": meetings }));
    let written = || university.text("SELECT xmin FROM meetings");
    let (section, before): (Section, _) = (find(&university, id).unwrap(), written());
    let renamed = update(&university, &changed(&section, json!({"instructor": "Ada"})), section.version).unwrap();
    assert_eq!(written(), before);
    update(&university, &changed(&renamed, json!({"meetings": []})), renamed.version).unwrap();
    assert_eq!(find::<Section>(&university, id).unwrap().meetings, []);
}

#[test]
fn lists_come_in_the_order_of_making_whatever_the_page() {
    let university = University::new();
    let students: Vec<_> = (0..5).map(|_| university.student()).collect();
    let courses: Vec<_> = (0..5).map(|n| university.course(&format!("CS{n}"))).collect();
    let terms: Vec<_> = (0..5).map(|n| university.term(&format!("T{n}"))).collect();
    for limit in [1, 2, 5, 200] {
        let listed: Vec<Student> = all(&university, &StudentFilter::default(), limit);
        assert_eq!(listed.iter().map(|student| student.id).collect::<Vec<_>>(), students);
        let listed: Vec<Course> = all(&university, &CourseFilter::default(), limit);
        assert_eq!(listed.iter().map(|course| course.id).collect::<Vec<_>>(), courses);
        let listed: Vec<Term> = all(&university, &TermFilter::default(), limit);
        assert_eq!(listed.iter().map(|term| term.id).collect::<Vec<_>>(), terms);
    }
    let course: Vec<Course> = all(&university, &CourseFilter { code: Some("CS3".try_into().unwrap()) }, 1);
    assert_eq!(course.iter().map(|course| course.id).collect::<Vec<_>>(), [courses[3]]);
    let term: Vec<Term> = all(&university, &TermFilter { code: Some("none".try_into().unwrap()) }, 1);
    assert!(term.is_empty());
}

#[test]
fn sections_are_found_by_term_course_text_and_free_seats() {
    let university = University::new();
    let (algebra, physics) =
        (university.course("MATH_1"), university.course_with("PH1", json!({"title": "100% Physics"})));
    let (fall, spring) = (university.term("fall"), university.term("spring"));
    let one = university.section_with(algebra, fall, json!({"number": "A\\1", "capacity": 1}));
    let two = university.section_with(algebra, spring, json!({"instructor": "Emmy NOETHER"}));
    let three = university.section_with(physics, fall, json!({"status": "planned"}));
    let found = |filter: SectionFilter| -> Vec<SectionId> {
        let pages = [1, 2, 50].map(|limit| all::<Section>(&university, &filter, limit));
        assert!(pages.iter().all(|page| *page == pages[0]), "the same whatever the page");
        pages[0].iter().map(|section| section.id).collect()
    };
    let filter = SectionFilter::default;
    let text = |text: &str| SectionFilter { q: Some(text.try_into().unwrap()), ..filter() };
    assert_eq!(found(filter()), [one, two, three]);
    assert_eq!(found(SectionFilter { term_id: Some(fall), ..filter() }), [one, three]);
    assert_eq!(found(SectionFilter { course_id: Some(algebra), term_id: Some(fall), ..filter() }), [one]);
    assert_eq!(found(text("math_")), [one, two]);
    assert_eq!(found(text("noether")), [two]);
    assert_eq!(found(text("0% phys")), [three]);
    assert_eq!(found(text(r"A\1")), [one]);
    // Wildcards of SQL are characters like others.
    assert_eq!(found(text("MATH%1")), []);
    assert_eq!(found(text("MATHx1")), []);
    assert_eq!(found(SectionFilter { open: true, ..filter() }), [one, two]);
    university.enrolled(university.student(), one);
    assert_eq!(found(SectionFilter { open: true, q: Some("math".try_into().unwrap()), ..filter() }), [two]);
    let listed: Vec<Section> = all(&university, &filter(), 50);
    assert_eq!(listed.iter().map(|section| section.enrolled).collect::<Vec<_>>(), [1, 0, 0]);
}

#[test]
fn a_row_that_the_core_refuses_is_an_error_that_names_it() {
    let university = University::new();
    let id = university.term("T1");
    university.execute("UPDATE terms SET time_zone = 'Middle/Earth'");
    let Err(Error::Internal(cause)) = find::<Term>(&university, id) else { panic!("it was not refused") };
    assert!(cause.to_string().contains(&format!("terms {id} has a time_zone that cannot be")), "{cause}");
}
