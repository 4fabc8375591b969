-- The relation: one student in one section of a course in a term, and the states it may go through.
-- A refusal makes no row, enrolling again makes a new one, and nothing is deleted softly.

CREATE TABLE student_courses (
    id                uuid         NOT NULL CONSTRAINT student_courses_pkey PRIMARY KEY,
    student_id        uuid         NOT NULL CONSTRAINT student_courses_student_id_fkey REFERENCES students (id),
    course_id         uuid         NOT NULL CONSTRAINT student_courses_course_id_fkey REFERENCES courses (id),
    -- Credit earned elsewhere (transfer, earlier systems) is a completed row without a section, and perhaps without a term.
    term_id           uuid         CONSTRAINT student_courses_term_id_fkey REFERENCES terms (id),
    section_id        uuid,
    component         text,
    status            text         NOT NULL CONSTRAINT student_courses_status_check
                                   CHECK (status IN ('waitlisted', 'enrolled', 'dropped', 'withdrawn', 'completed', 'cancelled')),
    credits           numeric(5,2) NOT NULL CONSTRAINT student_courses_credits_check CHECK (credits BETWEEN 0 AND 999.99),
    grading_basis     text         NOT NULL DEFAULT 'graded' CONSTRAINT student_courses_grading_basis_check
                                   CHECK (grading_basis IN ('graded', 'pass_fail', 'audit')),
    grade             text         CONSTRAINT student_courses_grade_fkey REFERENCES grades (grade),
    -- Who waits, in order: smaller priority first, then smaller sequence.
    waitlist_priority smallint     NOT NULL DEFAULT 0,
    waitlist_sequence bigint,
    enrolled_at       timestamptz,
    ended_at          timestamptz,
    created_at        timestamptz  NOT NULL,
    updated_at        timestamptz  NOT NULL,
    version           bigint       NOT NULL DEFAULT 1 CONSTRAINT student_courses_version_check CHECK (version > 0),

    -- The copies of course, term and component cannot differ from the section's. A composite key with a null in it is not
    -- checked at all, hence the check after it: only credit earned elsewhere may have nulls.
    CONSTRAINT student_courses_section_id_fkey FOREIGN KEY (section_id, course_id, term_id, component)
        REFERENCES sections (id, course_id, term_id, component),
    CONSTRAINT student_courses_section_id_check CHECK (
        (section_id IS NOT NULL AND term_id IS NOT NULL AND component IS NOT NULL)
        OR (section_id IS NULL AND component IS NULL AND status = 'completed')
    ),
    -- Every state but credit earned elsewhere says when it began; a cancelled one may have been waiting only.
    CONSTRAINT student_courses_enrolled_at_check CHECK (
        CASE status
            WHEN 'waitlisted' THEN enrolled_at IS NULL
            WHEN 'cancelled' THEN true
            ELSE enrolled_at IS NOT NULL OR section_id IS NULL
        END
    ),
    CONSTRAINT student_courses_ended_at_check CHECK (
        (ended_at IS NOT NULL) = (status IN ('dropped', 'withdrawn', 'completed', 'cancelled'))
    ),
    CONSTRAINT student_courses_grade_check CHECK (grade IS NULL OR status = 'completed'),
    CONSTRAINT student_courses_waitlist_sequence_check CHECK ((waitlist_sequence IS NOT NULL) = (status = 'waitlisted'))
);

-- A student has one live row in a section, waiting or seated ...
CREATE UNIQUE INDEX student_courses_section_key ON student_courses (student_id, section_id)
    WHERE status IN ('waitlisted', 'enrolled');
-- ... and one seat in each component of a course in a term. To swap sections, the old seat is left first.
CREATE UNIQUE INDEX student_courses_course_key ON student_courses (student_id, course_id, term_id, component)
    WHERE status = 'enrolled';
-- A student's courses: one keyset over ids, newest first by reading it backwards.
CREATE INDEX student_courses_student_id_idx ON student_courses (student_id, id);
-- A section's roster by status; its leading column also serves the check that a section is unused.
CREATE INDEX student_courses_roster_idx ON student_courses (section_id, status, id);
-- The waitlist in order, and no two students in one place of it.
CREATE UNIQUE INDEX student_courses_waitlist_key ON student_courses (section_id, waitlist_priority, waitlist_sequence)
    WHERE status = 'waitlisted';

-- Refuses the change that its trigger's WHEN has found to be forbidden, under the trigger's own name as a constraint, so that
-- it is mapped to a domain error like any other. The trigger's argument says why.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation',
        CONSTRAINT = TG_NAME,
        TABLE = TG_TABLE_NAME,
        MESSAGE = format('%s on %I: %s', lower(TG_OP), TG_TABLE_NAME, TG_ARGV[0]);
END
$$;

-- The state machine, for whoever writes without the application. The condition is in WHEN, so a legal change calls nothing.
-- A row may begin in any state: history that is imported has ended long ago.
CREATE TRIGGER student_courses_status_transition BEFORE UPDATE ON student_courses
    FOR EACH ROW WHEN (
        OLD.status <> NEW.status
        AND NOT (OLD.status = 'waitlisted' AND NEW.status IN ('enrolled', 'cancelled'))
        AND NOT (OLD.status = 'enrolled' AND NEW.status IN ('dropped', 'withdrawn', 'completed', 'cancelled'))
    )
    EXECUTE FUNCTION refuse_change('no such step between these states');

-- To move a student to another section is to leave one row and make another, or seats and history would not add up.
CREATE TRIGGER student_courses_identity BEFORE UPDATE ON student_courses
    FOR EACH ROW WHEN (
        (OLD.id, OLD.student_id, OLD.course_id, OLD.term_id, OLD.section_id, OLD.component)
        IS DISTINCT FROM (NEW.id, NEW.student_id, NEW.course_id, NEW.term_id, NEW.section_id, NEW.component)
    )
    EXECUTE FUNCTION refuse_change('a student course never changes its student, course, term, section or component');
