//! The statements that write what was decided. Each changes student courses, and writes beside that what tells of it.

/// What receipts have in common with others, where it is not there yet. $digests and $documents are two parameters.
///
/// The conflict is all that asks whether a document is there: it looks each one up by the index. A query that asks would be planned
/// once a connection, perhaps when the table was empty, and then read all of it.
macro_rules! share_documents_sql {
    ($digests:literal, $documents:literal) => {
        concat!(
            "document AS (
                INSERT INTO receipt_documents (digest, document)
                SELECT digest, document::json FROM unnest(",
            $digests,
            ", ",
            $documents,
            ") AS shared (digest, document)
                ORDER BY digest
                ON CONFLICT (digest) DO NOTHING
            )"
        )
    };
}

/// Events and receipts, and what else there is: $1 to $25 are bound by the ledger.
macro_rules! ledger_sql {
    ($($more:expr),*) => {
        concat!(
            "WITH event AS (
            INSERT INTO registration_events
                (id, at, actor, student_id, section_id, student_course_id, attempt_id, kind, detail)
            SELECT id, at, actor, student_id, section_id, student_course_id, attempt_id, kind, detail::json
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) AS
                event (id, at, actor, student_id, section_id, student_course_id, attempt_id, kind, detail)
        ), receipt AS (
            INSERT INTO receipts (attempt_id, at, actor, student_id, command, facts, decision, caused_by)
            SELECT attempt_id, at, actor, student_id, command::json, facts::json, decision::json, caused_by
            FROM unnest($10, $11, $12, $13, $14, $15, $16, $17) AS
                receipt (attempt_id, at, actor, student_id, command, facts, decision, caused_by)
        )",
            $($more,)*
            " "
        )
    };
}

/// Documents of receipts that may not be there yet.
macro_rules! documents_sql {
    () => {
        concat!(", ", share_documents_sql!("$24", "$25"))
    };
}

/// Answers under idempotency keys.
macro_rules! answers_sql {
    () => {
        ", answer AS (
            INSERT INTO idempotency_keys (actor, key, request_hash, response, attempt_id, created_at)
            SELECT actor, key, request_hash, response::jsonb, attempt_id, created_at
            FROM unnest($18, $19, $20, $21, $22, $23) AS
                answer (actor, key, request_hash, response, attempt_id, created_at)
        )"
    };
}

/// What begins.
macro_rules! start_sql {
    () => {
        "INSERT INTO student_courses
        (id, student_id, section_id, status, enrolled_at, created_at, updated_at, course_id, term_id, component,
         credits, grading_basis, version, waitlist_priority, waitlist_sequence, waitlist_swap_from, reservation_id)
      SELECT id, student_id, section_id, status, enrolled_at, at, at, course_id, term_id, component,
         credits, grading_basis, version, waitlist_priority, waitlist_sequence, waitlist_swap_from, reservation_id
      FROM unnest($26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41) AS
        begun (id, student_id, section_id, status, enrolled_at, at, course_id, term_id, component,
               credits, grading_basis, version, waitlist_priority, waitlist_sequence, waitlist_swap_from, reservation_id)"
    };
}

/// Writes over what can change. The version says that nobody has changed it since it was read, which the student's lock makes
/// sure of.
macro_rules! change_sql {
    () => {
        "UPDATE student_courses sc
      SET status = changed.status, enrolled_at = changed.enrolled_at, ended_at = changed.ended_at,
          end_reason = changed.end_reason, updated_at = changed.at, version = changed.version,
          waitlist_priority = changed.priority, waitlist_sequence = changed.sequence,
          waitlist_swap_from = changed.swap_from, waitlist_passed_over = changed.passed_over::jsonb,
          reservation_id = changed.reservation_id, grade = changed.grade
      FROM unnest($26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38) AS
        changed (id, status, enrolled_at, ended_at, end_reason, at, version, priority, sequence, swap_from,
                 passed_over, reservation_id, grade)
      WHERE sc.id = changed.id AND sc.version = changed.version - 1"
    };
}

/// A change with its ledger: one statement for each of what the ledger may have beside events and receipts, since a part of a
/// statement costs something also where it has nothing to do.
pub(super) struct Writing {
    change_alone: &'static str,
    lean: &'static str,
    with_documents: &'static str,
    with_answers: &'static str,
    with_both: &'static str,
}

macro_rules! writing {
    ($change:expr) => {
        Writing {
            change_alone: $change,
            lean: concat!(ledger_sql!(), $change),
            with_documents: concat!(ledger_sql!(documents_sql!()), $change),
            with_answers: concat!(ledger_sql!(answers_sql!()), $change),
            with_both: concat!(ledger_sql!(documents_sql!(), answers_sql!()), $change),
        }
    };
}

pub(super) const START: Writing = writing!(start_sql!());
pub(super) const CHANGE: Writing = writing!(change_sql!());

/// What is written beside changes of student courses.
#[derive(Clone, Copy)]
pub(super) struct Beside {
    /// Events and receipts.
    pub(super) ledger: bool,
    /// Documents of receipts that may not be there yet.
    pub(super) documents: bool,
    /// Answers under idempotency keys.
    pub(super) answers: bool,
}

impl Writing {
    /// The statement that writes the change and this.
    pub(super) fn beside(&self, beside: Beside) -> &'static str {
        match beside {
            Beside { ledger: false, .. } => self.change_alone,
            Beside { documents: false, answers: false, .. } => self.lean,
            Beside { documents: true, answers: false, .. } => self.with_documents,
            Beside { documents: false, answers: true, .. } => self.with_answers,
            Beside { documents: true, answers: true, .. } => self.with_both,
        }
    }
}

/// The receipts of many refusals. One that is there already was written by a try whose outcome did not come back.
pub(super) const REFUSALS: &str = concat!(
    "WITH ",
    share_documents_sql!("$9", "$10"),
    " INSERT INTO receipts (attempt_id, at, actor, student_id, command, facts, decision, caused_by)
    SELECT attempt_id, at, actor, student_id, command::json, facts::json, decision::json, caused_by
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
        AS refusal (attempt_id, at, actor, student_id, command, facts, decision, caused_by)
    ON CONFLICT (attempt_id) DO NOTHING"
);
