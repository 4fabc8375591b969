-- What lets a student past named rules, for one course or one section, and what it was used for.

CREATE TABLE permits (
    id         uuid        NOT NULL CONSTRAINT permits_pkey PRIMARY KEY,
    student_id uuid        NOT NULL CONSTRAINT permits_student_id_fkey REFERENCES students (id),
    course_id  uuid        CONSTRAINT permits_course_id_fkey REFERENCES courses (id),
    section_id uuid        CONSTRAINT permits_section_id_fkey REFERENCES sections (id),
    -- The codes of the rules; which of them may be waived is the application's to say.
    waives     jsonb       NOT NULL CONSTRAINT permits_waives_check CHECK (jsonb_typeof(waives) = 'array' AND waives <> '[]'),
    granted_by text        NOT NULL CONSTRAINT permits_granted_by_check CHECK (btrim(granted_by) = granted_by AND char_length(granted_by) BETWEEN 1 AND 200),
    reason     text        NOT NULL CONSTRAINT permits_reason_check CHECK (btrim(reason) = reason AND char_length(reason) BETWEEN 1 AND 500),
    -- The first instant at which it no longer holds; absent: no limit.
    expires_at timestamptz,
    -- Absent: as often as it is needed.
    max_uses   integer     CONSTRAINT permits_max_uses_check CHECK (max_uses BETWEEN 1 AND 65535),
    uses       integer     NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version    bigint      NOT NULL DEFAULT 1 CONSTRAINT permits_version_check CHECK (version > 0),
    CONSTRAINT permits_target_check CHECK (num_nonnulls(course_id, section_id) = 1),
    -- The last word against using a permit more often than it allows.
    CONSTRAINT permits_uses_check CHECK (uses >= 0 AND (max_uses IS NULL OR uses <= max_uses))
);

-- A student's permits, for every attempt to register, and as a list in keyset order.
CREATE INDEX permits_student_id_idx ON permits (student_id, id);
-- The check that a course or a section is unused.
CREATE INDEX permits_course_id_idx ON permits (course_id) WHERE course_id IS NOT NULL;
CREATE INDEX permits_section_id_idx ON permits (section_id) WHERE section_id IS NOT NULL;

-- Append-only, and written in the transaction of what was admitted. What one attempt uses a permit for is one use, though it
-- be several student courses. Of what it names only the permit must stay: history survives the rest.
CREATE TABLE permit_uses (
    permit_id         uuid        NOT NULL CONSTRAINT permit_uses_permit_id_fkey REFERENCES permits (id),
    attempt_id        uuid        NOT NULL,
    student_course_id uuid        NOT NULL,
    waived            jsonb       NOT NULL CONSTRAINT permit_uses_waived_check CHECK (jsonb_typeof(waived) = 'array' AND waived <> '[]'),
    at                timestamptz NOT NULL,
    CONSTRAINT permit_uses_pkey PRIMARY KEY (permit_id, attempt_id, student_course_id)
);

CREATE TRIGGER permit_uses_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON permit_uses
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('uses of permits are appended, never changed or removed');
