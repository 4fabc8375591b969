-- As lock.sql, for attempts that name nothing but sections, as most do: without what looks for the others.
--
-- $1 the students   $2 sections that are named
WITH locked_students AS MATERIALIZED (
    SELECT id, status, program, level, (max_credits * 100)::int4 AS max_hundredths
    FROM students WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
),
candidates AS MATERIALIZED (
    SELECT NULL::bigint AS place, s.id, s.seat_pool_id FROM sections s WHERE s.id = ANY ($2)
),
locked_pools AS MATERIALIZED (
    SELECT p.id, p.capacity, p.overload, p.taken
    FROM seat_pools p
    WHERE p.id = ANY (ARRAY(SELECT DISTINCT seat_pool_id FROM candidates))
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
