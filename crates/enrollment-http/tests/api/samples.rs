//! One of each thing.

use chrono::{DateTime, Utc};
use enrollment_core::actor::Actor;
use enrollment_core::catalog::{
    Course, CourseDraft, Draft, Hold, HoldDraft, Owned, Permit, PermitDraft, PermitUse, Reservation, ReservationDraft,
    Section, SectionDraft, Stamp, Student, StudentDraft, Term, TermDraft, Version, Window, WindowDraft,
};
use enrollment_core::ids::StudentId;
use enrollment_core::registration::{
    Attempt, Change, Code, CourseRef, Event, Finding, GradingBasis, Judgement, Mode, Outcome, Receipt, Record,
    RosterEntry, SectionRef, Status, StepJudgement, StudentCourse, StudentKey, StudentRef, TermRef, TimetableEntry,
    TimetableTerm, Verdict, Violation,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) const STUDENT: &str = "0190a1b2-0000-7000-8000-000000000001";
pub(crate) const COURSE: &str = "0190a1b2-0000-7000-8000-000000000002";
pub(crate) const TERM: &str = "0190a1b2-0000-7000-8000-000000000003";
pub(crate) const SECTION: &str = "0190a1b2-0000-7000-8000-000000000004";
pub(crate) const STUDENT_COURSE: &str = "0190a1b2-0000-7000-8000-000000000005";
pub(crate) const HOLD: &str = "0190a1b2-0000-7000-8000-000000000006";
pub(crate) const PERMIT: &str = "0190a1b2-0000-7000-8000-000000000008";

pub(crate) const RESERVATION: &str = "0190a1b2-0000-7000-8000-000000000007";

pub(crate) fn now() -> DateTime<Utc> {
    "2026-09-01T08:00:00Z".parse().unwrap()
}

fn id<T: From<Uuid>>(text: &str) -> T {
    text.parse::<Uuid>().unwrap().into()
}

/// The stamp of something that was written three times.
fn stamp<Id: From<Uuid>>(text: &str) -> Stamp<Id> {
    Stamp { version: Version::from(3), ..Stamp::new(id(text), now()) }
}

pub(crate) fn student_body() -> Value {
    json!({"number": "11717487", "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.edu"})
}

pub(crate) fn hold_body() -> Value {
    json!({"blocks": "enroll", "reason": "Fees are due", "from": "2026-09-01T08:00:00Z", "until": "2026-10-01T08:00:00Z"})
}

pub(crate) fn reservation_body() -> Value {
    json!({"seats": 6, "cohort": {"programs": ["BSc Physics"], "min_earned_credits": 60}, "release_at": "2026-10-01T08:00:00Z"})
}

pub(crate) fn window_body() -> Value {
    json!({
        "action": "add", "opens_at": "2026-08-17T06:00:00Z", "closes_at": "2026-10-15T22:00:00Z", "programs": ["Physics"],
        "levels": ["graduate", "undergraduate"], "min_earned_credits": 60, "students": [STUDENT]
    })
}

pub(crate) fn permit_body() -> Value {
    json!({
        "section_id": SECTION, "waives": ["prerequisite_missing", "restricted"], "granted_by": "Prof. Hopper",
        "reason": "Consent", "expires_at": "2026-10-01T08:00:00Z", "max_uses": 2
    })
}

pub(crate) fn course_body() -> Value {
    json!({"code": "CS101", "title": "Computing", "credits": 3, "requisite": {"course": "MATH1"}, "corequisite": {"course": "CS102"}, "excludes": ["CS100"], "restriction": {"levels": ["graduate"]}})
}

pub(crate) fn term_body() -> Value {
    json!({"code": "2026-fall", "name": "Fall", "time_zone": "Asia/Shanghai", "starts_on": "2026-09-01", "ends_on": "2027-01-15"})
}

pub(crate) fn section_body() -> Value {
    json!({
        "course_id": COURSE, "term_id": TERM, "number": "27", "capacity": 30, "restriction": {"programs": ["BSc Physics"]},
        "meetings": [{"days": ["mon", "wed"], "starts_at": "10:00", "ends_at": "11:15", "weeks": [1, 2]}]
    })
}

pub(crate) fn student() -> Student {
    serde_json::from_value::<StudentDraft>(student_body()).unwrap().parse(stamp(STUDENT)).unwrap()
}

pub(crate) fn hold() -> Hold {
    let draft = serde_json::from_value::<HoldDraft>(hold_body()).unwrap();
    Hold::draft_of(id(STUDENT), draft).parse(stamp(HOLD)).unwrap()
}

pub(crate) fn reservation() -> Reservation {
    let draft = serde_json::from_value::<ReservationDraft>(reservation_body()).unwrap();
    Reservation::draft_of(id(SECTION), draft).parse(stamp(RESERVATION)).unwrap()
}

pub(crate) fn window() -> Window {
    let draft = serde_json::from_value::<WindowDraft>(window_body()).unwrap();
    Window::draft_of(id(TERM), draft).parse(stamp(WINDOW)).unwrap()
}

/// One that was used.
pub(crate) fn permit() -> Permit {
    let draft = serde_json::from_value::<PermitDraft>(permit_body()).unwrap();
    let granted = Permit::draft_of(id(STUDENT), draft).parse(stamp(PERMIT)).unwrap();
    let used = PermitUse {
        attempt_id: id(ATTEMPT),
        student_course_id: id(STUDENT_COURSE),
        waived: [Code::Restricted].into(),
        at: now(),
    };
    Permit { uses: 1, used_for: vec![used], ..granted }
}

pub(crate) fn course() -> Course {
    serde_json::from_value::<CourseDraft>(course_body()).unwrap().parse(stamp(COURSE)).unwrap()
}

pub(crate) fn term() -> Term {
    serde_json::from_value::<TermDraft>(term_body()).unwrap().parse(stamp(TERM)).unwrap()
}

pub(crate) fn section() -> Section {
    serde_json::from_value::<SectionDraft>(section_body()).unwrap().parse(stamp(SECTION)).unwrap()
}

pub(crate) fn student_course() -> StudentCourse {
    StudentCourse {
        id: id(STUDENT_COURSE),
        student_id: id(STUDENT),
        status: Status::Enrolled,
        course: CourseRef { id: id(COURSE), code: course().code, title: course().title },
        section: Some(SectionRef { id: id(SECTION), number: section().number, component: section().component }),
        term: Some(TermRef { id: id(TERM), code: term().code }),
        credits: course().credits,
        grading_basis: GradingBasis::Graded,
        grade: None,
        waitlist_position: None,
        reservation_id: None,
        waitlist: None,
        enrolled_at: Some(now()),
        ended_at: None,
        end_reason: None,
        version: Version::FIRST,
    }
}

pub(crate) fn timetable_entry() -> TimetableEntry {
    let Term { id: term_id, code, name, time_zone, starts_on, ends_on, .. } = term();
    TimetableEntry {
        student_course_id: id(STUDENT_COURSE),
        course: student_course().course,
        section: SectionRef { id: id(SECTION), number: section().number, component: section().component },
        term: TimetableTerm { id: term_id, code, name, time_zone, starts_on, ends_on },
        instructor: section().instructor,
        meetings: section().meetings,
    }
}

pub(crate) fn roster_entry() -> RosterEntry {
    let Student { id, number, given_name, family_name, .. } = student();
    RosterEntry { student_course: student_course(), student: StudentRef { id, number, given_name, family_name } }
}

pub(crate) fn violation(code: Code) -> Violation {
    Violation {
        code,
        message: format!("It is refused by {code}."),
        remedy: "Do something else.".to_owned(),
        facts: json!({"section": "CS101-27"}),
        pointer: None,
    }
}

fn receipt(attempt: &Attempt, outcome: Outcome) -> Receipt {
    let dry_run = attempt.mode == Mode::DryRun;
    let (steps, promotions) = Default::default();
    Receipt { attempt_id: attempt.id, at: attempt.at, dry_run, outcome, steps, promotions, replayed: false }
}

/// The receipt of an attempt that made this of a student course.
pub(crate) fn accepted(attempt: &Attempt, student_course: StudentCourse) -> Receipt {
    let change = if student_course.ended_at.is_some() { Change::End } else { Change::Start };
    receipt(attempt, Outcome::Accepted { changes: vec![change(student_course)] })
}

/// The receipt of an attempt that these rules refused.
pub(crate) fn refused(attempt: &Attempt, codes: &[Code]) -> Receipt {
    receipt(attempt, Outcome::Refused { violations: codes.iter().copied().map(violation).collect() })
}

pub(crate) const ATTEMPT: &str = "0190a1b2-0000-7000-8000-000000000006";
pub(crate) const WINDOW: &str = "0190a1b2-0000-7000-8000-0000000000a1";

/// The record of a refusal.
pub(crate) fn record() -> Record {
    let facts = json!({
        "student": {"id": STUDENT, "status": "active", "max_credits": null},
        "holds": [], "held": [], "sections": [], "pools": [], "scale": {"A": {"rank": 110, "passing": true}}
    });
    let command = json!({"enroll": {
        "student_course_id": STUDENT_COURSE,
        "request": {"target": {"section": SECTION}, "grading_basis": "graded"}
    }});
    let refusing = violation(Code::SectionFull);
    Record {
        attempt_id: id(ATTEMPT),
        at: now(),
        actor: Actor::anonymous(),
        on_behalf_of: None,
        reason: None,
        student_id: id(STUDENT),
        caused_by: None,
        command: serde_json::from_value(command).unwrap(),
        judgement: Judgement {
            outcome: Verdict::Refused,
            steps: vec![StepJudgement {
                pointer: String::new(),
                section: student_course().section,
                rules: vec![
                    Finding { rule: Code::StudentNotActive, violation: None, waived_by: None },
                    Finding { rule: refusing.code, violation: Some(refusing), waived_by: None },
                ],
            }],
            changes: vec![],
        },
        facts: serde_json::from_value(facts).unwrap(),
    }
}

pub(crate) fn event() -> Event {
    Event {
        id: id(ATTEMPT),
        sequence: 17,
        at: now(),
        actor: Actor::anonymous(),
        on_behalf_of: None,
        reason: None,
        kind: "enrolled".to_owned(),
        attempt_id: id(ATTEMPT),
        student_id: Some(id(STUDENT)),
        section_id: Some(id(SECTION)),
        student_course_id: Some(id(STUDENT_COURSE)),
        detail: serde_json::to_value(student_course()).unwrap(),
    }
}

/// Whom a store finds that has every student who is named by an id, and nobody who is named by a number.
pub(crate) fn by_id(names: Vec<StudentKey>) -> BTreeMap<StudentKey, StudentId> {
    let id = |name: StudentKey| match name {
        StudentKey::Id(id) => Some((name, id)),
        StudentKey::Number(_) => None,
    };
    names.into_iter().filter_map(id).collect()
}
