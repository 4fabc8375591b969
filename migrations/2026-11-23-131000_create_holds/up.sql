-- What keeps a student from enrolling or dropping, for a reason and mostly for a while. A student may have several.

CREATE TABLE holds (
    id             uuid        NOT NULL CONSTRAINT holds_pkey PRIMARY KEY,
    student_id     uuid        NOT NULL CONSTRAINT holds_student_id_fkey REFERENCES students (id),
    blocks         text        NOT NULL CONSTRAINT holds_blocks_check CHECK (blocks IN ('enroll', 'drop', 'both')),
    reason         text        NOT NULL CONSTRAINT holds_reason_check CHECK (btrim(reason) = reason AND char_length(reason) BETWEEN 1 AND 500),
    -- The first instant at which it blocks, and the first at which it no longer does; absent: no limit.
    in_force_from  timestamptz,
    in_force_until timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    version        bigint      NOT NULL DEFAULT 1 CONSTRAINT holds_version_check CHECK (version > 0),
    CONSTRAINT holds_in_force_until_check CHECK (in_force_until > in_force_from)
);

-- A student's holds, for every attempt to register, and as a list in keyset order.
CREATE INDEX holds_student_id_idx ON holds (student_id, id);
