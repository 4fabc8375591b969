-- Waitlists that are bounded and in order, sections that are taken together, and why the institution has ended something.

ALTER TABLE courses
    -- The components of which one section each is taken together: ["lecture", "lab"]; empty: each by itself.
    ADD COLUMN linked_components jsonb NOT NULL DEFAULT '[]' CONSTRAINT courses_linked_components_check CHECK (jsonb_typeof(linked_components) = 'array');

ALTER TABLE student_courses
    -- What is left together with getting the seat.
    ADD COLUMN waitlist_swap_from uuid CONSTRAINT student_courses_waitlist_swap_from_fkey REFERENCES student_courses (id),
    -- When a seat last came and went to somebody else, and which rules had refused: {"at": ..., "violations": [...]}.
    ADD COLUMN waitlist_passed_over jsonb CONSTRAINT student_courses_waitlist_passed_over_check CHECK (jsonb_typeof(waitlist_passed_over) = 'object'),
    ADD COLUMN end_reason text CONSTRAINT student_courses_end_reason_check CHECK (btrim(end_reason) = end_reason AND char_length(end_reason) BETWEEN 1 AND 500),
    ADD CONSTRAINT student_courses_waitlist_check CHECK (status = 'waitlisted' OR (waitlist_swap_from IS NULL AND waitlist_passed_over IS NULL)),
    ADD CONSTRAINT student_courses_end_reason_status_check CHECK (end_reason IS NULL OR status = 'cancelled');

-- Serves the foreign key.
CREATE INDEX student_courses_waitlist_swap_from_idx ON student_courses (waitlist_swap_from) WHERE waitlist_swap_from IS NOT NULL;

-- How many wait, kept by the database itself, so that the check on it holds against every writer.
ALTER TABLE sections ADD COLUMN waitlisted integer NOT NULL DEFAULT 0;
UPDATE sections s SET waitlisted = (SELECT count(*) FROM student_courses w WHERE w.section_id = s.id AND w.status = 'waitlisted')
    WHERE EXISTS (SELECT FROM student_courses w WHERE w.section_id = s.id AND w.status = 'waitlisted');
ALTER TABLE sections ADD CONSTRAINT sections_waitlisted_check CHECK (waitlisted BETWEEN 0 AND waitlist_capacity);

-- As count_seats does for seats: each section is written once a statement, and not at all when nobody joined or left.
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

CREATE FUNCTION empty_all_waitlists() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sections SET waitlisted = 0 WHERE waitlisted <> 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER student_courses_count_waiting_on_truncate AFTER TRUNCATE ON student_courses
    FOR EACH STATEMENT EXECUTE FUNCTION empty_all_waitlists();

-- A seat that somebody else's change has made free is taken by an attempt of its own, which names what it followed from.
ALTER TABLE receipts ADD COLUMN caused_by uuid;
CREATE INDEX receipts_caused_by_idx ON receipts (caused_by, attempt_id) WHERE caused_by IS NOT NULL;
