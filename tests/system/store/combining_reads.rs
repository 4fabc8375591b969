//! Students' courses are read many at once, and each list is as if it had been read by itself.

use super::university::{University, id};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use enrollment_core::health::{Health, Lane};
use enrollment_core::ids::{StudentCourseId, StudentId, TermId};
use enrollment_core::page::{Limit, Page, PageRequest};
use enrollment_core::registration::{RegistrationRepository, Status, StudentCourse, StudentCourseFilter};
use enrollment_core::{Error, Subject};
use enrollment_tests::Numbers;
use pollster::block_on;
use std::thread;
use std::time::{Duration, Instant};

type Answer = Result<Page<StudentCourse, StudentCourseId>, Error>;

#[derive(Clone)]
struct Asked {
    student: StudentId,
    filter: StudentCourseFilter,
    page: PageRequest<StudentCourseId>,
}

impl Asked {
    fn all_of(student: StudentId) -> Self {
        Self { student, filter: StudentCourseFilter::default(), page: PageRequest::default() }
    }

    fn ask(self, university: &University) -> Answer {
        block_on(university.store.courses_of(self.student, self.filter, self.page))
    }

    /// The right answer, from all that the student has.
    fn expected(&self, newest_first: &[StudentCourse]) -> Page<StudentCourse, StudentCourseId> {
        let admitted = newest_first.iter().filter(|held| {
            self.page.after.is_none_or(|after| held.id < after)
                && self.filter.status.is_none_or(|status| held.status == status)
                && self.filter.term_id.is_none_or(|term| held.term.as_ref().is_some_and(|own| own.id == term))
        });
        Page::cut(admitted.cloned().collect(), self.page.limit, |held| held.id)
    }
}

/// How long a read may wait here for what the test stops it by.
const PATIENCE: Duration = Duration::from_secs(60);

fn patient() -> University {
    University::with(|config| (config.lock_timeout, config.statement_timeout) = (PATIENCE, PATIENCE))
}

/// Nobody reads a student's courses until this is dropped.
struct Stopped(#[expect(dead_code, reason = "its transaction holds the lock")] PgConnection);

fn stop_readers(university: &University) -> Stopped {
    let mut connection = university.connect();
    connection.batch_execute("BEGIN; LOCK TABLE student_courses").unwrap();
    Stopped(connection)
}

/// Asks for all of these while another list cannot be read, so that they queue up and are read together.
fn together(university: &University, asked: &[Asked]) -> Vec<Answer> {
    let before = Asked::all_of(university.student());
    let stopped = stop_readers(university);
    thread::scope(|scope| {
        let before = scope.spawn(|| before.ask(university));
        wait_until(university, |courses| (courses.busy, courses.queued) == (1, 0));
        let asking: Vec<_> = asked.iter().map(|asked| scope.spawn(|| asked.clone().ask(university))).collect();
        wait_until(university, |courses| courses.queued == asked.len());
        drop(stopped);
        assert!(before.join().unwrap().unwrap().items.is_empty());
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    })
}

fn wait_until(university: &University, condition: impl Fn(&Lane) -> bool) {
    let began = Instant::now();
    loop {
        let lanes = university.store.load().lanes;
        let courses = lanes.iter().find(|lane| lane.name == "courses").unwrap();
        if condition(courses) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{courses:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// What a student has had by now, the newest first.
fn held_by(university: &University, student: StudentId, terms: &[TermId], numbers: &mut Numbers) -> Vec<StudentCourse> {
    let mut held: Vec<StudentCourse> = (0..numbers.below(8))
        .map(|_| {
            let term = terms[numbers.below(terms.len())];
            let section = university.section(university.course(&id().to_string()), term, 1);
            let enrolled = university.enrolled(student, section);
            if numbers.below(3) > 0 {
                return enrolled;
            }
            university.drop(student, enrolled.id).unwrap().student_course().unwrap().clone()
        })
        .collect();
    held.reverse();
    held
}

#[test]
fn each_list_is_as_if_it_were_read_by_itself() {
    let university = patient();
    let mut numbers = Numbers::from(7);
    let terms = [university.term("fall"), university.term("spring")];
    let students: Vec<(StudentId, Vec<StudentCourse>)> = (0..12)
        .map(|_| {
            let student = university.student();
            (student, held_by(&university, student, &terms, &mut numbers))
        })
        .collect();
    let asked: Vec<(Asked, Page<StudentCourse, StudentCourseId>)> = (0..100)
        .map(|_| {
            let (student, held) = &students[numbers.below(students.len())];
            let filter = StudentCourseFilter {
                term_id: [None, Some(terms[0]), Some(terms[1])][numbers.below(3)],
                status: [None, Some(Status::Enrolled), Some(Status::Dropped)][numbers.below(3)],
            };
            let after = if held.is_empty() { None } else { Some(held[numbers.below(held.len())].id) };
            let page = PageRequest {
                limit: Limit::try_from([1_u16, 2, 50][numbers.below(3)]).unwrap(),
                after: after.filter(|_| numbers.below(2) == 0),
            };
            let asked = Asked { student: *student, filter, page };
            let expected = asked.expected(held);
            (asked, expected)
        })
        .collect();
    let (questions, expected): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
    for (answer, expected) in together(&university, &questions).into_iter().zip(expected) {
        assert_eq!(answer.unwrap(), expected);
    }
}

#[test]
fn neither_an_unknown_student_nor_a_corrupt_row_is_told_to_others() {
    let university = patient();
    let students: Vec<StudentId> = (0..8).map(|_| university.student()).collect();
    let held: Vec<StudentCourse> =
        students.iter().map(|student| university.enrolled(*student, university.some_section(1))).collect();
    university.execute(&format!(
        "ALTER TABLE courses DROP CONSTRAINT courses_title_check;
         UPDATE courses SET title = '' WHERE id = '{}'",
        held[3].course.id
    ));
    let nobody = Asked::all_of(id().into());
    let asked: Vec<Asked> = students.iter().map(|student| Asked::all_of(*student)).chain([nobody]).collect();
    for _ in 0..2 {
        for (place, answer) in together(&university, &asked).into_iter().enumerate() {
            match (place, answer) {
                (3, Err(Error::Internal(cause))) => assert!(cause.to_string().contains("title"), "{cause}"),
                (8, Err(Error::NotFound(Subject::Student))) => {}
                (_, Ok(page)) => assert_eq!(page.items, [held[place].clone()]),
                (_, answer) => panic!("{place}: {answer:?}"),
            }
        }
    }
}

#[test]
fn what_is_too_much_to_wait_is_busy_at_once() {
    let university = University::with(|config| {
        config.queue = 2;
        config.lock_timeout = PATIENCE;
        config.statement_timeout = PATIENCE;
    });
    let student = university.student();
    let stopped = stop_readers(&university);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let asking: Vec<_> = (0..20).map(|_| scope.spawn(|| Asked::all_of(student).ask(&university))).collect();
        let began = Instant::now();
        // Of those that were there at first, one batch is on its way; behind it, two may wait.
        while asking.iter().filter(|asking| asking.is_finished()).count() == 0 {
            assert!(began.elapsed() < PATIENCE, "they are not told at once");
            thread::sleep(Duration::from_millis(1));
        }
        drop(stopped);
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    let busy = answers.iter().filter(|answer| matches!(answer, Err(Error::Busy))).count();
    let read = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(busy > 0 && read > 0 && busy + read == 20, "{busy} busy, {read} read");
}
