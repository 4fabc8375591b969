-- seat_pools.taken is kept by the database itself, so that its check holds against every writer, application or not.
-- A seat is held by a student course that is enrolled or completed: a finished course keeps its seat, or last term's
-- sections would fill again.
--
-- Statement triggers with transition tables: each pool is written once a statement however many rows it brought, and not at
-- all when nothing was gained or lost. Pools are written in the order of their ids, which is the order in which the
-- application locks them, so that no two writers deadlock on pools.
--
-- The foreign key to sections is checked by row, and so before this runs: it has locked the sections against a change of pool.

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

CREATE FUNCTION free_all_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE seat_pools SET taken = 0 WHERE taken <> 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_courses_count_seats_on_truncate AFTER TRUNCATE ON student_courses
    FOR EACH STATEMENT EXECUTE FUNCTION free_all_seats();

-- A section that takes its seats from another pool would leave those it holds counted in the first. It may change its pool
-- while it holds none.
CREATE FUNCTION refuse_pool_change_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- An enrollment not yet committed holds a key-share lock on its section, by its foreign key. Locking the section for
    -- update waits for it, so that the query below sees its row; one that comes later waits, and then reads the new pool.
    PERFORM FROM sections WHERE id = OLD.id FOR UPDATE;
    IF EXISTS (SELECT FROM student_courses WHERE section_id = OLD.id AND status IN ('enrolled', 'completed')) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            CONSTRAINT = TG_NAME,
            TABLE = TG_TABLE_NAME,
            MESSAGE = 'a section keeps its seat pool while seats of it are held';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER sections_seat_pool_in_use BEFORE UPDATE ON sections
    FOR EACH ROW WHEN (OLD.seat_pool_id <> NEW.seat_pool_id)
    EXECUTE FUNCTION refuse_pool_change_in_use();
