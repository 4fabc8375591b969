//! Grades at once: whoever gives them, every row ends with one, and the history tells all of them.

use super::university::{University, attempt, codes};
use enrollment_core::access::Seen;
use enrollment_core::ids::StudentCourseId;
use enrollment_core::registration::{
    Attempt, Code, Command, GiveGrade, RegistrationRepository, RosterName, StudentCourse,
};
use pollster::block_on;
use std::thread;
use uuid::Uuid;

fn giving(held: &StudentCourse, grade: &str) -> Attempt {
    let give = GiveGrade { student_course_id: held.id, grade: Some(grade.try_into().unwrap()) };
    attempt(held.student_id, Command::Grade(give))
}

#[test]
fn two_who_grade_one_roster_at_once_leave_one_grade_each_and_a_whole_history() {
    let university = University::new();
    let section = university.some_section(30);
    let roster: Vec<StudentCourse> = (0..30).map(|_| university.enrolled(university.student(), section)).collect();
    let give_all = |grade: &str, backwards: bool| {
        let mut rows: Vec<&StudentCourse> = roster.iter().collect();
        if backwards {
            rows.reverse();
        }
        for held in rows {
            assert_eq!(codes(&university.register(giving(held, grade)).unwrap()), []);
        }
    };
    thread::scope(|scope| {
        for (grade, backwards) in [("A", false), ("B", true), ("C", false)] {
            let give_all = &give_all;
            scope.spawn(move || give_all(grade, backwards));
        }
    });
    for held in &roster {
        let now = university.found(held.student_id, held.id);
        let told = |what: &str| {
            university.text(&format!(
                "SELECT string_agg({what}, ' ' ORDER BY sequence) FROM registration_events WHERE student_course_id = '{}'",
                held.id
            ))
        };
        assert_eq!(told("kind"), "enrolled completed graded graded");
        let grades = told("detail ->> 'grade'");
        let mut all: Vec<&str> = grades.split(' ').collect();
        assert_eq!(now.grade.as_ref().map(enrollment_core::text::Grade::as_str), all.last().copied());
        all.sort_unstable();
        assert_eq!(all, ["A", "B", "C"], "no grade is lost");
        assert_eq!(i64::from(now.version), 4);
    }
    assert_eq!(university.seats(section), ("30".into(), "30".into()));
    university.check();
}

#[test]
fn a_grade_that_is_not_on_the_scale_any_more_is_refused() {
    let university = University::new();
    let held = university.enrolled(university.student(), university.some_section(1));
    university.execute("DELETE FROM grades WHERE grade = 'A'");
    assert_eq!(codes(&university.register(giving(&held, "A")).unwrap()), [Code::GradeUnknown]);
    university.check();
}

#[test]
fn a_roster_is_found_by_each_of_its_names() {
    let university = University::new();
    let section = university.some_section(9);
    let student = university.student();
    let first = university.enrolled(student, section);
    university.drop(student, first.id).unwrap();
    let held = university.enrolled(student, section);
    let other = university.enrolled(university.student(), university.some_section(1));
    let number = university.text(&format!("SELECT number FROM students WHERE id = '{student}'"));
    let asked = vec![
        RosterName::Student(student),
        RosterName::Number(number.as_str().try_into().unwrap()),
        RosterName::StudentCourse(first.id),
        RosterName::StudentCourse(other.id),
        RosterName::Student(other.student_id),
        RosterName::Number("nobody".try_into().unwrap()),
        RosterName::StudentCourse(held.id),
    ];
    let named = block_on(university.store.named_in(section, asked.clone(), Seen::Everybody)).unwrap();
    let own = |id: StudentCourseId| Some((student, id));
    assert_eq!(named, [own(held.id), own(held.id), own(first.id), None, None, None, own(held.id)]);
    // Who is confidential is not there for those without need, by whatever name.
    university.execute(&format!("UPDATE students SET confidential = true WHERE id = '{student}'"));
    let hidden = block_on(university.store.named_in(section, asked.clone(), Seen::NotConfidential)).unwrap();
    assert_eq!(hidden, [None; 7]);
    let named = block_on(university.store.named_in(section, asked.clone(), Seen::Everybody)).unwrap();
    assert_eq!(named[1], own(held.id));
    university.drop(student, held.id).unwrap();
    let named = block_on(university.store.named_in(section, asked, Seen::Everybody)).unwrap();
    assert_eq!(named[0], own(held.id), "of what has ended, the last");
    let nowhere =
        block_on(university.store.named_in(Uuid::nil().into(), vec![RosterName::Student(student)], Seen::Everybody));
    assert!(matches!(nowhere, Err(enrollment_core::Error::NotFound(enrollment_core::Subject::Section))));
}

#[test]
fn a_grade_that_no_event_tells_is_found() {
    let university = University::new();
    let held = university.enrolled(university.student(), university.some_section(1));
    university.register(giving(&held, "B")).unwrap();
    university.check();
    university.execute("UPDATE student_courses SET grade = 'A'");
    let broken = block_on(university.store.check()).unwrap().broken;
    assert!(
        format!("{broken:?}").contains("the grade of a student course is that which its last event tells"),
        "{broken:?}"
    );
}
