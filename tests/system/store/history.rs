//! The events of a student and of a section, in pages.

use super::university::{University, id, now};
use enrollment_core::page::{Limit, Page, PageRequest};
use enrollment_core::registration::{Event, HistoryRepository, StudentCourse};
use enrollment_core::{Error, Subject};
use pollster::block_on;

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
        assert_eq!(students, [ada, ada, grace, ada]);
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
