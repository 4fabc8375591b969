-- Seats of a section that are kept for a cohort, for good or until a time.

-- A student course says of which reservation its seat is, and `taken` counts those that hold one, as seat_pools.taken does.
CREATE TABLE reservations (
    id         uuid        NOT NULL CONSTRAINT reservations_pkey PRIMARY KEY,
    section_id uuid        NOT NULL CONSTRAINT reservations_section_id_fkey REFERENCES sections (id),
    -- {"programs": [...], "levels": [...], "min_earned_credits": ...}, read by the application.
    cohort     jsonb       NOT NULL CONSTRAINT reservations_cohort_check CHECK (jsonb_typeof(cohort) = 'object'),
    seats      integer     NOT NULL CONSTRAINT reservations_seats_check CHECK (seats >= 0),
    taken      integer     NOT NULL DEFAULT 0,
    -- The first instant from which the seats are anybody's; absent: never.
    release_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version    bigint      NOT NULL DEFAULT 1 CONSTRAINT reservations_version_check CHECK (version > 0),
    CONSTRAINT reservations_taken_check CHECK (taken BETWEEN 0 AND seats)
);

-- A section's reservations, for every attempt to register, and as a list in keyset order.
CREATE INDEX reservations_section_id_idx ON reservations (section_id, id);

ALTER TABLE student_courses
    -- It stays when the seat is given back: history.
    ADD COLUMN reservation_id uuid CONSTRAINT student_courses_reservation_id_fkey REFERENCES reservations (id),
    ADD CONSTRAINT student_courses_reservation_id_check
        CHECK (reservation_id IS NULL OR (section_id IS NOT NULL AND status <> 'waitlisted'));

-- Serves the check that a reservation is unused.
CREATE INDEX student_courses_reservation_id_idx ON student_courses (reservation_id) WHERE reservation_id IS NOT NULL;

-- As count_seats does for pools, and by its name after it: pools are written before reservations.
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

CREATE FUNCTION free_all_reserved_seats() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE reservations SET taken = 0 WHERE taken <> 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_courses_count_seats_reserved_on_truncate AFTER TRUNCATE ON student_courses
    FOR EACH STATEMENT EXECUTE FUNCTION free_all_reserved_seats();

-- All reservations of a pool together have no more seats than the pool, whether they are released or not: what is so today
-- is so tomorrow. Two checks, since either side may change; the pool's lock keeps the other one still.
CREATE FUNCTION refuse_more_reserved_than_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    pool seat_pools;
    reserved bigint;
BEGIN
    IF TG_TABLE_NAME = 'seat_pools' THEN
        pool := NEW;
        SELECT sum(r.seats) INTO reserved
            FROM sections s JOIN reservations r ON r.section_id = s.id
            WHERE s.seat_pool_id = pool.id;
    ELSE
        SELECT p.* INTO pool
            FROM seat_pools p JOIN sections s ON s.seat_pool_id = p.id
            WHERE s.id = NEW.section_id FOR NO KEY UPDATE OF p;
        SELECT NEW.seats + coalesce(sum(r.seats), 0) INTO reserved
            FROM sections s JOIN reservations r ON r.section_id = s.id
            WHERE s.seat_pool_id = pool.id AND r.id <> NEW.id;
    END IF;
    IF reserved > pool.capacity::bigint + pool.overload THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            CONSTRAINT = TG_NAME,
            TABLE = TG_TABLE_NAME,
            MESSAGE = 'more seats would be reserved than there are';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER reservations_seats_fit BEFORE INSERT OR UPDATE OF seats, section_id ON reservations
    FOR EACH ROW EXECUTE FUNCTION refuse_more_reserved_than_seats();

CREATE TRIGGER seat_pools_reserved_fit BEFORE UPDATE ON seat_pools
    FOR EACH ROW WHEN (NEW.capacity::bigint + NEW.overload < OLD.capacity::bigint + OLD.overload)
    EXECUTE FUNCTION refuse_more_reserved_than_seats();

-- A section that has reservations keeps its pool, too: they have been counted in it, and others may sit on them.
CREATE OR REPLACE FUNCTION refuse_pool_change_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- An enrollment not yet committed holds a key-share lock on its section, by its foreign key. Locking the section for
    -- update waits for it, so that the query below sees its row; one that comes later waits, and then reads the new pool.
    -- A reservation does the same.
    PERFORM FROM sections WHERE id = OLD.id FOR UPDATE;
    IF EXISTS (SELECT FROM student_courses WHERE section_id = OLD.id AND status IN ('enrolled', 'completed'))
        OR EXISTS (SELECT FROM reservations WHERE section_id = OLD.id)
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            CONSTRAINT = TG_NAME,
            TABLE = TG_TABLE_NAME,
            MESSAGE = 'a section keeps its seat pool while seats of it are held or reserved';
    END IF;
    RETURN NEW;
END
$$;
