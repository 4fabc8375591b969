-- A university on registration day, by set-based statements. Set for psql: :students, :student_courses, :sections of the past, :blocks of zipf, :hot.
--
-- Every id is a kind and a number, so that the load can compute the ids that it asks for: see `id` in bench/wrk/load.lua.
-- Kinds: 001 student, 002 term, 003 student course, 004 event; sections, with their seats: 010 past, 011 spread, 012 zipf, 013 hot, 014 full.
\set ON_ERROR_STOP on
-- Triggers and foreign keys would count and look up each row; `enrollment check` proves afterwards that all is as if they had.
SET session_replication_role = replica;
SET synchronous_commit = off;
SET client_min_messages = warning;

CREATE SCHEMA bench;
CREATE FUNCTION bench.id(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('00000000-0000-7' || kind || '-8000-' || lpad(to_hex(number), 12, '0'))::uuid;

INSERT INTO students (id, number, given_name, family_name, program, level, created_at, updated_at)
SELECT bench.id('001', n), 'S' || n, 'Given ' || n % 997, 'Family ' || n % 4999, 'Program ' || n % 40, 'Year ' || 1 + n % 4, now(), now()
FROM generate_series(0, :students - 1) n;

-- Terms have 5,000 past sections each, and one has those that are open for registration.
INSERT INTO terms (id, code, name, time_zone, starts_on, ends_on, created_at, updated_at)
SELECT bench.id('002', n), 'T' || n, 'Term ' || n, 'Europe/Berlin', DATE '2026-10-01', DATE '2027-02-28', now(), now()
FROM generate_series(0, (:sections - 1) / 5000 + 1) n;

CREATE TABLE bench.sections AS
SELECT '010' AS kind, n, n % 1000 AS course, bench.id('002', 1 + n / 5000) AS term_id, 1000000 AS capacity FROM generate_series(0, :sections - 1) n
UNION ALL SELECT '011', n, n, bench.id('002', 0), 1000000 FROM generate_series(0, 999) n
UNION ALL SELECT '012', n, n, bench.id('002', 0), 1000000 FROM generate_series(0, :blocks * 1000 - 1) n
UNION ALL SELECT '013', n, n, bench.id('002', 0), 1000000 FROM generate_series(0, :hot - 1) n
UNION ALL SELECT '014', 0, 0, bench.id('002', 0), 10;

INSERT INTO courses (id, code, title, credits, created_at, updated_at)
SELECT DISTINCT bench.id(kind, course), 'C' || kind || '-' || course, 'The title of course ' || course, 3, now(), now() FROM bench.sections;

INSERT INTO seat_pools (id, capacity) SELECT bench.id(kind, n), capacity FROM bench.sections ORDER BY kind, n;

INSERT INTO sections (id, course_id, term_id, number, seat_pool_id, status, created_at, updated_at)
SELECT bench.id(kind, n), bench.id(kind, course), term_id, (n + 1)::text, bench.id(kind, n), 'open', now(), now() FROM bench.sections ORDER BY kind, n;

-- Five past courses for each of the first students; ten students in the section that is full.
INSERT INTO student_courses (id, student_id, course_id, term_id, section_id, component, status, credits, enrolled_at, created_at, updated_at)
SELECT bench.id('003', row), student_id, s.course_id, s.term_id, s.id, 'lecture', 'enrolled', 3, now(), now(), now()
FROM (
    SELECT row, bench.id('001', row / 5) AS student_id, bench.id('010', row * 7919 % :sections) AS section_id FROM generate_series(0, :student_courses::bigint - 1) row
    UNION ALL SELECT :student_courses::bigint + n, bench.id('001', :students - 1 - n), bench.id('014', 0) FROM generate_series(0, 9) n
) seat JOIN sections s ON s.id = seat.section_id;

INSERT INTO registration_events (id, at, actor, student_id, section_id, student_course_id, attempt_id, kind)
SELECT bench.id('004', ('x' || right(id::text, 12))::bit(48)::bigint), created_at, 'system:import', student_id, section_id, id, bench.id('004', 0), 'enrolled'
FROM student_courses;

UPDATE seat_pools p SET taken = held.seats
FROM (SELECT section_id, count(*) AS seats FROM student_courses GROUP BY section_id) held WHERE held.section_id = p.id;
