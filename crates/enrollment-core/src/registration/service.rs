//! Enrolling, dropping, and reading what students have.

use super::{
    Attempt, Command, Drop, Enroll, EnrollDraft, Fingerprint, Idempotency, Mode, PlanDraft, Prioritize, PriorityDraft,
    Receipt, RegistrationRepository, RosterEntry, RosterKey, StudentCourse, StudentCourseFilter, Timetable,
    TimetableTerms, disclosure,
};
use crate::Error;
use crate::access::{Gate, Operation, Principal, Resource};
use crate::catalog::{Cause, Version};
use crate::clock::Clock;
use crate::fields::FieldErrors;
use crate::ids::{AttemptId, IdSource, SectionId, StudentCourseId, StudentId, TermId};
use crate::page::{Page, PageRequest};
use crate::text::IdempotencyKey;
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

/// The service for registrations. Every call may also be [`Error::Forbidden`], or not find what the principal may not know
/// of.
pub struct Registration {
    pub(super) repository: Arc<dyn RegistrationRepository>,
    pub(super) gate: Gate,
    clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
}

/// How to carry out a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// Only tell what would be. A dry run has no effect, so it needs no idempotency key and ignores one.
    pub dry_run: bool,
    /// The caller's key, by which a repetition of the request is recognised.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl RequestOptions {
    /// What a request says, where there is a key to keep it under: most have none, and are not hashed for nothing.
    fn fingerprint(&self, student: StudentId, request: &impl Serialize) -> Option<Fingerprint> {
        self.idempotency_key.as_ref().map(|_| Fingerprint::of(student, request))
    }
}

impl Registration {
    /// A service on these ports, behind this gate.
    pub fn new(
        repository: Arc<dyn RegistrationRepository>,
        gate: Gate,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
    ) -> Self {
        Self { repository, gate, clock, ids }
    }

    /// Enrolls a student in a section, or in a section of a course that the engine picks.
    ///
    /// A refusal is an answer: it comes as a receipt.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field, also when the section, course or term does not exist;
    /// [`Error::NotFound`] when the student does not; [`Error::IdempotencyKeyReused`]; and what the port answers.
    pub async fn enroll(
        &self,
        by: &Principal,
        student: StudentId,
        draft: EnrollDraft,
        options: RequestOptions,
    ) -> Result<Receipt, Error> {
        self.admit(by, Operation::Register, student, &options).await?;
        let request = draft.parse()?;
        let fingerprint = options.fingerprint(student, &request);
        let student_course_id = StudentCourseId::mint(&*self.ids);
        let command = Command::Enroll(Enroll { student_course_id, request: request.clone() });
        let attempt = self.attempt(by, student, command, options, fingerprint);
        let field = |id| request.pointer_to(id);
        self.carry_out(by, attempt).await.map_err(|error| blame_the_field(error, field))
    }

    /// Drops a student course, or withdraws from it when the drop deadline has passed; if it still has the `expected`
    /// version, where one is given.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the student course does not exist or is another student's, [`Error::Stale`], and what the
    /// port answers.
    pub async fn drop(
        &self,
        by: &Principal,
        student: StudentId,
        id: StudentCourseId,
        expected: Option<Version>,
        options: RequestOptions,
    ) -> Result<Receipt, Error> {
        self.admit(by, Operation::Register, student, &options).await?;
        let command = Command::Drop(Drop { student_course_id: id, expected });
        let attempt = self.attempt(by, student, command, options, None);
        self.carry_out(by, attempt).await.map_err(not_found)
    }

    /// Leaves and takes several sections, all or none.
    ///
    /// # Errors
    /// As [`enroll`](Self::enroll).
    pub async fn plan(
        &self,
        by: &Principal,
        student: StudentId,
        draft: PlanDraft,
        options: RequestOptions,
    ) -> Result<Receipt, Error> {
        self.admit(by, Operation::Register, student, &options).await?;
        let request = draft.parse()?;
        let fingerprint = options.fingerprint(student, &request);
        let plan = request.clone().command(|| StudentCourseId::mint(&*self.ids));
        let attempt = self.attempt(by, student, Command::Plan(plan), options, fingerprint);
        let field = |id| request.pointer_to(id);
        self.carry_out(by, attempt).await.map_err(|error| blame_the_field(error, field))
    }

    /// Gives who waits another place on the waitlist.
    ///
    /// # Errors
    /// As [`drop`](Self::drop).
    pub async fn prioritize(
        &self,
        by: &Principal,
        student: StudentId,
        id: StudentCourseId,
        expected: Option<Version>,
        draft: PriorityDraft,
        options: RequestOptions,
    ) -> Result<Receipt, Error> {
        self.admit(by, Operation::Prioritize, student, &options).await?;
        let command = Command::Prioritize(Prioritize { student_course_id: id, priority: draft.parse()?, expected });
        let attempt = self.attempt(by, student, command, options, None);
        self.carry_out(by, attempt).await.map_err(not_found)
    }

    /// The student course of who was given another place, with that place, which depends on the others'.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not exist or is another student's.
    pub async fn place(&self, by: &Principal, student: StudentId, id: StudentCourseId) -> Result<StudentCourse, Error> {
        self.gate.admit(by, Operation::Prioritize, Resource::Student(student)).await?;
        self.repository.find(student, id).await
    }

    /// Lets the principal ask for it, or at least ask what it would do.
    async fn admit(
        &self,
        by: &Principal,
        operation: Operation,
        student: StudentId,
        options: &RequestOptions,
    ) -> Result<(), Error> {
        let operation = if options.dry_run { Operation::RehearseRegistration } else { operation };
        self.gate.admit(by, operation, Resource::Student(student)).await
    }

    async fn admit_to_read(&self, by: &Principal, student: StudentId) -> Result<(), Error> {
        self.gate.admit(by, Operation::ReadRegistrations, Resource::Student(student)).await
    }

    pub(super) fn attempt(
        &self,
        by: &Principal,
        student_id: StudentId,
        command: Command,
        options: RequestOptions,
        fingerprint: Option<Fingerprint>,
    ) -> Attempt {
        let mode = if options.dry_run { Mode::DryRun } else { Mode::Commit };
        let key = options.idempotency_key.filter(|_| mode == Mode::Commit);
        let idempotency = key.zip(fingerprint).map(|(key, fingerprint)| Idempotency { key, fingerprint });
        let id = AttemptId::mint(&*self.ids);
        Attempt {
            id,
            actor: by.actor().clone(),
            reason: by.reason().cloned(),
            at: self.clock.now(),
            student_id,
            command,
            mode,
            idempotency,
            caused_by: None,
        }
    }

    /// Carries out an attempt, and answers what the principal may know of it.
    pub(super) async fn carry_out(&self, by: &Principal, attempt: Attempt) -> Result<Receipt, Error> {
        Ok(disclosure::receipt(&self.gate, by, self.repository.register(attempt).await?).await)
    }

    /// What others follow from that this service makes no attempt for.
    pub(super) fn cause(&self, by: &Principal) -> Cause {
        Cause {
            attempt_id: AttemptId::mint(&*self.ids),
            actor: by.actor().clone(),
            reason: by.reason().cloned(),
            at: self.clock.now(),
        }
    }

    /// One student course of a student.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it does not exist or is another student's.
    pub async fn get(&self, by: &Principal, student: StudentId, id: StudentCourseId) -> Result<StudentCourse, Error> {
        self.admit_to_read(by, student).await?;
        self.repository.find(student, id).await
    }

    /// A page of a student's courses, the newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such student.
    pub async fn courses_of(
        &self,
        by: &Principal,
        student: StudentId,
        filter: StudentCourseFilter,
        page: PageRequest<StudentCourseId>,
    ) -> Result<Page<StudentCourse, StudentCourseId>, Error> {
        self.admit_to_read(by, student).await?;
        self.repository.courses_of(student, filter, page).await
    }

    /// A student's timetable: of this term, or of all that are not over, each by its own time zone.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such student.
    pub async fn timetable(
        &self,
        by: &Principal,
        student: StudentId,
        term: Option<TermId>,
    ) -> Result<Timetable, Error> {
        self.admit_to_read(by, student).await?;
        let at = self.clock.now();
        let terms = term.map_or_else(|| TimetableTerms::current(at), TimetableTerms::One);
        let entries = self.repository.timetable(student, terms).await?;
        Ok(Timetable::of(student, terms, at, entries))
    }

    /// A page of a section's roster: who is enrolled, then who waits.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such section.
    pub async fn roster(
        &self,
        by: &Principal,
        section: SectionId,
        page: PageRequest<RosterKey>,
    ) -> Result<Page<RosterEntry, RosterKey>, Error> {
        let seen = self.gate.admit_to_many(by, Operation::ReadRosters, Resource::Section(section)).await?;
        self.repository.roster(section, seen, page).await
    }
}

/// What is named in the body and does not exist is a wrong field.
fn blame_the_field(error: Error, pointer_to: impl Fn(Uuid) -> Option<String>) -> Error {
    let Error::Unknown { subject, id } = error else { return error };
    match pointer_to(id) {
        Some(pointer) => Error::Invalid(FieldErrors::one(
            pointer,
            format!("names a {subject} that does not exist, or is not the student's: look the id up again"),
        )),
        None => Error::NotFound(subject),
    }
}

/// What is named in the path and does not exist is not found.
fn not_found(error: Error) -> Error {
    match error {
        Error::Unknown { subject, .. } => Error::NotFound(subject),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;
    use crate::clock::MockClock;
    use crate::ids::MockIdSource;
    use crate::registration::{Judgement, MockRegistrationRepository, Target, Verdict};
    use chrono::DateTime;
    use pollster::block_on;
    use serde_json::json;
    use uuid::Uuid;

    const SECTION: &str = "0190a1b2-0000-7000-8000-000000000001";

    fn registration(repository: MockRegistrationRepository) -> Registration {
        let mut clock = MockClock::new();
        clock.expect_now().return_const(DateTime::UNIX_EPOCH);
        let mut ids = MockIdSource::new();
        let mut next = 0;
        ids.expect_next().returning(move || {
            next += 1;
            Uuid::from_u128(next)
        });
        Registration::new(Arc::new(repository), Gate::without_affiliations(), Arc::new(clock), Arc::new(ids))
    }

    fn student() -> StudentId {
        Uuid::from_u128(100).into()
    }

    fn draft() -> EnrollDraft {
        serde_json::from_value(json!({"section_id": SECTION})).unwrap()
    }

    fn refused(attempt: &Attempt) -> Receipt {
        Receipt::of(attempt, &Judgement { outcome: Verdict::Refused, steps: Vec::new(), changes: Vec::new() })
    }

    #[test]
    fn enrolling_hands_the_store_one_attempt_with_everything_in_it() {
        let mut repository = MockRegistrationRepository::new();
        repository
            .expect_register()
            .once()
            .withf(|attempt| {
                let Command::Enroll(enroll) = &attempt.command else { return false };
                enroll.request.target == Target::Section(SECTION.parse().unwrap())
                    && attempt.student_id == student()
                    && attempt.mode == Mode::Commit
                    && attempt.at == DateTime::UNIX_EPOCH
                    && attempt.id.uuid() != enroll.student_course_id.uuid()
                    && attempt.idempotency.as_ref().is_some_and(|own| own.key.as_str() == "k")
            })
            .returning(|attempt| Ok(refused(&attempt)));
        let options = RequestOptions { dry_run: false, idempotency_key: Some("k".try_into().unwrap()) };
        block_on(registration(repository).enroll(&Principal::anonymous(), student(), draft(), options)).unwrap();
    }

    #[test]
    fn a_timetable_is_asked_for_by_term_or_by_the_clock() {
        let term = TermId::from(Uuid::from_u128(11));
        let yesterday = DateTime::UNIX_EPOCH.date_naive().pred_opt().unwrap();
        for (asked, terms) in [(Some(term), TimetableTerms::One(term)), (None, TimetableTerms::EndingFrom(yesterday))] {
            let mut repository = MockRegistrationRepository::new();
            let expected = move |of: &StudentId, given: &TimetableTerms| *of == student() && *given == terms;
            repository.expect_timetable().once().withf(expected).returning(|_, _| Ok(Vec::new()));
            let timetable =
                block_on(registration(repository).timetable(&Principal::anonymous(), student(), asked)).unwrap();
            assert_eq!((timetable.student_id, timetable.at), (student(), DateTime::UNIX_EPOCH));
        }
    }

    #[test]
    fn a_dry_run_carries_no_key() {
        let mut repository = MockRegistrationRepository::new();
        let is_dry = |attempt: &Attempt| attempt.mode == Mode::DryRun && attempt.idempotency.is_none();
        repository.expect_register().once().withf(is_dry).returning(|attempt| Ok(refused(&attempt)));
        let options = RequestOptions { dry_run: true, idempotency_key: Some("k".try_into().unwrap()) };
        let receipt =
            block_on(registration(repository).enroll(&Principal::anonymous(), student(), draft(), options)).unwrap();
        assert!(receipt.dry_run);
    }

    #[test]
    fn an_invalid_draft_makes_no_attempt() {
        let enrolling = registration(MockRegistrationRepository::new());
        let error = block_on(enrolling.enroll(
            &Principal::anonymous(),
            student(),
            EnrollDraft::default(),
            RequestOptions::default(),
        ));
        assert!(matches!(error, Err(Error::Invalid(_))));
    }

    #[test]
    fn what_does_not_exist_is_a_wrong_field_where_the_body_names_it() {
        let unknown = |subject| Error::Unknown { subject, id: SECTION.parse().unwrap() };
        let enrolling = |error: Error| {
            let mut repository = MockRegistrationRepository::new();
            repository.expect_register().return_once(move |_| Err(error));
            let service = registration(repository);
            block_on(service.enroll(&Principal::anonymous(), student(), draft(), RequestOptions::default()))
                .unwrap_err()
        };
        let pointer = |error: Error| match error {
            Error::Invalid(errors) => errors.iter().next().unwrap().pointer.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(pointer(enrolling(unknown(Subject::Section))), "/section_id");
        assert!(matches!(enrolling(Error::NotFound(Subject::Student)), Error::NotFound(Subject::Student)));

        let mut repository = MockRegistrationRepository::new();
        repository.expect_register().returning(move |_| Err(unknown(Subject::StudentCourse)));
        let service = registration(repository);
        let plan = json!({"drops": [SECTION], "adds": [{"course_id": student().to_string()}]});
        let plan = serde_json::from_value(plan).unwrap();
        let planned = block_on(service.plan(&Principal::anonymous(), student(), plan, RequestOptions::default()));
        assert_eq!(pointer(planned.unwrap_err()), "/drops/0");
        let id = SECTION.parse().unwrap();
        let dropped = block_on(service.drop(&Principal::anonymous(), student(), id, None, RequestOptions::default()));
        assert!(matches!(dropped, Err(Error::NotFound(Subject::StudentCourse))));
    }

    #[test]
    fn the_fingerprint_tells_requests_apart() {
        let request = draft().parse().unwrap();
        let other = StudentId::from(Uuid::from_u128(101));
        assert_eq!(Fingerprint::of(student(), &request), Fingerprint::of(student(), &request.clone()));
        assert_ne!(Fingerprint::of(student(), &request), Fingerprint::of(other, &request));
    }
}
