-- One trigger counts what a statement has changed of student courses: seats, reserved seats and who waits. There were three, each of which
-- read all of the rows, and pools were written by a statement each: where many courses are asked for, that was a fifth of what PostgreSQL
-- does for an enrollment.
--
-- As before, each pool, reservation and section is written once a statement, and not at all when nothing was gained or lost; pools and then
-- reservations are locked in the order of their ids, the order in which the application locks them, so that no two writers deadlock.
-- The foreign key to sections is checked by row, and so before this runs: it has locked the sections against a change of pool.

-- What was gained (or lost, where it is negative) in a section, of a reservation or of none.
CREATE TYPE gained AS (section_id uuid, reservation_id uuid, seats integer, waiting integer);

CREATE FUNCTION count_student_courses() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gains gained[];
    of_seats boolean;
    of_reserved boolean;
    of_waiting boolean;
BEGIN
    -- The queries differ by what exists: an insert has no old rows and a delete no new ones.
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(gain), bool_or(gain.seats <> 0), bool_or(gain.seats <> 0 AND gain.reservation_id IS NOT NULL), bool_or(gain.waiting <> 0)
        INTO gains, of_seats, of_reserved, of_waiting
        FROM (
            SELECT section_id, reservation_id,
                (count(*) FILTER (WHERE status IN ('enrolled', 'completed')))::integer AS seats,
                (count(*) FILTER (WHERE status = 'waitlisted'))::integer AS waiting
            FROM new_rows
            WHERE section_id IS NOT NULL
            GROUP BY section_id, reservation_id
        ) gain;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(gain), bool_or(gain.seats <> 0), bool_or(gain.seats <> 0 AND gain.reservation_id IS NOT NULL), bool_or(gain.waiting <> 0)
        INTO gains, of_seats, of_reserved, of_waiting
        FROM (
            SELECT section_id, reservation_id,
                -(count(*) FILTER (WHERE status IN ('enrolled', 'completed')))::integer AS seats,
                -(count(*) FILTER (WHERE status = 'waitlisted'))::integer AS waiting
            FROM old_rows
            WHERE section_id IS NOT NULL
            GROUP BY section_id, reservation_id
        ) gain;
    ELSE
        SELECT array_agg(gain), bool_or(gain.seats <> 0), bool_or(gain.seats <> 0 AND gain.reservation_id IS NOT NULL), bool_or(gain.waiting <> 0)
        INTO gains, of_seats, of_reserved, of_waiting
        FROM (
            SELECT section_id, reservation_id,
                (sum(sign) FILTER (WHERE status IN ('enrolled', 'completed')))::integer AS seats,
                (sum(sign) FILTER (WHERE status = 'waitlisted'))::integer AS waiting
            FROM (
                SELECT section_id, reservation_id, status, 1 AS sign FROM new_rows
                UNION ALL
                SELECT section_id, reservation_id, status, -1 FROM old_rows
            ) every
            WHERE section_id IS NOT NULL
            GROUP BY section_id, reservation_id
        ) gain;
    END IF;
    IF of_seats THEN
        WITH gain AS MATERIALIZED (
            SELECT s.seat_pool_id AS id, sum(g.seats)::integer AS seats
            FROM unnest(gains) g JOIN sections s ON s.id = g.section_id
            GROUP BY s.seat_pool_id
            HAVING sum(g.seats) <> 0
        ), locked AS MATERIALIZED (
            SELECT p.id, gain.seats FROM seat_pools p JOIN gain ON gain.id = p.id ORDER BY p.id FOR NO KEY UPDATE OF p
        )
        UPDATE seat_pools p SET taken = p.taken + locked.seats FROM locked WHERE p.id = locked.id;
    END IF;
    IF of_reserved THEN
        WITH gain AS MATERIALIZED (
            SELECT g.reservation_id AS id, sum(g.seats)::integer AS seats
            FROM unnest(gains) g
            WHERE g.reservation_id IS NOT NULL
            GROUP BY g.reservation_id
            HAVING sum(g.seats) <> 0
        ), locked AS MATERIALIZED (
            SELECT r.id, gain.seats FROM reservations r JOIN gain ON gain.id = r.id ORDER BY r.id FOR NO KEY UPDATE OF r
        )
        UPDATE reservations r SET taken = r.taken + locked.seats FROM locked WHERE r.id = locked.id;
    END IF;
    IF of_waiting THEN
        UPDATE sections s SET waitlisted = s.waitlisted + gain.waiting
        FROM (
            SELECT g.section_id, sum(g.waiting)::integer AS waiting
            FROM unnest(gains) g
            GROUP BY g.section_id
            HAVING sum(g.waiting) <> 0
        ) gain
        WHERE s.id = gain.section_id;
    END IF;
    RETURN NULL;
END
$$;

DROP TRIGGER student_courses_count_seats_on_insert ON student_courses;
DROP TRIGGER student_courses_count_seats_on_update ON student_courses;
DROP TRIGGER student_courses_count_seats_on_delete ON student_courses;
DROP FUNCTION count_seats();
DROP TRIGGER student_courses_count_seats_reserved_on_insert ON student_courses;
DROP TRIGGER student_courses_count_seats_reserved_on_update ON student_courses;
DROP TRIGGER student_courses_count_seats_reserved_on_delete ON student_courses;
DROP FUNCTION count_reserved_seats();
DROP TRIGGER student_courses_count_waiting_on_insert ON student_courses;
DROP TRIGGER student_courses_count_waiting_on_update ON student_courses;
DROP TRIGGER student_courses_count_waiting_on_delete ON student_courses;
DROP FUNCTION count_waiting();

-- One trigger an event, because a trigger with transition tables may have only one.
CREATE TRIGGER student_courses_count_on_insert AFTER INSERT ON student_courses
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_student_courses();

CREATE TRIGGER student_courses_count_on_update AFTER UPDATE ON student_courses
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_student_courses();

CREATE TRIGGER student_courses_count_on_delete AFTER DELETE ON student_courses
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_student_courses();
