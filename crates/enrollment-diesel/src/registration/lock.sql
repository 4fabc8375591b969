-- Locks what an attempt changes, in the order of all writers: students by id, then seat pools by id.
--
-- $1 the students   $2 sections that are named   $3, $4 courses that are named, each with its term or null: what is found of
-- them comes with its place among them
-- $5 student courses that are named, of these students or of others
WITH locked_students AS MATERIALIZED (
    SELECT id, status, program, level, (max_credits * 100)::int4 AS max_hundredths
    FROM students WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
),
candidates AS MATERIALIZED (
    SELECT NULL::bigint AS place, s.id, s.seat_pool_id FROM sections s WHERE s.id = ANY ($2)
    UNION ALL
    -- Of each component of a course, the sections that are open, or all when none is.
    SELECT named.place, s.id, s.seat_pool_id
    FROM unnest($3, $4) WITH ORDINALITY AS named (course_id, term_id, place)
    JOIN sections s ON s.course_id = named.course_id AND s.term_id = coalesce(named.term_id, s.term_id)
    WHERE s.status = 'open' OR NOT EXISTS (
        SELECT FROM sections o
        WHERE o.course_id = named.course_id AND o.term_id = coalesce(named.term_id, o.term_id)
            AND o.component = s.component AND o.status = 'open'
    )
),
locked_pools AS MATERIALIZED (
    SELECT p.id, p.capacity, p.overload, p.taken
    FROM seat_pools p
    WHERE p.id = ANY (ARRAY(
            SELECT seat_pool_id FROM candidates
            UNION
            -- With a student course go its siblings, which may be left together with it, and what its student waits for.
            SELECT s.seat_pool_id
            FROM student_courses named
            JOIN student_courses sc ON sc.student_id = named.student_id AND (
                sc.id = named.id OR sc.status = 'waitlisted'
                OR sc.status = 'enrolled' AND sc.course_id = named.course_id AND sc.term_id = named.term_id
            )
            JOIN sections s ON s.id = sc.section_id
            WHERE named.id = ANY ($5)
        ))
        -- Counting them takes all students' locks before the first pool's.
        AND (SELECT count(*) FROM locked_students) >= 0
    ORDER BY p.id FOR NO KEY UPDATE
)
-- A row is of one of the three.
SELECT id, status, program, level, max_hundredths, NULL::uuid, NULL::bigint, NULL::uuid, NULL::int4, NULL::int4, NULL::int4
FROM locked_students
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, id, place, NULL, NULL, NULL, NULL FROM candidates
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, id, capacity, overload, taken FROM locked_pools
