-- When a cohort may register in a term: a window is for the students who fit all of its criteria.

CREATE TABLE windows (
    id                 uuid        NOT NULL CONSTRAINT windows_pkey PRIMARY KEY,
    term_id            uuid        NOT NULL CONSTRAINT windows_term_id_fkey REFERENCES terms (id),
    action             text        NOT NULL CONSTRAINT windows_action_check CHECK (action IN ('add', 'drop', 'both')),
    -- The first instant of it, and the first after it; one of them may be absent: no limit.
    opens_at           timestamptz,
    closes_at          timestamptz,
    -- Lists of texts, read by the application; absent: any.
    programs           jsonb       CONSTRAINT windows_programs_check CHECK (jsonb_typeof(programs) = 'array' AND programs <> '[]'),
    levels             jsonb       CONSTRAINT windows_levels_check CHECK (jsonb_typeof(levels) = 'array' AND levels <> '[]'),
    min_earned_credits numeric(5, 2) CONSTRAINT windows_min_earned_credits_check CHECK (min_earned_credits BETWEEN 0 AND 999.99),
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    version            bigint      NOT NULL DEFAULT 1 CONSTRAINT windows_version_check CHECK (version > 0),
    CONSTRAINT windows_opens_at_check CHECK (opens_at IS NOT NULL OR closes_at IS NOT NULL),
    CONSTRAINT windows_closes_at_check CHECK (closes_at > opens_at)
);

-- A term's windows, for every attempt to register, and as a list in keyset order.
CREATE INDEX windows_term_id_idx ON windows (term_id, id);

-- The students whom a window lists; for one that lists none, any will do. A table of its own, so that whether a student is
-- listed is one look into its index, however long the list.
CREATE TABLE window_students (
    window_id  uuid NOT NULL CONSTRAINT window_students_window_id_fkey REFERENCES windows (id) ON DELETE CASCADE,
    student_id uuid NOT NULL CONSTRAINT window_students_student_id_fkey REFERENCES students (id),
    CONSTRAINT window_students_pkey PRIMARY KEY (window_id, student_id)
);

-- Whether a student who is to be deleted is listed.
CREATE INDEX window_students_student_id_idx ON window_students (student_id);
