//! Facts for tests: an active student, and section CS101-1 with ten free seats in a term without any limits.

use super::decision::Asked;
use super::facts::{
    CourseFacts, Facts, HeldCourse, HoldFacts, PermitFacts, SeatPool, SectionFacts, StudentFacts, TermFacts,
};
use super::rules::{Case, Violation};
use super::windows::{TermWindows, WindowFacts};
use super::{
    Attempt, Code, Command, CourseRef, Drop, Enroll, EnrollRequest, GradingBasis, Mode, SectionRef, Status,
    StudentCourse, Target, TermRef, Waiting, WaitlistFacts,
};
use crate::actor::Actor;
use crate::catalog::{
    Blocks, Credits, GradeBasis, GradeScale, GradeValue, Meeting, MeetingDraft, SectionStatus, StudentStatus, TimeZone,
    Version, WindowAction,
};
use crate::ids::{CourseId, StudentCourseId, StudentId};
use crate::text::Grade;
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

pub(super) fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

pub(super) fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

pub(super) fn now() -> DateTime<Utc> {
    at("2026-09-01T12:00:00Z")
}

pub(super) fn student() -> StudentId {
    id(1)
}

pub(super) fn credits(whole: u32) -> Credits {
    Credits::from_hundredths(whole * 100)
}

pub(super) fn grade(text: &str) -> Grade {
    text.try_into().unwrap()
}

pub(super) fn scale() -> GradeScale {
    let value = |rank, passing| GradeValue { rank, passing, basis: GradeBasis::Graded };
    let other = |rank, passing, basis| GradeValue { rank, passing, basis };
    [("A", value(30, true)), ("B", value(20, true)), ("C", value(10, true)), ("F", value(0, false))]
        .into_iter()
        .chain([("P", other(10, true, GradeBasis::PassFail)), ("NP", other(0, false, GradeBasis::PassFail))])
        .chain([("I", other(0, false, GradeBasis::Any))])
        .map(|(text, value)| (grade(text), value))
        .collect()
}

/// A meeting on Mondays, from one full hour to another.
pub(super) fn monday(from: u32, to: u32) -> Meeting {
    let draft = json!({"days": ["mon"], "starts_at": format!("{from:02}:00"), "ends_at": format!("{to:02}:00")});
    serde_json::from_value::<MeetingDraft>(draft).unwrap().parse().unwrap()
}

/// A course; its id follows from its number, and its code is `CS` with that number.
pub(super) fn course(number: u128) -> CourseFacts {
    CourseFacts {
        course: CourseRef {
            id: id(number),
            code: format!("CS{number}").try_into().unwrap(),
            title: format!("Course {number}").try_into().unwrap(),
        },
        credits: credits(3),
        max_credits: None,
        repeat_policy: crate::catalog::RepeatPolicy::default(),
        requisite: None,
        corequisite: None,
        excludes: std::collections::BTreeSet::new(),
        restriction: None,
        linked_components: std::collections::BTreeSet::new(),
    }
}

pub(super) fn term() -> TermFacts {
    TermFacts {
        term: TermRef { id: id(11), code: "F26".try_into().unwrap() },
        time_zone: TimeZone::UTC,
        starts_on: "2026-09-01".parse().unwrap(),
        ends_on: "2027-01-31".parse().unwrap(),
        max_credits: None,
        program_max_credits: None,
        audit_counts: false,
        enrollment_opens_at: None,
        enrollment_closes_at: None,
        drop_deadline: None,
        withdraw_deadline: None,
    }
}

/// An open section of a course. Its id and its pool's id follow from both numbers, as does its number.
pub(super) fn section(course_number: u128, number: u128) -> SectionFacts {
    SectionFacts {
        section: SectionRef {
            id: id(course_number * 1_000 + number),
            number: number.to_string().try_into().unwrap(),
            component: crate::catalog::Component::Lecture,
        },
        status: SectionStatus::Open,
        restriction: None,
        course: course(course_number),
        term: term(),
        seat_pool_id: id(course_number * 1_000 + number),
        waitlist: WaitlistFacts::default(),
        meetings: vec![monday(10, 12)],
    }
}

pub(super) fn pool(section: &SectionFacts, capacity: u32, taken: u32) -> SeatPool {
    SeatPool { id: section.seat_pool_id, capacity, overload: 0, taken, waiting: 0 }
}

/// What a student holds of a section.
pub(super) fn held(number: u128, section: &SectionFacts, status: Status) -> HeldCourse {
    HeldCourse {
        student_course: StudentCourse {
            id: id(500_000 + number),
            student_id: student(),
            status,
            course: section.course.course.clone(),
            section: Some(section.section.clone()),
            term: Some(section.term.term.clone()),
            credits: section.course.credits,
            grading_basis: GradingBasis::Graded,
            grade: None,
            waitlist_position: None,
            reservation_id: None,
            waitlist: (status == Status::Waitlisted).then(|| waiting(number)),
            enrolled_at: Some(now()),
            ended_at: None,
            end_reason: None,
            version: Version::FIRST,
        },
        meetings: section.meetings.clone(),
        time_zone: section.term.time_zone,
        seat_pool_id: Some(section.seat_pool_id),
        linked_components: section.course.linked_components.clone(),
        drop_deadline: section.term.drop_deadline,
        withdraw_deadline: section.term.withdraw_deadline,
    }
}

/// A place in a waitlist, drawn in the order of the numbers.
pub(super) fn waiting(number: u128) -> Waiting {
    let sequence = i64::try_from(number).unwrap();
    Waiting { priority: 0, sequence, eligible_position: None, swap_from: None, passed_over: None }
}

/// A completed course, in an earlier term.
pub(super) fn passed(number: u128, with: Option<&str>) -> HeldCourse {
    let mut earlier = section(number, 1);
    earlier.term.term = TermRef { id: id(10), code: "S26".try_into().unwrap() };
    let mut held = held(number, &earlier, Status::Completed);
    held.student_course.grade = with.map(grade);
    held
}

/// A hold without limits of time.
pub(super) fn hold(number: u128, blocks: Blocks) -> HoldFacts {
    let reason = format!("Reason {number}").try_into().unwrap();
    HoldFacts { id: id(number), blocks, reason, from: None, until: None }
}

/// A window for everybody; its id is its number.
pub(super) fn window(
    number: u128,
    action: WindowAction,
    opens_at: Option<&str>,
    closes_at: Option<&str>,
) -> WindowFacts {
    WindowFacts {
        id: id(number),
        action,
        opens_at: opens_at.map(at),
        closes_at: closes_at.map(at),
        programs: None,
        levels: None,
        min_earned_credits: None,
    }
}

/// These windows, and no others, of the term of all sections here.
pub(super) fn windows(windows: Vec<WindowFacts>) -> TermWindows {
    TermWindows {
        term_id: term().term.id,
        adding: windows.iter().any(|window| window.action.adding()),
        dropping: windows.iter().any(|window| window.action.dropping()),
        windows,
    }
}

/// A permit for one use in all sections of course 101, without limits of time.
pub(super) fn permit(number: u128, waives: &[Code]) -> PermitFacts {
    PermitFacts {
        id: id(number),
        course_id: Some(id(101)),
        section_id: None,
        waives: waives.iter().copied().collect(),
        expires_at: None,
        max_uses: Some(std::num::NonZeroU16::MIN),
        uses: 0,
        version: Version::FIRST,
    }
}

/// The same for one section.
pub(super) fn permit_for(number: u128, section: &SectionFacts, waives: &[Code]) -> PermitFacts {
    PermitFacts { course_id: None, section_id: Some(section.section.id), ..permit(number, waives) }
}

pub(super) fn facts() -> Facts {
    let section = section(101, 1);
    let pool = pool(&section, 10, 0);
    Facts {
        student: StudentFacts {
            id: student(),
            status: StudentStatus::Active,
            program: None,
            level: None,
            max_credits: None,
        },
        holds: Vec::new(),
        windows: Vec::new(),
        permits: Vec::new(),
        held: Vec::new(),
        sections: vec![section],
        pools: vec![pool],
        reservations: Vec::new(),
        scale: scale(),
    }
}

/// The case of the first section.
pub(super) fn check(
    rule: impl Fn(&Case<'_>) -> Option<Violation>,
    at: DateTime<Utc>,
    facts: &Facts,
) -> Option<Violation> {
    let asked = Asked::sample(&request());
    rule(&Case { at, facts, section: &facts.sections[0], pool: &facts.pools[0], asked: &asked, beside: &[] })
}

/// The same, asked for in a way of its own.
pub(super) fn check_asked(
    rule: impl Fn(&Case<'_>) -> Option<Violation>,
    asked: &EnrollRequest,
    facts: &Facts,
) -> Option<Violation> {
    let asked = Asked::sample(asked);
    rule(&Case { at: now(), facts, section: &facts.sections[0], pool: &facts.pools[0], asked: &asked, beside: &[] })
}

pub(super) fn attempt(number: u128, command: Command) -> Attempt {
    Attempt {
        id: id(900_000 + number),
        actor: Actor::anonymous(),
        reason: None,
        at: now(),
        student_id: student(),
        command,
        mode: Mode::Commit,
        idempotency: None,
        caused_by: None,
    }
}

pub(super) fn enroll_in(number: u128, section: &SectionFacts) -> Attempt {
    enroll(number, request_for(Target::Section(section.section.id)))
}

pub(super) fn enroll_in_course(number: u128, course_id: CourseId) -> Attempt {
    enroll(number, request_for(Target::Course { course_id, term_id: None }))
}

/// To enroll, or to wait where there is no seat.
pub(super) fn waiting_in(number: u128, section: &SectionFacts, waitlist: bool) -> Attempt {
    enroll(number, EnrollRequest { waitlist, ..request_for(Target::Section(section.section.id)) })
}

/// A plain request for section CS101-1.
pub(super) fn request() -> EnrollRequest {
    request_for(Target::Section(section(101, 1).section.id))
}

pub(super) fn request_for(target: Target) -> EnrollRequest {
    EnrollRequest { target, grading_basis: GradingBasis::Graded, credits: None, waitlist: false, swap_from: None }
}

pub(super) fn enroll(number: u128, request: EnrollRequest) -> Attempt {
    attempt(number, Command::Enroll(adding(number, request)))
}

/// A part of a plan.
pub(super) fn adding(number: u128, request: EnrollRequest) -> Enroll {
    Enroll { student_course_id: id(0x80_0000 + number * 0x100), request }
}

pub(super) fn drop_of(number: u128, student_course_id: StudentCourseId) -> Attempt {
    attempt(number, Command::Drop(leaving(student_course_id)))
}

/// A part of a plan.
pub(super) fn leaving(student_course_id: StudentCourseId) -> Drop {
    Drop { student_course_id, expected: None }
}
