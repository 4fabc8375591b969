//! A university in a database of its own, and short words for what tests do in it.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use enrollment_core::Error;
use enrollment_core::actor::Actor;
use enrollment_core::catalog::{
    Cause, Course, CourseDraft, Draft, Repository, Section, SectionDraft, Stamp, Student, StudentDraft, Term, TermDraft,
};
use enrollment_core::health::Health;
use enrollment_core::ids::{CourseId, SectionId, StudentCourseId, StudentId, TermId};
use enrollment_core::registration::{
    Attempt, Code, Command, Drop, Enroll, EnrollRequest, Fingerprint, GradingBasis, Idempotency, Mode, Outcome,
    Receipt, RegistrationRepository, StudentCourse, Target,
};
use enrollment_core::text::IdempotencyKey;
use enrollment_diesel::{PgStore, StoreConfig};
use enrollment_tests::TestDatabase;
use pollster::block_on;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use uuid::Uuid;

pub(crate) type Time = chrono::DateTime<chrono::Utc>;

pub(crate) struct University {
    pub(crate) url: String,
    pub(crate) store: PgStore,
    /// Goes last, when nobody is connected to it any more.
    _database: TestDatabase,
}

/// An id that nobody else has, later than all before it.
pub(crate) fn id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(LAST.fetch_add(1, Ordering::Relaxed)))
}

/// The time of all that happens here, unless said otherwise.
pub(crate) fn now() -> Time {
    "2026-11-23T12:00:00.123456Z".parse().unwrap()
}

/// A registrar's change of the catalogue.
pub(crate) fn cause() -> Cause {
    // The events of a change, and the attempts that follow from it, are numbered from its id on: apart, so that no other has theirs.
    let attempt_id = Uuid::from_u128(0x0191_0000_0000_7000_8000_0000_0000_0000 + ((id().as_u128() & 0x3f_ffff) << 40));
    Cause { attempt_id: attempt_id.into(), actor: Actor::system("registrar"), reason: None, at: now() }
}

/// An entry of these fields.
pub(crate) fn entry<D>(fields: Value) -> D::Entry
where
    D: Draft + serde::de::DeserializeOwned,
{
    let draft: D = serde_json::from_value(fields).unwrap();
    draft.parse(Stamp::new(id().into(), now())).unwrap()
}

impl University {
    /// A university without anything in it.
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    /// The same with other settings.
    pub(crate) fn with(change: impl FnOnce(&mut StoreConfig)) -> Self {
        let database = TestDatabase::create();
        let mut config = StoreConfig::new(database.url());
        change(&mut config);
        Self { store: PgStore::new(&config).unwrap(), url: database.url().to_owned(), _database: database }
    }

    pub(crate) fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// Runs SQL, past the store.
    pub(crate) fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    /// The text of what an SQL expression says.
    pub(crate) fn text(&self, expression: &str) -> String {
        let expression = diesel::dsl::sql::<Text>(&format!("({expression})::text"));
        diesel::select(expression).get_result(&mut self.connect()).unwrap()
    }

    pub(crate) fn insert<E>(&self, entry: E) -> Result<E, Error>
    where
        PgStore: Repository<E>,
        E: enrollment_core::catalog::Entry,
    {
        block_on(self.store.insert(entry, cause()))
    }

    pub(crate) fn student(&self) -> StudentId {
        self.student_with(json!({}))
    }

    pub(crate) fn student_with(&self, fields: Value) -> StudentId {
        let defaults = json!({"number": id(), "given_name": "Ada", "family_name": "Lovelace"});
        self.insert::<Student>(entry::<StudentDraft>(merged(defaults, fields))).unwrap().id
    }

    pub(crate) fn course(&self, code: &str) -> CourseId {
        self.course_with(code, json!({}))
    }

    pub(crate) fn course_with(&self, code: &str, fields: Value) -> CourseId {
        let defaults = json!({"code": code, "title": format!("All about {code}"), "credits": 3});
        self.insert::<Course>(entry::<CourseDraft>(merged(defaults, fields))).unwrap().id
    }

    pub(crate) fn term(&self, code: &str) -> TermId {
        self.term_with(code, json!({}))
    }

    pub(crate) fn term_with(&self, code: &str, fields: Value) -> TermId {
        let defaults = json!({"code": code, "name": code, "time_zone": "Europe/Berlin", "starts_on": "2026-10-01", "ends_on": "2027-03-31"});
        self.insert::<Term>(entry::<TermDraft>(merged(defaults, fields))).unwrap().id
    }

    pub(crate) fn section(&self, course: CourseId, term: TermId, capacity: u32) -> SectionId {
        self.section_with(course, term, json!({ "capacity": capacity }))
    }

    pub(crate) fn section_with(&self, course: CourseId, term: TermId, fields: Value) -> SectionId {
        let defaults = json!({"course_id": course, "term_id": term, "number": id(), "capacity": 10, "status": "open"});
        self.insert::<Section>(entry::<SectionDraft>(merged(defaults, fields))).unwrap().id
    }

    /// An open section of a new course in a new term.
    pub(crate) fn some_section(&self, capacity: u32) -> SectionId {
        let name = id().simple().to_string();
        self.section(self.course(&name), self.term(&name), capacity)
    }

    pub(crate) fn register(&self, attempt: Attempt) -> Result<Receipt, Error> {
        block_on(self.store.register(attempt))
    }

    pub(crate) fn enroll(&self, student: StudentId, section: SectionId) -> Result<Receipt, Error> {
        self.register(enrolling(student, Target::Section(section)))
    }

    /// Enrolls, which must succeed.
    pub(crate) fn enrolled(&self, student: StudentId, section: SectionId) -> StudentCourse {
        self.enroll(student, section).unwrap().student_course().expect("it is accepted").clone()
    }

    /// A student course as it is stored.
    pub(crate) fn found(&self, student: StudentId, id: StudentCourseId) -> StudentCourse {
        block_on(RegistrationRepository::find(&self.store, student, id)).unwrap()
    }

    pub(crate) fn drop(&self, student: StudentId, id: StudentCourseId) -> Result<Receipt, Error> {
        self.register(dropping(student, id))
    }

    /// Gives a student credit for a course that was taken elsewhere.
    pub(crate) fn credit_from_elsewhere(&self, student: StudentId, course: CourseId, grade: &str) {
        let id = id();
        self.execute(&format!(
            "INSERT INTO student_courses (id, student_id, course_id, status, credits, grade, ended_at, created_at, updated_at)
             SELECT '{id}', '{student}', id, 'completed', credits, '{grade}', now(), now(), now()
             FROM courses WHERE id = '{course}'"
        ));
    }

    /// Seats taken, as the pool counts them, and as rows hold them.
    pub(crate) fn seats(&self, section: SectionId) -> (String, String) {
        let taken = format!(
            "SELECT p.taken FROM seat_pools p JOIN sections s ON s.seat_pool_id = p.id WHERE s.id = '{section}'"
        );
        let held = format!(
            "SELECT count(*) FROM student_courses WHERE section_id = '{section}' AND status IN ('enrolled', 'completed')"
        );
        (self.text(&taken), self.text(&held))
    }

    /// How many receipts of refusals the store has dropped.
    pub(crate) fn store_dropped(&self) -> u64 {
        self.store.load().receipts_dropped
    }

    /// Waits until so many receipts are written.
    pub(crate) fn wait_for_receipts(&self, count: u32) {
        let began = Instant::now();
        while self.text("SELECT count(*) FROM receipts") != count.to_string() {
            assert!(began.elapsed() < Duration::from_secs(10), "there are never {count} receipts");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asserts that every invariant holds.
    pub(crate) fn check(&self) {
        let broken = block_on(self.store.check()).unwrap().broken;
        assert!(broken.is_empty(), "{broken:?}");
    }
}

fn merged(mut defaults: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    for (name, value) in fields {
        defaults[name] = value;
    }
    defaults
}

pub(crate) fn attempt(student: StudentId, command: Command) -> Attempt {
    Attempt {
        id: id().into(),
        actor: Actor::anonymous(),
        reason: None,
        at: now(),
        student_id: student,
        command,
        mode: Mode::Commit,
        idempotency: None,
        caused_by: None,
    }
}

pub(crate) fn enrolling(student: StudentId, target: Target) -> Attempt {
    let request =
        EnrollRequest { target, grading_basis: GradingBasis::Graded, credits: None, waitlist: false, swap_from: None };
    attempt(student, Command::Enroll(Enroll { student_course_id: id().into(), request }))
}

pub(crate) fn dropping(student: StudentId, id: StudentCourseId) -> Attempt {
    attempt(student, Command::Drop(Drop { student_course_id: id, expected: None }))
}

/// The attempt with an idempotency key, as the service gives it one.
pub(crate) fn with_key(attempt: Attempt, key: &str) -> Attempt {
    let Command::Enroll(enroll) = &attempt.command else { panic!("only enrolling takes a key") };
    let fingerprint = Fingerprint::of(attempt.student_id, &enroll.request);
    let key = IdempotencyKey::try_from(key).unwrap();
    Attempt { idempotency: Some(Idempotency { key, fingerprint }), ..attempt }
}

/// The codes of a refusal; none for what was accepted.
pub(crate) fn codes(receipt: &Receipt) -> Vec<Code> {
    match &receipt.outcome {
        Outcome::Accepted { .. } => vec![],
        Outcome::Refused { violations } => violations.iter().map(|violation| violation.code).collect(),
    }
}
