-- Three students, two courses, two terms, and two sections of the first course in the first term: one with two seats, one
-- with five, each with two places to wait. Ids are short to read: student 1 is …0001, course 1 is …0101, term …0201, seat pool …0301, section …0401.

CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE
    AS $$ SELECT lpad(n::text, 32, '0')::uuid $$;

INSERT INTO students (id, number, given_name, family_name, created_at, updated_at)
    SELECT id(n), 'S' || n, 'Ada', 'Lovelace', now(), now() FROM generate_series(1, 3) n;
INSERT INTO courses (id, code, title, credits, created_at, updated_at)
    SELECT id(100 + n), 'C' || n, 'Analysis', 3, now(), now() FROM generate_series(1, 2) n;
INSERT INTO terms (id, code, name, time_zone, starts_on, ends_on, created_at, updated_at)
    SELECT id(200 + n), 'T' || n, 'Spring', 'UTC', '2026-01-01', '2026-06-01', now(), now() FROM generate_series(1, 2) n;
INSERT INTO seat_pools (id, capacity) VALUES (id(301), 2), (id(302), 5);
INSERT INTO sections (id, course_id, term_id, number, seat_pool_id, waitlist_capacity, created_at, updated_at)
    SELECT id(400 + n), id(101), id(201), n::text, id(300 + n), 2, now(), now() FROM generate_series(1, 2) n;
INSERT INTO section_instructors (section_id, number) VALUES (id(402), 'I1');
INSERT INTO holds (id, student_id, blocks, reason, created_at, updated_at)
    VALUES (id(801), id(1), 'both', 'Fees', now(), now());
INSERT INTO permits (id, student_id, course_id, waives, granted_by, reason, max_uses, created_at, updated_at)
    VALUES (id(851), id(1), id(102), '["hold"]', 'Dean', 'Consent', 1, now(), now());
INSERT INTO registration_events (id, at, actor, student_id, attempt_id, kind)
    VALUES (id(601), now(), 'anonymous', id(1), id(701), 'enrolled');
INSERT INTO event_feed (position, sequence) SELECT 1, sequence FROM registration_events;
INSERT INTO receipts (attempt_id, at, actor, student_id, command, facts, decision)
    VALUES (id(701), now(), 'anonymous', id(1), '{}', '{}', '{}');
INSERT INTO idempotency_keys (actor, key, request_hash, response, attempt_id, created_at)
    VALUES ('anonymous', 'once', sha256('x'), '{}', id(701), now());

-- What a trial writes: student n's row in a section of course 1 in term 1, in a given state.
CREATE FUNCTION take(row_id integer, student integer, section integer, state text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO student_courses (id, student_id, course_id, term_id, section_id, component, status, credits,
                                 enrolled_at, ended_at, waitlist_sequence, created_at, updated_at)
    VALUES (id(500 + row_id), id(student), id(101), id(201), id(400 + section), 'lecture', state, 3,
            CASE WHEN state <> 'waitlisted' THEN now() END,
            CASE WHEN state IN ('dropped', 'withdrawn', 'completed', 'cancelled') THEN now() END,
            CASE WHEN state = 'waitlisted' THEN 1 END, now(), now())
$$;

-- Its next state.
CREATE FUNCTION become(row_id integer, state text) RETURNS void LANGUAGE sql AS $$
    UPDATE student_courses SET
        status = state,
        enrolled_at = CASE WHEN state <> 'waitlisted' THEN coalesce(enrolled_at, now()) END,
        ended_at = CASE WHEN state NOT IN ('waitlisted', 'enrolled') THEN now() END,
        waitlist_sequence = CASE WHEN state = 'waitlisted' THEN 1 END
    WHERE id = id(500 + row_id)
$$;

-- Credit earned elsewhere.
CREATE FUNCTION bring(row_id integer, course integer, term integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO student_courses (id, student_id, course_id, term_id, status, credits, ended_at, created_at, updated_at)
    VALUES (id(500 + row_id), id(1), id(100 + course), id(200 + term), 'completed', 3, now(), now(), now())
$$;

CREATE FUNCTION meet(place integer, weekdays integer, first time, last time, teaching_weeks bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO meetings (section_id, position, days, starts_at, ends_at, weeks)
    VALUES (id(401), place, weekdays, first, last, teaching_weeks)
$$;

-- A window of a term, for one student.
CREATE FUNCTION admit(row_id integer, of_term integer, student integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO windows (id, term_id, action, opens_at, created_at, updated_at)
    VALUES (id(900 + row_id), id(200 + of_term), 'add', now(), now(), now());
    INSERT INTO window_students (window_id, student_id) VALUES (id(900 + row_id), id(student))
$$;

CREATE FUNCTION expect(actual bigint, expected bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF actual IS DISTINCT FROM expected THEN
        RAISE EXCEPTION 'found % instead of %', actual, expected;
    END IF;
END
$$;

-- Who waits for section 1.
CREATE FUNCTION waiting() RETURNS bigint LANGUAGE sql AS $$ SELECT waitlisted::bigint FROM sections WHERE id = id(401) $$;

-- Seats taken in pool 1.
CREATE FUNCTION taken() RETURNS bigint LANGUAGE sql AS $$ SELECT taken::bigint FROM seat_pools WHERE id = id(301) $$;

-- Runs statements and undoes them: the name of the constraint that refused them, or why else they failed, or 'accepted'.
CREATE FUNCTION refused_by(statements text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    EXECUTE statements;
    RAISE EXCEPTION 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME;
    RETURN coalesce(nullif(name, ''), SQLERRM);
END
$$;

-- Seats of a section that are kept for some.
CREATE FUNCTION reserve(row_id integer, section integer, number integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO reservations (id, section_id, cohort, seats, created_at, updated_at)
    VALUES (id(900 + row_id), id(400 + section), '{"levels": ["graduate"]}', number, now(), now())
$$;

CREATE FUNCTION seat_of(row_id integer, reservation integer) RETURNS void LANGUAGE sql AS $$
    UPDATE student_courses SET reservation_id = id(900 + reservation) WHERE id = id(500 + row_id)
$$;

-- Seats taken of a reservation.
CREATE FUNCTION kept(row_id integer) RETURNS bigint LANGUAGE sql AS $$ SELECT taken::bigint FROM reservations WHERE id = id(900 + row_id) $$;

-- An API key.
CREATE FUNCTION issue(row_id integer) RETURNS void LANGUAGE sql AS $$
    INSERT INTO api_keys (id, prefix, digest, name, roles, created_at, created_by)
    VALUES (id(950 + row_id), repeat(chr(96 + row_id), 8), sha256(row_id::text::bytea), 'Import', '[{"role": "auditor"}]', now(), 'system:test')
$$;

-- A key with an access token.
CREATE FUNCTION exchange(row_id integer) RETURNS void LANGUAGE sql AS $$
    SELECT issue(row_id);
    INSERT INTO access_tokens (digest, key_id, roles, issued_at, expires_at)
    VALUES (sha256('token'), id(950 + row_id), '[{"role": "auditor"}]', now(), now() + interval '1 hour')
$$;
