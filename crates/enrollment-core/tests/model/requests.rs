//! What students and registrars may ask for next, drawn by chance. The tests of the store draw the same requests.

use enrollment_core::ids::{CourseId, SectionId, StudentCourseId};
use enrollment_core::registration::{
    Cancel, Command, Drop, Enroll, EnrollRequest, GiveGrade, GradingBasis, Plan, Prioritize, Target,
};

/// Draws a number below the one that it is given.
pub(crate) trait Chance {
    /// The next number.
    fn below(&mut self, bound: usize) -> usize;

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of these; none where there are none.
    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() { None } else { all.get(self.below(all.len())) }
    }
}

/// What can be asked for.
pub(crate) struct Catalogue {
    pub(crate) sections: Vec<SectionId>,
    /// Sections that are taken together.
    pub(crate) together: Vec<Vec<SectionId>>,
    pub(crate) courses: Vec<CourseId>,
}

/// What a student has.
#[derive(Default)]
pub(crate) struct Held {
    /// What can be left.
    pub(crate) live: Vec<StudentCourseId>,
    pub(crate) completed: Vec<StudentCourseId>,
}

/// Something that may be asked of a student who holds this.
pub(crate) fn command(
    chance: &mut impl Chance,
    catalogue: &Catalogue,
    held: &Held,
    mint: &mut impl FnMut() -> StudentCourseId,
) -> Command {
    let kind = chance.below(22);
    if let (21, Some(own)) = (kind, chance.one_of(&held.completed)) {
        return Command::Grade(grade(chance, *own));
    }
    let held = &held.live;
    let Some(own) = chance.one_of(held).copied() else {
        return Command::Enroll(enroll(chance, catalogue, held, mint()));
    };
    match kind {
        0..=10 => Command::Enroll(enroll(chance, catalogue, held, mint())),
        11..=14 => Command::Drop(leave(own)),
        15 | 16 => Command::Plan(plan(chance, catalogue, held, mint)),
        17 => Command::Cancel(Cancel { student_course_id: own, reason: "No teacher".try_into().unwrap() }),
        18 | 19 => {
            let priority = [-1, 0, 1][chance.below(3)];
            Command::Prioritize(Prioritize { student_course_id: own, priority, expected: None })
        }
        _ => Command::Grade(grade(chance, own)),
    }
}

fn grade(chance: &mut impl Chance, student_course_id: StudentCourseId) -> GiveGrade {
    let grade = ["A", "F"][chance.below(2)].try_into().unwrap();
    GiveGrade { student_course_id, grade: Some(grade) }
}

fn enroll(
    chance: &mut impl Chance,
    catalogue: &Catalogue,
    held: &[StudentCourseId],
    student_course_id: StudentCourseId,
) -> Enroll {
    let swap_from = if chance.once_in(4) { chance.one_of(held).copied() } else { None };
    Enroll { student_course_id, request: EnrollRequest { swap_from, ..request(chance, catalogue) } }
}

fn request(chance: &mut impl Chance, catalogue: &Catalogue) -> EnrollRequest {
    let target = match chance.below(10) {
        0..=4 => Target::Section(catalogue.sections[chance.below(catalogue.sections.len())]),
        5 | 6 => Target::Together(catalogue.together[chance.below(catalogue.together.len())].clone()),
        7 => {
            let first = chance.below(catalogue.sections.len());
            let second = (first + 1 + chance.below(catalogue.sections.len() - 1)) % catalogue.sections.len();
            Target::Any(vec![catalogue.sections[first], catalogue.sections[second]])
        }
        _ => Target::Course { course_id: catalogue.courses[chance.below(catalogue.courses.len())], term_id: None },
    };
    let waitlist = !chance.once_in(3);
    EnrollRequest { target, grading_basis: GradingBasis::Graded, credits: None, waitlist, swap_from: None }
}

fn leave(student_course_id: StudentCourseId) -> Drop {
    Drop { student_course_id, expected: None }
}

/// Up to two of each, and nothing left twice.
fn plan(
    chance: &mut impl Chance,
    catalogue: &Catalogue,
    held: &[StudentCourseId],
    mint: &mut impl FnMut() -> StudentCourseId,
) -> Plan {
    let mut held = held.to_vec();
    let mut plan = Plan::default();
    for _ in 0..=chance.below(3) {
        let request = request(chance, catalogue);
        let own = if held.is_empty() { None } else { Some(chance.below(held.len())) };
        match (chance.below(3), own) {
            (1, Some(own)) => plan.drops.push(leave(held.remove(own))),
            (2, Some(own)) => {
                let request = EnrollRequest { swap_from: Some(held.remove(own)), ..request };
                plan.swaps.push(Enroll { student_course_id: mint(), request });
            }
            _ => plan.adds.push(Enroll { student_course_id: mint(), request }),
        }
    }
    plan
}
