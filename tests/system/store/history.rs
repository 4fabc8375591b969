//! The events of a student and of a section, in pages.

use super::university::{University, id, now};
use enrollment_core::access::Seen;
use enrollment_core::ids::StudentId;
use enrollment_core::page::{Limit, Page, PageRequest};
use enrollment_core::registration::{Event, HistoryRepository, Status, StudentCourse, StudentCourseFilter};
use enrollment_core::{Error, Subject};
use pollster::block_on;
use uuid::Uuid;

type Events = Result<Page<Event, i64>, Error>;

/// All pages of so many.
fn paged(size: u16, read: impl Fn(PageRequest<i64>) -> Events) -> Vec<Event> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = read(PageRequest { limit: Limit::try_from(size).unwrap(), after }).unwrap();
        all.extend(page.items);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

#[test]
fn a_history_has_the_newest_first_and_what_was_held_then() {
    let university = University::new();
    let (ada, grace, section) = (university.student(), university.student(), university.some_section(5));
    let first = university.enrolled(ada, section);
    let graces = university.enrolled(grace, section);
    let receipt = university.drop(ada, first.id).unwrap();
    let again = university.enrolled(ada, section);
    for size in [1, 2, 50] {
        let of_ada = paged(size, |page| block_on(university.store.of_student(ada, page)));
        let kinds: Vec<&str> = of_ada.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["enrolled", "dropped", "enrolled"]);
        let ids: Vec<_> = of_ada.iter().map(|event| event.student_course_id).collect();
        assert_eq!(ids, [Some(again.id), Some(first.id), Some(first.id)]);
        assert_eq!(serde_json::from_value::<StudentCourse>(of_ada[2].detail.clone()).unwrap(), first);
        assert_eq!(of_ada[1].attempt_id, receipt.attempt_id);
        assert_eq!((of_ada[1].at, of_ada[1].actor.as_str(), of_ada[1].section_id), (now(), "anonymous", Some(section)));
        block_on(university.store.record(of_ada[0].attempt_id)).unwrap();

        let of_section = paged(size, |page| block_on(university.store.of_section(section, page)));
        let students: Vec<_> = of_section.iter().map(|event| event.student_id).collect();
        assert_eq!(students, [ada, ada, grace, ada].map(Some));
        assert_eq!(of_section[2].student_course_id, Some(graces.id));
        assert!(of_section.windows(2).all(|pair| pair[0].sequence > pair[1].sequence));
    }
}

#[test]
fn a_history_may_be_empty_but_not_of_nothing() {
    let university = University::new();
    let (student, section) = (university.student(), university.some_section(5));
    assert!(block_on(university.store.of_student(student, PageRequest::default())).unwrap().items.is_empty());
    assert!(block_on(university.store.of_section(section, PageRequest::default())).unwrap().items.is_empty());
    let nobody = block_on(university.store.of_student(id().into(), PageRequest::default()));
    assert!(matches!(nobody, Err(Error::NotFound(Subject::Student))), "{nobody:?}");
    let nowhere = block_on(university.store.of_section(id().into(), PageRequest::default()));
    assert!(matches!(nowhere, Err(Error::NotFound(Subject::Section))), "{nowhere:?}");
}

#[test]
fn places_in_a_waitlist_are_those_of_the_moment() {
    let university = University::new();
    let section = university.some_section(1);
    university.enrolled(university.student(), section);
    let waiters: Vec<(StudentId, Uuid)> = (0..4).map(|_| (university.student(), id())).collect();
    let event = |(student, waiting): (StudentId, Uuid), status: &str, priority: i16, minute: u32| {
        let sequence = 1 + waiters.iter().position(|waiter| waiter.1 == waiting).unwrap();
        university.execute(&format!(
            "INSERT INTO registration_events (id, at, actor, student_id, section_id, student_course_id, attempt_id, kind, detail)
             SELECT '{}', '2026-11-24T10:{minute:02}:00Z', 'test', '{student}', '{section}', '{waiting}', '{}', '{status}',
                detail::jsonb || jsonb_build_object('id', '{waiting}', 'student_id', '{student}', 'status', '{status}',
                    'waitlist_position', 1, 'waitlist', jsonb_build_object('priority', {priority}, 'sequence', {sequence}))
             FROM registration_events WHERE section_id = '{section}' ORDER BY sequence LIMIT 1",
            id(),
            id()
        ));
    };
    for (minute, waiter) in (0..).zip(&waiters[..3]) {
        event(*waiter, "waitlisted", 0, minute);
    }
    event(waiters[3], "waitlisted", -1, 10);
    event(waiters[1], "cancelled", 0, 20);
    event(waiters[0], "waitlisted", 5, 30);

    let at = |minute: u32| format!("2026-11-24T10:{minute:02}:00Z").parse().unwrap();
    let waiting = |minute| -> Vec<(Uuid, Option<u32>)> {
        let roster =
            block_on(university.store.roster_as_of(section, at(minute), Seen::Everybody, PageRequest::default()))
                .unwrap();
        let lines = roster.items.into_iter().filter(|entry| entry.student_course.status == Status::Waitlisted);
        lines.map(|entry| (entry.student_course.id.uuid(), entry.student_course.waitlist_position)).collect()
    };
    let [first, second, third, urgent] = [0, 1, 2, 3].map(|waiter: usize| waiters[waiter].1);
    assert_eq!(waiting(1), [(first, Some(1)), (second, Some(2))]);
    assert_eq!(waiting(9), [(first, Some(1)), (second, Some(2)), (third, Some(3))]);
    assert_eq!(waiting(10), [(urgent, Some(1)), (first, Some(2)), (second, Some(3)), (third, Some(4))]);
    assert_eq!(waiting(20), [(urgent, Some(1)), (first, Some(2)), (third, Some(3))]);
    assert_eq!(waiting(30), [(urgent, Some(1)), (third, Some(2)), (first, Some(3))]);
    let place = |waiter: usize, minute| {
        let (page, filter) = (PageRequest::default(), StudentCourseFilter::default());
        let courses = block_on(university.store.courses_as_of(waiters[waiter].0, at(minute), filter, page)).unwrap();
        courses.items.first().map(|held| (held.status, held.waitlist_position))
    };
    assert_eq!(place(2, 1), None);
    assert_eq!(place(2, 10), Some((Status::Waitlisted, Some(4))));
    assert_eq!(place(2, 30), Some((Status::Waitlisted, Some(2))));
    assert_eq!(place(1, 30), Some((Status::Cancelled, None)));
}
