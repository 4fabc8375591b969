//! What each constraint is there to refuse, and what it must let pass.

mod keys;
mod reservations;
mod windows;

/// Statements that the database, unaided, must accept or refuse.
pub(super) struct Trial {
    pub(super) statements: String,
    /// The constraint that must refuse them, or [`ACCEPTED`].
    pub(super) answer: &'static str,
}

pub(super) const ACCEPTED: &str = "accepted";

pub(super) fn all() -> Vec<Trial> {
    [
        overselling(),
        counting(),
        reservations::reservations(),
        waiting(),
        states(),
        identity(),
        one_row_each(),
        student_course_fields(),
        use_elsewhere(),
        ledger(),
        receipts(),
        permits(),
        permit_uses(),
        natural_keys(),
        text_bounds(),
        other_bounds(),
        meetings(),
        windows::all(),
        keys::all(),
        instructors(),
    ]
    .into_iter()
    .flatten()
    .map(|(statements, answer)| Trial { statements, answer })
    .collect()
}

type Trials = Vec<(String, &'static str)>;

/// Statements of `SELECT`s, without that word: most trials call functions of the fixture.
fn calls(trials: &[(&str, &'static str)]) -> Trials {
    let statements = |calls: &str| format!("SELECT {}", calls.replace("; ", "; SELECT "));
    trials.iter().map(|(calls, answer)| (statements(calls), *answer)).collect()
}

fn plain(trials: &[(&str, &'static str)]) -> Trials {
    trials.iter().map(|(statements, answer)| ((*statements).to_owned(), *answer)).collect()
}

/// A row, and then a statement about it.
fn with(row: &str, trials: &[(&str, &'static str)]) -> Trials {
    trials.iter().map(|(statement, answer)| (format!("SELECT {row}; {statement}"), *answer)).collect()
}

fn instructors() -> Trials {
    plain(&[
        ("INSERT INTO section_instructors VALUES (id(401), 'I1')", ACCEPTED),
        ("INSERT INTO section_instructors VALUES (id(402), 'I1')", "section_instructors_pkey"),
        ("INSERT INTO section_instructors VALUES (id(499), 'I1')", "section_instructors_section_id_fkey"),
        ("INSERT INTO section_instructors VALUES (id(401), '')", "section_instructors_number_check"),
        ("INSERT INTO section_instructors VALUES (id(401), ' I1')", "section_instructors_number_check"),
        ("DELETE FROM sections WHERE id = id(402); SELECT expect(count(*), 0) FROM section_instructors", ACCEPTED),
    ])
}

fn overselling() -> Trials {
    let mut trials = calls(&[
        ("take(1, 1, 1, 'enrolled'); take(2, 2, 1, 'enrolled'); expect(taken(), 2)", ACCEPTED),
        ("take(1, 1, 1, 'enrolled'); take(2, 2, 1, 'enrolled'); take(3, 3, 1, 'enrolled')", "seat_pools_taken_check"),
        ("take(1, 1, 1, 'completed'); take(2, 2, 1, 'enrolled'); take(3, 3, 1, 'completed')", "seat_pools_taken_check"),
        (
            "take(1, 1, 1, 'enrolled'); take(2, 2, 1, 'enrolled'); take(3, 3, 1, 'waitlisted'); become(3, 'enrolled')",
            "seat_pools_taken_check",
        ),
    ]);
    trials.extend(plain(&[
        // Three at once, by one statement.
        ("SELECT take(n, n, 1, 'enrolled') FROM generate_series(1, 3) n", "seat_pools_taken_check"),
        (
            "UPDATE seat_pools SET overload = 1; SELECT take(n, n, 1, 'enrolled') FROM generate_series(1, 3) n; SELECT expect(taken(), 3)",
            ACCEPTED,
        ),
        ("UPDATE seat_pools SET taken = -1", "seat_pools_taken_check"),
        ("UPDATE seat_pools SET capacity = 2147483647, overload = 2147483647", ACCEPTED),
    ]));
    trials
        .extend(with("take(1, 1, 1, 'enrolled')", &[("UPDATE seat_pools SET capacity = 0", "seat_pools_taken_check")]));
    trials
}

fn counting() -> Trials {
    let mut trials = calls(&[
        ("take(1, 1, 1, 'waitlisted'); expect(taken(), 0); become(1, 'enrolled'); expect(taken(), 1)", ACCEPTED),
        ("take(1, 1, 1, 'waitlisted'); become(1, 'cancelled'); expect(taken(), 0)", ACCEPTED),
        ("take(1, 1, 1, 'enrolled'); become(1, 'dropped'); expect(taken(), 0)", ACCEPTED),
        ("take(1, 1, 1, 'enrolled'); become(1, 'withdrawn'); expect(taken(), 0)", ACCEPTED),
        ("take(1, 1, 1, 'enrolled'); become(1, 'cancelled'); expect(taken(), 0)", ACCEPTED),
        ("take(1, 1, 1, 'enrolled'); become(1, 'completed'); expect(taken(), 1)", ACCEPTED),
        ("take(1, 1, 1, 'dropped'); expect(taken(), 0)", ACCEPTED),
        ("bring(1, 1, 1); expect(taken(), 0)", ACCEPTED),
    ]);
    trials.extend(with(
        "take(1, 1, 1, 'enrolled')",
        &[
            ("DELETE FROM student_courses; SELECT expect(taken(), 0)", ACCEPTED),
            ("TRUNCATE student_courses; SELECT expect(taken(), 0)", ACCEPTED),
            ("UPDATE student_courses SET updated_at = now(); SELECT expect(taken(), 1)", ACCEPTED),
            // One statement that takes a seat in one pool and frees one in another.
            (
                "SELECT take(2, 2, 2, 'waitlisted');
                 UPDATE student_courses SET waitlist_sequence = NULL,
                        status = CASE status WHEN 'waitlisted' THEN 'enrolled' ELSE 'dropped' END,
                        ended_at = CASE status WHEN 'enrolled' THEN now() END, enrolled_at = now();
                 SELECT expect(taken(), 0); SELECT expect(sum(taken), 1) FROM seat_pools",
                ACCEPTED,
            ),
            ("UPDATE sections SET seat_pool_id = id(302)", "sections_seat_pool_in_use"),
        ],
    ));
    trials.extend(with(
        "take(1, 1, 1, 'waitlisted')",
        &[(
            "UPDATE sections SET seat_pool_id = id(302); SELECT become(1, 'enrolled'); SELECT expect(taken(), 0)",
            ACCEPTED,
        )],
    ));
    trials
}

/// Every step between two states, of which six are legal.
fn states() -> Trials {
    const STATES: [&str; 6] = ["waitlisted", "enrolled", "dropped", "withdrawn", "completed", "cancelled"];
    let steps = STATES.iter().flat_map(|from| STATES.iter().map(move |to| (*from, *to)));
    let mut trials: Trials = steps
        .map(|(from, to)| {
            let legal = from == to
                || matches!((from, to), ("waitlisted", "enrolled" | "cancelled"))
                || matches!((from, to), ("enrolled", "dropped" | "withdrawn" | "completed" | "cancelled"));
            let answer = if legal { ACCEPTED } else { "student_courses_status_transition" };
            (format!("SELECT take(1, 1, 1, '{from}'); SELECT become(1, '{to}')"), answer)
        })
        .collect();
    trials.extend(calls(&[("take(1, 1, 1, 'asleep')", "student_courses_status_check")]));
    trials
}

fn identity() -> Trials {
    let changes = [
        "id = id(599)",
        "student_id = id(2)",
        "course_id = id(102)",
        "term_id = id(202)",
        "section_id = id(402)",
        "component = 'lab'",
    ];
    let mut trials: Trials = changes
        .iter()
        .map(|change| format!("SELECT take(1, 1, 1, 'enrolled'); UPDATE student_courses SET {change}"))
        .map(|statements| (statements, "student_courses_identity"))
        .collect();
    let insert = |columns: &str, status: &str, enrolled: &str, ended: &str| {
        format!(
            "INSERT INTO student_courses (id, student_id, status, credits, enrolled_at, ended_at, created_at, updated_at, course_id, term_id, section_id, component)
             VALUES (id(501), id(1), '{status}', 3, {enrolled}, {ended}, now(), now(), {columns})"
        )
    };
    let enrolled = |columns| insert(columns, "enrolled", "now()", "NULL");
    let brought = |columns| insert(columns, "completed", "NULL", "now()");
    trials.extend([
        (enrolled("id(101), id(201), id(401), 'lecture'"), ACCEPTED),
        (enrolled("id(102), id(201), id(401), 'lecture'"), "student_courses_section_id_fkey"),
        (enrolled("id(101), id(202), id(401), 'lecture'"), "student_courses_section_id_fkey"),
        (enrolled("id(101), id(201), id(401), 'lab'"), "student_courses_section_id_fkey"),
        (enrolled("id(101), NULL, id(401), 'lecture'"), "student_courses_section_id_check"),
        (enrolled("id(101), id(201), id(401), NULL"), "student_courses_section_id_check"),
        (enrolled("id(101), id(201), NULL, NULL"), "student_courses_section_id_check"),
        (brought("id(101), id(201), NULL, NULL"), ACCEPTED),
        (brought("id(101), NULL, NULL, NULL"), ACCEPTED),
        (brought("id(101), id(201), NULL, 'lecture'"), "student_courses_section_id_check"),
        (brought("id(199), NULL, NULL, NULL"), "student_courses_course_id_fkey"),
        (brought("id(101), id(299), NULL, NULL"), "student_courses_term_id_fkey"),
    ]);
    trials.extend(calls(&[("take(1, 99, 1, 'enrolled')", "student_courses_student_id_fkey")]));
    trials
}

fn one_row_each() -> Trials {
    calls(&[
        ("take(1, 1, 1, 'enrolled'); take(2, 1, 1, 'enrolled')", "student_courses_section_key"),
        ("take(1, 1, 1, 'enrolled'); take(2, 1, 1, 'waitlisted')", "student_courses_section_key"),
        ("take(1, 1, 1, 'waitlisted'); take(2, 1, 1, 'waitlisted')", "student_courses_section_key"),
        ("take(1, 1, 1, 'enrolled'); take(2, 1, 2, 'enrolled')", "student_courses_course_key"),
        ("take(1, 1, 1, 'enrolled'); take(2, 1, 2, 'waitlisted'); become(2, 'enrolled')", "student_courses_course_key"),
        ("take(1, 1, 1, 'waitlisted'); take(2, 2, 1, 'waitlisted')", "student_courses_waitlist_key"),
        ("take(1, 1, 1, 'waitlisted'); take(2, 2, 2, 'waitlisted')", ACCEPTED),
        ("take(1, 1, 1, 'enrolled'); take(2, 1, 2, 'waitlisted')", ACCEPTED),
        ("take(1, 1, 1, 'enrolled'); become(1, 'dropped'); take(2, 1, 1, 'enrolled'); expect(taken(), 1)", ACCEPTED),
        ("take(1, 1, 1, 'enrolled'); become(1, 'dropped'); take(2, 1, 2, 'enrolled')", ACCEPTED),
    ])
}

fn student_course_fields() -> Trials {
    let mut trials = with(
        "take(1, 1, 1, 'enrolled')",
        &[
            ("UPDATE student_courses SET enrolled_at = NULL", "student_courses_enrolled_at_check"),
            ("UPDATE student_courses SET ended_at = now()", "student_courses_ended_at_check"),
            ("UPDATE student_courses SET grade = 'A'", "student_courses_grade_check"),
            ("UPDATE student_courses SET grading_basis = 'by_weight'", "student_courses_grading_basis_check"),
            ("UPDATE student_courses SET credits = -0.01", "student_courses_credits_check"),
            ("UPDATE student_courses SET credits = 'NaN'", "student_courses_credits_check"),
            ("UPDATE student_courses SET version = 0", "student_courses_version_check"),
            ("UPDATE student_courses SET waitlist_sequence = 1", "student_courses_waitlist_sequence_check"),
            ("UPDATE student_courses SET waitlist_swap_from = id", "student_courses_waitlist_check"),
            ("UPDATE student_courses SET waitlist_passed_over = '{}'", "student_courses_waitlist_check"),
            ("UPDATE student_courses SET end_reason = 'Fire'", "student_courses_end_reason_status_check"),
        ],
    );
    trials.extend(with(
        "take(1, 1, 1, 'completed')",
        &[
            ("UPDATE student_courses SET grade = 'A'", ACCEPTED),
            ("UPDATE student_courses SET grade = 'Z'", "student_courses_grade_fkey"),
            ("UPDATE student_courses SET grade = 'A'; DELETE FROM grades", "student_courses_grade_fkey"),
            ("UPDATE student_courses SET ended_at = NULL", "student_courses_ended_at_check"),
            ("UPDATE student_courses SET enrolled_at = NULL", "student_courses_enrolled_at_check"),
        ],
    ));
    trials.extend(with(
        "take(1, 1, 1, 'waitlisted')",
        &[
            ("UPDATE student_courses SET enrolled_at = now()", "student_courses_enrolled_at_check"),
            ("UPDATE student_courses SET waitlist_sequence = NULL", "student_courses_waitlist_sequence_check"),
            ("UPDATE student_courses SET waitlist_swap_from = id", ACCEPTED),
            ("UPDATE student_courses SET waitlist_swap_from = id(599)", "student_courses_waitlist_swap_from_fkey"),
            ("UPDATE student_courses SET waitlist_passed_over = '{}'", ACCEPTED),
            ("UPDATE student_courses SET waitlist_passed_over = '[]'", "student_courses_waitlist_passed_over_check"),
        ],
    ));
    trials.extend(with(
        "take(1, 1, 1, 'cancelled')",
        &[
            ("UPDATE student_courses SET end_reason = 'Fire'", ACCEPTED),
            ("UPDATE student_courses SET end_reason = ' Fire'", "student_courses_end_reason_check"),
        ],
    ));
    trials
}

/// So many wait and no more, and the database counts them.
fn waiting() -> Trials {
    let wait = "take(1, 1, 1, 'waitlisted'); UPDATE student_courses SET waitlist_sequence = 7; SELECT take(2, 2, 1, 'waitlisted')";
    let mut trials = calls(&[
        ("expect(waiting(), 0); take(1, 1, 1, 'waitlisted'); expect(waiting(), 1)", ACCEPTED),
        ("take(1, 1, 1, 'waitlisted'); become(1, 'enrolled'); expect(waiting(), 0); expect(taken(), 1)", ACCEPTED),
        ("take(1, 1, 1, 'waitlisted'); become(1, 'cancelled'); expect(waiting(), 0)", ACCEPTED),
        ("take(1, 1, 1, 'enrolled'); expect(waiting(), 0)", ACCEPTED),
    ]);
    trials.extend([
        (format!("SELECT {wait}; SELECT expect(waiting(), 2)"), ACCEPTED),
        (format!("SELECT {wait}; DELETE FROM student_courses; SELECT expect(waiting(), 0)"), ACCEPTED),
        (format!("SELECT {wait}; TRUNCATE student_courses; SELECT expect(waiting(), 0)"), ACCEPTED),
        (format!("SELECT {wait}; UPDATE sections SET waitlist_capacity = 1"), "sections_waitlisted_check"),
        (
            format!("SELECT {wait}; UPDATE student_courses SET waitlist_sequence = waitlist_sequence + 20; SELECT take(3, 3, 1, 'waitlisted')"),
            "sections_waitlisted_check",
        ),
    ]);
    trials
}

/// What is in use stays.
fn use_elsewhere() -> Trials {
    let mut trials = with(
        "take(1, 1, 1, 'enrolled')",
        &[
            ("DELETE FROM students", "student_courses_student_id_fkey"),
            ("DELETE FROM sections", "student_courses_section_id_fkey"),
            ("UPDATE sections SET component = 'lab'", "student_courses_section_id_fkey"),
        ],
    );
    trials.extend(with(
        "bring(1, 2, 2)",
        &[
            ("DELETE FROM permits; DELETE FROM courses WHERE code = 'C2'", "student_courses_course_id_fkey"),
            ("DELETE FROM terms WHERE code = 'T2'", "student_courses_term_id_fkey"),
        ],
    ));
    trials.extend(plain(&[
        ("DELETE FROM courses", "sections_course_id_fkey"),
        ("DELETE FROM terms", "sections_term_id_fkey"),
        ("DELETE FROM seat_pools", "sections_seat_pool_id_fkey"),
        ("UPDATE sections SET course_id = id(199)", "sections_course_id_fkey"),
        ("DELETE FROM permits; DELETE FROM sections; DELETE FROM seat_pools; DELETE FROM courses; DELETE FROM terms; DELETE FROM holds; DELETE FROM students", ACCEPTED),
    ]));
    trials
}

fn ledger() -> Trials {
    plain(&[
        ("UPDATE registration_events SET actor = 'nobody'", "registration_events_append_only"),
        ("DELETE FROM registration_events", "registration_events_append_only"),
        ("TRUNCATE registration_events", "registration_events_append_only"),
        (
            "INSERT INTO registration_events (id, at, actor, student_id, attempt_id, kind) VALUES (id(602), now(), '', id(1), id(701), 'enrolled')",
            "registration_events_actor_check",
        ),
        (
            "INSERT INTO registration_events (id, at, actor, student_id, attempt_id, kind) VALUES (id(602), now(), 'a', id(1), id(701), 'Enrolled!')",
            "registration_events_kind_check",
        ),
        (
            "INSERT INTO registration_events (id, at, actor, section_id, attempt_id, kind) VALUES (id(602), now(), 'a', id(401), id(701), 'capacity_changed')",
            ACCEPTED,
        ),
        (
            "INSERT INTO registration_events (id, at, actor, attempt_id, kind) VALUES (id(602), now(), 'a', id(701), 'capacity_changed')",
            "registration_events_student_id_check",
        ),
        (
            "INSERT INTO registration_events (id, at, actor, section_id, student_course_id, attempt_id, kind) VALUES (id(602), now(), 'a', id(401), id(501), id(701), 'enrolled')",
            "registration_events_student_id_check",
        ),
        (
            "INSERT INTO registration_events (id, at, actor, student_id, attempt_id, kind, detail) VALUES (id(602), now(), 'a', id(1), id(701), 'enrolled', '[]')",
            "registration_events_detail_check",
        ),
        (
            "INSERT INTO registration_events (id, sequence, at, actor, student_id, attempt_id, kind) OVERRIDING SYSTEM VALUE
                 SELECT id(602), sequence, now(), 'a', id(1), id(701), 'enrolled' FROM registration_events",
            "registration_events_sequence_key",
        ),
        ("INSERT INTO event_feed VALUES (2, 2)", ACCEPTED),
        ("INSERT INTO event_feed VALUES (1, 2)", "event_feed_pkey"),
        ("INSERT INTO event_feed VALUES (2, 1)", "event_feed_sequence_key"),
        ("UPDATE event_feed SET position = 2", "event_feed_append_only"),
        ("DELETE FROM event_feed", "event_feed_append_only"),
        ("TRUNCATE event_feed", "event_feed_append_only"),
        ("INSERT INTO event_feed_mark (id) VALUES (false)", "event_feed_mark_id_check"),
        ("INSERT INTO names_versions (id, version) VALUES (false, gen_random_uuid())", "names_versions_id_check"),
        ("INSERT INTO catalogue_versions (id, version) VALUES (false, gen_random_uuid())", "catalogue_versions_id_check"),
        (
            "INSERT INTO idempotency_keys SELECT actor, key, sha256('y'), response, attempt_id, now() FROM idempotency_keys",
            "idempotency_keys_pkey",
        ),
        ("UPDATE idempotency_keys SET key = ''", "idempotency_keys_key_check"),
        ("UPDATE idempotency_keys SET key = repeat('x', 256)", "idempotency_keys_key_check"),
        ("UPDATE idempotency_keys SET actor = ''", "idempotency_keys_actor_check"),
        ("UPDATE idempotency_keys SET request_hash = 'short'", "idempotency_keys_request_hash_check"),
    ])
}

fn receipts() -> Trials {
    let mut trials = plain(&[
        ("UPDATE receipts SET actor = 'nobody'", "receipts_append_only"),
        ("DELETE FROM receipts", "receipts_append_only"),
        ("TRUNCATE receipts", "receipts_append_only"),
        ("INSERT INTO receipts SELECT * FROM receipts", "receipts_pkey"),
        ("INSERT INTO receipt_documents SELECT id(9), '{}' FROM generate_series(1, 2)", "receipt_documents_pkey"),
        ("UPDATE receipt_documents SET document = '[]'", "receipt_documents_append_only"),
        ("DELETE FROM receipt_documents", "receipt_documents_append_only"),
        ("TRUNCATE receipt_documents", "receipt_documents_append_only"),
    ]);
    let with = |column: &str, value: &str| {
        format!(
            "INSERT INTO receipts SELECT (jsonb_populate_record(r, jsonb_build_object('attempt_id', id(702), '{column}', {value}))).* FROM receipts r"
        )
    };
    trials.extend([
        (with("actor", "'somebody'"), ACCEPTED),
        (with("actor", "''"), "receipts_actor_check"),
        (with("command", "'[]'::jsonb"), "receipts_command_check"),
        (with("facts", "'[]'::jsonb"), "receipts_facts_check"),
        (with("decision", "'[]'::jsonb"), "receipts_decision_check"),
    ]);
    trials
}

fn permits() -> Trials {
    plain(&[
        ("UPDATE permits SET student_id = id(99)", "permits_student_id_fkey"),
        ("UPDATE permits SET section_id = id(499), course_id = NULL", "permits_section_id_fkey"),
        ("UPDATE permits SET course_id = id(199)", "permits_course_id_fkey"),
        ("UPDATE permits SET course_id = NULL, section_id = id(402)", ACCEPTED),
        ("UPDATE permits SET section_id = id(402)", "permits_target_check"),
        ("UPDATE permits SET course_id = NULL", "permits_target_check"),
        ("UPDATE permits SET waives = '[]'", "permits_waives_check"),
        ("UPDATE permits SET waives = '{}'", "permits_waives_check"),
        ("UPDATE permits SET waives = '[\"hold\", \"restricted\"]'", ACCEPTED),
        ("UPDATE permits SET max_uses = 0", "permits_max_uses_check"),
        ("UPDATE permits SET max_uses = 65536", "permits_max_uses_check"),
        ("UPDATE permits SET max_uses = 65535, uses = 65535", ACCEPTED),
        ("UPDATE permits SET max_uses = NULL, uses = 65536", ACCEPTED),
        ("UPDATE permits SET uses = 1", ACCEPTED),
        ("UPDATE permits SET uses = 2", "permits_uses_check"),
        ("UPDATE permits SET uses = -1", "permits_uses_check"),
        ("UPDATE permits SET version = 0", "permits_version_check"),
        (
            "UPDATE permits SET course_id = NULL, section_id = id(402); DELETE FROM sections WHERE id = id(402)",
            "permits_section_id_fkey",
        ),
        ("DELETE FROM holds; DELETE FROM students", "permits_student_id_fkey"),
        ("DELETE FROM permits", ACCEPTED),
    ])
}

fn permit_uses() -> Trials {
    const USE: &str = "id(851), id(701), id(501), '[\"hold\"]', now()";
    let used = |columns: &str, answer| {
        let row = format!(
            "INSERT INTO permit_uses (permit_id, attempt_id, student_course_id, waived, at) VALUES ({columns})"
        );
        (row, answer)
    };
    let then = |statement: &str, answer| {
        let (row, _) = used(USE, ACCEPTED);
        (format!("{row}; {statement}"), answer)
    };
    vec![
        used(USE, ACCEPTED),
        used(&format!("{USE}), (id(851), id(701), id(502), '[\"hold\"]', now()"), ACCEPTED),
        used(&format!("{USE}), ({USE}"), "permit_uses_pkey"),
        used("id(859), id(701), id(501), '[\"hold\"]', now()", "permit_uses_permit_id_fkey"),
        used("id(851), id(701), id(501), '[]', now()", "permit_uses_waived_check"),
        then("DELETE FROM permits", "permit_uses_permit_id_fkey"),
        then("UPDATE permit_uses SET at = now()", "permit_uses_append_only"),
        then("DELETE FROM permit_uses", "permit_uses_append_only"),
        then("TRUNCATE permit_uses", "permit_uses_append_only"),
    ]
}

fn natural_keys() -> Trials {
    plain(&[
        ("UPDATE students SET number = 'S1'", "students_number_key"),
        ("UPDATE courses SET code = 'C1'", "courses_code_key"),
        ("UPDATE terms SET code = 'T1'", "terms_code_key"),
        ("UPDATE sections SET number = '1'", "sections_number_key"),
        ("INSERT INTO grades VALUES ('A', 1, true)", "grades_pkey"),
        ("INSERT INTO grades VALUES ('', 1, true)", "grades_grade_check"),
        ("INSERT INTO grades VALUES ('Q', 1, true, 'audit')", "grades_basis_check"),
        ("INSERT INTO grades VALUES ('Q', 1, true, 'any')", ACCEPTED),
    ])
}

/// Text is trimmed and as long as the application's types allow, counted in characters and not in bytes.
fn text_bounds() -> Trials {
    const TEXTS: [(&str, &str, usize, usize, &str); 17] = [
        ("students", "number", 1, 64, "students_number_check"),
        ("students", "given_name", 1, 200, "students_given_name_check"),
        ("students", "family_name", 1, 200, "students_family_name_check"),
        ("students", "email", 3, 254, "students_email_check"),
        ("students", "program", 1, 200, "students_program_check"),
        ("students", "level", 1, 200, "students_level_check"),
        ("holds", "reason", 1, 500, "holds_reason_check"),
        ("permits", "granted_by", 1, 200, "permits_granted_by_check"),
        ("permits", "reason", 1, 500, "permits_reason_check"),
        ("courses", "code", 1, 64, "courses_code_check"),
        ("courses", "title", 1, 300, "courses_title_check"),
        ("courses", "description", 1, 10_000, "courses_description_check"),
        ("terms", "code", 1, 64, "terms_code_check"),
        ("terms", "name", 1, 200, "terms_name_check"),
        ("terms", "time_zone", 1, 64, "terms_time_zone_check"),
        ("sections", "number", 1, 64, "sections_number_check"),
        ("sections", "instructor", 1, 200, "sections_instructor_check"),
    ];
    let mut trials = Trials::new();
    for (table, column, least, most, check) in TEXTS {
        // One row only, as some of them are unique.
        let set = |text: String| {
            format!("UPDATE {table} SET {column} = {text} WHERE id = (SELECT id FROM {table} ORDER BY id LIMIT 1)")
        };
        trials.push((set(format!("repeat('学', {least})")), ACCEPTED));
        trials.push((set(format!("repeat('学', {most})")), ACCEPTED));
        trials.push((set(format!("repeat('x', {})", least - 1)), check));
        trials.push((set(format!("repeat('x', {})", most + 1)), check));
        trials.push((set("' Ada'".to_owned()), check));
        trials.push((set("'Ada '".to_owned()), check));
    }
    trials
}

fn other_bounds() -> Trials {
    let mut trials = plain(&[
        ("UPDATE students SET status = 'asleep'", "students_status_check"),
        ("UPDATE students SET max_credits = -1", "students_max_credits_check"),
        // Which is greater than every number.
        ("UPDATE students SET max_credits = 'NaN'", "students_max_credits_check"),
        ("UPDATE students SET version = 0", "students_version_check"),
        ("UPDATE holds SET blocks = 'all'", "holds_blocks_check"),
        ("UPDATE holds SET student_id = id(99)", "holds_student_id_fkey"),
        ("UPDATE holds SET in_force_from = now()", ACCEPTED),
        ("UPDATE holds SET in_force_until = now()", ACCEPTED),
        ("UPDATE holds SET in_force_from = now(), in_force_until = now()", "holds_in_force_until_check"),
        ("UPDATE holds SET version = 0", "holds_version_check"),
        ("UPDATE sections SET status = 'cancelled', cancel_reason = 'Ill'", ACCEPTED),
        ("UPDATE sections SET status = 'cancelled', cancel_reason = ' Ill'", "sections_cancel_reason_check"),
        ("UPDATE sections SET status = 'cancelled', cancel_reason = ''", "sections_cancel_reason_check"),
        ("UPDATE sections SET status = 'open', cancel_reason = 'Ill'", "sections_cancel_reason_status_check"),
        ("UPDATE courses SET credits = -1", "courses_credits_check"),
        ("UPDATE courses SET credits = 'NaN'", "courses_credits_check"),
        ("UPDATE courses SET credits = 999.99", ACCEPTED),
        ("UPDATE courses SET max_credits = credits", ACCEPTED),
        ("UPDATE courses SET max_credits = credits - 0.01", "courses_max_credits_check"),
        ("UPDATE courses SET max_credits = 'NaN'", "courses_max_credits_check"),
        ("UPDATE terms SET program_max_credits = '{\"BSc\": 18.5, \"MSc\": 0}'", ACCEPTED),
        ("UPDATE terms SET program_max_credits = '[]'", "terms_program_max_credits_check"),
        ("UPDATE terms SET program_max_credits = '{\"BSc\": -1}'", "terms_program_max_credits_check"),
        ("UPDATE terms SET program_max_credits = '{\"BSc\": \"18\"}'", "terms_program_max_credits_check"),
        ("UPDATE terms SET program_max_credits = '{\"BSc\": null}'", "terms_program_max_credits_check"),
        ("UPDATE terms SET program_max_credits = '{\"BSc\": [18]}'", "terms_program_max_credits_check"),
        ("UPDATE courses SET repeat_policy = '\"freely\"'", ACCEPTED),
        ("UPDATE courses SET repeat_policy = '{\"at_most\": 99}'", ACCEPTED),
        ("UPDATE courses SET repeat_policy = '{\"at_most\": 1}'", "courses_repeat_policy_check"),
        ("UPDATE courses SET repeat_policy = '{\"at_most\": 2.5}'", "courses_repeat_policy_check"),
        ("UPDATE courses SET repeat_policy = '\"often\"'", "courses_repeat_policy_check"),
        ("UPDATE courses SET requisite = '[]'", "courses_requisite_check"),
        ("UPDATE courses SET requisite = 'null'", "courses_requisite_check"),
        ("UPDATE courses SET requisite = '{\"course\": \"C2\"}'", ACCEPTED),
        ("UPDATE courses SET corequisite = '[]'", "courses_corequisite_check"),
        ("UPDATE courses SET corequisite = '{\"course\": \"C2\"}'", ACCEPTED),
        ("UPDATE courses SET excludes = '{}'", "courses_excludes_check"),
        ("UPDATE courses SET excludes = '[\"C2\"]'", ACCEPTED),
        ("UPDATE courses SET linked_components = '{}'", "courses_linked_components_check"),
        ("UPDATE courses SET linked_components = '[\"lecture\", \"lab\"]'", ACCEPTED),
        ("UPDATE courses SET restriction = '[]'", "courses_restriction_check"),
        ("UPDATE courses SET restriction = '{\"levels\": [\"1\"]}'", ACCEPTED),
        ("UPDATE sections SET restriction = '[]'", "sections_restriction_check"),
        ("UPDATE sections SET restriction = '{\"levels\": [\"1\"]}'", ACCEPTED),
        ("UPDATE courses SET version = 0", "courses_version_check"),
        ("UPDATE terms SET max_credits = -1", "terms_max_credits_check"),
        ("UPDATE terms SET max_credits = 'NaN'", "terms_max_credits_check"),
        ("UPDATE terms SET ends_on = starts_on", ACCEPTED),
        ("UPDATE terms SET ends_on = starts_on - 1", "terms_ends_on_check"),
        ("UPDATE terms SET enrollment_opens_at = now()", ACCEPTED),
        (
            "UPDATE terms SET enrollment_opens_at = now(), enrollment_closes_at = now()",
            "terms_enrollment_closes_at_check",
        ),
        ("UPDATE terms SET drop_deadline = now(), withdraw_deadline = now()", ACCEPTED),
        (
            "UPDATE terms SET drop_deadline = now(), withdraw_deadline = now() - interval '1 s'",
            "terms_withdraw_deadline_check",
        ),
        ("UPDATE terms SET version = 0", "terms_version_check"),
        ("UPDATE sections SET component = 'nap'", "sections_component_check"),
        ("UPDATE sections SET status = 'asleep'", "sections_status_check"),
        ("UPDATE sections SET waitlist_capacity = -1", "sections_waitlist_capacity_check"),
        ("UPDATE sections SET version = 0", "sections_version_check"),
        ("UPDATE seat_pools SET capacity = -1", "seat_pools_capacity_check"),
        ("UPDATE seat_pools SET overload = -1", "seat_pools_overload_check"),
        ("UPDATE seat_pools SET overload_reason = ''", "seat_pools_overload_reason_check"),
    ]);
    let components = ["lecture", "lab", "seminar", "tutorial", "recitation", "studio", "practicum", "other"];
    trials.extend(components.iter().map(|c| (format!("UPDATE sections SET component = '{c}'"), ACCEPTED)));
    let statuses = ["planned", "open", "closed", "cancelled"];
    trials.extend(statuses.iter().map(|s| (format!("UPDATE sections SET status = '{s}'"), ACCEPTED)));
    let statuses = ["active", "inactive", "suspended", "graduated"];
    trials.extend(statuses.iter().map(|s| (format!("UPDATE students SET status = '{s}'"), ACCEPTED)));
    trials
}

fn meetings() -> Trials {
    let mut trials = calls(&[
        ("meet(0, 127, '10:00', '11:00', 9223372036854775807)", ACCEPTED),
        ("meet(0, 1, '10:00', '11:00', NULL); meet(0, 2, '10:00', '11:00', NULL)", "meetings_pkey"),
        ("meet(-1, 1, '10:00', '11:00', NULL)", "meetings_position_check"),
        ("meet(0, 0, '10:00', '11:00', NULL)", "meetings_days_check"),
        ("meet(0, 128, '10:00', '11:00', NULL)", "meetings_days_check"),
        ("meet(0, 1, '10:00', '11:00', 0)", "meetings_weeks_check"),
        ("meet(0, 1, '10:00', '11:00', -1)", "meetings_weeks_check"),
        ("meet(0, 1, '10:00', '10:00', NULL)", "meetings_ends_at_check"),
    ]);
    trials.extend(with(
        "meet(0, 1, '10:00', '11:00', NULL)",
        &[
            ("UPDATE meetings SET location = ''", "meetings_location_check"),
            ("UPDATE meetings SET section_id = id(499)", "meetings_section_id_fkey"),
            ("DELETE FROM permits; DELETE FROM sections; SELECT expect(count(*), 0) FROM meetings", ACCEPTED),
        ],
    ));
    trials
}
