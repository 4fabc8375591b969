DROP TRIGGER student_courses_count_on_delete ON student_courses;
DROP TRIGGER student_courses_count_on_update ON student_courses;
DROP TRIGGER student_courses_count_on_insert ON student_courses;
DROP FUNCTION count_student_courses();
DROP TYPE gained;

CREATE FUNCTION count_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes refcursor;
    pool_id uuid;
    change integer;
BEGIN
    -- The queries differ by what exists: an insert has no old rows and a delete no new ones.
    IF TG_OP = 'INSERT' THEN
        OPEN changes FOR
            SELECT s.seat_pool_id, count(*)
            FROM new_rows r JOIN sections s ON s.id = r.section_id
            WHERE r.status IN ('enrolled', 'completed')
            GROUP BY s.seat_pool_id
            ORDER BY s.seat_pool_id;
    ELSIF TG_OP = 'DELETE' THEN
        OPEN changes FOR
            SELECT s.seat_pool_id, -count(*)
            FROM old_rows r JOIN sections s ON s.id = r.section_id
            WHERE r.status IN ('enrolled', 'completed')
            GROUP BY s.seat_pool_id
            ORDER BY s.seat_pool_id;
    ELSE
        OPEN changes FOR
            SELECT s.seat_pool_id, sum(r.seats)
            FROM (
                SELECT section_id, 1 AS seats FROM new_rows WHERE status IN ('enrolled', 'completed')
                UNION ALL
                SELECT section_id, -1 FROM old_rows WHERE status IN ('enrolled', 'completed')
            ) r JOIN sections s ON s.id = r.section_id
            GROUP BY s.seat_pool_id
            HAVING sum(r.seats) <> 0
            ORDER BY s.seat_pool_id;
    END IF;
    LOOP
        FETCH changes INTO pool_id, change;
        EXIT WHEN NOT FOUND;
        UPDATE seat_pools SET taken = taken + change WHERE id = pool_id;
    END LOOP;
    CLOSE changes;
    RETURN NULL;
END
$$;

-- One trigger an event, because a trigger with transition tables may have only one.
CREATE TRIGGER student_courses_count_seats_on_insert AFTER INSERT ON student_courses
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_seats();

CREATE TRIGGER student_courses_count_seats_on_update AFTER UPDATE ON student_courses
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_seats();

CREATE TRIGGER student_courses_count_seats_on_delete AFTER DELETE ON student_courses
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_seats();

CREATE FUNCTION count_reserved_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changes refcursor;
    reservation uuid;
    change integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        OPEN changes FOR
            SELECT reservation_id, count(*)
            FROM new_rows
            WHERE reservation_id IS NOT NULL AND status IN ('enrolled', 'completed')
            GROUP BY reservation_id
            ORDER BY reservation_id;
    ELSIF TG_OP = 'DELETE' THEN
        OPEN changes FOR
            SELECT reservation_id, -count(*)
            FROM old_rows
            WHERE reservation_id IS NOT NULL AND status IN ('enrolled', 'completed')
            GROUP BY reservation_id
            ORDER BY reservation_id;
    ELSE
        OPEN changes FOR
            SELECT reservation_id, sum(seats)
            FROM (
                SELECT reservation_id, 1 AS seats FROM new_rows WHERE status IN ('enrolled', 'completed')
                UNION ALL
                SELECT reservation_id, -1 FROM old_rows WHERE status IN ('enrolled', 'completed')
            ) r
            WHERE reservation_id IS NOT NULL
            GROUP BY reservation_id
            HAVING sum(seats) <> 0
            ORDER BY reservation_id;
    END IF;
    LOOP
        FETCH changes INTO reservation, change;
        EXIT WHEN NOT FOUND;
        UPDATE reservations SET taken = taken + change WHERE id = reservation;
    END LOOP;
    CLOSE changes;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_courses_count_seats_reserved_on_insert AFTER INSERT ON student_courses
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_reserved_seats();

CREATE TRIGGER student_courses_count_seats_reserved_on_update AFTER UPDATE ON student_courses
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_reserved_seats();

CREATE TRIGGER student_courses_count_seats_reserved_on_delete AFTER DELETE ON student_courses
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_reserved_seats();

CREATE FUNCTION count_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE sections s SET waitlisted = s.waitlisted + r.waiting
        FROM (SELECT section_id, count(*) AS waiting FROM new_rows WHERE status = 'waitlisted' GROUP BY section_id) r
        WHERE s.id = r.section_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE sections s SET waitlisted = s.waitlisted - r.waiting
        FROM (SELECT section_id, count(*) AS waiting FROM old_rows WHERE status = 'waitlisted' GROUP BY section_id) r
        WHERE s.id = r.section_id;
    ELSE
        UPDATE sections s SET waitlisted = s.waitlisted + r.waiting
        FROM (
            SELECT section_id, sum(waiting) AS waiting
            FROM (
                SELECT section_id, 1 AS waiting FROM new_rows WHERE status = 'waitlisted'
                UNION ALL
                SELECT section_id, -1 FROM old_rows WHERE status = 'waitlisted'
            ) every
            GROUP BY section_id HAVING sum(waiting) <> 0
        ) r
        WHERE s.id = r.section_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_courses_count_waiting_on_insert AFTER INSERT ON student_courses
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_waiting();

CREATE TRIGGER student_courses_count_waiting_on_update AFTER UPDATE ON student_courses
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_waiting();

CREATE TRIGGER student_courses_count_waiting_on_delete AFTER DELETE ON student_courses
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_waiting();
