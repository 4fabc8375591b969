-- The leanest tables that can hold enrollments without overselling and without duplicates: integers, one key, one check. They have as many
-- pools and rows as the real ones.
\set ON_ERROR_STOP on
CREATE TABLE bench.seat_pools (
    id integer PRIMARY KEY,
    capacity integer NOT NULL,
    taken integer NOT NULL DEFAULT 0,
    CHECK (taken BETWEEN 0 AND capacity)
) WITH (fillfactor = 50);
INSERT INTO bench.seat_pools (id, capacity) SELECT n, 2000000000 FROM generate_series(1, 1000) n;
-- The hot one, and the full one.
INSERT INTO bench.seat_pools VALUES (1001, 2000000000, 0), (1002, 10, 10);

CREATE TABLE bench.student_courses (
    student_id bigint NOT NULL,
    section_id integer NOT NULL,
    status text NOT NULL DEFAULT 'enrolled',
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (student_id, section_id)
);
INSERT INTO bench.student_courses SELECT row / 5, 1 + row * 7919 % 1000 FROM generate_series(0, :student_courses::bigint - 1) row;
