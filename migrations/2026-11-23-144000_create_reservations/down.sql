CREATE OR REPLACE FUNCTION refuse_pool_change_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
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
DROP TRIGGER seat_pools_reserved_fit ON seat_pools;
DROP TRIGGER reservations_seats_fit ON reservations;
DROP FUNCTION refuse_more_reserved_than_seats();
DROP TRIGGER student_courses_count_seats_reserved_on_truncate ON student_courses;
DROP FUNCTION free_all_reserved_seats();
DROP TRIGGER student_courses_count_seats_reserved_on_delete ON student_courses;
DROP TRIGGER student_courses_count_seats_reserved_on_update ON student_courses;
DROP TRIGGER student_courses_count_seats_reserved_on_insert ON student_courses;
DROP FUNCTION count_reserved_seats();
ALTER TABLE student_courses DROP CONSTRAINT student_courses_reservation_id_check, DROP COLUMN reservation_id;
DROP TABLE reservations;
